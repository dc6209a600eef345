"""Hold a page's tags as it streams by: one byte of an attribute's name changes, and no byte moves."""

from __future__ import annotations

import re

from .address import Gate, candidates, hosts_of
from .grammar import ATTRIBUTE, compile_pattern
from .loading import ATTRIBUTES, CANDIDATES, DOCUMENT, LOADING, LOADING_RELS, inert_name
from .references import decode_references
from .tokens import Tokenizer, find_attribute

_LOADING = {name.encode(): frozenset(map(str.encode, loads)) for name, loads in LOADING.items()}
_CANDIDATES = frozenset(map(str.encode, CANDIDATES))
_DOCUMENT = DOCUMENT.encode()
# What an address that leaves the page's own host can't do without, as it stands in the page.
_LEAVING = re.compile(rb"[/\\][\t\n\r]*[/\\]|[:&]")
# The usual addresses, read without decoding: what follows has no say in the host.
_USUAL = compile_pattern(
    rb"[@W]*+(?:(?i:https?):)?//((?:[A-Za-z0-9_-]++\.)*[A-Za-z_-][A-Za-z0-9_-]*+)(?:[/?#]|\Z)"
)
_RELATIVE = re.compile(rb"[A-Za-z0-9_-]++[./?#]|[.?#]|/(?:[A-Za-z0-9._-]|\Z)")
_WITHIN_THE_PAGE = frozenset({b"use", b"feimage"})
_FILLER = ord("_")
# Where a name and its inert one differ.
_CHANGED = {
    name.encode(): next(at for at, char in enumerate(inert_name(name)) if char != name[at])
    for name in ATTRIBUTES
}
_AHEAD = 1024
_DEEPEST = 4
"""Documents in `srcdoc` of documents in `srcdoc`: what lies deeper is held unseen."""


class Holder:
    """One page on its way: bytes in, as many bytes out, in the end.

    `charset` is what the response says; `base` the address that a document in `srcdoc` takes over.
    """

    def __init__(
        self,
        gate: Gate,
        *,
        xml: bool = False,
        charset: str = "utf-8",
        base: str | None = None,
        depth: int = 0,
    ) -> None:
        self.held = 0
        self._gate = gate
        self._charset = charset
        self._depth = depth
        self._has_base = False
        self._tokens = Tokenizer(self._on_tag, xml=xml)
        self._take_base(base)
        self._rest = b""
        self._changes: list[int] = []

    def feed(self, data: bytes) -> bytes:
        """Take a piece; return what is settled, what was kept of earlier pieces before it."""
        if self._rest:
            data = self._rest + data
        settled = self._tokens.scan(data)
        self._rest = data[settled:]
        return self._change(data if settled == len(data) else data[:settled])

    def take_rest(self, data: bytes, quiet: int) -> bytes:
        """Take all that is left of the page; from `quiet` on no address in it leads to a host of the gate."""
        border = min(quiet + _AHEAD, len(data))
        begun = self.feed(data[:border])
        # What is cut by the border may have begun before. And where the base leads to such a host, each
        # address may.
        if border - len(self._rest) < quiet or self._tokens.within_a_tag or self._base_held:
            return begun + self.feed(data[border:])
        kept, self._rest = self._rest, b""
        return begun + kept + data[border:]

    def finish(self) -> bytes:
        """Return what was kept; a tag that the page's end cuts is held too: the bar behind would end it."""
        rest, self._rest = self._rest, b""
        self._tokens.end(rest)
        return self._change(rest)

    def _change(self, data: bytes) -> bytes:
        if not self._changes:
            return data
        changed = bytearray(data)
        for place in self._changes:
            changed[place] = _FILLER
        self._changes.clear()
        return bytes(changed)

    def _on_tag(self, name: bytes, data: bytes, start: int, end: int, *, whole: bool = True) -> None:
        loads = _LOADING.get(name)
        if loads is None:
            if name == b"base" and whole and not self._has_base and self._tokens.is_on_the_page(name):
                self._read_base(data, start, end)
            return
        if not (self._base_held or _LEAVING.search(data, start, end)):
            return
        values: dict[bytes, bytes] = {}
        for attribute, *value in ATTRIBUTE.findall(data, start, end):
            lowered = attribute.lower()
            # "if there is already an attribute on the token with the exact same name, then [...] the
            # new attribute must be removed from the token"
            if lowered in loads and lowered not in values:
                values[lowered] = b"".join(value)
        held = {attribute for attribute, value in values.items() if self._leads(name, attribute, value)}
        if held and self._takes_effect(name, data, start, end, whole):
            self._hold(held, data, start, end)

    def _hold(self, held: set[bytes], data: bytes, start: int, end: int) -> None:
        """Rename the attributes, the later ones of that name too: without the first they would count."""
        self.held += 1
        for attribute in ATTRIBUTE.finditer(data, start, end):
            name = attribute[1].lower()
            if name in held:
                self._changes.append(attribute.start() + _CHANGED[name])

    def _takes_effect(self, name: bytes, data: bytes, start: int, end: int, whole: bool) -> bool:
        if name != b"link" and name != b"input":
            return True
        value = find_attribute(data, start, end, b"rel" if name == b"link" else b"type")
        if value is None:
            return not whole
        text = self._text(value).lower()
        return text == "image" if name == b"input" else not LOADING_RELS.isdisjoint(text.split())

    def _leads(self, name: bytes, attribute: bytes, value: bytes) -> bool:
        """Tell whether an attribute's value, as it stands in the page, leads to a host of the gate."""
        if attribute in _CANDIDATES:
            return any(map(self._is_held, candidates(self._text(value))))
        if attribute == _DOCUMENT:
            return self._holds_document(self._text(value))
        if usual := _USUAL.match(value):
            return self._gate.holds(usual[1].decode().lower())
        if value.startswith(b"#") and name in _WITHIN_THE_PAGE:
            return False
        if not self._base_held and _RELATIVE.match(value):
            return False
        return self._is_held(self._text(value))

    def _is_held(self, address: str) -> bool:
        return any(map(self._gate.holds, hosts_of(address, self._base)))

    def _holds_document(self, html: str) -> bool:
        if self._depth == _DEEPEST:
            return True
        inner = Holder(self._gate, base=self._base, depth=self._depth + 1)
        inner.feed(html.encode())
        inner.finish()
        return inner.held > 0

    def _text(self, value: bytes) -> str:
        # "U+0000 NULL: [...] Append a U+FFFD REPLACEMENT CHARACTER character"
        text = value.decode(self._charset, "replace").replace("\0", "\ufffd")
        return decode_references(text)

    def _read_base(self, data: bytes, start: int, end: int) -> None:
        """Take the page's base: "the first base element with an href attribute"."""
        href = find_attribute(data, start, end, b"href")
        if href is not None:
            self._has_base = True
            address = self._text(href)
            if hosts_of(address):
                self._take_base(address)

    def _take_base(self, base: str | None) -> None:
        self._base = base
        self._base_held = base is not None and any(map(self._gate.holds, hosts_of(base)))
        if self._base_held:
            self._tokens.leave()
