"""Page or fragment, where the tag goes, and the page's language."""

from __future__ import annotations

import pytest
from corpus import FRAGMENTS, PROLOGUES

from cookieguard.html.prologue import LONGEST_PROLOGUE, Prologue, read_prologue


def read(data: bytes, *, xml: bool = False) -> Prologue:
    """Read a whole document, as if it came byte by byte."""
    for end in range(len(data) + 1):
        found = read_prologue(data[:end], xml=xml)
        if found is not None:
            return found
    found = read_prologue(data, ended=True, xml=xml)
    assert found is not None
    return found


@pytest.mark.parametrize("prologue", [pytest.param(text, id=id) for id, text in PROLOGUES.items()])
def test_pages(prologue: str) -> None:
    before, _, after = prologue.partition("|")

    found = read((before + after).encode())

    assert (found.kind, found.at) == ("page", len(before.encode()))


@pytest.mark.parametrize("fragment", [pytest.param(text, id=id) for id, text in FRAGMENTS.items()])
def test_fragments(fragment: str) -> None:
    assert read(fragment.encode()).kind == "fragment"


@pytest.mark.parametrize(
    "text", [pytest.param(text, id=id) for id, text in {**PROLOGUES, **FRAGMENTS}.items()]
)
def test_all_at_once_is_the_same_as_byte_by_byte(text: str) -> None:
    data = text.replace("|", "").encode()
    at_once = read_prologue(data) or read_prologue(data, ended=True)

    assert at_once == read(data)


@pytest.mark.parametrize(
    ("html", "language"),
    [
        pytest.param("<html lang=de><body>", "de", id="lang"),
        pytest.param("<HTML LANG='pt-BR'><body>", "pt-BR", id="upper-case"),
        pytest.param("<html xml:lang='fr'><body>", "fr", id="xml-lang"),
        pytest.param("<html xml:lang='fr' lang='en'><body>", "en", id="lang-wins"),
        pytest.param("<html lang=''><body>", None, id="empty"),
        pytest.param("<html lang=' '><body>", None, id="space"),
        pytest.param("<html><body>", None, id="none"),
        pytest.param("<!doctype html><p lang=de>", None, id="not-of-the-page"),
        pytest.param("<html class=a><html lang=sv lang=da><body>", "sv", id="of-a-second-html"),
        pytest.param("<html lang='&#100;e'><body>", "de", id="reference"),
        pytest.param("<html lang='<!-- x'><body>", "<!-- x", id="as-it-stands"),
    ],
)
def test_language(html: str, language: str | None) -> None:
    assert read(html.encode()).language == language


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("<!doctype html><p>".encode("utf-16"), id="little-endian"),
        pytest.param(b"\xfe\xff" + "<!doctype html><p>".encode("utf-16-be"), id="big-endian"),
    ],
)
def test_utf_16_can_not_be_read(data: bytes) -> None:
    assert read(data).kind == "charset"


def test_a_lone_byte_of_a_mark_is_waited_for() -> None:
    assert read_prologue(b"\xff") is None
    assert read_prologue(b"\xff", ended=True) == Prologue("fragment")


@pytest.mark.parametrize(
    ("html", "at"),
    [
        pytest.param("<?xml version='1.0'?><?x a > b ?><html><head>|</head>", 0, id="instruction"),
        pytest.param("<!DOCTYPE html [ <!ENTITY a '>'> ]><html><head>|</head>", 0, id="internal-subset"),
        pytest.param("<html>|<![CDATA[ > ]]><head></head>", 0, id="text"),
    ],
)
def test_xml(html: str, at: int) -> None:
    found = read(html.replace("|", "").encode(), xml=True)

    assert (found.kind, found.at) == ("page", html.index("|"))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"<!doctype html><!--" + b"x" * LONGEST_PROLOGUE + b"--><p>", id="comment"),
        pytest.param(b"<!doctype html><html class='" + b"x" * LONGEST_PROLOGUE + b"'><p>", id="attribute"),
        pytest.param(b" " * LONGEST_PROLOGUE + b"<!doctype html>", id="space"),
    ],
)
def test_what_takes_too_long_is_a_fragment(data: bytes) -> None:
    assert read_prologue(data[: LONGEST_PROLOGUE - 1]) is None
    assert read_prologue(data[:LONGEST_PROLOGUE]) == read_prologue(data) == Prologue("fragment")
