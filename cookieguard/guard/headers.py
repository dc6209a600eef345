"""What a header line is: a cookie, a link, a word to caches, or one that would split into several."""

from __future__ import annotations

import re
from functools import lru_cache

from ..cookies.setcookie import WSP
from .caching import is_about_caching
from .fieldname import once

# In no order, and none is 0: whatever is known of a header is true. PAGE is a Content-Type that browsers
# show as one.
PLAIN, REPEATING, CACHING, DATE, CONTENT_TYPE, PAGE, LINK, SET_COOKIE, SPLITTING = range(1, 10)

HARMLESS: set[tuple[str, str]] = set()
"""Headers seen before that need no look: those below, whose values repeat and tell nothing, and a
Content-Type that is no page's."""
_REPEATING = frozenset(
    {
        "content-length",
        "content-language",
        "content-encoding",
        "referrer-policy",
        "strict-transport-security",
        "x-content-type-options",
        "x-frame-options",
        "cross-origin-opener-policy",
        "vary",
        "server",
        "allow",
    }
)
_MOST_REMEMBERED = 2048
_BREAKS = str.maketrans("\r\n\0", "   ")
_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@once
def kind_of(name: str) -> int:
    """Tell a header by its name: one of the kinds above."""
    # "field-name = token" (RFC 9110, 5.1). On the wire `Set-Cookie: ads=1; x` makes a cookie of its
    # own, and a name that begins with a space goes on with the line before. What ends in one
    # servers write as it is, and Chromium stores it.
    trimmed = name.rstrip(WSP)
    if not _TOKEN.fullmatch(trimmed):
        return SPLITTING
    lowered = trimmed.lower()
    if lowered == "set-cookie":
        return SET_COOKIE
    if lowered == "date":
        return DATE
    if lowered == "content-type":
        return CONTENT_TYPE
    if lowered == "link":
        return LINK
    if lowered in _REPEATING:
        return REPEATING
    return CACHING if is_about_caching(lowered) else PLAIN


def unsplit(value: str) -> str:
    """Return a header's value, or a status, as the one line that it must be."""
    # "Field values containing CR, LF, or NUL characters are invalid and dangerous [...]; a recipient
    # of CR, LF, or NUL within a field value MUST either reject the message or replace each of those
    # characters with SP before further processing" (RFC 9110, 5.5). wsgiref would send what stands
    # behind a line feed as a header of its own.
    return value.translate(_BREAKS)


@lru_cache(maxsize=64)
def is_page(content_type: str) -> bool:
    """Tell whether a Content-Type is one of those that browsers show as a page with scripts."""
    return content_type.partition(";")[0].strip(WSP).lower() in _PAGES


def kind_of_header(name: str, value: str) -> int:
    """Tell a header by its name, and a Content-Type by what it names: that of a page, or one that repeats."""
    kind = kind_of(name)
    if kind != CONTENT_TYPE:
        return kind
    return PAGE if is_page(value) else REPEATING


def came_before(header: tuple[str, str]) -> bool:
    """Tell whether a header whose value repeats came before; from now on it is harmless."""
    if header in HARMLESS:
        return True
    # Visitors may have a hand in lengths.
    if len(HARMLESS) >= _MOST_REMEMBERED:
        HARMLESS.clear()
    HARMLESS.add(header)
    return False
