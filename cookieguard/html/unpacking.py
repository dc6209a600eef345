"""Unpack a body as it streams by: gzip, and deflate with zlib's frame or without."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

from ..logger import logger

MOST_AT_ONCE = 64 * 1024
"""Bytes of one unpacked step."""

_GZIP, _ZLIB, _BARE = 31, 15, -15
_GZIP_MAGIC = b"\x1f\x8b"
_HEADER = 2


class Unpacker:
    """One body, `gzip` or `deflate`: what can't be read ends it with a warning, and raises nothing."""

    def __init__(self, packing: str) -> None:
        self._gzip = packing == "gzip"
        # None before a member's first two bytes.
        self._stream: Any = None
        self._waiting = b""
        self._members = 0
        self._ended = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what the piece unpacks to, each step at most `MOST_AT_ONCE` bytes."""
        # What follows a member is copied once for each: of a long piece that is quadratic time.
        for at in range(0, len(data), MOST_AT_ONCE):
            yield from self._unpack(data[at : at + MOST_AT_ONCE])

    def _unpack(self, data: bytes) -> Iterator[bytes]:
        data = self._waiting + data
        self._waiting = b""
        while data and not self._ended:
            if self._stream is None and not self._begin(data):
                return
            step = self._step(data)
            if step:
                yield step
            data = self._stream.unconsumed_tail
            if self._stream.eof:
                data = self._stream.unused_data
                self._stream = None
            elif not data and len(step) < MOST_AT_ONCE:
                return
            elif not data:
                yield from self._drain()

    def finish(self) -> None:
        """Tell of a body that breaks off."""
        unfinished = self._stream is not None and not self._stream.eof
        never_begun = self._stream is None and self._waiting and not self._members
        if (unfinished or never_begun) and not self._ended:
            self._give_up("it breaks off")

    def _begin(self, data: bytes) -> bool:
        """Open the next member; anything else behind the first is dropped, as browsers do."""
        if len(data) < _HEADER:
            self._waiting = data
            return False
        if self._members and not (self._gzip and data.startswith(_GZIP_MAGIC)):
            self._ended = True
            return False
        framed = data[0] & 0x0F == 8 and int.from_bytes(data[:_HEADER], "big") % 31 == 0
        self._stream = zlib.decompressobj(_GZIP if self._gzip else _ZLIB if framed else _BARE)
        self._members += 1
        return True

    def _step(self, data: bytes) -> bytes:
        before = self._stream.copy()
        try:
            step: bytes = self._stream.decompress(data, MOST_AT_ONCE)
        except zlib.error as error:
            self._give_up(str(error))
            return _salvage(before, data)
        return step

    def _drain(self) -> Iterator[bytes]:
        """Yield what bytes that are taken already still stand for."""
        while step := self._step(b""):
            yield step

    def _give_up(self, reason: str) -> None:
        self._ended = True
        logger.warning(
            "An HTML response's packed body can't be read to its end (%s): it is cut there", reason
        )


def _salvage(stream: Any, data: bytes) -> bytes:
    """Unpack what stands before the fault: less than one step, or the fault would have come later."""
    steps = []
    try:
        for at in range(len(data)):
            steps.append(stream.decompress(data[at : at + 1]))
    except zlib.error:
        pass
    return b"".join(steps)
