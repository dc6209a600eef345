"""A browser as judge of what holds tags: whom odd pages ask, bare and guarded.

Nobody whose host is held is asked before consent, by whatever spelling; everybody else as without the guard; and all
of them once everything is accepted. `judging.py` says it in full.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import TYPE_CHECKING

import pytest

from browser import chromium
from browser.differential.judging import blame, read
from browser.differential.markup import Document, document
from browser.differential.reading import AT_ONCE, Asked, Shelf, shelf
from browser.differential.test_headers import TIMES
from browser.serving import Certificate

if TYPE_CHECKING:
    from playwright.sync_api import Playwright

pytestmark = pytest.mark.browser

PARTS = 2
TURNS = 3
LEAST = 10
"""Requests to held hosts that the bare pages of one turn make, and more."""

HELD, FREE = Asked("held.test", "s1.gif"), Asked("free.test", "s2.gif")
# What the pages below once found, the smallest of each kind.
KNOWN = {
    "cut-by-the-end": Document(("<!doctype html><body><img src=//held.test/p0000s1.gif ",)),
    "cut-in-a-value": Document(('<!doctype html><body><img src="//held.test/p0000s1.gif" alt="',)),
    "base-in-foreign-object": Document(
        ("<!doctype html><svg><foreignObject><base href=//held.test><img src=p0000s1.gif>",)
    ),
    "base-in-mathml-text": Document(
        ("<!doctype html><math><mi><base href=//held.test></mi></math><img src=p0000s1.gif>",)
    ),
    "four-octets-of-gbk": Document(
        ("<!doctype html><img src=//h\xadeld.test/p0000s1.gif>",), "gbk", "gb18030"
    ),
    "ascii-is-windows-1252": Document(
        ("<!doctype html><img src=//h\xadeld.test/p0000s1.gif>",), "us-ascii", "cp1252"
    ),
    "capital-sharp-s": Document(("<!doctype html><img src=//FA\u1e9e.test/p0000s1.gif>",)),
}


@pytest.fixture(scope="module")
def pages(playwright: Playwright, certificate: Certificate) -> Iterator[Shelf]:
    with shelf(playwright, chromium.find(), certificate) as opened:
        yield opened


def test_the_readers_see_what_they_are_there_for(pages: Shelf) -> None:
    both = "<img src=//held.test/p0000s1.gif><img src=//free.test/p0000s2.gif>"
    documents = [
        Document((f"<!doctype html>{body}",))
        for body in (both, f"<noscript>{both}</noscript>", f"<svg><![CDATA[>{both}]]></svg>")
    ]
    plain, without_scripts, misread = read(pages, documents, pages.readers)

    assert plain == {name: {FREE} if name.startswith("guarded") else {HELD, FREE} for name in pages.readers}
    assert {name for name, asked in without_scripts.items() if asked} == {
        "bare, no script",
        "guarded, no script",
    }
    assert {name for name, asked in misread.items() if asked} == {"guarded, scanned"}


def test_known_pages(pages: Shelf) -> None:
    told, count = blame(pages, [*KNOWN.values()])

    assert told == []
    assert count >= len(KNOWN) - 3


@pytest.mark.parametrize("part", range(PARTS))
def test_pages_without_end(pages: Shelf, part: int) -> None:
    random = Random(f"{part} {TIMES}")
    found: list[str] = []
    asked = 0
    for _ in range(TURNS * TIMES):
        told, count = blame(pages, [document(random) for _ in range(AT_ONCE)])
        found += told
        asked += count
    print(f"{asked} requests of bare pages to held hosts")  # noqa: T201

    assert found == []
    assert asked > LEAST * TURNS * TIMES
