"""For a site's `asgi.py`: Django, guarded."""

from __future__ import annotations

from django.conf import settings
from django.core.asgi import get_asgi_application as get_unguarded

from ..asgi.guard import ASGIApp, CookieGuard
from ..asgi.request import Receive, Scope, Send
from .conf import guard, is_behind_proxy


def get_asgi_application() -> ASGIApp:
    """Return Django's ASGI application behind the guard that the settings describe."""
    application = guard(CookieGuard, get_unguarded())
    return BehindProxy(application) if is_behind_proxy() else application


class BehindProxy:
    """Show the guard the scheme, host and prefix that the settings let Django believe."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Rewrite what Django would look up by itself, and hand on."""
        if scope["type"] == "http":
            scope = _believed(scope)
        await self.app(scope, receive, send)


def _believed(scope: Scope) -> Scope:
    headers = [(bytes(name).lower(), bytes(value)) for name, value in scope.get("headers") or ()]
    sent = dict(headers)
    changed = {**scope}
    if settings.SECURE_PROXY_SSL_HEADER:
        header, secure = settings.SECURE_PROXY_SSL_HEADER
        said = sent.get(header.removeprefix("HTTP_").replace("_", "-").lower().encode("latin-1"))
        if said is not None:
            https = said.decode("latin-1").partition(",")[0].strip() == secure
            changed["scheme"] = "https" if https else "http"
    if settings.USE_X_FORWARDED_HOST and (host := sent.get(b"x-forwarded-host")) is not None:
        others = [(name, value) for name, value in headers if name != b"host"]
        changed["headers"] = [*others, (b"host", host)]
    if settings.FORCE_SCRIPT_NAME is not None:
        changed["root_path"] = settings.FORCE_SCRIPT_NAME
    return changed
