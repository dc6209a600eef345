"""The cookie-date algorithm of RFC 6265bis, 5.1.1."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cookieguard.cookies.date import parse_cookie_date


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Sun, 06 Nov 1994 08:49:37 GMT", id="HTTP"),
        pytest.param("Sunday, 06-Nov-94 08:49:37 GMT", id="RFC 850"),
        pytest.param("Sun Nov  6 08:49:37 1994", id="asctime"),
        pytest.param("Sun, 06-Nov-1994 08:49:37 GMT", id="Netscape"),
        pytest.param("Mon, 06 Nov 1994 08:49:37 GMT", id="wrong weekday"),
        pytest.param("06 Nov 1994 08:49:37 +0200", id="a zone is not read"),
        pytest.param("8:49:37 6 november 94", id="any order, long month"),
        pytest.param("06 NOV 1994 08:49:37", id="upper case"),
        pytest.param("06th Nov 1994AD 08:49:37.123", id="trailing letters"),
        pytest.param("06 Nov 0094 08:49:37", id="0094 is 1994"),
        pytest.param("06 Nov 1994 08:49:37 07 Dec 1995 09:50:38", id="the first of each counts"),
        pytest.param("\xe4 06/Nov/1994 08:49:37", id="unknown tokens are skipped"),
    ],
)
def test_one_moment_in_many_spellings(text: str) -> None:
    assert parse_cookie_date(text) == datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)


@pytest.mark.parametrize(
    ("year", "expected"),
    [("69", 2069), ("70", 1970), ("99", 1999), ("00", 2000), ("0099", 1999), ("069", 2069), ("1600", 1600)],
)
def test_years(year: str, expected: int) -> None:
    date = parse_cookie_date(f"Thu, 01-Jan-{year} 00:00:01 GMT")

    assert date is not None and date.year == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("0", id="a number"),
        pytest.param("-1", id="a negative number"),
        pytest.param("1994-11-06T08:49:37Z", id="ISO 8601"),
        pytest.param("06 Nov 1994", id="no time"),
        pytest.param("06 Nov 08:49:37", id="no year"),
        pytest.param("06 Nov 19944 08:49:37", id="five digits"),
        pytest.param("006 Nov 08:49:37", id="no day"),
        pytest.param("32 Nov 1994 08:49:37", id="day 32"),
        pytest.param("31 Nov 1994 08:49:37", id="no such day"),
        pytest.param("29 Feb 2025 08:49:37", id="no leap year"),
        pytest.param("06 Nov 1994 24:00:00", id="hour 24"),
        pytest.param("06 Nov 1994 08:60:00", id="minute 60"),
        pytest.param("06 Nov 1994 08:49:60", id="leap second"),
        pytest.param("06 Nov 1994 08:49:377", id="three digits of seconds"),
        pytest.param("06 Nov 1994 08:49", id="no seconds"),
        pytest.param("\u0660\u0666 Nov 1994 08:49:37", id="other digits"),
    ],
)
def test_no_date(text: str) -> None:
    assert parse_cookie_date(text) is None


date_text = st.lists(st.sampled_from([*"0169: -,/;x\xe4\t", "Jan", "feb", "12:30:59", "1970", "99999"])).map(
    "".join
)


@given(st.text(st.characters(exclude_categories=())) | date_text)
def test_any_text_is_answered(text: str) -> None:
    date = parse_cookie_date(text)

    assert date is None or date.tzinfo is UTC


@given(st.datetimes(datetime(1000, 1, 1), timezones=st.just(UTC)))
def test_reads_what_servers_write(moment: datetime) -> None:
    assert parse_cookie_date(format_datetime(moment, usegmt=True)) == moment.replace(microsecond=0)
