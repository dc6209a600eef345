"""What a header line is."""

from __future__ import annotations

import pytest

from cookieguard.guard.headers import (
    CACHING,
    CONTENT_TYPE,
    PLAIN,
    REPEATING,
    SET_COOKIE,
    SPLITTING,
    kind_of,
    unsplit,
)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ETag", PLAIN),
        ("Content-type", CONTENT_TYPE),
        ("content-Length", REPEATING),
        ("x" * 100, PLAIN),
        ("set-COOKIE", SET_COOKIE),
        ("Set-Cookie \t", SET_COOKIE),
        ("Set-Cookie2", PLAIN),
        ("cache-control", CACHING),
        ("CDN-Cache-Control ", CACHING),
        ("X-Accel-Expires", CACHING),
        (" Set-Cookie", SPLITTING),
        ("Set-Cookie: ads=1; x", SPLITTING),
        ("X\r\nSet-Cookie", SPLITTING),
        ("Set-Cookie\x00", SPLITTING),
        ("Sét-Cookie", SPLITTING),
        ("", SPLITTING),
    ],
)
def test_kind(name: str, kind: int) -> None:
    # The second answer comes from memory.
    assert (kind_of(name), kind_of(name)) == (kind, kind)


@pytest.mark.parametrize("value", ["a", "a b", "\xff", "", "a\tb"])
def test_one_line_stays(value: str) -> None:
    assert unsplit(value) == value


@pytest.mark.parametrize("value", ["a\nb", "a\rb"])
def test_a_line_break_becomes_a_space(value: str) -> None:
    assert unsplit(value) == "a b"
