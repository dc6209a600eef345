"""What an app wraps, as far as that can be seen, and what shouldn't stand there."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from ..logger import logger

# By custom a middleware keeps what it wraps under one of these names; as `functools.wraps` does.
_INNER = ("app", "wsgi_app", "application", "wsgi_application", "_app", "wsgi", "__wrapped__")
# Under these it keeps one of several, or what leads elsewhere: a bound method's object may hold its wrapper.
_NEAR = ("func", "fallback", "__self__")
_MOST_LAYERS = 64
# By name: none of them must be installed.
_BELIEVERS = {
    "werkzeug.middleware.proxy_fix.ProxyFix",
    "uvicorn.middleware.proxy_headers.ProxyHeadersMiddleware",
    "paste.deploy.config.PrefixMiddleware",
}


def layers(app: Any, *, direct: bool = False) -> Iterator[Any]:
    """Yield an app, and what it wraps, from outside in.

    With `direct` only that which every request passes: no mounts, and nothing that functions close over.
    """
    # Kept, and not their ids alone: a bound method is gone at once, and the next object has its id.
    known: dict[int, Any] = {}
    waiting = [app]
    while waiting and len(known) < _MOST_LAYERS:
        layer = waiting.pop(0)
        if id(layer) in known:
            continue
        known[id(layer)] = layer
        yield layer
        inside = [*_kept(layer, _INNER), *([] if direct else _near(layer))]
        waiting += [each for each in inside if callable(each)]


def _kept(layer: Any, names: tuple[str, ...]) -> Iterator[Any]:
    for name in names:
        # A proxy raises outside of a request.
        with suppress(Exception):
            yield getattr(layer, name)


def _near(layer: Any) -> Iterator[Any]:
    yield from _kept(layer, _NEAR)
    if isinstance(layer, functools.partial):
        yield from (*layer.args, *layer.keywords.values())
    if inspect.isfunction(layer):
        for cell in layer.__closure__ or ():
            # Nothing is in it yet.
            with suppress(ValueError):
                yield cell.cell_contents
    for mounts in _kept(layer, ("mounts",)):
        if isinstance(mounts, dict):
            yield from mounts.values()


def warn_of_order(app: Any) -> None:
    """Log a warning where what tells https behind a proxy stands inside of the guard."""
    for layer in layers(app, direct=True):
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
