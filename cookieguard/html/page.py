"""One HTML response on its way: bytes in, bytes out, and the headers that go with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from msgspec import Struct

from ..guard.caching import Headers, is_about_caching
from ..guard.fieldname import field_name
from .address import Gate
from .beginnings import remembered
from .glance import glance_for
from .holding import Holder
from .linkheader import without_held_links
from .media import Header, Media, read_length, read_media
from .nonce import find_nonce
from .prologue import Prologue
from .unpacking import Unpacker
from .validators import suffixed

Reason = Literal["encoded", "charset", "partial", "empty"]
Kind = Literal["page", "fragment", "charset"]

_NO_STORE = ("Cache-Control", "no-store")


class Plan(Struct, frozen=True, eq=False):
    """What happens to HTML under one policy.

    `gate` is None where nothing is held. `version` ends the ETags: twelve hex digits of a hash over
    policy and version. `tag` makes the script tag, of the page's language and nonce; `bar` the no-script
    bar, of its language; both in ASCII.
    """

    gate: Gate | None
    inject: bool
    version: str
    tag: Callable[[str | None, str | None], bytes]
    bar: Callable[[str | None], bytes]


class Untouched(Struct, frozen=True):
    """HTML whose body passes as it is, why, and the headers it passes with.

    `encoded` can't be unpacked, `charset` can't be read, `partial` is a part of it, `empty` has no
    body: the answer to HEAD, 1xx, 204, 304.
    """

    reason: Reason
    headers: Headers


def open_page(status: str, headers: Headers, method: str, plan: Plan) -> Page | Untouched | None:
    """Take a response's head; None where it is no HTML, or nothing is to be done with HTML."""
    read = read_media(status, headers)
    if read is None or not (plan.inject or plan.gate):
        return None
    media, length = read
    if media.bodiless:
        return Untouched("empty", headers)
    if media.linked:
        headers = without_held_links(headers, plan.gate)
    if media.partial:
        return Untouched("partial", headers)
    if media.charset is None:
        return Untouched("charset", headers)
    if media.packing is None:
        return Untouched("encoded", _never_stored(headers))
    if method == "HEAD":
        # How long the answer to GET would be, nobody knows.
        return Untouched("empty", _rewritten(headers, media, plan.version))
    return Page(headers, media, length, plan)


class Page:
    """The body of one HTML response.

    `kind` and `headers` are None until the first bytes have told page from fragment, or from what
    can't be read (`charset`). `headers` is a list of its own. `length` is the one that tells it.
    """

    kind: Kind | None = None
    headers: Headers | None = None
    _holder: Holder | None = None
    _kept = b""
    _bar = b""
    _rewrites = True
    _length_now: int | None = None

    def __init__(self, headers: Headers, media: Media, length: Header | None, plan: Plan) -> None:
        self._given = headers
        self._media = media
        self._length = length
        self._told = None if media.packing else read_length(length)
        self._plan = plan
        self._unpacker = Unpacker(media.packing) if media.packing else None

    def steps(self, data: bytes) -> Iterable[bytes]:
        """Take a piece of the body; return what may leave in parts, some of them empty.

        A small packed piece may be large unpacked: each part is made of 64 KiB of that when it is asked for.
        """
        return map(self._take, self._unpacker.feed(data)) if self._unpacker else (self._take(data),)

    def finish(self) -> bytes:
        """Return what was kept back, and the bar."""
        if self._unpacker:
            self._unpacker.finish()
        begun = b"" if self.kind else self._take(b"", ended=True)
        rest = self._holder.finish() if self._holder else b""
        return begun + rest + self._bar

    def open_ended(self) -> Headers:
        """Return headers that hold whatever the first bytes will tell: they leave the length open."""
        return _rewritten(self._given, self._media, self._plan.version)

    def lead_by(self, headers: Headers) -> None:
        """Take other headers for the same body: what may leave has changed since it was opened."""
        self._given = without_held_links(headers, self._plan.gate) if self._media.linked else headers
        if self.headers is not None:
            self.headers = self._head()

    def _take(self, data: bytes, *, ended: bool = False) -> bytes:
        if self.kind is not None:
            return self._holder.feed(data) if self._holder else data
        data = self._kept + data if self._kept else data
        prologue = remembered.read(data, ended=ended, xml=self._media.xml)
        if prologue is None:
            self._kept = data
            return b""
        self._kept = b""
        return self._begin(data, prologue)

    def _begin(self, data: bytes, prologue: Prologue) -> bytes:
        tag, at = self._decide(prologue), prologue.at
        gate = self._plan.gate if prologue.kind != "charset" else None
        # The usual response is one piece, and the usual page names hosts of the gate nowhere, or in its head.
        whole = len(data) == self._told
        quiet = glance_for(gate).quiet_from(data) if whole and gate is not None else 0
        if whole and not quiet:
            bar, self._bar = self._bar, b""
            return b"".join((data[:at], tag, data[at:], bar))
        if gate is None:
            return data[:at] + tag + data[at:]
        self._holder = holder = Holder(gate, xml=self._media.xml, charset=self._media.charset or "utf-8")
        begun = holder.feed(data[:at]) + tag
        return begun + (holder.take_rest(data[at:], max(quiet - at, 0)) if whole else holder.feed(data[at:]))

    def _decide(self, prologue: Prologue) -> bytes:
        """Settle kind, headers and bar; return the tag."""
        self.kind = prologue.kind
        tag = b""
        if prologue.kind == "page" and self._plan.inject:
            tag = self._plan.tag(prologue.language, find_nonce(self._media.policies))
            # Nothing may follow the root element of XML.
            self._bar = b"" if self._media.xml else self._plan.bar(prologue.language)
        self._rewrites = bool(self._unpacker or tag or (self._plan.gate and prologue.kind != "charset"))
        if self._told is not None:
            self._length_now = self._told + len(tag) + len(self._bar)
        self.headers = self._head()
        return tag

    def _head(self) -> Headers:
        if not self._rewrites:
            return [*self._given]
        return _rewritten(self._given, self._media, self._plan.version, self._length, self._length_now)


def _rewritten(
    headers: Headers, media: Media, version: str, old: Header | None = None, length: int | None = None
) -> Headers:
    """Return the headers of a body whose bytes are others now: `length` of them, which `old` tells."""
    if media.vouched:
        headers = suffixed(headers, version)
    if old is not None and length is not None:
        at = headers.index(old)
        return [*headers[:at], (old[0], str(length)), *headers[at + 1 :]]
    if not (media.packing or media.lengths):
        return [*headers]
    dropped = ("content-length", "content-encoding") if media.packing else ("content-length",)
    return [header for header in headers if field_name(header[0]) not in dropped]


def _never_stored(headers: Headers) -> Headers:
    """Keep what carries no tag out of every cache: the next request may bring it unpacked."""
    kept = [(name, value) for name, value in headers if not is_about_caching(field_name(name))]
    return [*kept, _NO_STORE]
