"""Seconds -> a lifetime as a policy says it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cookieguard.cli.lifetimes import spell_seconds
from cookieguard.cookies.lifetime import parse_lifetime


@pytest.mark.parametrize(
    ("seconds", "spelled"),
    [
        pytest.param(None, "session", id="session"),
        pytest.param(1, "1 second", id="second"),
        pytest.param(90, "2 minutes", id="rounded up"),
        pytest.param(3600, "1 hour", id="an hour"),
        pytest.param(5400, "2 hours", id="an hour and a half"),
        pytest.param(86400, "1 day", id="a day"),
        pytest.param(1209599, "14 days", id="read a moment later"),
        pytest.param(10**18, "999999 days", id="for ever"),
        pytest.param(31536000, "365 days", id="a year"),
    ],
)
def test_spelling(seconds: int | None, spelled: str) -> None:
    assert spell_seconds(seconds) == spelled


@given(st.integers(1, 86400 * 999_999))
def test_it_is_never_shorter_than_what_was_seen(seconds: int) -> None:
    lifetime = parse_lifetime(spell_seconds(seconds)).seconds
    assert lifetime is not None
    assert seconds <= lifetime <= 2 * seconds
