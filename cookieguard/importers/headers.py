"""A dump of response headers, as `curl -I` and `curl -i` print them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

from ..cookies.date import parse_cookie_date
from ..cookies.setcookie import parse_set_cookie
from ..errors import UnreadableImport
from .hosts import host_of
from .sighting import Sighting, merged, seen_in_header

_STATUS = re.compile(r"HTTP/[0-9][0-9.]* +[0-9]{3}\b.*")
_FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*:[ \t]*(.*)")


def read_headers(
    text: str | bytes, host: str | None = None, *, source: str = "<headers>", now: float | None = None
) -> list[Sighting]:
    """Read the cookies that a dump of response headers sets; UnreadableImport where it is none.

    Several blocks may follow each other, as redirects do: `host` is the first one's, and a
    `Location` names the next. A block's `Date` is the time it was sent, else `now` (POSIX) is.
    """
    lines = _lines(_text(text))
    # A dump whose first line was cut off is a block too, if it has a field.
    blocks = list(_blocks(lines)) or list(filter(None, _blocks(["HTTP/1.1 200", *lines])))
    if not blocks:
        raise UnreadableImport(
            source, "holds no response headers", "give what 'curl -sI https://example.com' prints"
        )
    return merged(_sightings(blocks, host, time.time() if now is None else now))


def _text(dump: str | bytes) -> str:
    if isinstance(dump, str):
        return dump
    try:
        return dump.decode("utf-8-sig")
    except UnicodeDecodeError:
        return dump.decode("latin-1")


def _lines(text: str) -> list[str]:
    # Only these end a line of HTTP; `str.splitlines` also breaks at U+0085 and its like.
    lines = text.replace("\r\n", "\n").split("\n")
    # `curl -v` marks what came in.
    return [line.removeprefix("<").lstrip(" ") for line in lines]


def _blocks(lines: list[str]) -> Iterator[list[tuple[str, str]]]:
    """Yield each response's fields, names in lower case; what stands in a body is none of them."""
    block: list[tuple[str, str]] | None = None
    for line in lines:
        if _STATUS.fullmatch(line):
            if block is not None:
                yield block
            block = []
        elif block is not None and (field := _FIELD.fullmatch(line)):
            block.append((field[1].lower(), field[2]))
        elif block is not None and not line.strip():
            yield block
            block = None
    if block is not None:
        yield block


def _sightings(blocks: list[list[tuple[str, str]]], host: str | None, now: float) -> Iterator[Sighting]:
    for block in blocks:
        fields = dict(block)
        sent = parse_cookie_date(fields.get("date", ""))
        clock = sent.timestamp() if sent else now
        for name, value in block:
            if name == "set-cookie" and (cookie := parse_set_cookie(value)):
                yield from seen_in_header(cookie, host, clock, third_party=False)
        host = host_of(fields.get("location")) or host
