"""The app's response on its way to the server: headers screened, pages rewritten as they stream by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ..guard.headers import HARMLESS, unsplit
from ..visit import Visit
from .request import Request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..html.page import Page
    from ..visitor.plans import Plans

Write = Callable[[bytes], object]


class Response(Struct, eq=False):
    """The `start_response` that the app calls, once or again, and what becomes of its body.

    A page's headers wait for its first bytes; everything else goes to the server at once. `method`,
    `root` and `below` are the request's own: an app may change them on its way, a dispatcher below us
    lengthens SCRIPT_NAME. `revalidates` tells whether it named a page of ours that the browser has.
    """

    _visit: Visit
    _environ: WSGIEnvironment
    _start_response: StartResponse
    _plans: Plans | None
    _method: str
    _root: str
    _below: str
    _revalidates: bool
    is_plain: bool = False
    """Whether the body goes to the server as the app made it, untouched."""
    _started: bool = False
    _page: Page | None = None
    _status: str = ""
    _given: list[tuple[str, str]] | None = None
    _write: Write | None = None
    _exc_info: Any = None

    def __repr__(self) -> str:
        # Error reports keep the variables of a frame: the environ holds what is nobody's business.
        return f"<Response to {self._visit!r}>"

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Write:
        """Take the app's status and headers; `exc_info` as in PEP 3333."""
        visit = self._visit
        if exc_info is None:
            if visit.must_screen or not status.isprintable():
                return self._decide(status, headers)
            # Most of what an app sends, again and again: each call from here would be felt.
            leaving: list[tuple[str, str]] | None
            if HARMLESS.issuperset(headers):
                # The server keeps the list until the first byte; the app has it in hand as well.
                visit.headers_sent, leaving = True, [*headers]
            else:
                leaving = visit.leave_from_memory(headers)
                if leaving is None:
                    return self._decide(status, headers)
            if visit.concerns_page or self._page is not None:
                return self._open(status, headers, leaving)
            self.is_plain = True
            return self._start_response(status, leaving)
        counted = visit.retract()
        # No frame may keep it: that would be a cycle through the traceback.
        self._exc_info = exc_info
        try:
            return self._decide(status, headers)
        except BaseException:
            # "If headers have already been sent, raise the exception": the first ones stand.
            visit.retract()
            visit.restore(counted)
            raise
        finally:
            exc_info = self._exc_info = None

    def _decide(self, status: str, headers: list[tuple[str, str]]) -> Write:
        # A line break in the status smuggles a header just as one in a value does.
        if not status.isprintable():
            status = unsplit(status)
        return self._open(status, headers, self._visit.leave(headers, self._request()))

    def _request(self) -> Request:
        return Request(self._environ, self._root, self._below)

    def _open(self, status: str, headers: list[tuple[str, str]], leaving: list[tuple[str, str]]) -> Write:
        visit, plans = self._visit, self._plans
        if self._exc_info is None:
            # "It is a fatal error to call start_response without the exc_info argument if start_response
            # has already been called": the server, which raises it, must have heard of the first.
            self.give_up()
        self._started = self._started or self.is_plain
        self._page, self.is_plain = None, True
        if plans is None or not (visit.concerns_page or self._revalidates):
            return self._send(status, leaving)
        opened = plans.open(visit, self._root, status, leaving, self._method, revalidates=self._revalidates)
        if opened.page is not None:
            return self._hold(opened.page, status, headers)
        self.is_plain = opened.passes
        return self._send(status, opened.headers)

    def _hold(self, page: Page, status: str, headers: list[tuple[str, str]]) -> Write:
        self._page, self._status, self._given, self.is_plain = page, status, [*headers], False
        if self._exc_info is not None or self._started:
            # No error may be kept waiting, and a second start is for the server to refuse.
            self._send(status, page.open_ended())
        else:
            self._visit.headers_sent = False
        return self.write

    def _settle(self, page: Page) -> None:
        """Have the headers that waited say what was asked and decided meanwhile."""
        leaving = self._visit.settle(self._given or [], self._request())
        if leaving is not None:
            page.lead_by(leaving)

    def _send(self, status: str, headers: list[tuple[str, str]]) -> Write:
        self._started = True
        exc_info, self._exc_info = self._exc_info, None
        # "The start_response callable [...] takes two required positional arguments, and one
        # optional argument": a server may tell None from nothing.
        try:
            if exc_info is None:
                write = self._start_response(status, headers)
            else:
                write = self._start_response(status, headers, exc_info)
        finally:
            exc_info = None
        self._write = write
        return write

    # The body.

    @property
    def has_no_length(self) -> bool:
        """Whether this answers HEAD for a page, whose length nobody knows."""
        return self._page is None and not self.is_plain

    @property
    def is_held(self) -> bool:
        """Whether the headers wait for more of the body."""
        return self._page is not None and not self._started

    def write(self, data: bytes) -> None:
        """Take bytes by the way that PEP 3333 keeps for old apps."""
        for rewritten in self.feed(data):
            if rewritten and self._write is not None:
                self._write(rewritten)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what of the body may leave now, some of it empty: while more is needed, nothing may."""
        return iter((data,)) if self._page is None else map(self._step, self._page.steps(data))

    def _step(self, rewritten: bytes) -> bytes:
        self._begin()
        return rewritten

    def finish(self) -> bytes:
        """Return what remains, once the app's body is at its end."""
        if self._page is None:
            return b""
        rest = self._page.finish()
        self._begin()
        return rest

    def _begin(self) -> None:
        page = self._page
        if self._started or page is None or page.headers is None:
            return
        self._settle(page)
        self._send(self._status, page.headers)
        if page.kind is not None and page.kind != "page":
            self._visit.count_untouched(page.kind)

    def give_up(self) -> None:
        """Give the server the headers, though no body came that could tell more of them."""
        if self._page is not None and not self._started:
            self._settle(self._page)
            self._send(self._status, self._page.open_ended())


class Body:
    """The app's iterable, each part rewritten as it leaves; closes what it wraps."""

    def __init__(self, response: Response, iterable: Iterable[bytes]) -> None:
        self._response = response
        self._iterable = iterable
        self._parts: Iterator[bytes] | None = None
        # Of one part: a small packed one may be large unpacked.
        self._steps: Iterator[bytes] = iter(())
        # Of the last part: whether nothing was given for it.
        self._owes = False
        self._given = self._ended = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        response = self._response
        while not self._ended:
            # Nothing may be yielded before the headers: until these are known, pull on.
            for step in self._steps:
                self._owes = False
                if step or not response.is_held:
                    self._given = True
                    return step
            if self._owes and not response.is_held:
                # Who reads one part for each that the app made stays in step.
                self._owes = False
                return b""
            part = self._next_part()
            if part is not None:
                self._steps, self._owes = response.feed(part), True
                continue
            self._ended = True
            if rest := response.finish():
                return rest
            if response.has_no_length and not self._given:
                # From a body without any part wsgiref concludes that the length is 0.
                return b""
        raise StopIteration

    def _next_part(self) -> bytes | None:
        try:
            if self._parts is None:
                self._parts = iter(self._iterable)
            return next(self._parts, None)
        except BaseException:
            # The app had called start_response; who stands around the guard must hear of it.
            self._response.give_up()
            raise

    def close(self) -> None:
        """Close the app's iterable, whatever was read of it."""
        try:
            self._response.give_up()
        finally:
            close = getattr(self._iterable, "close", None)
            if close is not None:
                close()
