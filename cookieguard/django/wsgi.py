"""For a site's `wsgi.py`: Django, guarded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.wsgi import get_wsgi_application as get_unguarded

from ..wsgi import CookieGuard
from .conf import guard, is_behind_proxy

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
    """Write what a trusted proxy tells, or the settings themselves, over what its request says."""
    if settings.SECURE_PROXY_SSL_HEADER:
        header, secure = settings.SECURE_PROXY_SSL_HEADER
        if (said := environ.get(header)) is not None:
            https = said.partition(",")[0].strip() == secure
            environ["wsgi.url_scheme"] = "https" if https else "http"
    if settings.USE_X_FORWARDED_HOST and "HTTP_X_FORWARDED_HOST" in environ:
        environ["HTTP_HOST"] = environ["HTTP_X_FORWARDED_HOST"]
    if settings.FORCE_SCRIPT_NAME is not None:
        environ["SCRIPT_NAME"] = settings.FORCE_SCRIPT_NAME.encode().decode("latin-1")
