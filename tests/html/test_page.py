"""One response: its bytes, its headers, and what html5lib makes of it."""

from __future__ import annotations

import gzip
import warnings
import zlib

import pytest
from corpus import BODIES, FRAGMENTS, PROLOGUES
from judge import GATE, Node, held, tree

from cookieguard.guard.caching import Headers
from cookieguard.html.page import Page, Plan, Untouched, open_page

HTML = ("Content-Type", "text/html; charset=utf-8")
XHTML = ("Content-Type", "application/xhtml+xml")


def make_tag(language: str | None, nonce: str | None) -> bytes:
    attributes = "".join(
        f' {name}="{value}"' for name, value in (("data-l", language), ("nonce", nonce)) if value
    )
    return f'<script src="/cg.js"{attributes}></script>'.encode("ascii", "xmlcharrefreplace")


def make_bar(language: str | None) -> bytes:
    return b'<a id="bar" href="/privacy-choices">Cookies</a>'


TAG, BAR = make_tag(None, None), make_bar(None)
PLAN = Plan(gate=GATE, inject=True, version="v1", tag=make_tag, bar=make_bar)
UNGATED = Plan(gate=None, inject=True, version="v1", tag=make_tag, bar=make_bar)
HOLDING = Plan(gate=GATE, inject=False, version="v1", tag=make_tag, bar=make_bar)
NOTHING = Plan(gate=None, inject=False, version="v1", tag=make_tag, bar=make_bar)


def opened(
    headers: Headers | None = None, *, plan: Plan = PLAN, status: str = "200 OK", method: str = "GET"
) -> Page:
    page = open_page(status, [HTML] if headers is None else headers, method, plan)
    assert isinstance(page, Page)
    return page


def fed(page: Page, data: bytes) -> bytes:
    return b"".join(page.steps(data))


def through(page: Page, data: bytes, size: int | None = None) -> bytes:
    step = size or max(len(data), 1)
    pieces = [fed(page, data[at : at + step]) for at in range(0, len(data), step)]
    return b"".join(pieces) + page.finish()


def with_tag(nodes: list[Node]) -> list[Node]:
    """Return the tree with the script first in head."""
    head = next(index for index, node in enumerate(nodes) if node[0] == "element" and node[3] == "head")
    depth = nodes[head][1] + 1
    script = ("element", depth, nodes[head][2], "script", {"src": "/cg.js"})
    return [*nodes[: head + 1], script, *nodes[head + 1 :]]


def parsed(data: bytes) -> list[Node]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [node if node[0] != "element" else _plain(node) for node in tree(data)]


def _plain(node: Node) -> Node:
    attributes = {key: value for key, value in node[4].items() if key != "data-l"}
    return (*node[:4], attributes)


PAGES = [
    pytest.param((prologue.replace("|", "") + body).encode(), id=f"{id}-{body_id}")
    for id, prologue in PROLOGUES.items()
    for body_id, body in BODIES.items()
    if body_id in ("none", "script", "in-comments", "svg", "base")
]


# A comment that is never closed goes into head with the script before it.
@pytest.mark.parametrize("data", [page for page in PAGES if not str(page.id).startswith("unclosed-comment")])
def test_the_same_tree_and_one_script_first_in_head(data: bytes) -> None:
    page = opened()

    after = through(page, data).removesuffix(BAR)

    assert page.kind == "page"
    assert parsed(after) == with_tag(held(parsed(data)))


@pytest.mark.parametrize("data", PAGES)
def test_cut_anywhere_it_is_the_same(data: bytes) -> None:
    expected = through(opened(), data)

    assert through(opened(), data, 1) == expected
    for cut in range(0, len(data), 1 if len(data) < 300 else 7):
        page = opened()
        assert fed(page, data[:cut]) + fed(page, data[cut:]) + page.finish() == expected
    assert through(opened([HTML, ("Content-Length", str(len(data)))]), data) == expected


@pytest.mark.parametrize("text", [pytest.param(text, id=id) for id, text in FRAGMENTS.items()])
def test_a_fragment_gets_neither_tag_nor_bar(text: str) -> None:
    data = text.encode()

    page = opened([HTML, ("Content-Length", str(len(data)))])

    assert (through(page, data), page.kind) == (data, "fragment")
    assert page.headers == [HTML, ("Content-Length", str(len(data)))]


def test_a_fragments_tags_are_held() -> None:
    page = opened([HTML, ("ETag", '"a"')])

    assert through(page, b"<p><img src=//held.test>") == b"<p><img _rc=//held.test>"
    assert page.headers == [HTML, ("ETag", '"a-cgv1"')]


def test_the_bar_is_last() -> None:
    with_bar = parsed(through(opened(), b"<!doctype html><p>x</p></body></html>"))

    assert [node[3] for node in with_bar if node[0] == "element"][-2:] == ["p", "a"]


def test_a_policy_that_only_reports_gives_no_nonce() -> None:
    page = opened([HTML, ("Content-Security-Policy-Report-Only", "script-src 'nonce-abc='")])

    assert through(page, b"<!doctype html><p>").startswith(b"<!doctype html>" + TAG)


def test_language_and_nonce_reach_the_tag() -> None:
    page = opened([HTML, ("Content-Security-Policy", "script-src 'nonce-abc='")])

    assert through(page, b"<!doctype html><html lang=de><p>").startswith(
        b'<!doctype html><html lang=de><script src="/cg.js" data-l="de" nonce="abc="></script><p>'
    )


def test_nothing_leaves_before_the_prologue_is_read() -> None:
    page = opened()

    assert [fed(page, b"<!doctype html><ht"), page.headers, page.kind] == [b"", None, None]
    assert fed(page, b"ml><head>") == b"<!doctype html><html><head>" + TAG
    assert page.headers == [HTML]


@pytest.mark.parametrize(
    "plan",
    [pytest.param(PLAN, id="gate"), pytest.param(UNGATED, id="no-gate"), pytest.param(HOLDING, id="no-tag")],
)
def test_plans(plan: Plan) -> None:
    data = b"<!doctype html><img src=//held.test>"

    after = through(opened(plan=plan), data)

    assert (TAG in after, after.endswith(BAR)) == (plan.inject, plan.inject)
    assert (b"_rc=" in after) == (plan.gate is not None)


GROWN = str(100 + len(TAG) + len(BAR))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param([("Content-Length", "100")], [("Content-Length", GROWN)], id="length"),
        pytest.param([("content-length", "100 ")], [("content-length", GROWN)], id="length-lower-case"),
        pytest.param([("Content-Length", "1"), ("Content-Length", "1")], [], id="two-lengths"),
        pytest.param([("Content-Length", "+5")], [], id="no-number"),
        pytest.param([("Content-Length", "²")], [], id="no-ascii-number"),
        pytest.param([("ETag", '"a"'), ("X", "1")], [("ETag", '"a-cgv1"'), ("X", "1")], id="etag"),
        pytest.param([("etag", 'W/"a"')], [("etag", 'W/"a-cgv1"')], id="weak-etag"),
        pytest.param([("ETag", "a")], [], id="bare-etag"),
        pytest.param([("Last-Modified", "x"), ("Accept-Ranges", "bytes")], [], id="stale"),
        pytest.param([("Content-MD5", "x"), ("Digest", "x"), ("Repr-Digest", "x")], [], id="digests"),
        pytest.param([("content-digest", "x"), ("Vary", "Cookie")], [("Vary", "Cookie")], id="digest"),
        pytest.param([("Content-Encoding", "identity")], [("Content-Encoding", "identity")], id="identity"),
        pytest.param([("Link", "<//held.test/a>; rel=preload; as=script")], [], id="link"),
    ],
)
def test_headers_of_a_page(given: Headers, expected: Headers) -> None:
    headers = [HTML, *given]
    page = opened(headers)

    fed(page, b"<!doctype html><p>")

    assert page.headers == [HTML, *expected]
    assert headers == [HTML, *given]


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        pytest.param("200 OK", [], id="none"),
        pytest.param("200 OK", [("Content-Type", "application/json")], id="json"),
        pytest.param("200 OK", [("Content-Type", "text/htmlx")], id="longer"),
        pytest.param("200 OK", [("X-Content-Type-Options", "text/html")], id="other-name"),
        pytest.param("304 Not Modified", [("ETag", '"a"')], id="304"),
    ],
)
def test_no_html(status: str, headers: Headers) -> None:
    assert open_page(status, headers, "GET", PLAN) is None


def test_nothing_to_do() -> None:
    assert open_page("200 OK", [HTML], "GET", NOTHING) is None


LENGTH = ("Content-Length", "5")


@pytest.mark.parametrize(
    ("status", "method", "given", "reason", "expected"),
    [
        pytest.param("200 OK", "GET", [("Content-Encoding", "br"), LENGTH], "encoded", None, id="br"),
        pytest.param("200 OK", "GET", [("Content-Encoding", "gzip, br")], "encoded", None, id="two"),
        pytest.param(
            "200 OK",
            "GET",
            [("Cache-Control", "public"), ("CDN-Cache-Control", "max-age=9"), ("Content-Encoding", "zstd")],
            "encoded",
            [("Content-Encoding", "zstd")],
            id="cached",
        ),
        pytest.param("206 Partial Content", "GET", [LENGTH], "partial", [LENGTH], id="206"),
        pytest.param(
            "200 OK", "GET", [("Content-Range", "x")], "partial", [("Content-Range", "x")], id="range"
        ),
        pytest.param("304 Not Modified", "GET", [("ETag", '"a"')], "empty", [("ETag", '"a"')], id="304"),
        pytest.param("204 No Content", "GET", [], "empty", [], id="204"),
        pytest.param("103 Early Hints", "GET", [], "empty", [], id="103"),
        pytest.param("200 OK", "HEAD", [LENGTH, ("ETag", '"a"')], "empty", [("ETag", '"a-cgv1"')], id="head"),
        pytest.param("200 OK", "HEAD", [("Content-Encoding", "gzip")], "empty", [], id="head-packed"),
    ],
)
def test_untouched(status: str, method: str, given: Headers, reason: str, expected: Headers | None) -> None:
    found = open_page(status, [HTML, *given], method, PLAN)

    assert isinstance(found, Untouched)
    assert found.reason == reason
    no_store = [("Cache-Control", "no-store")] if reason == "encoded" else []
    assert found.headers == [HTML, *(given if expected is None else expected), *no_store]


@pytest.mark.parametrize(
    ("dispositions", "saved"),
    [
        pytest.param(['attachment; filename="invoice.html"'], True, id="attachment"),
        pytest.param([" ATTACHMENT"], True, id="case"),
        pytest.param(["inline; filename=a.html"], False, id="inline"),
        pytest.param(["inline", "attachment"], False, id="both"),
        pytest.param(["filename=attachment"], False, id="no type"),
    ],
)
def test_a_file_to_save_keeps_its_bytes(dispositions: list[str], saved: bool) -> None:
    headers = [HTML, *(("Content-Disposition", each) for each in dispositions)]

    assert (open_page("200 OK", headers, "GET", PLAN) is None) == saved


@pytest.mark.parametrize(
    "charset",
    ["utf-16", "UTF-16LE", '"utf-16be"', "utf-32", "utf-7", "iso-2022-jp", "ISO-2022-KR", "hz-gb-2312"],
)
def test_charsets_that_can_not_be_read(charset: str) -> None:
    found = open_page("200 OK", [("Content-Type", f"text/html; charset={charset}")], "GET", PLAN)

    assert isinstance(found, Untouched)
    assert found.reason == "charset"


@pytest.mark.parametrize("size", [None, 1, 3])
def test_a_mark_of_utf_16_is_found_at_the_first_bytes(size: int | None) -> None:
    data = "<!doctype html><script src=//held.test></script>".encode("utf-16")
    headers = [("Content-Type", "text/html"), ("ETag", '"a"'), ("Content-Length", "9")]
    page = opened(headers)

    assert through(page, data, size) == data
    assert (page.kind, page.headers) == ("charset", headers)


PACKED = b"<!doctype html><html><head><title>t</title></head>" + b"<p>text</p><img src=//held.test>" * 50


def bare(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKINGS = [
    pytest.param("gzip", gzip.compress(PACKED), id="gzip"),
    pytest.param("X-GZip", gzip.compress(PACKED), id="x-gzip"),
    pytest.param("gzip", gzip.compress(PACKED[:70]) + gzip.compress(PACKED[70:]), id="two-members"),
    pytest.param("gzip", gzip.compress(PACKED) + b"\0\0\0", id="padded"),
    pytest.param("deflate", zlib.compress(PACKED), id="deflate"),
    pytest.param("deflate", bare(PACKED), id="bare-deflate"),
]


@pytest.mark.parametrize(("encoding", "packed"), PACKINGS)
def test_unpacking(encoding: str, packed: bytes) -> None:
    expected = through(opened(), PACKED)
    headers = [HTML, ("Content-Encoding", encoding), ("Content-Length", str(len(packed))), ("ETag", '"a"')]

    for size in (None, 1, 2, 7):
        page = opened(headers)
        assert through(page, packed, size) == expected
        assert page.headers == [HTML, ("ETag", '"a-cgv1"')]
    for cut in range(len(packed)):
        page = opened(headers)
        assert fed(page, packed[:cut]) + fed(page, packed[cut:]) + page.finish() == expected


@pytest.mark.parametrize("text", [b"<p>x</p>", b""], ids=["fragment", "empty"])
def test_a_packed_fragment_leaves_unpacked(text: bytes) -> None:
    page = opened([HTML, ("Content-Encoding", "gzip")], plan=UNGATED)

    assert through(page, gzip.compress(text)) == text
    assert page.headers == [HTML]


def test_xhtml() -> None:
    data = b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><script src="//held.test"/></head></html>'
    page = opened([XHTML, ("Content-Length", str(len(data)))])

    assert through(page, data) == data.replace(b"<head>", b"<head>" + TAG).replace(b' src="//', b' _rc="//')
    assert page.headers == [XHTML, ("Content-Length", str(len(data) + len(TAG)))]


def test_an_empty_response_is_a_fragment() -> None:
    page = opened([HTML, ("Content-Length", "0")])

    assert (page.finish(), page.kind) == (b"", "fragment")
    assert page.headers == [HTML, ("Content-Length", "0")]


def test_a_bomb_comes_in_steps() -> None:
    page = opened([HTML, ("Content-Encoding", "gzip")])
    bomb = gzip.compress(b"<p>" + b"x" * 30_000_000)

    sizes = [len(step) for step in page.steps(bomb)]

    assert sum(sizes) + len(page.finish()) == 30_000_003
    assert max(sizes) <= 2 * 64 * 1024


@pytest.mark.parametrize(
    "charset", ["windows-1252", "Shift_JIS", "x-sjis", "utf-8-unknown", "klingon", "idna", "rot13"]
)
def test_charsets_of_all_kinds_are_read(charset: str) -> None:
    page = opened([("Content-Type", f'text/html; charset="{charset}"')])

    assert through(page, b"<p>\xfc<img src='//held.test/\xfc'>") == b"<p>\xfc<img _rc='//held.test/\xfc'>"


@pytest.mark.parametrize(
    ("charset", "host"),
    [
        pytest.param("gbk", "h\xadeld.test".encode("gb18030"), id="gbk-is-gb18030"),
        pytest.param("us-ascii", b"h\xadeld.test", id="ascii-is-windows-1252"),
        pytest.param("iso-8859-1", b"h\xadeld.test", id="latin-1"),
        pytest.param("shift_jis", "ｈeld.test".encode("cp932"), id="shift_jis"),
    ],
)
def test_a_host_is_read_in_the_charset_that_browsers_take(charset: str, host: bytes) -> None:
    page = opened([("Content-Type", f"text/html; charset={charset}")])

    assert through(page, b"<p><img src='//" + host + b"'>") == b"<p><img _rc='//" + host + b"'>"


@pytest.mark.parametrize("size", [None, 1])
def test_a_tag_that_the_page_s_end_cuts_is_ended_by_the_bar(size: int | None) -> None:
    page = opened([HTML])
    html = through(page, b"<!doctype html><body><img src='//held.test' alt='", size)

    assert b"<img _rc='//held.test' alt='" + PLAN.bar(None) in html
