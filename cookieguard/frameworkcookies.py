"""The cookies that an app's framework sets by itself, told from the app: who deploys it may not edit it."""

from __future__ import annotations

import sys
from typing import Any

from .adapter.order import layers
from .policy.model import Declaration


def framework_cookies(app: Any) -> list[Declaration]:
    """Declare what Flask and Django set, under the names that the app, or one it wraps, gives them."""
    # An app of a framework that nobody imported there isn't.
    flask = sys.modules.get("flask")
    django = sys.modules.get("django.core.handlers.wsgi")
    for layer in layers(app):
        if flask is not None and isinstance(layer, flask.Flask):
            from .flask.cookies import framework_cookies as of_flask

            return of_flask(layer)
        if django is not None and isinstance(layer, django.WSGIHandler):
            from .django.cookies import framework_cookies as of_django

            return of_django()
    return []
