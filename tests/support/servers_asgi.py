"""The apps of `servers_app`, natively over ASGI: `python -m uvicorn servers_asgi:app`."""

from __future__ import annotations

from typing import Any

from asgiapps import as_asgi, guarded, live, paged
from servers_app import PAGES, page, unguarded

contracted = guarded(as_asgi(unguarded))
pages = paged(as_asgi(page))


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await live(receive, send)
        return
    await (pages if scope["path"] in PAGES else contracted)(scope, receive, send)
