"""A streamed body on its way through the guard, whether a thread reads it or an event loop."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from itertools import chain
from typing import Any

from asgiref.sync import async_to_sync
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponseBase


def pieces_of(request: HttpRequest, response: HttpResponseBase) -> Iterable[bytes]:
    """Return a response's body as the guard can read it: nothing is read before the guard does.

    Not the response itself: who closes it ends the request.
    """
    if not getattr(response, "is_async", False):
        read: Iterable[bytes] = iter(response)
        return read
    # Late: without a loop Django reads all of it at once, and warns.
    return Pieces(response) if isinstance(request, ASGIRequest) else chain.from_iterable((response,))


class Pieces:
    """What only an event loop can read, as an iterator that is read in a thread at first.

    From `leave_thread` on it has what was fetched, and nothing else.
    """

    def __init__(self, response: Any) -> None:
        self._body: AsyncGenerator[bytes] = aiter(response)
        self._fetched: list[bytes] = []
        self._in_thread = True

    async def fetch(self) -> bool:
        """Get the next piece ready; return False where there is none."""
        try:
            self._fetched.append(await anext(self._body))
        except StopAsyncIteration:
            return False
        return True

    @property
    def ready(self) -> bool:
        """Whether a piece waits to be read."""
        return bool(self._fetched)

    def leave_thread(self) -> None:
        self._in_thread = False

    async def close(self) -> None:
        await self._body.aclose()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if not self._fetched and self._in_thread:
            async_to_sync(self.fetch)()
        if not self._fetched:
            raise StopIteration
        return self._fetched.pop()


def rewrite(
    response: Any, given: Iterable[bytes], body: Iterable[bytes], begun: Callable[[], object]
) -> None:
    """Let a response stream `body`, which the guard makes of `given`; return once `begun` is true.

    Its headers wait for the first pieces.
    """
    rewritten, first = iter(body), []
    for piece in rewritten:
        first.append(piece)
        if begun():
            break
    if isinstance(given, Pieces):
        given.leave_thread()
        response.streaming_content = _stream(first, given, rewritten)
    else:
        response.streaming_content = chain(first, rewritten)


async def _stream(first: list[bytes], given: Pieces, rewritten: Iterator[bytes]) -> AsyncGenerator[bytes]:
    try:
        for piece in first:
            yield piece
        while await given.fetch():
            # The guard reads a piece for each that it gives, unless it has some of the last one left.
            while given.ready:
                yield next(rewritten)
        for piece in rewritten:
            yield piece
    finally:
        await given.close()
