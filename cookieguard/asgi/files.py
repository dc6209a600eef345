"""The bytes of a file that an app hands to its server by name or descriptor, where they must change."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

from .aside import aside
from .request import Message

PATHSEND = "http.response.pathsend"
ZEROCOPYSEND = "http.response.zerocopysend"

_PART = 64 * 1024


async def parts_of(message: Message) -> AsyncIterator[bytes]:
    """Yield what `pathsend` or `zerocopysend` would send, 64 KiB at once."""
    if message["type"] == ZEROCOPYSEND:
        file = message["file"]
        fd = file if isinstance(file, int) else file.fileno()
        async for part in _parts(fd, message.get("offset"), message.get("count")):
            yield part
        return
    fd = await aside(os.open, message["path"], os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        async for part in _parts(fd, None, None):
            yield part
    finally:
        os.close(fd)


async def _parts(fd: int, offset: int | None, count: int | None) -> AsyncIterator[bytes]:
    if offset is not None:
        await aside(os.lseek, fd, offset, os.SEEK_SET)
    while count is None or count > 0:
        part = await aside(os.read, fd, _PART if count is None else min(_PART, count))
        if not part:
            return
        count = None if count is None else count - len(part)
        yield part
