"""For a site's `asgi.py`: Django, guarded."""

from __future__ import annotations

from django.core.asgi import get_asgi_application as get_unguarded

from ..asgi.guard import ASGIApp, CookieGuard
from ..asgi.request import Receive, Scope, Send
from .conf import believed, guard, is_behind_proxy


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
            scope = _believing(scope)
        await self.app(scope, receive, send)


def _believing(scope: Scope) -> Scope:
    headers = [(bytes(name).lower(), bytes(value)) for name, value in scope.get("headers") or ()]
    sent: dict[bytes, bytes] = {}
    for name, value in headers:
        # "Combine each list member [...] separated by a comma" (RFC 9110, 5.3), as Django does.
        sent[name] = sent[name] + b"," + value if name in sent else value

    def header(key: str) -> str | None:
        # Not the other way round: a visitor's `X_Forwarded_Proto` would pass for the proxy's.
        value = sent.get(key.removeprefix("HTTP_").replace("_", "-").lower().encode("latin-1"))
        return None if value is None else value.decode("latin-1")

    told = believed(header)
    changed = {**scope}
    if told.scheme is not None:
        changed["scheme"] = told.scheme
    if told.host is not None:
        others = [(name, value) for name, value in headers if name != b"host"]
        changed["headers"] = [*others, (b"host", told.host.encode("latin-1"))]
    if told.root is not None:
        changed["root_path"] = told.root
    return changed
