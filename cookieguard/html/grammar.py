"""The tokens of HTML as patterns over bytes (HTML, 13.2.5), each linear and none of them guessing.

A pattern that lacks the end of its token in the bytes at hand matches nothing. Runs are possessive;
groups that repeat are not, since Python 3.11 before 3.11.5 loses its place in such.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from .loading import LOADING

SPACE = rb"\t\n\f\r "

_PARTS = {
    # "U+003D EQUALS SIGN (=) [before an attribute name]: Set that attribute's name to the current
    # input character"
    b"@NAME": rb"(?:=[^@W/>=]*+|[^@W/>=]++)",
    b"@VALUE": rb"(?:\"[^\"]*+\"|'[^']*+'|(?=>)|[^@W>\"'][^@W>]*+)",
}
_ATTRIBUTES = rb"(?:[@W/]++|@NAME(?:[@W]*+=[@W]*+@VALUE|(?![@W]*+=)))*"
# The usual kind, which the general pattern takes twice the time for; few, for each may be read again.
_USUAL_ATTRIBUTES = rb"(?:[@W]++[^@W/>=]++=\"[^\"]*+\"){0,16}"


def compile_pattern(pattern: bytes, flags: int = 0) -> re.Pattern[bytes]:
    """Compile a pattern in which @W stands for white space, and a few words for longer patterns."""
    pattern = pattern.replace(b"@ATTRIBUTES", _ATTRIBUTES).replace(b"@USUAL", _USUAL_ATTRIBUTES)
    for word, meaning in _PARTS.items():
        pattern = pattern.replace(word, meaning)
    return re.compile(pattern.replace(b"@W", SPACE), flags)


TAG = compile_pattern(rb"</?([a-zA-Z][^@W/>]*+)@ATTRIBUTES>")
NAME = compile_pattern(rb"</?([a-zA-Z][^@W/>]*+)(?=[@W/>])")
# XML's may hold declarations of its own, in brackets.
XML_DOCTYPE = re.compile(rb"<!DOCTYPE[^>\[]*+(?:\[[^\]]*+\][^>]*+)?>")
ATTRIBUTE = compile_pattern(rb"(@NAME)(?:[@W]*+=[@W]*+(?:\"([^\"]*+)\"?|'([^']*+)'?|([^@W>\"'][^@W>]*+))?)?")
"""One attribute of a tag that is complete, or cut at its end: name, and value in one of three groups."""
WHOLE_ATTRIBUTE = compile_pattern(
    rb"@NAME(?:[@W]*+=[@W]*+(?:\"[^\"]*+\"|'[^']*+'|(?=>)|[^@W>\"'][^@W>]*+(?=[@W>]))"
    rb"|[@W]++(?=[^@W=])|(?=[/>]))"
)
"""One attribute of a tag that goes on, with as much behind it as tells that it is complete."""

RAW_TEXT = frozenset({b"style", b"xmp", b"iframe", b"noembed", b"noframes", b"title", b"textarea"})
"""Elements whose content is text up to their own end tag: RAWTEXT and RCDATA alike."""
_SWITCHES = RAW_TEXT | {b"script", b"plaintext", b"noscript", b"svg", b"math", b"base"}
# Those that change nothing about how the rest is read, where each value stays on the page's own host:
# it lacks what an address that leaves it must have.
_STAYING = (
    rb"(?:[iI][mM][gG]|[iI][nN][pP][uU][tT]|[lL][iI][nN][kK]|[sS][oO][uU][rR][cC][eE])"
    rb"(?:[@W]++[^@W/>=:&]++=\"(?:[^\"/\\:&]++|[/\\](?![\t\n\r]*+[/\\]))*\"){0,16}[@W]*+/?>"
)
_WITH_BACKGROUND = {name.encode() for name, loads in LOADING.items() if loads == ("background",)}
_LOADING = {name.encode() for name in LOADING}

# Names that are SVG's alone and change nothing about how the rest is read.
_SHAPES = (
    rb"(?:circle|clipPath|defs|ellipse|g|line|linearGradient|mask|path|polygon|polyline|radialGradient"
    rb"|rect|stop|symbol|text|tspan)"
)
# Icons: nothing in them loads, and their end tag closes whatever they left open.
_DRAWING = (
    rb"[sS][vV][gG]@USUAL[@W]*+>(?:[^<]++|</?" + _SHAPES + rb"@USUAL[@W]*+/?>"
    rb"|<title>[^<]*+</title>|</use>"
    rb"|<use(?:[@W]++(?:(?:xlink:)?href=\"\#|class=\")[^\"]*+\")*[@W]*+/?>)*</svg>"
)


@cache
def boring(*, backgrounds: bool, leaving: bool) -> re.Pattern[bytes]:
    """Match text, comments and tags that neither load nor change how the rest is read.

    `leaving` is for a page whose base lies on another host, so that any address may: else what stays on
    the page's own is boring too. Where some element has a `background` it is half as fast on tables. It
    takes so long to compile that a page must ask for it.
    """
    staying = b"" if leaving else rb"|" + _STAYING
    stops = _SWITCHES | _LOADING if backgrounds else _SWITCHES | _LOADING - _WITH_BACKGROUND
    return compile_pattern(
        rb"(?:[^<]*+<(?:/[a-zA-Z][a-zA-Z0-9]*+>|(?!"
        + _any_of(stops)
        + rb")[a-zA-Z][^@W/>]*+@USUAL(?:>|@ATTRIBUTES>)"
        + staying
        + rb"|/[a-zA-Z][^@W/>]*+@ATTRIBUTES>|!--(?!-?>)(?:[^-]++|-(?!-!?>))*--!?>|"
        + _DRAWING
        + rb")){0,1000}"
    )


def _any_of(names: Iterable[bytes]) -> bytes:
    """Match a whole name in any case; sorted by first letter, a branch not taken costs nothing."""
    rests: dict[bytes, list[bytes]] = {}
    for name in sorted(names):
        rests.setdefault(name[:1], []).append(name[1:])
    branches = (b"[%b%b](?i:%b)" % (first, first.upper(), b"|".join(group)) for first, group in rests.items())
    return b"(?:" + b"|".join(branches) + b")[@W/>]"
