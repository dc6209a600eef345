"""SVG and MathML inside HTML: where tags mean something else than outside (HTML, 13.2.6.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from .grammar import RAW_TEXT

Space = Literal["html", "svg", "math"]
# "" for an element that is none, else which start tags are HTML's again right inside it.
Point = Literal["", "html", "text"]

_MOST_OPEN = 512
"""Browsers stop nesting at about this depth too."""

_BREAKING_OUT = frozenset(
    b"b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing"
    b" menu meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul var".split()
)
_VOID = frozenset(
    b"area base basefont bgsound br col embed frame hr image img input keygen link meta param source track"
    b" wbr".split()
)
_POINTS: dict[tuple[Space, bytes], Point] = {
    ("svg", b"foreignobject"): "html",
    ("svg", b"desc"): "html",
    ("svg", b"title"): "html",
    ("math", b"mi"): "text",
    ("math", b"mo"): "text",
    ("math", b"mn"): "text",
    ("math", b"ms"): "text",
    ("math", b"mtext"): "text",
}
_HTML_IN_MATH = frozenset({b"text/html", b"application/xhtml+xml"})
# An end tag of these that matches nothing is a slip, for no such HTML element can be open around a
# drawing. Any other may close the HTML element around it, and the drawing with it: what is open out
# there is not kept, so it is believed.
_CLOSING_NOTHING = (
    RAW_TEXT
    | _VOID - {b"br"}
    | frozenset(
        b"script plaintext noscript svg math"
        b" g path circle rect line polyline polygon ellipse text tspan textpath defs use symbol marker mask"
        b" pattern clippath filter stop lineargradient radialgradient foreignobject desc switch view animate"
        b" set mrow mi mo mn ms mtext msup msub mfrac msqrt semantics annotation annotation-xml".split()
    )
)

Attribute = Callable[[bytes], "bytes | None"]
"""Look up an attribute of the tag at hand; None where it has none."""


class _Open(Struct, frozen=True):
    name: bytes
    space: Space
    point: Point = ""


class Foreign:
    """The elements that are open from the outermost `svg` or `math` on."""

    def __init__(self) -> None:
        self._open: list[_Open] = []

    def __len__(self) -> int:
        return len(self._open)

    @property
    def has_cdata(self) -> bool:
        """Whether `<![CDATA[` begins a section: "if there is an adjusted current node and it is not
        an element in the HTML namespace"."""
        return bool(self._open) and self._open[-1].space != "html"

    def reads_html(self, name: bytes) -> bool:
        """Tell whether HTML's rules take a start tag of this name here."""
        if not self._open:
            return True
        current = self._open[-1]
        if current.point == "text":
            return name not in (b"mglyph", b"malignmark")
        if current.name == b"annotation-xml" and name == b"svg":
            return True
        return current.space == "html" or current.point == "html"

    def cut(self, length: int) -> None:
        """Forget what was opened since there were `length`."""
        del self._open[length:]

    def start(self, name: bytes, attribute: Attribute, closed: bool) -> bool:
        """Take a start tag, its name in lower case; tell whether its element is one of HTML's."""
        if not self.reads_html(name) and _breaks_out(name, attribute):
            self._break_out()
        elif not self.reads_html(name):
            space = self._open[-1].space
            if not closed:
                self._push(_Open(name, space, _point(space, name, attribute)))
            return False
        if name == b"svg" or name == b"math":
            if not closed:
                self._push(_Open(name, "svg" if name == b"svg" else "math"))
            return False
        if self._open and name not in _VOID:
            self._push(_Open(name, "html"))
        return True

    def end(self, name: bytes) -> None:
        """Take an end tag, its name in lower case."""
        if name in (b"p", b"br") and not self.reads_html(name):
            self._break_out()
        in_html = beyond_point = False
        for index in range(len(self._open) - 1, -1, -1):
            element = self._open[index]
            in_html = in_html or element.space == "html"
            # "Has an element in scope" ends at an integration point: HTML's rules close nothing there.
            if in_html and (beyond_point or element.point):
                return
            if element.name == name and in_html == (element.space == "html"):
                self.cut(index)
                return
            beyond_point = beyond_point or bool(element.point)
        if not beyond_point and name not in _CLOSING_NOTHING:
            self.cut(0)

    def _push(self, element: _Open) -> None:
        if len(self._open) < _MOST_OPEN:
            self._open.append(element)

    def _break_out(self) -> None:
        while self._open and not (self._open[-1].point or self._open[-1].space == "html"):
            self._open.pop()


def _breaks_out(name: bytes, attribute: Attribute) -> bool:
    if name == b"font":
        return any(attribute(key) is not None for key in (b"color", b"face", b"size"))
    return name in _BREAKING_OUT


def _point(space: Space, name: bytes, attribute: Attribute) -> Point:
    if space == "math" and name == b"annotation-xml":
        return "html" if (attribute(b"encoding") or b"").lower() in _HTML_IN_MATH else ""
    return _POINTS.get((space, name), "")
