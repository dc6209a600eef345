"""Cookie jars, as curl and wget write them."""

from __future__ import annotations

import http.cookiejar
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cookieguard.errors import CookieguardError, UnreadableImport
from cookieguard.importers.netscape import read_cookie_jar
from cookieguard.importers.sighting import Sighting

NOW = 1_790_000_000

JAR = b"""\
# Netscape HTTP Cookie File
# https://curl.se/docs/http-cookies.html

#HttpOnly_www.example.com\tFALSE\t/\tTRUE\t0\tsid\tsecret
.example.com\tTRUE\t/shop\tFALSE\t1790000060\t_ga\tGA1.1
.ads.example\tTRUE\t/\tTRUE\t1789999999\tuid\t5
www.example.com\tFALSE\t/\tFALSE\t0\tempty
"""


def test_reads_each_line() -> None:
    assert read_cookie_jar(JAR, site="www.example.com", now=NOW) == [
        Sighting("sid", "www.example.com", "/"),
        Sighting("_ga", "example.com", "/shop", 60),
        Sighting("uid", "ads.example", "/", third_party=True),
        Sighting("empty", "www.example.com", "/"),
    ]


def test_without_a_site_nobody_is_third() -> None:
    assert not any(seen.third_party for seen in read_cookie_jar(JAR, now=NOW))


def test_reads_what_the_standard_library_writes(tmp_path: Path) -> None:
    jar = http.cookiejar.MozillaCookieJar(tmp_path / "jar.txt")
    cookie = http.cookiejar.Cookie(
        0, "a", "1", None, False, "x.example", False, False, "/", True, True, NOW + 60, False, None, None,
        {"HttpOnly": ""},
    )  # fmt: skip
    jar.set_cookie(cookie)
    jar.save(ignore_expires=True)

    assert read_cookie_jar((tmp_path / "jar.txt").read_bytes(), now=NOW) == [
        Sighting("a", "x.example", "/", 60)
    ]


@pytest.mark.parametrize(
    ("line", "number"),
    [
        (b"a=1; Path=/", 1),
        (b"# Netscape\nx.example FALSE / FALSE 0 a 1", 2),
        (b"\n\nx.example\tFALSE\t/\tMAYBE\t0\ta\t1", 3),
        (b'{"cookies": []}', 1),
    ],
    ids=["header", "spaces", "neither true nor false", "json"],
)
def test_a_line_that_is_none(line: bytes, number: int) -> None:
    with pytest.raises(UnreadableImport, match="with a tab between") as caught:
        read_cookie_jar(line, source="jar.txt")

    assert (caught.value.source, caught.value.line) == ("jar.txt", number)


@pytest.mark.parametrize("expires", [b"never", b"1e999", b"-1", b"nan", b""])
def test_an_end_that_is_none(expires: bytes) -> None:
    (seen,) = read_cookie_jar(b"x.example\tFALSE\t/\tFALSE\t" + expires + b"\ta\t1")

    assert seen.lifetime is None


FIELDS = st.sampled_from([b"x.example", b"TRUE", b"/", b"FALSE", b"1", b"a", b"", b"\xff", b"1e400"])


@given(st.binary() | st.lists(FIELDS, min_size=6, max_size=7).map(b"\t".join))
def test_anything_is_answered(data: bytes) -> None:
    with suppress(CookieguardError):
        read_cookie_jar(data)
