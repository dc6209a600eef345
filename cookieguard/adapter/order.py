"""What an app wraps, as far as that can be seen, and what shouldn't stand there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..logger import logger

# By custom a middleware keeps what it wraps under one of these names.
_INNER = ("app", "wsgi_app", "application", "wsgi_application")
# By name: none of them must be installed.
_BELIEVERS = {
    "werkzeug.middleware.proxy_fix.ProxyFix",
    "uvicorn.middleware.proxy_headers.ProxyHeadersMiddleware",
    "paste.deploy.config.PrefixMiddleware",
}


def layers(app: Any) -> Iterator[Any]:
    """Yield an app, and what it wraps, from outside in."""
    for _ in range(32):
        yield app
        attributes = getattr(app, "__dict__", {})
        inner = [attributes[name] for name in _INNER if name in attributes]
        if not inner:
            return
        app = inner[0]


def warn_of_order(app: Any) -> None:
    """Log a warning where what tells https behind a proxy stands inside of the guard."""
    for layer in layers(app):
        kind = next((kind for kind in type(layer).__mro__ if _name(kind) in _BELIEVERS), None)
        if kind is not None:
            logger.warning(
                "cookieguard.W301: %s stands inside of the guard, which then takes https for http; put it "
                "around the guard: in Flask after init_app, for cookieguard.serve by COOKIEGUARD_PROXIES=1",
                kind.__name__,
            )
            return


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
