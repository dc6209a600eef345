"""Remembering how pages begin changes no answer."""

from __future__ import annotations

from corpus import FRAGMENTS, PROLOGUES
from hypothesis import given
from hypothesis import strategies as st

from cookieguard.html.beginnings import Beginnings
from cookieguard.html.prologue import Prologue, read_prologue

BEGINNINGS = [text.replace("|", "").encode() for text in (*PROLOGUES.values(), *FRAGMENTS.values())]
REST = [b"", b"<", b"<p>", b"<title>Shop</title>", b"<body class=a>", b" ", b"text", b"<!-- x -->"]
beginnings = st.builds(
    lambda text, cut, rest: text[: len(text) - cut] + rest,
    st.sampled_from(BEGINNINGS),
    st.integers(0, 12),
    st.sampled_from(REST),
)


@given(st.lists(st.tuples(beginnings, st.booleans(), st.booleans()), max_size=30))
def test_it_is_what_the_reader_says(pages: list[tuple[bytes, bool, bool]]) -> None:
    memory = Beginnings()
    for data, ended, xml in [*pages, *pages]:
        assert memory.read(data, ended=ended, xml=xml) == read_prologue(data, ended=ended, xml=xml)


def test_what_follows_is_not_read_again() -> None:
    memory = Beginnings()
    first = memory.read(b"<!doctype html><html lang=de><head><title>One</title>")
    again = memory.read(b"<!doctype html><html lang=de><head><meta charset=utf-8>")

    assert again is first
    assert first == Prologue("page", len(b"<!doctype html><html lang=de><head>"), "de")


def test_apps_that_begin_each_page_anew_fill_no_memory() -> None:
    memory = Beginnings()
    for number in range(10_000):
        data = b"<!doctype html><html data-id=%d><head>" % number
        assert memory.read(data) == read_prologue(data)

    assert len(memory._known) <= 64
