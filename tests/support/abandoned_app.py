"""A guarded site that notes, line by line in the file $NOTES, what became of each response.

`/endless` is a page that never ends, `/late` one whose first bytes take a moment, `/form` reads a body.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

from contract import POLICY, SECRET
from htmlapps import FRONT, HTML
from starlette.requests import ClientDisconnect, Request
from starlette.responses import StreamingResponse

from cookieguard import CookieGuard, Policy, asgi

PART = b"<p>text</p>\n" * 1000
# More than any buffer between us and the client holds; an end, so that a fault doesn't hang.
PARTS = 2000

logging.basicConfig(level="INFO", format="%(levelname)s %(name)s %(message)s")


def note(what: str) -> None:
    with open(os.environ["NOTES"], "a") as file:  # noqa: PTH123
        file.write(f"{what}\n")


class Closed:
    """Parts of a page, and a note once the server closes them."""

    def __init__(self, path: str, parts: Iterator[bytes]) -> None:
        self._path, self._parts = path, parts

    def __iter__(self) -> Iterator[bytes]:
        return self._parts

    def close(self) -> None:
        note(f"closed {self._path}")


def parts_of(path: str) -> Iterator[bytes]:
    if path == "/late":
        time.sleep(0.3)
    yield FRONT
    for _ in range(PARTS if path != "/" else 1):
        yield PART
    if path != "/":
        note(f"sent {path} to its end")


def unguarded(environ: dict[str, Any], start_response: Any) -> Closed:
    path = environ["PATH_INFO"]
    if path == "/form":
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    start_response("200 OK", [HTML, ("Set-Cookie", "ads=1"), ("Set-Cookie", "session=1")])
    return Closed(path, parts_of(path))


async def parts_as_asked(path: str) -> AsyncIterator[bytes]:
    try:
        for part in parts_of(path):
            yield part
            await asyncio.sleep(0)
    finally:
        note(f"closed {path}")


async def unguarded_asgi(scope: Any, receive: Any, send: Any) -> None:
    request = Request(scope, receive)
    if scope["path"] == "/form":
        with contextlib.suppress(ClientDisconnect):
            await request.body()
    response = StreamingResponse(parts_as_asked(scope["path"]), media_type="text/html")
    for name in ("ads", "session"):
        response.set_cookie(name, "1")
    await response(scope, receive, send)


app = CookieGuard(unguarded, Policy.from_dict(POLICY), secret_key=SECRET)
asgi_app = asgi.CookieGuard(unguarded_asgi, Policy.from_dict(POLICY), secret_key=SECRET)
