"""The cookie-date algorithm of draft-ietf-httpbis-rfc6265bis-22, section 5.1.1.

It isn't the HTTP date parser: it takes `Thu, 01-Jan-70 00:00:01 GMT` and ignores weekdays and
zones, as browsers do.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

# delimiter = %x09 / %x20-2F / %x3B-40 / %x5B-60 / %x7B-7E
_TOKEN = re.compile(r"[^\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
# Each production ends in `[ non-digit *OCTET ]`: what follows must not be one more digit.
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?![0-9])")
_DAY = re.compile(r"([0-9]{1,2})(?![0-9])")
_YEAR = re.compile(r"([0-9]{2,4})(?![0-9])")
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}


def parse_cookie_date(text: str) -> datetime | None:
    """Read a cookie-date; aware, UTC. None where the algorithm fails."""
    time = day = month = year = None
    # "Process each date-token sequentially in the order the date-tokens appear in the
    # cookie-date", the first that fits each production standing for it.
    for token in _TOKEN.findall(text):
        if time is None and (match := _TIME.match(token)):
            time = match
        elif day is None and (match := _DAY.match(token)):
            day = int(match[1])
        elif month is None and (number := _MONTHS.get(token[:3].lower())):
            month = number
        elif year is None and (match := _YEAR.match(token)):
            year = int(match[1])
    if time is None or day is None or month is None or year is None:
        return None
    # "If the year-value is greater than or equal to 70 and less than or equal to 99, increment
    # the year-value by 1900. If [...] greater than or equal to 0 and less than or equal to 69,
    # increment the year-value by 2000."
    if year <= 99:
        year += 1900 if year >= 70 else 2000
    # "Abort these steps and fail [...] if the year-value is less than 1601": browsers don't, and
    # delete the cookie.
    try:
        return datetime(year, month, day, int(time[1]), int(time[2]), int(time[3]), tzinfo=UTC)
    except ValueError:
        # "If no such date exists, abort these steps and fail to parse the cookie-date."
        return None
