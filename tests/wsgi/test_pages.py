"""What becomes of pages: by their bytes alone, and of nothing else than pages."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from asking import ROOTS, Server, an_environ, ask, consent
from contract import MOUNT, NAVIGATION
from htmlapps import (
    FETCH,
    FRAGMENT,
    FRONT,
    GET,
    GUARDED,
    GUARDED_FRAGMENT,
    HELD,
    HTML,
    LOADING,
    PAGE,
    PROVIDERS,
    REST,
    bar,
    guarded_page,
    paged,
    run,
    sent,
    serving,
    tag,
)
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from cookieguard import CookieGuard, NoGuard, script_tag, visit_from

# What a browser, or a crawler, says of itself and its visitor.
REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "HTTP_COOKIE": st.sampled_from(
            [
                "session=1",
                "ads=1; _ga=2",
                "cookieguard=forged",
                consent(**PROVIDERS),
                consent("analytics", **PROVIDERS),
                consent("analytics", "marketing", "functional", **PROVIDERS),
            ]
        ),
        "HTTP_SEC_GPC": st.sampled_from(["1", "0"]),
        "HTTP_DNT": st.just("1"),
        "HTTP_SEC_FETCH_MODE": st.sampled_from(["navigate", "cors", "no-cors", "same-origin", "websocket"]),
        "HTTP_SEC_FETCH_DEST": st.sampled_from(["document", "iframe", "empty", "image", "script"]),
        "HTTP_SEC_FETCH_SITE": st.sampled_from(["none", "same-origin", "cross-site"]),
        "HTTP_SEC_PURPOSE": st.just("prefetch"),
        "HTTP_ACCEPT": st.sampled_from(["*/*", "text/html", "application/json", "image/avif"]),
        "HTTP_ACCEPT_LANGUAGE": st.sampled_from(["de", "en;q=0.5, fr", "*"]),
        "HTTP_ACCEPT_ENCODING": st.sampled_from(["gzip, br", "identity", "*;q=0"]),
        "HTTP_X_REQUESTED_WITH": st.just("XMLHttpRequest"),
        "HTTP_USER_AGENT": st.sampled_from(["Mozilla/5.0", "Googlebot/2.1", ""]),
        "HTTP_RANGE": st.just("bytes=0-3"),
        "HTTP_IF_NONE_MATCH": st.sampled_from(['"1"', '"1-cg0"', "*"]),
        "HTTP_HOST": st.sampled_from(["shop.example", "localhost:8000", "evil.example"]),
        "REQUEST_METHOD": st.sampled_from(["GET", "POST"]),
        "QUERY_STRING": st.sampled_from(["", "lang=de", "a=1"]),
        "wsgi.url_scheme": st.sampled_from(["http", "https"]),
    },
)


@given(REQUESTS)
def test_a_page_never_depends_on_the_request(environ: dict[str, Any]) -> None:
    _, body = run(paged(serving(PAGE, ("ETag", '"1"'))), **environ)

    assert body == GUARDED


def is_impersonal(environ: dict[str, Any]) -> bool:
    """Whether the request has no cookie to sweep; a consent for another host is one."""
    cookie = environ.get("HTTP_COOKIE", "")
    elsewhere = "HTTP_HOST" in environ or environ.get("wsgi.url_scheme") == "https"
    return "ads" not in cookie and "forged" not in cookie and not ("cookieguard" in cookie and elsewhere)


@given(REQUESTS.filter(is_impersonal))
def test_a_page_with_nothing_personal_stays_cacheable(environ: dict[str, Any]) -> None:
    given_headers = [("Cache-Control", "public, max-age=60"), ("Vary", "Accept-Language"), ("ETag", '"1"')]
    plain, _ = run(paged(serving(PAGE, *given_headers)))
    server, _ = run(paged(serving(PAGE, *given_headers)), **environ)

    assert sent(server) == sent(plain)
    assert dict(sent(server))["Cache-Control"] == "public, max-age=60"
    assert dict(sent(server))["Vary"] == "Accept-Language"
    assert dict(sent(server))["Content-Length"] == str(len(GUARDED))


@pytest.mark.parametrize(
    ("cookies", "cookie"),
    [
        pytest.param(["ads=1"], None, id="stripped"),
        pytest.param(["ads=1"], consent("marketing", **PROVIDERS), id="kept by consent"),
        pytest.param([], "ads=1", id="swept"),
    ],
)
def test_a_page_with_something_personal_is_private(cookies: list[str], cookie: str | None) -> None:
    lines = [("Set-Cookie", line) for line in cookies]
    answer = ask(
        paged(serving(PAGE, ("Cache-Control", "public, s-maxage=60"), *lines)), cookie=cookie, headers=GET
    )

    assert answer.get("Cache-Control") == "private"
    assert answer.body == GUARDED


# By the bytes


GROUND = st.sampled_from(
    [
        *(FRONT, LOADING, REST, PAGE, FRAGMENT),
        *(b"<!doctype html>", b"<html lang=de>", b"<head>", b"</head>", b"<body>", b"</body>", b"<title>"),
        *(
            b"<!--",
            b"-->",
            b"<script",
            b"</script>",
            b" src=",
            b'"//ga.example/x"',
            b"'",
            b'"',
            b">",
            b"<",
            b"/",
        ),
        *(
            b"<svg>",
            b"</svg>",
            b"<![CDATA[",
            b"]]>",
            b"<textarea>",
            b"</textarea>",
            b"<base href=//ga.example/>",
        ),
        *(
            b"\xef\xbb\xbf",
            b"\xff\xfe",
            b"\x00",
            b"\xe4",
            b"&#47;",
            b"<img srcset='//ga.example/a 2x'>",
            b"x",
            b" ",
        ),
    ]
)
BODIES = st.one_of(st.binary(max_size=60), st.lists(GROUND, max_size=14).map(b"".join))


@st.composite
def in_pieces(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    """Draw a body, and the same body cut in pieces, some of them empty."""
    body = draw(BODIES)
    cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=8)))
    return body, [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]


TAG = re.compile(rb'<script src="/privacy-choices/guard\.js\?v=[a-z-]+\.[0-9a-f]{12}"></script>')
BAR = re.compile(rb'<noscript><p class="cg-bar".*?</noscript>\Z', re.DOTALL)


def as_it_came(left: bytes, body: bytes) -> bytes:
    """Take tag, bar and renamed bytes out again: the first byte of a held attribute became "_"."""
    left = BAR.sub(b"", TAG.sub(b"", left, count=1))
    if len(left) != len(body):
        return left
    pairs = zip(left, body, strict=True)
    return bytes(
        there if here == ord("_") and chr(there) in "shdpbiSHDPBI:" else here for here, there in pairs
    )


@given(in_pieces())
@example((PAGE, [PAGE[:1], PAGE[1:]]))
@example((b"", []))
def test_nothing_but_tag_bar_and_names_changes(drawn: tuple[bytes, list[bytes]]) -> None:
    body, pieces = drawn
    left = run(paged(serving(lambda: pieces)))[1]

    assert as_it_came(left, body) == body


@given(in_pieces())
def test_a_page_is_the_same_however_it_is_cut(drawn: tuple[bytes, list[bytes]]) -> None:
    body, pieces = drawn
    whole, at_once = run(paged(serving(body)))
    _, in_parts = run(paged(serving(lambda: pieces)))

    def writing(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        write = start_response("200 OK", [HTML])
        for piece in pieces[::2]:
            write(piece)
        return []

    assert at_once == in_parts
    assert dict(sent(whole))["Content-Length"] == str(len(at_once))
    assert run(paged(writing))[1] == run(paged(serving(lambda: pieces[::2])))[1]


@given(in_pieces(), st.sampled_from(["gzip", "deflate"]), st.data())
def test_packed_pages_are_those_unpacked(
    drawn: tuple[bytes, list[bytes]], coding: str, data: st.DataObject
) -> None:
    body, _ = drawn
    packed = gzip.compress(body) if coding == "gzip" else zlib.compress(body)
    cut = data.draw(st.integers(0, len(packed)))
    left = run(paged(serving(lambda: [packed[:cut], packed[cut:]], ("Content-Encoding", coding))))[1]

    assert left == run(paged(serving(body)))[1]


# By the traps of HTML


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(b"<!doctype html><!-- <head> --><head>", b"<p>x", id="head in a comment"),
        pytest.param(
            b"<!doctype html><html><!-- > <head --><head lang='<head>'>", b"</head>", id="and in quotes"
        ),
        pytest.param(b"<!doctype html><html>", b"<header>x</header>", id="header is no head"),
        pytest.param(b"<!doctype html><head>", b'<script>"<head></head></body>"</script>', id="in a script"),
        pytest.param(b"<!doctype html><head>", b"<style>/*</body></html>*/</style><p>", id="in a style"),
        pytest.param(b"<!doctype html><head>", b"<!-- </body> --><p>x</body>", id="end in a comment"),
        pytest.param(b"<head>", b'<script>"<!--<script></script></body>"</script>', id="a double escape"),
    ],
)
def test_trap_32_what_stands_in_scripts_and_comments_is_no_tag(before: bytes, after: bytes) -> None:
    assert run(paged(serving(before + after)))[1] == before + tag() + after + bar()


def test_trap_32_what_a_script_writes_is_not_held() -> None:
    page = b"<!doctype html><head><script>document.write('<img src=\"//ga.example/x\">')</script>"
    head = b"<!doctype html><head>"

    assert run(paged(serving(page)))[1] == page.replace(head, head + tag()) + bar()


XHTML = ("Content-Type", "application/xhtml+xml")
XML = b'<?xml version="1.0"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"><head>'


@pytest.mark.parametrize(
    ("kind", "before", "after", "tagged", "barred"),
    [
        pytest.param(HTML, b"", b"<li>One</li>", False, False, id="fragment"),
        pytest.param(HTML, b"", b"<div><title>One</title></div>", False, False, id="fragment with a title"),
        pytest.param(HTML, b"", b"plain text", False, False, id="text"),
        pytest.param(HTML, b"", b'{"a": "<head>"}', False, False, id="JSON under a wrong name"),
        pytest.param(HTML, XML, b"</head></html>", True, True, id="XML prologue sent as HTML"),
        pytest.param(XHTML, XML, b"</head></html>", True, False, id="XHTML"),
        pytest.param(HTML, b"\xef\xbb\xbf<!doctype html>", b"<p>", True, True, id="byte order mark"),
        pytest.param(
            HTML,
            b"<html><head>",
            b"</head><frameset><frame src='/a'></frameset></html>",
            True,
            True,
            id="frames",
        ),
        pytest.param(HTML, b"<!doctype html><head>", tag() + b"<p>", True, True, id="wrapped already"),
    ],
)
def test_trap_34_pages_and_fragments_are_told_by_their_bytes(
    kind: tuple[str, str], before: bytes, after: bytes, tagged: bool, barred: bool
) -> None:
    body = run(paged(serving(before + after, kind=kind)))[1]

    assert body == before + tag() * tagged + after + bar() * barred


# What is left alone


@pytest.mark.parametrize("body", [PAGE, FRAGMENT], ids=["page", "fragment"])
@pytest.mark.parametrize(
    ("mode", "guard", "left"),
    [
        pytest.param("report", {}, PAGE, id="report"),
        pytest.param("off", {}, PAGE, id="off"),
        pytest.param("enforce", {"exclude": ["/page"]}, PAGE, id="excluded"),
        pytest.param("enforce", {"inject": False, "gate": "off"}, PAGE, id="no tag, no gate"),
        pytest.param("enforce", {"inject": False, "gate": "browser"}, PAGE, id="no tag, the browser's gate"),
        pytest.param("enforce", {"inject": False}, FRONT + HELD + REST, id="no tag"),
        pytest.param(
            "enforce", {"gate": "off"}, FRONT + tag(guard={"gate": "off"}) + LOADING + REST, id="no gate"
        ),
        pytest.param("enforce", {"gate": "browser"}, FRONT + tag() + LOADING + REST, id="the browser's gate"),
    ],
)
def test_modes_and_settings(
    mode: str, guard: dict[str, Any], left: bytes, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COOKIEGUARD_MODE", mode)
    given_headers = [
        ("ETag", '"1"'),
        ("Last-Modified", "Sun, 01 Nov 2026 00:00:00 GMT"),
        ("Link", "<https://ga.example/a.js>; rel=preload; as=script"),
    ]
    server, got = run(paged(serving(body, *given_headers), guard=guard), PATH_INFO="/page")
    holds = mode == "enforce" and not guard.get("exclude") and guard.get("gate", "server") == "server"
    if body is FRAGMENT:
        assert got == (GUARDED_FRAGMENT if holds else FRAGMENT)
    else:
        assert got == (left + bar(guard=guard) if b"guard.js" in left else left)
    if got == body:
        assert sent(server) == [HTML, ("Content-Length", str(len(body))), *given_headers]


def test_preloads_from_held_hosts_are_dropped_and_others_kept() -> None:
    links = "<https://ga.example/a.js>; rel=preload; as=script, </style.css>; rel=preload; as=style"

    assert ask(paged(serving(PAGE, ("Link", links)))).get("Link") == "</style.css>; rel=preload; as=style"


def test_the_pages_own_nonce_is_taken_over() -> None:
    policy = "script-src 'nonce-r4nd0m' 'strict-dynamic'"

    assert tag(nonce="r4nd0m") in ask(paged(serving(PAGE, ("Content-Security-Policy", policy)))).body


def test_the_visitors_own_pages_are_not_rewritten() -> None:
    body = ask(paged(serving()), MOUNT).body

    assert b"cg-bar" not in body
    assert body.count(b"guard.js") <= 1


@pytest.mark.parametrize("status", ["404 Not Found", "500 Oh No", "401 Unauthorized", "302 Found"])
def test_error_pages_are_pages(status: str) -> None:
    assert ask(paged(serving(PAGE, status=status))).body == GUARDED


# Where it is mounted


@pytest.mark.parametrize(("root", "linked"), ROOTS)
def test_trap_37_the_tags_address_honours_the_script_name(root: str, linked: str) -> None:
    body = run(paged(serving()), SCRIPT_NAME=root, PATH_INFO="/x")[1]

    assert body == FRONT + tag(linked) + HELD + REST + bar(linked)


def test_trap_37_a_dispatcher_around_the_guard() -> None:
    app = DispatcherMiddleware(serving(), {"/shop": paged(serving())})

    assert tag("/shop") in ask(app, "/shop/x").body


def test_trap_37_a_dispatcher_inside_the_guard() -> None:
    """It lengthens SCRIPT_NAME in the environ that the guard was given."""
    app = paged(DispatcherMiddleware(serving(), {"/shop": serving()}))
    body = ask(app, "/shop/x").body
    [address] = re.findall(rb'src="([^"]+)"></script>', body)[:1]

    assert tag() in body
    assert ask(app, address.decode()).get("Content-Type") == "text/javascript; charset=utf-8"


def test_an_app_that_changes_the_method_hides_no_head() -> None:
    def answering(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["REQUEST_METHOD"] = "GET"
        serving()(environ, start_response)
        return []

    server, body = run(paged(answering), REQUEST_METHOD="HEAD")

    assert (sent(server), body) == ([HTML], b"")


# By hand


def placing(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Put the tag where the template has it."""
    page = FRONT + str(script_tag(environ, nonce=environ.get("HTTP_X_NONCE"))).encode() + LOADING + REST
    return serving(page)(environ, start_response)


BY_HAND: dict[str, Any] = {"guard": {"inject": False}}


def test_the_tag_by_hand_is_the_same_tag() -> None:
    assert ask(paged(placing, **BY_HAND)).body == FRONT + tag() + HELD + REST
    assert tag(nonce="r4nd0m") in ask(paged(placing, **BY_HAND), headers={"X-Nonce": "r4nd0m"}).body
    assert tag("/shop") in run(paged(placing, **BY_HAND), SCRIPT_NAME="/shop")[1]


def test_a_tag_by_hand_beside_the_other_does_no_harm() -> None:
    assert ask(paged(placing)).body == FRONT + tag() + tag() + HELD + REST + bar()


def test_the_tag_by_hand_reads_no_consent() -> None:
    answer = ask(paged(placing), cookie="session=1")

    assert (answer.get("Vary"), answer.get("Cache-Control")) == (None, None)


def test_the_tag_by_hand_outside_the_guard() -> None:
    with pytest.raises(NoGuard, match="wrap it"):
        script_tag(an_environ())


def test_a_page_that_reads_the_consent_varies() -> None:
    def asking(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        visit_from(environ).consent.allows("analytics")
        return serving()(environ, start_response)

    assert ask(paged(asking)).get("Vary") == "Cookie, Sec-GPC"


# Streams


def test_the_first_part_leaves_before_the_last_is_made() -> None:
    made = []

    def parts() -> Iterator[bytes]:
        for part in (FRONT, LOADING, REST):
            made.append(part)
            yield part

    pieces: Any = paged(serving(parts))(an_environ(), Server().start_response)

    assert (next(pieces), made) == (FRONT + tag(), [FRONT])
    assert (next(pieces), made) == (HELD, [FRONT, LOADING])


def test_a_stream_is_never_gathered() -> None:
    """What goes in comes out: nothing of it is kept but the last few bytes."""
    piece = b"<p>" + b"text " * 2000
    kept, pieces = 0, 300

    def parts() -> Iterator[bytes]:
        yield FRONT
        for _ in range(pieces):
            yield piece

    longest = 0
    for part in paged(serving(parts))(an_environ(), Server().start_response):
        longest = max(longest, len(part))
        kept += len(part)

    assert kept == len(FRONT + tag() + bar()) + pieces * len(piece)
    assert longest < 2 * len(piece)


def test_a_small_packed_piece_that_is_large_unpacked_leaves_in_parts() -> None:
    packed = gzip.compress(FRONT + LOADING + b" " * 4_000_000 + REST)
    app = paged(serving(lambda: [packed], ("Content-Encoding", "gzip")))
    parts = list(app(an_environ(), Server().start_response))

    assert b"".join(parts) == GUARDED.replace(REST, b" " * 4_000_000 + REST)
    assert max(map(len, parts)) < 100_000


def test_concurrent_pages_share_nothing() -> None:
    app: CookieGuard = paged(serving(lambda: iter([FRONT, LOADING, REST])))
    streams: list[Any] = [iter(app(an_environ(), Server().start_response)) for _ in range(3)]
    bodies = [b"", b"", b""]
    for _ in range(4):
        for index, stream in enumerate(streams):
            bodies[index] += next(stream)

    assert bodies == [guarded_page()] * 3


@pytest.mark.parametrize("how", [GET, FETCH, NAVIGATION], ids=repr)
def test_a_page_by_any_way(how: dict[str, str]) -> None:
    assert ask(paged(serving()), headers=how).body == GUARDED
