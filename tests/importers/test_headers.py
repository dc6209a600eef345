"""Dumps of response headers, as curl prints them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cookieguard.errors import CookieguardError, UnreadableImport
from cookieguard.importers.headers import read_headers
from cookieguard.importers.sighting import Sighting

REDIRECTS = """\
HTTP/1.1 301 Moved Permanently\r
Location: https://www.example.com/\r
Set-Cookie: early=1; Path=/; Max-Age=60\r
\r
HTTP/2 200 \r
date: Mon, 21 Sep 2026 14:13:20 GMT\r
set-cookie: sid=abc; HttpOnly\r
SET-COOKIE: late=x=y; expires=Mon, 21 Sep 2026 14:14:20 GMT\r
\r
"""


def names(text: str | bytes) -> list[str]:
    return [seen.name for seen in read_headers(text)]


@pytest.mark.parametrize("form", [str, str.encode, lambda text: text.replace("\r\n", "\n")])
def test_each_block_of_redirects(form: object) -> None:
    assert callable(form)

    assert read_headers(form(REDIRECTS), "example.com") == [
        Sighting("early", "example.com", "/", 60, set_by="server"),
        Sighting("sid", "www.example.com", set_by="server"),
        Sighting("late", "www.example.com", None, 60, set_by="server"),
    ]


@pytest.mark.parametrize(
    ("dump", "found"),
    [
        pytest.param("HTTP/1.1 200 OK\n\n<p>\nSet-Cookie: a=1\n</p>", [], id="a body is no header"),
        pytest.param("HTTP/1.1 200 OK\nSet-Cookie: a=1", ["a"], id="no end"),
        pytest.param("Set-Cookie: a=1\nset-cookie: b=2\n\nSet-Cookie: c=1", ["a", "b"], id="no status line"),
        pytest.param("* trying\n> GET /\n< HTTP/1.1 200 OK\n< Set-Cookie: a=1\n< ", ["a"], id="curl -v"),
        pytest.param("HTTP/1.1 200\nSet-Cookie : a=1", ["a"], id="a space before the colon"),
        pytest.param("HTTP/1.1 200\nSet-Cookie2: a=1\nX-Set-Cookie: b=1", [], id="other fields"),
        pytest.param("HTTP/1.1 200\nSet-Cookie: a\x00=1", [], id="what browsers drop"),
        pytest.param(b"\xef\xbb\xbfHTTP/1.1 200\nSet-Cookie: a=1", ["a"], id="byte order mark"),
        pytest.param(b"HTTP/1.1 200\nSet-Cookie: a=\xff", ["a"], id="latin-1"),
    ],
)
def test_reads(dump: str | bytes, found: list[str]) -> None:
    assert names(dump) == found


def test_without_a_date_the_clock_counts() -> None:
    dump = "HTTP/1.1 200\nSet-Cookie: a=1; Expires=Mon, 21 Sep 2026 14:14:20 GMT"

    assert read_headers(dump, now=1_790_000_000)[0].lifetime == 60


@pytest.mark.parametrize("dump", ["", b"", "hello", "<html>\n<p>Set-Cookie: a=1</p>", "\n\n"], ids=repr)
def test_what_is_no_dump(dump: str | bytes) -> None:
    with pytest.raises(UnreadableImport, match=r"dump\.txt: holds no response headers; give what 'curl"):
        read_headers(dump, source="dump.txt")


@given(st.binary() | st.text() | st.text("HTP/1. 20\r\n:Set-Cookie;=a"))
def test_anything_is_answered(dump: str | bytes) -> None:
    with suppress(CookieguardError):
        read_headers(dump, "example.com")
