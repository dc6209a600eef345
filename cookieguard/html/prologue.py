"""How a document begins: a page or a fragment, where the tag goes, in which language it is."""

from __future__ import annotations

import re
from enum import Enum
from typing import Literal

from msgspec import Struct

from .grammar import NAME, TAG, XML_DOCTYPE, compile_pattern
from .references import decode_references
from .tokens import find_attribute

LONGEST_PROLOGUE = 64 * 1024

_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_SPACE = compile_pattern(rb"[@W]++")
_COMMENT = re.compile(rb"<!--(?:-?>|.*?--!?>)", re.DOTALL)
_DOCTYPE = compile_pattern(rb"<!doctype[^>]*+>", re.IGNORECASE)
_BOGUS_COMMENT = re.compile(rb"<[!?][^>]*+>")
_XML_INSTRUCTION = re.compile(rb"<\?.*?\?>", re.DOTALL)
# Atomic: where the first end tag finds no `>`, none behind it does.
_TITLE = compile_pattern(rb"(?>.*?</title(?=[@W/>]))[^>]*+>", re.DOTALL | re.IGNORECASE)
_OPENINGS = (b"<!--", b"<!doctype")
# What only a whole document begins with. `title` is not among them: htmx and Turbo take a fragment's
# title from its front, so what stands behind it decides.
_OF_PAGES = frozenset({b"html", b"head", b"meta", b"base", b"body", b"frameset"})


class Prologue(Struct, frozen=True):
    """`at` is where the tag goes; `language` what `<html lang>` says."""

    kind: Literal["page", "fragment", "charset"]
    at: int = 0
    language: str | None = None


FRAGMENT = Prologue("fragment")
UNREADABLE = Prologue("charset")


def read_prologue(data: bytes, *, ended: bool = False, xml: bool = False) -> Prologue | None:
    """Read a document's first bytes; None where more of them must come.

    What is undecided after 64 KiB is a fragment. The tag goes behind `<head>`; without one, right
    before what opens it unsaid: whitespace, comments and `<html>` stay where they were in the tree.
    """
    if data[:2] in _UTF16_MARKS:
        return UNREADABLE
    if not ended and (data in (b"\xff", b"\xfe") or _UTF8_MARK.startswith(data)):
        return None
    limit = min(len(data), LONGEST_PROLOGUE)
    found = _Reader(data, limit, xml).read()
    if found is None and ended and len(data) < LONGEST_PROLOGUE:
        return _Reader(data, limit, xml).read(ended=True)
    return FRAGMENT if found is None and limit == LONGEST_PROLOGUE else found


class _Step(Enum):
    GO_ON = 0


GO_ON = _Step.GO_ON


class _Reader:
    """One walk over the tokens before the first that counts."""

    def __init__(self, data: bytes, limit: int, xml: bool) -> None:
        self._data = data
        self._limit = limit
        self._xml = xml
        self._at = len(_UTF8_MARK) if data.startswith(_UTF8_MARK) else 0
        self._place: int | None = None
        self._page = False
        self._language: str | None = None

    def read(self, *, ended: bool = False) -> Prologue | None:
        while True:
            if space := _SPACE.match(self._data, self._at, self._limit):
                self._at = space.end()
            opening = self._data[self._at : min(self._at + 9, self._limit)]
            if not ended and _may_go_on(opening):
                return None
            if self._xml and opening == b"<![CDATA[":
                return self._here()  # text, and its first `>` doesn't end it
            if opening[:2] in (b"<!", b"<?"):
                token = self._declaration(opening)
                if token is None:
                    return self._here() if ended else None
                self._at = token.end()
                continue
            if not opening[1:2].isalpha() or not opening.startswith(b"<"):
                return self._here()
            found = self._tag()
            if found is not GO_ON:
                return found or (self._here() if ended else None)

    def _here(self) -> Prologue:
        if not self._page:
            return FRAGMENT
        return Prologue("page", self._at if self._place is None else self._place, self._language)

    def _declaration(self, opening: bytes) -> re.Match[bytes] | None:
        if opening.startswith(b"<!--"):
            pattern = _COMMENT
        elif opening.lower() == b"<!doctype":
            pattern = XML_DOCTYPE if self._xml else _DOCTYPE
        else:
            pattern = _XML_INSTRUCTION if self._xml and opening[1:2] == b"?" else _BOGUS_COMMENT
        token = pattern.match(self._data, self._at, self._limit)
        self._page = self._page or (token is not None and opening.lower() == b"<!doctype")
        return token

    def _tag(self) -> Prologue | Literal[_Step.GO_ON] | None:
        """Read a start tag: what it settles, or that it settles nothing; None where more must come."""
        named = NAME.match(self._data, self._at, self._limit)
        if named is None:
            return None
        name = named[1].lower()
        self._page = self._page or name in _OF_PAGES
        # Where a title stands, head is open: nothing behind it moves the tag.
        if name not in (b"html", b"head", b"title") or (self._place is not None and name != b"title"):
            return self._here()
        tag = TAG.match(self._data, self._at, self._limit)
        if tag is None or name == b"head":
            return tag and Prologue("page", tag.end(), self._language)
        if name == b"title":
            return self._title(tag)
        self._language = self._language or self._language_of(tag)
        self._at = tag.end()
        return GO_ON

    def _title(self, tag: re.Match[bytes]) -> Prologue | Literal[_Step.GO_ON] | None:
        if self._page:
            return self._here()
        end = _TITLE.match(self._data, tag.end(), self._limit)
        if end is None:
            return None
        self._place = self._at if self._place is None else self._place
        self._at = end.end()
        return GO_ON

    def _language_of(self, tag: re.Match[bytes]) -> str | None:
        for key in (b"lang", b"xml:lang"):
            value = find_attribute(self._data, tag.end(1), tag.end() - 1, key)
            if value:
                return decode_references(value.decode("utf-8", "replace")).strip() or None
        return None


def _may_go_on(opening: bytes) -> bool:
    """Tell whether a token is cut before it shows what it is."""
    lowered = opening.lower()
    return opening in (b"", b"<", b"<?") or any(
        word.startswith(lowered) for word in _OPENINGS if word != lowered
    )
