"""What a response says of its body: HTML or not, in which charset, packed how."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from ..cookies.setcookie import WSP
from ..guard.caching import Headers
from ..guard.fieldname import field_name
from ..guard.headers import is_page
from .validators import VOUCHING

Packing = Literal["", "gzip", "deflate"]

_XHTML = "application/xhtml+xml"
_CHARSET = re.compile(r';\s*charset\s*=\s*"?([^\s";,]+)', re.IGNORECASE)
# Of these Python's codecs read what browsers read; it has codecs of other things as well.
_READABLE = re.compile(
    r"utf-?8|iso-?8859-|latin-?[0-9]|windows-|cp125|(us-)?ascii|koi8|gb|big5|euc-|shift|x-sjis|mac",
    re.IGNORECASE,
)
# Encodings in which a `<` need not be the byte of that name.
_UNREADABLE = re.compile(
    r"utf-?16|utf-?32|ucs-?[24]|iso-10646|unicode|csunicode|utf-?7|iso-2022|csiso2022|hz-gb|replacement",
    re.IGNORECASE,
)
# Under these names browsers read encodings with more characters (https://encoding.spec.whatwg.org, 4.2).
_WIDER = {
    "ascii": "cp1252",
    "big5": "big5hkscs",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "shift_jis": "cp932",
}
_PACKINGS: dict[str, Packing] = {
    "": "",
    "identity": "",
    "gzip": "gzip",
    "x-gzip": "gzip",
    "deflate": "deflate",
}
_BODILESS = ("1", "204", "304")
_TOLD_BY_NAME = VOUCHING | {"content-range", "content-length", "link"}
_TELLING = _TOLD_BY_NAME | {
    "content-type",
    "content-disposition",
    "content-encoding",
    "content-security-policy",
}


Header = tuple[str, str]


class Media(Struct, frozen=True):
    """An HTML response's facts; `packing` is None where the body can't be unpacked.

    `policies` are its values of Content-Security-Policy; `linked` tells whether it has a Link header,
    `vouched` whether one that speaks of the body's bytes; `lengths` is the number of Content-Length.
    """

    xml: bool
    charset: str | None
    packing: Packing | None
    partial: bool
    bodiless: bool
    policies: Sequence[str]
    linked: bool
    vouched: bool
    lengths: int


def read_media(status: str, headers: Headers) -> tuple[Media, Header | None] | None:
    """Read what the headers say, and find the one that tells the length; None where there is no page."""
    # A site's pages differ in little that counts here.
    telling: list[Header] = []
    length: Header | None = None
    for header in headers:
        field = field_name(header[0])
        if field in _TELLING:
            telling.append((field, "" if field in _TOLD_BY_NAME else header[1]))
            if field == "content-length":
                length = header
    media = _read(status[:3], tuple(telling))
    return None if media is None else (media, length if media.lengths == 1 else None)


def read_length(header: Header | None) -> int | None:
    """Return the bytes that a Content-Length tells; None without one that can be believed."""
    length = "" if header is None else header[1].strip(WSP)
    return int(length) if length.isascii() and length.isdigit() and len(length) < 19 else None


@lru_cache(maxsize=256)
def _read(status: str, telling: tuple[Header, ...]) -> Media | None:
    fields: dict[str, list[str]] = {}
    for field, value in telling:
        fields.setdefault(field, []).append(value.strip(WSP))
    content_type = next((each for each in fields.get("content-type", ()) if is_page(each)), None)
    if content_type is None or _is_saved(fields.get("content-disposition", ())):
        return None
    packings = ",".join(fields.get("content-encoding", ())).lower()
    return Media(
        xml=content_type.lower().startswith(_XHTML),
        charset=_charset(content_type),
        packing=_PACKINGS.get(packings),
        partial=status == "206" or "content-range" in fields,
        bodiless=status.startswith(_BODILESS),
        policies=fields.get("content-security-policy", ()),
        linked="link" in fields,
        vouched=not VOUCHING.isdisjoint(fields),
        lengths=len(fields.get("content-length", ())),
    )


def _is_saved(dispositions: Sequence[str]) -> bool:
    """Tell whether the body becomes a file, which keeps its bytes, and no page (RFC 6266, 4.2)."""
    types = {each.partition(";")[0].strip(WSP).lower() for each in dispositions}
    return types == {"attachment"}


def _charset(content_type: str) -> str | None:
    """Return the name of a codec; None for an encoding that can't be read as bytes of ASCII."""
    given = _CHARSET.search(content_type)
    if given is None:
        return "utf-8"
    if _UNREADABLE.match(given[1]):
        return None
    if not _READABLE.match(given[1]):
        return "utf-8"
    try:
        name = codecs.lookup(given[1]).name
    except (LookupError, ValueError):
        return "utf-8"
    return _WIDER.get(name, name)
