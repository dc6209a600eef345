"""Durations as the policy file writes them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cookieguard.cookies.lifetime import SESSION, Lifetime, parse_lifetime

DAY = 86400
UNITS = ["second", "minute", "hour", "day", "week", "month", "year"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("session", None),
        (" Session ", None),
        ("1 second", 1),
        ("90 seconds", 90),
        ("30 minutes", 1800),
        ("6 hours", 6 * 3600),
        ("1 day", DAY),
        ("365 days", 365 * DAY),
        ("2 weeks", 14 * DAY),
        pytest.param("6 months", 6 * 31 * DAY, id="a month is 31 days"),
        pytest.param("2 years", 2 * 366 * DAY, id="a year is 366 days"),
        ("1 days", DAY),
        ("12months", 12 * 31 * DAY),
        (" 6 MONTHS ", 6 * 31 * DAY),
        ("PT6H", 6 * 3600),
        ("P6M", 6 * 31 * DAY),
        ("PT6M", 360),
        ("P1Y", 366 * DAY),
        ("P2W", 14 * DAY),
        ("P1Y2M3W4DT5H6M7S", (366 + 62 + 21 + 4) * DAY + 5 * 3600 + 6 * 60 + 7),
        ("P0Y1D", DAY),
        ("PT31536000S", 365 * DAY),
    ],
)
def test_reads(text: str, seconds: int | None) -> None:
    assert parse_lifetime(text).seconds == seconds


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "6", "months", "six months", "-1 day", "+1 day", "1.5 years", "1 fortnight", "6 months 2 days",
        "1 day\n2", "6 m", "P", "PT", "P1", "P1YT", "P1H", "PT1D", "P1D1Y", "p6m", "P-1D", "P1.5D", "0 days", "P0D",
        "PT0S", "1000000 days", "\u0661 day", "sessions",
    ],
)  # fmt: skip
def test_refuses(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(text))):
        parse_lifetime(text)


@pytest.mark.parametrize(
    ("text", "written"),
    [("session", "session"), ("1 months", "1 month"), ("P6M", "6 months"), ("P1YT2H", "1 year 2 hours")],
)
def test_written(text: str, written: str) -> None:
    assert str(parse_lifetime(text)) == written


def test_a_session_has_no_parts() -> None:
    assert parse_lifetime("session") == SESSION and SESSION.parts == ()


lifetime_text = st.lists(st.sampled_from([*"0169 PTYMWDHS-.\n\u0661", "session", *UNITS])).map("".join)


@given(st.text(st.characters(exclude_categories=())) | lifetime_text)
def test_any_text_is_read_or_a_value_error(text: str) -> None:
    try:
        seconds = parse_lifetime(text).seconds
    except ValueError:
        return
    assert seconds is None or seconds > 0


@given(st.integers(1, 999_999), st.sampled_from(UNITS))
def test_what_is_written_reads_the_same(amount: int, unit: str) -> None:
    lifetime = parse_lifetime(f"{amount} {unit}s")

    assert lifetime.parts == ((amount, unit),)
    assert parse_lifetime(str(lifetime)) == lifetime


@given(st.integers(1, 500), st.integers(1, 500), st.sampled_from(UNITS))
def test_more_is_longer(one: int, other: int, unit: str) -> None:
    short, long = parse_lifetime(f"{one} {unit}").seconds, parse_lifetime(f"{one + other} {unit}").seconds

    assert short is not None and long is not None and short < long


@pytest.mark.parametrize(
    ("seconds", "exact", "rounded"),
    [
        pytest.param(None, "session", "session", id="session"),
        pytest.param(-5, "1 second", "1 second", id="none left"),
        pytest.param(0, "1 second", "1 second", id="nothing"),
        pytest.param(1, "1 second", "1 second", id="second"),
        pytest.param(90, "90 seconds", "2 minutes", id="a minute and a half"),
        pytest.param(3600, "1 hour", "1 hour", id="an hour"),
        pytest.param(5400, "90 minutes", "2 hours", id="an hour and a half"),
        pytest.param(86400, "1 day", "1 day", id="a day"),
        pytest.param(1209599, "1209599 seconds", "14 days", id="read a moment later"),
        pytest.param(1209600, "2 weeks", "14 days", id="two weeks"),
        pytest.param(31536000, "365 days", "365 days", id="a year"),
        pytest.param(10**18, "142857 weeks", "999999 days", id="for ever"),
    ],
)
def test_of_seconds(seconds: int | None, exact: str, rounded: str) -> None:
    assert str(Lifetime.of_seconds(seconds)) == exact
    assert str(Lifetime.of_seconds(seconds, rounded=True)) == rounded


@given(st.integers(1, 86400 * 999_999))
def test_rounded_is_never_shorter_than_what_was_seen(seconds: int) -> None:
    lifetime = parse_lifetime(str(Lifetime.of_seconds(seconds, rounded=True))).seconds
    assert lifetime is not None
    assert seconds <= lifetime <= 2 * seconds
    assert Lifetime.of_seconds(seconds).seconds == seconds
