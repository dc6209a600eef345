"""Character references in attribute values (HTML, 13.2.5.72 to 80)."""

from __future__ import annotations

import re
from html.entities import html5

_REFERENCE = re.compile(r"&(?:#(?:[xX]([0-9a-fA-F]+)|([0-9]+));?|([A-Za-z][A-Za-z0-9]*;?))(?=(=?))")
_LAST_CODE_POINT = 0x10FFFF
_MOST_DIGITS = 8


def decode_references(value: str) -> str:
    """Return an attribute's value as the page means it."""
    return _REFERENCE.sub(_character, value) if "&" in value else value


def _character(match: re.Match[str]) -> str:
    hexadecimal, decimal, name, follower = match.groups()
    if name:
        return _named(match[0], name, follower)
    return _numbered(hexadecimal, 16) if hexadecimal else _numbered(decimal, 10)


def _numbered(digits: str, base: int) -> str:
    digits = digits.lstrip("0")
    code = int(digits, base) if len(digits) <= _MOST_DIGITS and digits else 0
    if not 0 < code <= _LAST_CODE_POINT or 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    if 0x80 <= code <= 0x9F:
        return bytes([code]).decode("cp1252", "ignore") or chr(code)
    return chr(code)


def _named(whole: str, name: str, follower: str) -> str:
    # "If the character reference was consumed as part of an attribute, and the last character
    # matched is not a U+003B SEMICOLON character (;), and the next input character is either a
    # U+003D EQUALS SIGN character (=) or an ASCII alphanumeric, then, for historical reasons, flush
    # code points consumed as a character reference". A shorter name that would match has such a
    # follower, always.
    if name not in html5 or (follower and not name.endswith(";")):
        return whole
    return html5[name]
