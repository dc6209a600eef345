"""The request's `Cookie` header: split on `;` only, every other byte left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cookieguard.cookies.cookieheader import filter_cookie_header, split_cookie_header

headers = st.lists(st.sampled_from([*'abc;;=, \t"\xa0\xff\x00\n', "; ", "ads=1", "ads"])).map("".join)
refused_names = st.sets(st.sampled_from(["a", "b", "ab", "ads", "ads=1", "\xff", '"', "a b"]))


def refuse(*names: str):
    return lambda name: name not in names


@pytest.mark.parametrize(
    ("header", "pairs"),
    [
        pytest.param("", [], id="empty"),
        pytest.param("a=1; b=2", [("a", "1"), ("b", "2")], id="two"),
        pytest.param("a=1;b=2", [("a", "1"), ("b", "2")], id="no space"),
        pytest.param("a=1; a=2", [("a", "1"), ("a", "2")], id="one name twice"),
        pytest.param("a=1=2", [("a", "1=2")], id="equals sign in the value"),
        pytest.param("\ta = 1 ", [("a", "1")], id="trimmed"),
        pytest.param("\xa0a=1", [("\xa0a", "1")], id="no-break space stays"),
        pytest.param('a="x; b=2"', [("a", '"x'), ("b", '2"')], id="quotes hold nothing"),
        pytest.param("a=1, b=2", [("a", "1, b=2")], id="a comma doesn't split"),
        pytest.param("$Version=1; ads=1", [("$Version", "1"), ("ads", "1")], id="dollar names"),
        pytest.param("a=\xff", [("a", "\xff")], id="no UTF-8"),
        pytest.param("a=\x00\r\n", [("a", "\x00\r\n")], id="control characters"),
        pytest.param("ads", [("ads", "")], id="bare"),
        pytest.param("=ads", [("ads", "")], id="nameless"),
        pytest.param("=ads=1", [("ads", "1")], id="nameless with a name in its value"),
        pytest.param(";; ;=; \t;a=1", [("a", "1")], id="nothing between"),
    ],
)
def test_split(header: str, pairs: list[tuple[str, str]]) -> None:
    assert list(split_cookie_header(header)) == pairs


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param("ads=1", None, id="nothing remains"),
        pytest.param("ads=1; ads=2;", None, id="nothing but a semicolon remains"),
        pytest.param(" ads=1 ; \t", None, id="nothing but white space remains"),
        pytest.param("ads=1; a=2", "a=2", id="first"),
        pytest.param("a=2; ads=1", "a=2", id="last"),
        pytest.param("a=1; ads=1; b=2", "a=1; b=2", id="between"),
        pytest.param("a=1;ads=1;b=2", "a=1;b=2", id="without spaces"),
        pytest.param('a="\xff {}" ;\tads = 1;  b', 'a="\xff {}" ;  b', id="bytes stay"),
        pytest.param("ads; =ads=2; =ads; a=1", "a=1", id="each way to be called ads"),
        pytest.param("Ads=1; adsx=2; x=ads", "Ads=1; adsx=2; x=ads", id="others stay"),
        pytest.param("a=ads=1; ads=2", "a=ads=1", id="a value is no name"),
    ],
)
def test_filter(header: str, expected: str | None) -> None:
    assert filter_cookie_header(header, refuse("ads")) == expected


@given(headers)
def test_nothing_refused_is_the_same_object(header: str) -> None:
    assert filter_cookie_header(header, lambda name: True) is header


@given(headers, refused_names)
def test_the_kept_remain_in_order(header: str, refused: set[str]) -> None:
    kept = [pair for pair in split_cookie_header(header) if pair[0] not in refused]

    remaining = filter_cookie_header(header, refuse(*refused))

    assert list(split_cookie_header(remaining or "")) == kept


@given(st.lists(st.sampled_from(["a=1", "ads=\xff", " b = 2", "\tads", "c", ' d="x y"', "", " ads="])))
def test_other_bytes_stay(pieces: list[str]) -> None:
    remaining = filter_cookie_header(";".join(pieces), refuse("ads"))

    others = [piece for piece in pieces if "ads" not in piece]
    if others != pieces:
        assert (remaining or "").lstrip(" \t;") == ";".join(others).lstrip(" \t;")


@given(headers, refused_names)
def test_filtering_again_changes_nothing(header: str, refused: set[str]) -> None:
    once = filter_cookie_header(header, refuse(*refused))

    assert once is None or filter_cookie_header(once, refuse(*refused)) is once
