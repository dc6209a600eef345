"""The cookies that an app's framework sets by itself, told from the app: who deploys it may not edit it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from .adapter.order import layers
from .policy.model import Declaration


def framework_cookies(app: Any) -> list[Declaration]:
    """Declare what Flask and Django set, under the names that the app, or one it wraps, gives them."""
    found: dict[object, Declaration] = {}
    for layer in layers(app):
        for cookie in _cookies_of(layer):
            found.setdefault(cookie.identity, cookie)
    return [*found.values()]


def _cookies_of(layer: Any) -> Iterator[Declaration]:
    # An app of a framework that nobody imported there isn't.
    flask = sys.modules.get("flask")
    django = sys.modules.get("django.core.handlers.wsgi")
    if flask is not None and isinstance(layer, flask.Flask):
        from .flask.cookies import framework_cookies as of_flask

        yield from of_flask(layer)
    elif django is not None and isinstance(layer, django.WSGIHandler):
        from .django.cookies import framework_cookies as of_django

        yield from of_django()
