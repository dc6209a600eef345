"""The app's messages on their way to the server: headers screened, pages rewritten as they stream by."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from ..cookies.setcookie import WSP
from ..guard.caching import Headers
from ..guard.headers import HARMLESS, SET_COOKIE, SPLITTING, kind_of, unsplit
from ..html.linkheader import without_held_links
from ..visit import Visit
from .files import PATHSEND, ZEROCOPYSEND, parts_of
from .request import Message, Pairs, Request, Send, decoded, pairs_of

if TYPE_CHECKING:
    from ..html.page import Page
    from ..visitor.plans import Plans

_BODY = "http.response.body"


class Response:
    """The `send` that the app calls. A page's `http.response.start` waits for its first bytes."""

    def __init__(self, visit: Visit, request: Request, send: Send, plans: Plans | None) -> None:
        self._visit = visit
        self._request = request
        self._send = send
        self._plans = plans
        self.revalidates = False
        """Whether the request named a page of ours that the browser has."""
        self._given: Pairs = []
        self._page: Page | None = None
        self._held: Message | None = None

    async def send(self, message: Message) -> None:
        """Take one message of the app's; it stays as it was, what leaves is another."""
        way = _WAYS.get(message["type"])
        await (self._send(message) if way is None else way(self, message))

    async def give_up(self) -> None:
        """Send the headers that wait, though no body came that could tell more of them."""
        if self._page is not None and self._held is not None:
            held, self._held = self._held, None
            self._settle(self._page)
            await self._send(self._with(held, self._page.open_ended()))

    # Headers.

    async def _start(self, message: Message) -> None:
        # Of a second one the server will have something to say.
        await self.give_up()
        self._page = None
        headers = self._leave(message)
        plans = self._plans
        if headers is None or plans is None or not (self._visit.concerns_page or self.revalidates):
            await self._send(self._with(message, headers))
        else:
            await self._open(message, headers, plans)

    async def _open(self, message: Message, headers: Headers, plans: Plans) -> None:
        root, method = self._request.root, self._request.method
        status = str(int(message["status"]))
        opened = plans.open(self._visit, root, status, headers, method, revalidates=self.revalidates)
        if opened.page is not None:
            self._page, self._held = opened.page, message
            self._visit.headers_sent = False
        else:
            await self._send(self._with(message, opened.headers))

    def _settle(self, page: Page) -> None:
        """Have the headers that waited say what was asked and decided meanwhile."""
        leaving = self._visit.settle(decoded(self._given), self._request)
        if leaving is not None:
            page.lead_by(leaving)

    async def _handshake(self, message: Message) -> None:
        await self._send(self._with(message, self._leave(message)))

    def _leave(self, message: Message) -> Headers | None:
        """Return the headers that may leave; None for those of the message, as they are."""
        visit, given = self._visit, pairs_of(message)
        headers = decoded(given)
        visit.headers_sent, self._given = True, given
        if not visit.must_screen and HARMLESS.issuperset(headers):
            return None
        leaving = visit.leave_from_memory(headers)
        if leaving is None:
            leaving = visit.leave(headers, self._request)
        # Byte for byte, as what is known by heart: `encoded` writes some names anew.
        unchanged = leaving == headers and not (visit.concerns_page or self.revalidates)
        return None if unchanged else leaving

    def _with(self, message: Message, headers: Headers | None) -> Message:
        """Return a copy of a message with these headers; None for its own."""
        return {**message, "headers": self._given if headers is None else encoded(headers, self._given)}

    # What carries headers beside them.

    async def _trailers(self, message: Message) -> None:
        """Screen headers for which no cookie is meant: "MUST NOT" in trailers (RFC 9110, 6.5.1)."""
        if not self._visit.enforced:
            await self._send(message)
            return
        self._given = pairs_of(message)
        kept = [
            (name, unsplit(value))
            for name, value in decoded(self._given)
            if kind_of(name) not in (SET_COOKIE, SPLITTING)
        ]
        await self._send(self._with(message, kept))

    async def _hint(self, message: Message) -> None:
        """Drop links to hosts whose tags wait: browsers load what they name."""
        if self._plans is None:
            await self._send(message)
            return
        plan = self._plans.of(self._visit.policy, self._request.root)
        links = [("Link", unsplit(bytes(link).decode("latin-1"))) for link in message.get("links") or ()]
        kept = [value.encode("latin-1") for _, value in without_held_links(links, plan.gate)]
        if kept:
            await self._send({**message, "links": kept})

    # The body.

    async def _body(self, message: Message) -> None:
        page = self._page
        if page is None:
            await self._send(message)
        else:
            await self._rewrite(page, message.get("body", b""), ended=not message.get("more_body", False))

    async def _file(self, message: Message) -> None:
        page = self._page
        if page is None:
            await self._send(message)
            return
        async for part in parts_of(message):
            await self._rewrite(page, part)
        if not message.get("more_body", False):
            await self._rewrite(page, b"", ended=True)

    async def _rewrite(self, page: Page, data: bytes, *, ended: bool = False) -> None:
        ready = b""
        # A small packed piece may be large unpacked: it leaves in parts.
        for piece in page.steps(bytes(data)):
            await self._emit(page, ready)
            ready = piece
        if ended:
            ready += page.finish()
        await self._emit(page, ready, ended=ended)

    async def _emit(self, page: Page, body: bytes, *, ended: bool = False) -> None:
        if self._held is not None and page.headers is not None:
            held, self._held = self._held, None
            self._settle(page)
            if page.kind is not None and page.kind != "page":
                self._visit.count_untouched(page.kind)
            await self._send(self._with(held, page.headers))
        if body or ended:
            await self._send({"type": _BODY, "body": body, "more_body": not ended})
        if ended:
            # What the app sends now is the server's to refuse.
            self._page = None


_WAYS: Mapping[str, Callable[[Response, Message], Awaitable[None]]] = {
    "http.response.start": Response._start,
    _BODY: Response._body,
    PATHSEND: Response._file,
    ZEROCOPYSEND: Response._file,
    "http.response.trailers": Response._trailers,
    "http.response.push": Response._trailers,
    "http.response.early_hint": Response._hint,
    "websocket.accept": Response._handshake,
    "websocket.http.response.start": Response._handshake,
}


def encoded(headers: Headers, given: Pairs) -> Pairs:
    """Return headers as pairs of bytes, names in lower case but for those that an app gave otherwise."""
    unusual = {name.lower(): name for name, _ in given if not name.islower()}
    if not unusual:
        return [(_lowered(name), value.encode("latin-1")) for name, value in headers]
    return [
        (unusual.get(lowered := _lowered(name), lowered), value.encode("latin-1")) for name, value in headers
    ]


@lru_cache(maxsize=256)
def _lowered(name: str) -> bytes:
    return name.rstrip(WSP).lower().encode("latin-1")
