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
    assert names(b"<p><div a='<img>'><IMG a=b><!-- <img> --></p><a><SVG><path/></SVG><use><b><image>") == [
        b"img",
        b"svg",
        b"path",
        b"use",
        b"image",
    ]


@pytest.mark.parametrize(
    ("tag", "boring"),
    [
        (b"<img>", True),
        (b'<IMG src="/a.png" alt="A picture, of 1/2"/>', True),
        (b'<img src="a.png"\nsrcset="a.png 1x, b/c.png 2x" >', True),
        (b'<link rel="stylesheet" href="/static/a.css">', True),
        (b'<input type="text" value="x">', True),
        (b'<imgs src="//held.test">', True),
        (b'<image src="/a.png">', False),
        (b"<img src=/a.png>", False),
        (b"<img src='/a.png'>", False),
        (b'<img src="//held.test">', False),
        (b'<img src="/\n/held.test">', False),
        (b'<img src="\\/held.test">', False),
        (b'<img src="/\t\r\\held.test">', False),
        (b'<img src="https:held.test">', False),
        (b'<img src="&#47;/held.test">', False),
        (b'<img alt="a: b" src="/a.png">', False),
        (b'<img src="/a.png" src="//held.test">', False),
        (b'<script src="/a.js">', False),
    ],
    ids=repr,
)
def test_what_stays_on_the_page_s_own_host_is_boring(tag: bytes, boring: bool) -> None:
    assert (names(tag + b"<b>") == []) is boring


def test_nothing_stays_where_the_base_leads_elsewhere() -> None:
    seen: list[bytes] = []
    tokens = Tokenizer(lambda name, *_, **__: seen.append(name))
    tokens.leave()
    tokens.scan(b'<b><img src="/a.png"><i>')

    assert seen == [b"img"]


def test_tables_are_read_where_one_has_a_background() -> None:
    assert names(b"<table><tr><td style='background: red'><img a=b>") == [b"img"]
    assert names(b"<table><tr><td BackGround =x><img a=b>") == [b"table", b"tr", b"td", b"img"]


def test_nesting_has_a_bound() -> None:
    deep = b"<svg>" + b"<g>" * 100_000

    assert names(deep + b"</svg><style><img>")[-1] == b"style"


@pytest.mark.parametrize("closed", [b"", b"/"])
def test_a_long_tag_goes_on_as_a_short_one_does(closed: bytes) -> None:
    fill = b" a='" + b"x" * LONGEST_TAG + b"'"

    assert names(b"<svg" + fill + closed + b"></svg" + fill + b"><style><img>")[-1] == b"style"


def test_many_scripts_take_linear_time() -> None:
    assert len(names(b"<script><!--<script></script>-->" * 20_000)) == 1
