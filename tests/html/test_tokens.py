"""Start tags as the tokenizer gives them."""

from __future__ import annotations

import pytest

from cookieguard.html.tokens import LONGEST_TAG, Tokenizer, find_attribute, is_closed


def names(data: bytes, *, xml: bool = False) -> list[bytes]:
    found: list[bytes] = []

    def note(name: bytes, data: bytes, start: int, end: int, *, whole: bool = True) -> None:
        found.append(name)

    Tokenizer(note, xml=xml).scan(data)
    return found


@pytest.mark.parametrize(
    ("attributes", "value"),
    [
        pytest.param(b" rel=a", b"a", id="unquoted"),
        pytest.param(b" REL = 'A' rel=b", b"A", id="first"),
        pytest.param(b" x=rel rel", b"", id="no-value"),
        pytest.param(b" xrel=a", None, id="longer"),
        pytest.param(b" x='rel=a'", None, id="in-quotes"),
        pytest.param(b"/rel=a/", b"a/", id="slashes"),
    ],
)
def test_find_attribute(attributes: bytes, value: bytes | None) -> None:
    assert find_attribute(attributes, 0, len(attributes), b"rel") == value


@pytest.mark.parametrize(
    ("attributes", "closed"),
    [(b"", False), (b"/", True), (b" a/", True), (b" a=b/", False), (b" a= /", False), (b" a='b'/", True)],
    ids=repr,
)
def test_is_closed(attributes: bytes, closed: bool) -> None:
    assert is_closed(attributes, 0, len(attributes)) is closed


def test_boring_tags_are_passed_over() -> None:
    assert names(b"<p><div a='<img>'><IMG><!-- <img> --></p><a><SVG><path/></SVG><use><b><image>") == [
        b"img",
        b"svg",
        b"path",
        b"use",
        b"image",
    ]


def test_tables_are_read_where_one_has_a_background() -> None:
    assert names(b"<table><tr><td style='background: red'><img>") == [b"img"]
    assert names(b"<table><tr><td BackGround =x><img>") == [b"table", b"tr", b"td", b"img"]


def test_nesting_has_a_bound() -> None:
    deep = b"<svg>" + b"<g>" * 100_000

    assert names(deep + b"</svg><style><img>")[-1] == b"style"


@pytest.mark.parametrize("closed", [b"", b"/"])
def test_a_long_tag_goes_on_as_a_short_one_does(closed: bytes) -> None:
    fill = b" a='" + b"x" * LONGEST_TAG + b"'"

    assert names(b"<svg" + fill + closed + b"></svg" + fill + b"><style><img>")[-1] == b"style"


def test_many_scripts_take_linear_time() -> None:
    assert len(names(b"<script><!--<script></script>-->" * 20_000)) == 1
