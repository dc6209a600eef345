"""What a header line is: a cookie, a word to caches, or one that would make others of the response."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..cookies.setcookie import WSP
from .caching import is_about_caching

PLAIN, CACHING, DATE, SET_COOKIE, SPLITTING = range(1, 6)
# What the names seen so far are; bounded, since an app may make names up.
_kinds: dict[str, int] = {}
_MOST_KINDS = 1024

HARMLESS: set[tuple[str, str]] = set()
"""Headers seen before that need no look: of a few names, whose values repeat and tell nothing."""
_REPEATING = frozenset(
    {
        "content-type",
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
_MOST_HARMLESS = 2048
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def kind_of(name: str) -> int:
    """Tell a header by its name: PLAIN, CACHING, DATE, SET_COOKIE or SPLITTING."""
    return _kinds.get(name) or _learn_kind(name)


def _learn_kind(name: str) -> int:
    kind = _classify_header(name)
    if len(_kinds) < _MOST_KINDS and len(name) < 64:
        _kinds[name] = kind
    return kind


def _classify_header(name: str) -> int:
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
    return CACHING if is_about_caching(lowered) else PLAIN


def unsplit(value: str) -> str:
    """Return a header's value, or a status, as the one line that it must be."""
    # "Field values containing CR, LF, or NUL characters are invalid and dangerous [...]; a recipient
    # of CR, LF, or NUL within a field value MUST either reject the message or replace each of those
    # characters with SP before further processing" (RFC 9110, 5.5). wsgiref would send what stands
    # behind a line feed as a header of its own.
    return value.replace("\r", " ").replace("\n", " ")


def are_harmless(headers: Sequence[tuple[str, str]]) -> bool:
    """Tell whether the headers can pass as they are: no cookie, nothing that smuggles one."""
    for header in headers:
        if header in HARMLESS:
            continue
        name, value = header
        kind = _kinds.get(name) or _learn_kind(name)
        if kind >= SET_COOKIE or "\n" in value or "\r" in value:
            return False
        if name.lower() in _REPEATING and len(value) < 128 and len(HARMLESS) < _MOST_HARMLESS:
            HARMLESS.add(header)
    return True
