"""What is one visitor's stays out of shared caches, and nothing becomes more cacheable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cookieguard.guard.caching import add_vary, make_private

CC = "Cache-Control"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("public, max-age=60", "private, max-age=60", id="public"),
        pytest.param("PUBLIC,Max-Age=60", "private, Max-Age=60", id="any-case"),
        pytest.param("s-maxage=600, max-age=60", "private, max-age=60", id="s-maxage"),
        pytest.param("max-age=60, proxy-revalidate", "private, max-age=60", id="proxy-revalidate"),
        pytest.param("max-age=60", "private, max-age=60", id="max-age"),
        pytest.param("", "private", id="empty"),
        pytest.param("no-store", "no-store", id="no-store"),
        pytest.param("private", "private", id="private"),
        pytest.param("Private , max-age=0", "Private, max-age=0", id="private-any-case"),
        pytest.param("no-cache, must-revalidate", "private, no-cache, must-revalidate", id="no-cache-stays"),
        pytest.param(
            'no-cache="a, public", max-age=1', 'private, no-cache="a, public", max-age=1', id="quoted-comma"
        ),
        pytest.param('private="Set-Cookie"', 'private, private="Set-Cookie"', id="qualified-private"),
        pytest.param("public, no-store", "no-store", id="contradiction"),
    ],
)
def test_cache_control(value: str, expected: str) -> None:
    assert make_private([(CC, value)]) == [(CC, expected)]


def test_none_there() -> None:
    assert make_private([("A", "1")]) == [("A", "1"), (CC, "private")]


def test_several_become_one_in_the_first_ones_place() -> None:
    headers = [
        ("A", "1"),
        ("cache-control", "public"),
        ("B", "2"),
        ("CACHE-CONTROL", "max-age=5"),
        ("C", "3"),
    ]

    assert make_private(headers) == [("A", "1"), (CC, "private, max-age=5"), ("B", "2"), ("C", "3")]


@pytest.mark.parametrize(
    "name",
    [
        "CDN-Cache-Control",
        "Cloudflare-CDN-Cache-Control",
        "Vercel-CDN-Cache-Control",
        "Netlify-CDN-Cache-Control",
        "Akamai-Cache-Control",
        "Surrogate-Control",
        "Edge-Control",
        "X-Accel-Expires",
    ],
)
def test_cdn_headers(name: str) -> None:
    assert make_private([(name.upper(), "max-age=600")]) == [(CC, "private")]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("CDN-Cache-Control", "no-store", id="no-store"),
        pytest.param("Surrogate-Control", "max-age=1, private", id="private"),
        pytest.param("X-Accel-Expires", "0", id="zero"),
    ],
)
def test_cdn_headers_that_forbid_are_kept(name: str, value: str) -> None:
    assert (name, value) in make_private([(name, value)])


def test_the_given_list_is_not_changed() -> None:
    headers = [(CC, "public"), ("Vary", "Accept")]
    make_private(headers)
    add_vary(headers, ["Cookie"])

    assert headers == [(CC, "public"), ("Vary", "Accept")]


directives = st.lists(
    st.sampled_from(["public", "private", "no-store", "max-age=1", "s-maxage=9", 'private="a,b"', "x", ""])
).map(",".join)
names = st.sampled_from([CC, "cache-control", "CDN-Cache-Control", "X-Accel-Expires", "Vary", "A"])


@given(st.lists(st.tuples(names, directives)))
def test_no_response_becomes_more_cacheable(headers: list[tuple[str, str]]) -> None:
    once = make_private(headers)
    [value] = [value for name, value in once if name.lower() == "cache-control"]
    plain = [part.strip() for part in value.split(",")]

    assert {"private", "no-store"} & set(plain)
    before = ",".join(value for name, value in headers if name.lower() == "cache-control")
    if '"' not in before:
        assert "public" not in plain and not any(part.startswith("s-maxage") for part in plain)
        assert {"private", "no-store"} & set(before.split(",")) <= set(plain)
    others = [header for header in headers if header[0] in ("A", "Vary")]
    assert [header for header in once if header[0] in ("A", "Vary")] == others
    assert make_private(once) == once


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param([], [("Vary", "Cookie, Sec-GPC")], id="none"),
        pytest.param([("vary", "Accept")], [("vary", "Accept, Cookie, Sec-GPC")], id="merged"),
        pytest.param([("Vary", "cookie")], [("Vary", "cookie, Sec-GPC")], id="any-case"),
        pytest.param([("Vary", "Sec-GPC,Cookie")], [("Vary", "Sec-GPC,Cookie")], id="there-already"),
        pytest.param([("Vary", "*")], [("Vary", "*")], id="star"),
        pytest.param([("Vary", "Accept, *")], [("Vary", "Accept, *")], id="star-among-others"),
        pytest.param([("Vary", "")], [("Vary", "Cookie, Sec-GPC")], id="empty"),
        pytest.param(
            [("Vary", "Accept"), ("A", "1"), ("Vary", "Cookie")],
            [("Vary", "Accept, Sec-GPC"), ("A", "1"), ("Vary", "Cookie")],
            id="several",
        ),
        pytest.param(
            [("Vary", "Accept"), ("Vary", "*")], [("Vary", "Accept"), ("Vary", "*")], id="later-star"
        ),
    ],
)
def test_vary(headers: list[tuple[str, str]], expected: list[tuple[str, str]]) -> None:
    assert add_vary(headers, ["Cookie", "Sec-GPC"]) == expected


@given(st.lists(st.tuples(st.just("Vary"), st.text(st.characters(max_codepoint=255)))))
def test_any_vary_is_read(headers: list[tuple[str, str]]) -> None:
    merged = add_vary(headers, ["Cookie"])

    assert len(merged) == max(len(headers), 1)
    for (_, before), (_, after) in zip(headers, merged, strict=False):
        assert after.startswith(before.strip() and before)


@pytest.mark.parametrize(
    ("name", "value", "stays"),
    [
        ("CDN-Cache-Control", "no-store", True),
        ("CDN-Cache-Control", 'private="x-foo", max-age=600', False),
        ("CDN-Cache-Control ", "max-age=600", False),
        ("Fastly-CDN-Cache-Control", "max-age=600", False),
        ("X-LiteSpeed-Cache-Control", "public,max-age=600", False),
        ("X-Accel-Expires", "0", True),
        ("X-Accel-Expires", "60", False),
    ],
)
def test_what_only_shared_caches_read(name: str, value: str, stays: bool) -> None:
    assert ((name, value) in make_private([(name, value)])) == stays
