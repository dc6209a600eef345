"""For a site's `wsgi.py`: Django, guarded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.core.wsgi import get_wsgi_application as get_unguarded

from ..wsgi import CookieGuard
from .conf import believed, guard, is_behind_proxy

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def get_wsgi_application() -> WSGIApplication:
    """Return Django's WSGI application behind the guard that the settings describe."""
    application = guard(CookieGuard, get_unguarded())
    return BehindProxy(application) if is_behind_proxy() else application


class BehindProxy:
    """Show the guard the scheme, host and prefix that the settings let Django believe."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Rewrite what Django would look up by itself, and hand on."""
        believe(environ)
        return self.app(environ, start_response)


def believe(environ: WSGIEnvironment) -> None:
    """Write what Django believes over what the request says."""
    told = believed(environ.get)
    if told.scheme is not None:
        environ["wsgi.url_scheme"] = told.scheme
    if told.host is not None:
        environ["HTTP_HOST"] = told.host
    if told.root is not None:
        environ["SCRIPT_NAME"] = told.root.encode().decode("latin-1")
