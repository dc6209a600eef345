"""What a ruling over a cookie hangs on, so that others like it need none of their own."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from ..cookies.date import parse_cookie_date

_SHORT = 1024
_DATE_LENGTH = 29
_FIXDATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} [A-Z][a-z]{2} (?:19|[2-9][0-9])[0-9]{2} "
    r"[0-9]{2}:[0-9]{2}:[0-9]{2} GMT"
)

Key = tuple[str, str] | tuple[str, str, int, str]
"""Name, attributes; or name, attributes before a date, how many seconds it is from now, those behind it."""


def key_of(header: str, clock: Callable[[], float]) -> Key | None:
    """Return what a ruling hangs on; None for a header that isn't usual. `clock` returns POSIX seconds."""
    # The value is no part of a verdict, once it is short and clean enough to be stored.
    if len(header) > _SHORT or not header.isprintable():
        return None
    pair, _, attributes = header.partition(";")
    name, equals, _ = pair.partition("=")
    if not equals:
        return None
    # `http.cookies`, and by it Django, writes `expires=`.
    if "xpires=" not in attributes:
        return name, attributes
    before, _, after = attributes.partition("xpires=")
    # Frameworks write Expires beside each Max-Age, so that no two seconds' headers are the same. But
    # a verdict asks only how far the date is from now, and `now < date` holds for both or neither of
    # `now` and the whole second before it.
    end = _seconds_of(after[:_DATE_LENGTH])
    return None if end is None else (name, before, end - int(clock()), after[_DATE_LENGTH:])


def is_dated(key: Key) -> bool:
    """Tell whether it holds the seconds to a date."""
    return len(key) > len(("name", "attributes"))


@lru_cache(maxsize=256)
def _seconds_of(date: str) -> int | None:
    """Read a date (IMF-fixdate) in POSIX seconds; None for another form."""
    found = parse_cookie_date(date) if _FIXDATE.fullmatch(date) else None
    return None if found is None else int(found.timestamp())
