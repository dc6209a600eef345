"""What a header line is, and which need no look."""

from __future__ import annotations

import pytest

from cookieguard.guard.headers import (
    CACHING,
    CONTENT_TYPE,
    HARMLESS,
    PLAIN,
    SET_COOKIE,
    SPLITTING,
    are_harmless,
    kind_of,
    unsplit,
)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ETag", PLAIN),
        ("Content-type", CONTENT_TYPE),
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


@pytest.mark.parametrize(
    ("header", "harmless"),
    [
        (("Content-Type", "text/plain"), True),
        (("Content-Type", "text/html"), False),
        (("content-type", "Text/HTML ; charset=utf-8"), False),
        (("Content-Type", "application/xhtml+xml"), False),
        (("Location", "/a"), True),
        (("Cache-Control", "public"), True),
        (("Location", "/a\r\nSet-Cookie: ads=1"), False),
        (("Content-Type", "text/html\nSet-Cookie: ads=1"), False),
        (("Set-Cookie", "session=1"), False),
        (("Set-Cookie: ads=1; x", "y"), False),
    ],
)
def test_harmless(header: tuple[str, str], harmless: bool) -> None:
    assert [are_harmless([header]) for _ in range(2)] == [harmless, harmless]
    assert are_harmless([("Content-Length", "2"), header]) == harmless


def test_long_values_are_not_remembered() -> None:
    header = ("Content-Type", "text/plain; charset=" + "x" * 200)

    assert are_harmless([header])
    assert header not in HARMLESS


def test_nothing_that_may_tell_of_somebody_is_remembered() -> None:
    headers = [("Location", "/reset?token=SECRET"), ("X-User", "SECRET"), ("ETag", '"SECRET"')]

    assert are_harmless(headers)
    assert not HARMLESS & set(headers)


@pytest.mark.parametrize("value", ["a", "a b", "\xff", "", "a\tb"])
def test_one_line_stays(value: str) -> None:
    assert unsplit(value) == value


@pytest.mark.parametrize("value", ["a\nb", "a\rb"])
def test_a_line_break_becomes_a_space(value: str) -> None:
    assert unsplit(value) == "a b"
