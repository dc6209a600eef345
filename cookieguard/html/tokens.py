"""Find the real start tags of a page that comes in pieces, as browsers do (HTML, 13.2.5 and 13.2.6.5).

Nothing is kept but the end of a piece that may begin a token, at most 64 KiB of it. A longer tag is
given attribute by attribute. What elements are open is known inside SVG and MathML only; a tag that
the tree builder would drop is given like any other.

Browsers with scripting see text in `noscript`, up to its end tag; all others see markup there. It is
read as markup that ends at that end tag, whatever is open: an `iframe` left open hides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from .foreign import Foreign
from .grammar import (
    ATTRIBUTE,
    NAME,
    RAW_TEXT,
    TAG,
    WHOLE_ATTRIBUTE,
    XML_DOCTYPE,
    boring,
    compile_pattern,
)

LONGEST_TAG = 64 * 1024

_BACKGROUND = compile_pattern(rb"background[@W]*+=")
_GAP = compile_pattern(rb"[@W/]++")
_BOGUS_END = re.compile(rb">")
_COMMENT = b"<!--"
_COMMENT_END = re.compile(rb"--!?>")
_ABRUPT_COMMENT = re.compile(rb"<!---?>")
_LEAST_COMMENT = len(b"<!--->")
_SECTION = b"<![CDATA["
_XML_DOCTYPE_OPENING = b"<!DOCTYPE"
_SECTION_END = re.compile(rb"\]\]>")
_INSTRUCTION_END = re.compile(rb"\?>")
_NEVER = re.compile(rb"(?!)")
_VALUE_ENDS = (re.compile(rb'"'), re.compile(rb"'"), compile_pattern(rb"[@W>]"))
_RAW_TEXT_ENDS = {name: compile_pattern(rb"</" + name + rb"[@W/>]", re.IGNORECASE) for name in RAW_TEXT}
# Script data and its escaped states (13.2.5.4 and 13.2.5.15 to 31): what ends each, by depth.
_SCRIPT_MARKS = (
    compile_pattern(rb"<!--|</script[@W/>]", re.IGNORECASE),
    compile_pattern(rb"-->|</?script[@W/>]", re.IGNORECASE),
    compile_pattern(rb"-->|</script[@W/>]", re.IGNORECASE),
)
_SCRIPT_MARK = len(b"</script>")
_NOSCRIPT_END = compile_pattern(rb"</noscript[@W/>]", re.IGNORECASE)
_NOSCRIPT_MARK = len(b"</noscript>")


class OnTag(Protocol):
    """Take a start tag: its name in lower case, and where its attributes stand.

    Where they are not `whole`, more of this tag may come in another call, or is lost.
    """

    def __call__(self, name: bytes, data: bytes, start: int, end: int, *, whole: bool = True) -> None: ...


class Tokenizer:
    """The state between two pieces of a page."""

    def __init__(self, on_tag: OnTag, *, xml: bool = False) -> None:
        self._on_tag = on_tag
        self._xml = xml
        self._foreign = Foreign()
        # How many foreign elements were open where `noscript` began; None outside it.
        self._noscript: int | None = None
        self._has_background = self._leaving = False
        self._boring = boring(backgrounds=False, leaving=False)
        # Each reads from a place up to an end and returns how far it came; the same place: needs more.
        self._walk: Callable[[bytes, int, int], int] = self._content
        # What `_skip` looks for, how much of it may stand cut at the end, whether to pass it, what then.
        self._mark = (_NEVER, 0, True, self._walk)
        self._escapes = 0
        # The long tag at hand: its name, empty for an end tag, and whether a slash came last.
        self._tag = (b"", False)
        self._slash = False

    def is_on_the_page(self, name: bytes) -> bool:
        """Tell whether an element of this name is HTML's own here, and there for every browser."""
        return self._noscript is None and self._foreign.reads_html(name)

    @property
    def within_a_tag(self) -> bool:
        """Whether what was settled ends in a tag, one that is longer than what is kept."""
        walk = self._mark[-1] if self._walk == self._skip else self._walk
        return walk == self._in_tag

    def leave(self) -> None:
        """Give tags with addresses of the page's own too, from now on: its base leads elsewhere."""
        self._leaving = True
        self._boring = boring(backgrounds=self._has_background, leaving=True)

    def scan(self, data: bytes) -> int:
        """Read on; return how many bytes are settled: the rest must come again, with more behind it."""
        lowered = data.lower()
        has_background = b"background" in lowered and _BACKGROUND.search(lowered) is not None
        self._has_background = has_background
        self._boring = boring(backgrounds=has_background, leaving=self._leaving)
        at = 0 if self._noscript is not None else self._run(data, 0, len(data))
        while self._noscript is not None:
            found = _NOSCRIPT_END.search(data, at)
            border = found.start() if found else max(at, len(data) - _NOSCRIPT_MARK + 1)
            at = self._run(data, at, border)
            if found is None:
                break
            self._leave_noscript(data, at, border)
            at = self._run(data, border, len(data))
        return at

    def end(self, data: bytes) -> None:
        """Read what was kept, as the page ends: in `noscript` that its end tag might have cut.

        A tag that the end cuts is given as far as it goes: it ends in what is put behind the page.
        """
        at = self._run(data, 0, len(data)) if self._noscript is not None else 0
        self._give_cut_tag(data, at, len(data))

    def _run(self, data: bytes, at: int, end: int) -> int:
        outside = self._noscript is None
        while at < end:
            walk = self._walk
            reached = walk(data, at, end)
            if reached == at and self._walk == walk:
                break
            at = reached
            if outside and self._noscript is not None:
                break
        return at

    def _leave_noscript(self, data: bytes, at: int, border: int) -> None:
        """Drop what is open at the end tag; a tag that it cuts is given as far as it goes."""
        self._give_cut_tag(data, at, border)
        self._foreign.cut(self._noscript or 0)
        self._noscript = None
        self._walk = self._content

    def _give_cut_tag(self, data: bytes, at: int, border: int) -> None:
        name, start = self._tag[0], at
        if self._walk != self._in_tag:
            cut = NAME.match(data, at, border) if self._walk == self._content else None
            name, start = (cut[1].lower(), cut.end()) if cut else (b"", at)
        if name and data[at : at + 2] != b"</":
            self._on_tag(name, data, start, border, whole=False)

    def _content(self, data: bytes, at: int, end: int) -> int:
        if not (self._foreign or self._xml):
            at = self._boring.match(data, at, end).end()  # type: ignore[union-attr]
        at = data.find(b"<", at, end)
        if at < 0:
            return end
        opening = data[at : min(at + len(_SECTION), end)]
        kind = opening[1:2]
        if kind.isalpha():
            return self._read_tag(data, at, end)
        if kind == b"!":
            if self._xml and _XML_DOCTYPE_OPENING.startswith(opening):
                doctype = XML_DOCTYPE.match(data, at, end)
                # What its own declarations hold is no tag, nor the begin of text.
                if doctype or end - at < LONGEST_TAG:
                    return doctype.end() if doctype else at
            return self._declaration(opening, at)
        if kind == b"?":
            return self._skip_to(_INSTRUCTION_END if self._xml else _BOGUS_END, 1, at + 2)
        if kind == b"/":
            return self._end_tag(opening[2:3], data, at, end)
        return at + 1 if kind else at

    def _end_tag(self, first: bytes, data: bytes, at: int, end: int) -> int:
        if first.isalpha():
            return self._read_tag(data, at, end)
        return self._skip_to(_BOGUS_END, 0, at + 2) if first else at

    def _declaration(self, opening: bytes, at: int) -> int:
        if opening.startswith(_COMMENT):
            if abrupt := _ABRUPT_COMMENT.match(opening):
                return at + abrupt.end()
            return at if len(opening) < _LEAST_COMMENT else self._skip_to(_COMMENT_END, 3, at + len(_COMMENT))
        has_sections = self._xml or self._foreign.has_cdata
        if has_sections and opening == _SECTION:
            return self._skip_to(_SECTION_END, 2, at + len(_SECTION))
        if _COMMENT.startswith(opening) or (has_sections and _SECTION.startswith(opening)):
            return at
        return self._skip_to(_BOGUS_END, 0, at + 2)

    def _read_tag(self, data: bytes, at: int, end: int) -> int:
        starts = data[at + 1 : at + 2] != b"/"
        if tag := TAG.match(data, at, min(end, at + LONGEST_TAG)):
            name = tag[1].lower()
            if starts:
                self._on_tag(name, data, tag.end(1), tag.end() - 1)
                self._start(name, data, tag.end(1), tag.end() - 1)
            else:
                self._foreign.end(name)
            return tag.end()
        if end - at < LONGEST_TAG:
            return at
        named = NAME.match(data, at, at + LONGEST_TAG)
        self._tag = (named[1].lower() if named else b"", starts)
        self._slash = False
        self._walk = self._in_tag
        return named.end() if named else at + 2

    def _start(self, name: bytes, data: bytes, start: int, end: int, closed: bool | None = None) -> None:
        """Go on as the element asks for."""
        if self._xml:
            return
        if self._foreign or name in (b"svg", b"math"):
            closed = is_closed(data, start, end) if closed is None else closed
            if not self._foreign.start(name, lambda key: find_attribute(data, start, end, key), closed):
                return
        if name in _RAW_TEXT_ENDS:
            self._skip_to(_RAW_TEXT_ENDS[name], len(name) + 2, 0, past=False)
        elif name == b"script":
            self._escapes = 0
            self._walk = self._script
        elif name == b"plaintext":
            self._skip_to(_NEVER, 0, 0)
        elif name == b"noscript" and self._noscript is None:
            self._noscript = len(self._foreign)

    def _skip_to(self, mark: re.Pattern[bytes], kept: int, at: int, *, past: bool = True) -> int:
        then = self._in_tag if mark in _VALUE_ENDS else self._content
        self._mark = (mark, kept, past, then)
        self._walk = self._skip
        return at

    def _skip(self, data: bytes, at: int, end: int) -> int:
        mark, kept, past, then = self._mark
        found = mark.search(data, at, end)
        if found is None:
            return max(at, end - kept)
        self._walk = then
        return found.end() if past else found.start()

    def _script(self, data: bytes, at: int, end: int) -> int:
        found = _SCRIPT_MARKS[self._escapes].search(data, at, end)
        if found is None:
            return max(at, end - _SCRIPT_MARK + 1)
        mark = found[0][:2]
        if mark == b"</":
            if self._escapes < 2:
                self._walk = self._content
                return found.start()
            self._escapes = 1
        elif mark == b"<!":
            self._escapes = 1
            # The dashes may be those of the end too: `<!-->`.
            return found.start() + 2
        else:
            self._escapes = 0 if mark == b"--" else 2
        return found.end()

    def _in_tag(self, data: bytes, at: int, end: int) -> int:
        """Go on in a tag that is longer than what is kept."""
        name, starts = self._tag
        if gap := _GAP.match(data, at, end):
            self._slash = gap[0].endswith(b"/")
            return gap.end()
        if data[at : at + 1] == b">":
            self._walk = self._content
            if starts:
                self._start(name, data, at, at, self._slash)
            else:
                self._foreign.end(name)
            return at + 1
        limit = min(end, at + LONGEST_TAG)
        attribute = WHOLE_ATTRIBUTE.match(data, at, limit)
        if attribute is None and end - at < LONGEST_TAG:
            return at
        self._slash = False
        reached = attribute.end() if attribute else limit
        if starts:
            self._on_tag(name, data, at, reached, whole=False)
        return reached if attribute else self._cut_attribute(data, at, limit)

    def _cut_attribute(self, data: bytes, at: int, limit: int) -> int:
        """Pass the rest of an attribute that is longer than what is kept."""
        attribute = ATTRIBUTE.match(data, at, limit)
        kind = attribute.lastindex if attribute else None
        if kind is None or kind == 1:
            # A name of that length is none that counts: what is left of it may stand for the whole.
            return limit - 1
        return self._skip_to(_VALUE_ENDS[kind - 2], 0, limit, past=kind < 4)


def find_attribute(data: bytes, start: int, end: int, key: bytes) -> bytes | None:
    """Return an attribute's value as it stands there; None where the tag has none."""
    for name, *values in ATTRIBUTE.findall(data, start, end):
        if name.lower() == key:
            return b"".join(values)
    return None


def is_closed(data: bytes, start: int, end: int) -> bool:
    """Tell whether a tag closes itself: its last slash belongs to no value."""
    if data[end - 1 : end] != b"/":
        return False
    return all(attribute.end() < end for attribute in ATTRIBUTE.finditer(data, start, end))
