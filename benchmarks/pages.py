"""What a page costs on its way: tag and bar put in, providers' tags held, beside parsing it anew.

With `--stream`: one gigabyte through one page, and the memory that it took.
"""

from __future__ import annotations

import resource
import sys
import time

import lxml.html
from bs4 import BeautifulSoup
from harness import measure, table

from cookieguard.html.address import Gate, hosts_of
from cookieguard.html.loading import LOADING, inert_name
from cookieguard.html.page import Page, Plan, open_page

HOSTS = [f"cdn{number}.provider{number}.test" for number in range(20)]
PLAN = Plan(
    gate=Gate.of(HOSTS),
    inject=True,
    version="0123456789ab",
    tag=lambda language, nonce: b'<script src="/privacy-choices/guard.js?v=0123456789abcdef"></script>',
    bar=lambda language: b'<noscript><a href="/privacy-choices">Cookies</a></noscript>',
)
SIZE = 100_000
HELD = 30
_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>A shop &amp; its wares</title>
<link rel="stylesheet" href="/static/shop.css">
<script src="/static/shop.js" defer></script>
</head>
<body>
"""
_ITEM = """<div class="card card--{0} shadow" id="c{0}"><a href="/item/{0}?a=1&amp;b=2" title="Item {0}">
<img src="/static/img/{0}.png" alt="Picture of {0}" width="100" height="80"></a>
<p>Some <b>bold</b> text about item number {0}: it&#39;s long enough to stand for the words of a real page,
which are most of its bytes, and it says nothing of interest to anybody at all.</p>
<svg class="icon" viewBox="0 0 16 16"><path d="M0 0h16v16z"/></svg><ul><li><span>one</span></li><li>two</li></ul></div>
"""
_TAGS = (
    '<script async src="https://www.{0}/tag/js?id={1}"></script>\n',
    '<img alt="" src="https://{0}/pixel?id={1}">\n',
    '<iframe title="x" src="//{0}/frame/{1}"></iframe>\n',
)


def make_page(held: int = 0) -> bytes:
    """Make a page of about 100 KB, with so many tags of the providers spread over it."""
    items = SIZE // len(_ITEM.format(100))
    parts = [_HEAD]
    for number in range(items):
        parts.append(_ITEM.format(number))
        for index in range(number * held // items, (number + 1) * held // items):
            parts.append(_TAGS[index % len(_TAGS)].format(HOSTS[index % len(HOSTS)], index))
    return "".join([*parts, "</body>\n</html>\n"]).encode()


def open_response(length: int | None) -> Page:
    headers = [("Content-Type", "text/html; charset=utf-8")]
    if length is not None:
        headers.append(("Content-Length", str(length)))
    page = open_page("200 OK", headers, "GET", PLAN)
    assert isinstance(page, Page)
    return page


def fed(page: Page, data: bytes) -> bytes:
    return b"".join(page.steps(data))


def rewrite(data: bytes, *, told: bool = True) -> bytes:
    page = open_response(len(data) if told else None)
    return fed(page, data) + page.finish()


def rewrite_with_lxml(data: bytes) -> bytes:
    """Do the same with a tree: walk it, hold what leads to a host, put tag and bar in."""
    document = lxml.html.document_fromstring(data)
    for element in document.iter():
        for attribute in LOADING.get(element.tag, ()) if isinstance(element.tag, str) else ():
            value = element.get(attribute)
            if value and any(map(PLAN.gate.holds, hosts_of(value))):
                element.set(inert_name(attribute), element.attrib.pop(attribute))
    document.head.insert(0, lxml.html.fragment_fromstring(PLAN.tag(None, None).decode()))
    document.body.append(lxml.html.fragment_fromstring(PLAN.bar(None).decode()))
    return lxml.html.tostring(document, doctype="<!DOCTYPE html>")


def compare() -> None:
    plain, named = make_page(), make_page(HELD)
    tag = _TAGS[0].format(HOSTS[0], 0).encode()
    in_head = plain.replace(b"</head>", tag + b"</head>")
    assert b"_rc=" not in rewrite(plain)
    assert rewrite(in_head).count(b" _rc=") == 1
    assert rewrite(named).count(b" _rc=") == rewrite_with_lxml(named).count(b" _rc=") == HELD
    times = measure(
        {
            "none": lambda: rewrite(plain),
            "none, streamed": lambda: rewrite(plain, told=False),
            "one in the head": lambda: rewrite(in_head),
            "named": lambda: rewrite(named),
            "lxml": lambda: lxml.html.tostring(lxml.html.fromstring(named)),
            "lxml, the same work": lambda: rewrite_with_lxml(named),
            "soup, lxml": lambda: str(BeautifulSoup(named, "lxml")),
            "soup, html.parser": lambda: str(BeautifulSoup(named, "html.parser")),
        },
        rounds=9,
        loops=10,
    )
    rows = [(name, f"{figure / 1000:.2f} ms") for name, figure in times.items()]
    table(f"A page of {len(named) // 1000} KB, {len(HOSTS)} hosts, {HELD} tags held where named", rows)
    ratios = [(name, f"{times[name] / times['named']:.1f}") for name in times if name[0] in "ls"]
    table("How many times the named page's time parsing and serialising takes", ratios)


def stream(size: int = 1 << 30) -> None:
    page, chunk = open_response(None), make_page(HELD).partition(b"<body>")[2].replace(b"</html>", b"")
    fed(page, _HEAD.encode())
    for _ in range(20):
        fed(page, chunk)
    before, start, taken = _peak(), time.perf_counter(), 0
    while taken < size:
        # Never cut at the same place.
        at = taken % len(chunk)
        taken += len(fed(page, chunk[at:])) + len(fed(page, chunk[:at]))
    seconds = time.perf_counter() - start
    table(
        f"A stream of {taken >> 20} MB, with tags to hold",
        [("memory grown by", f"{_peak() - before} KB"), ("MB a second", f"{(taken >> 20) / seconds:.0f}")],
    )


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    stream() if "--stream" in sys.argv[1:] else compare()
