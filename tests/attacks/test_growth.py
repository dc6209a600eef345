"""Floods: 64 KB of the worst in each place cost a few times what a quarter of it does, and fill nothing.

A policy's own regular expressions are held to linear time in tests/policy/test_subset.py, the HTML
tokenizer in tests/html/test_tokens.py.
"""

from __future__ import annotations

import gc
import io
import json
import re
import sys
from collections.abc import Callable
from typing import Any

import pytest
from asking import FORM, OWN, Server, an_environ, consent, guarded
from contract import ALL, MOUNT, responding
from growing import grows_linearly

from cookieguard import Classifier, Policy, parse_set_cookie
from cookieguard.consent.seal import read_unsigned
from cookieguard.cookies.cookieheader import split_cookie_header
from cookieguard.cookies.date import parse_cookie_date
from cookieguard.cookies.lifetime import parse_lifetime
from cookieguard.html.address import Gate, hosts_of
from cookieguard.html.glance import Glance
from cookieguard.html.linkheader import without_held_links
from cookieguard.html.nonce import find_nonce
from cookieguard.html.prologue import read_prologue
from cookieguard.html.references import decode_references
from cookieguard.html.validators import strip_suffix
from cookieguard.policy.addresses import HOST, is_web_address
from cookieguard.visitor.markdown import escape_markdown, link_markdown
from cookieguard.visitor.origin import local_path

K64 = 64 * 1024
# All languages: each is compared with what a visitor wishes for.
APP = guarded(responding(*ALL), site={"name": "Example Shop"})


def asked(**fields: Any) -> tuple[str, list[tuple[str, str]]]:
    """Ask the app, and return the answer's status and headers."""
    server, environ = Server(), an_environ(**fields)
    b"".join(APP(environ, server.start_response))
    return server.calls[-1][:2]


def posted(body: bytes, kind: str = FORM["Content-Type"], **fields: Any) -> tuple[str, list[tuple[str, str]]]:
    form = {"REQUEST_METHOD": "POST", "PATH_INFO": MOUNT, "HTTP_ORIGIN": OWN, "CONTENT_TYPE": kind}
    return asked(**{**form, "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body), **fields})


def filled(size: int, piece: str, before: str = "", after: str = "") -> str:
    return before + piece * ((size - len(before) - len(after)) // len(piece)) + after


# Names that all differ, as a flood of hashes has them.
def numbered(size: int, form: str) -> str:
    return "".join(form.format(number) for number in range(size // len(form.format(10_000))))


REQUESTS: dict[str, Callable[[int], dict[str, Any]]] = {
    "cookies of one kind": lambda size: {"HTTP_COOKIE": numbered(size, "_ga_{};")},
    "cookies to sweep": lambda size: {"HTTP_COOKIE": numbered(size, "_ga_{}=1;"), "HTTP_SEC_FETCH_MODE": "navigate"},
    "undeclared cookies": lambda size: {"HTTP_COOKIE": numbered(size, "x{}=1; "), "HTTP_SEC_FETCH_MODE": "navigate"},
    "consents": lambda size: {"HTTP_COOKIE": numbered(size, "cookieguard=1.2026-11-22.+analytics:{:011}.") + "A" * 43},
    "semicolons": lambda size: {"HTTP_COOKIE": ";" * size},
    "equals signs": lambda size: {"HTTP_COOKIE": "=" * size},
    "spaces in a cookie": lambda size: {"HTTP_COOKIE": filled(size, " ", "a", "=")},
    "one long name": lambda size: {"HTTP_COOKIE": filled(size, "a", "_ga_", "=1")},
    "one long consent": lambda size: {"HTTP_COOKIE": filled(size, ".+a:AAAAAAAAAAA", "cookieguard=1.2026-11-22")},
    "languages": lambda size: {"PATH_INFO": MOUNT, "HTTP_ACCEPT_LANGUAGE": "a," * (size // 2)},
    "a language of many parts": lambda size: {"PATH_INFO": MOUNT, "HTTP_ACCEPT_LANGUAGE": filled(size, "-a", "en")},
    "qualities": lambda size: {"PATH_INFO": MOUNT, "HTTP_ACCEPT_LANGUAGE": filled(size, "1", "a;q=")},
    "quotes in a language": lambda size: {"PATH_INFO": MOUNT, "HTTP_ACCEPT_LANGUAGE": '"\\' * (size // 2)},
    "media types": lambda size: {"PATH_INFO": MOUNT, "HTTP_ACCEPT": "a/b," * (size // 4)},
    "a media type's parameters": lambda size: {"PATH_INFO": MOUNT, "HTTP_ACCEPT": filled(size, ";a=b", "a/b")},
    "quotes in a media type": lambda size: {"PATH_INFO": MOUNT, "HTTP_ACCEPT": filled(size, '\\"', 'a/b;a="')},
    "a query of many keys": lambda size: {"PATH_INFO": MOUNT, "QUERY_STRING": numbered(size, "k{}=&")},
    "a query of many languages": lambda size: {"PATH_INFO": MOUNT, "QUERY_STRING": "lang=x&" * (size // 7)},
    "a long next": lambda size: {"PATH_INFO": MOUNT, "QUERY_STRING": filled(size, "%41", "next=/")},
    "labels of a host": lambda size: {"HTTP_HOST": "a." * (size // 2)},
    "colons of a host": lambda size: {"HTTP_HOST": ":" * size},
    "spaces of a host": lambda size: {"HTTP_HOST": " " * size},
    "signals": lambda size: {"HTTP_SEC_GPC": " ," * (size // 2)},
    "etags": lambda size: {"HTTP_IF_NONE_MATCH": '"-cg",' * (size // 6)},
    "an etag without an end": lambda size: {"HTTP_IF_NONE_MATCH": filled(size, 'W/"', "-cg")},
    "spaces behind an etag": lambda size: {"HTTP_IF_NONE_MATCH": filled(size, " ", '"-cg"', "x")},
    "a path": lambda size: {"PATH_INFO": "/clientarea" + "/a" * (size // 2)},
    "dots of a path": lambda size: {"PATH_INFO": "/clientarea" + "/." * (size // 2)},
    "an undecoded path": lambda size: {"PATH_INFO": "/clientarea", "REQUEST_URI": "/" + "%2" * (size // 2)},
}  # fmt: skip


@pytest.mark.parametrize("fields", REQUESTS.values(), ids=REQUESTS)
def test_64_kb_of_a_request(fields: Callable[[int], dict[str, Any]]) -> None:
    assert asked(**fields(K64))[0] == "200 OK"
    assert grows_linearly(lambda size: asked(**fields(size)), K64)


BODIES: dict[str, Callable[[int], Any]] = {
    "fields": lambda size: posted(numbered(size, "k{}=&").encode()),
    "fields of one name": lambda size: posted(b"accept=x&" * (size // 9)),
    "no fields": lambda size: posted(b"&" * size),
    "a long field": lambda size: posted(filled(size, "%41", "choice=some&accept=").encode()),
    "colons of a digest": lambda size: posted(filled(size, ":", "choice=some&digest=").encode()),
    "categories as JSON": lambda size: posted(filled(size, '"analytics",', '{"accept":[', '""]}').encode(), "application/json"),
    "digests as JSON": lambda size: posted(b'{"accept":[],"digests":{%s"":1}}' % numbered(size, '"k{}":1,').encode()[:-64], "application/json"),
    "brackets as JSON": lambda size: posted(b"[" * size, "application/json"),
    "digits as JSON": lambda size: posted(b"1" * size, "application/json"),
    "quotes as JSON": lambda size: posted(b'"\\' * (size // 2), "application/json"),
    "a type's parameters": lambda size: posted(b"", filled(size, ";a=b", "a/b")),
    "a type's quotes": lambda size: posted(b"", filled(size, '\\"', 'a/b;a="')),
    "a type's spaces": lambda size: posted(b"", filled(size, " ", "a/b;", "x")),
    "a type's continuations": lambda size: posted(b"", "a/b" + numbered(size, ";a*{}*=b")),
    "an origin": lambda size: posted(b"choice=none", HTTP_ORIGIN="http://" + "a:" * (size // 2)),
    "a referer": lambda size: posted(b"choice=none", HTTP_ORIGIN="", HTTP_REFERER=filled(size, "@", "http://a")),
}  # fmt: skip


@pytest.mark.parametrize("post", BODIES.values(), ids=BODIES)
def test_64_kb_of_a_form(post: Callable[[int], Any]) -> None:
    status, headers = post(K64)

    assert status[:3] in ("303", "400", "403", "413", "415", "200")
    assert not [value for name, value in headers if name == "Set-Cookie" and (".+" in value or ".*" in value)]
    assert grows_linearly(post, K64)


GATE = Gate.of(["held.example"])
assert GATE is not None
GLANCE = Glance(GATE)
# Our own regular expressions, each against what makes a careless one go back again and again.
READERS: dict[str, Callable[[str], Any]] = {
    "Set-Cookie": parse_set_cookie,
    "Set-Cookie, attributes": lambda text: parse_set_cookie("a=b;" + text),
    "Cookie": lambda text: list(split_cookie_header(text)),
    "cookie date": parse_cookie_date,
    "consent": lambda text: read_unsigned("1.2026-11-22." + text),
    "address of a tag": lambda text: hosts_of("//x:" + text),
    "glance": lambda text: GLANCE.may_name(text.encode() + b"%"),
    "etags": lambda text: strip_suffix('"-cg"' + text, "0" * 12),
    "Link": lambda text: without_held_links([("Link", text)], GATE),
    "nonce": lambda text: find_nonce([text]),
    "references": decode_references,
    "prologue": lambda text: read_prologue(text.encode()[: K64 - 1], ended=True),
    "prologue, title": lambda text: read_prologue(b"<title>" + text.encode()[: K64 - 9], ended=True),
    "prologue, XML": lambda text: read_prologue(text.encode()[: K64 - 1], ended=True, xml=True),
    "host": HOST.fullmatch,
    "address": lambda text: is_web_address("https://" + text),
    "next": local_path,
    "Markdown": escape_markdown,
    "Markdown link": lambda text: link_markdown(text, "https://a.example/" + text),
    "duration": lambda text: _or_none(parse_lifetime, text),
}  # fmt: skip
PIECES = [
    "a", " ", "\t", ";", "=", ",", "a=", "a;", '"', '"\\', "<", ">", "<!--", "-->", "--", "<a ", "</title ", "</title", "<html ", "<html>",
    "<!doctype ", "<?", "&", "&#", "&#x1", "&amp", "&lt;", "1", "1:", "1 ", "1:1:1 ", "Jan ", "P1Y", "/", "//", "/*", "*/", "{ ", "[", "](", "`",
    "\\", "-", "nonce-", "'nonce-a' ", "<a>;rel=preload,", "<//held.example>;", "rel=", "a.", "a-", ".", "@", ":", "0", "http:", "/\\", "+a:AAAAAAAAAAA.", "expires=1;",
    "max-age=1;", "\xe4", "\u2028",
]  # fmt: skip


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_64_kb_of_a_text(read: Callable[[str], Any]) -> None:
    def grows(piece: str) -> bool:
        return grows_linearly(lambda size: read(filled(size, piece)), K64)

    assert [piece for piece in PIECES if not grows(piece)] == []


def _or_none(read: Callable[[str], Any], text: str) -> Any:
    try:
        return read(text)
    except ValueError:
        return None


def test_the_measure_finds_quadratic_time() -> None:
    quadratic = re.compile(r"\s+$")

    assert not grows_linearly(lambda size: quadratic.search(" " * size + "x"), K64 // 32)


PATTERNS = [
    "a[a-z]*z",
    "[^a]*a",
    "(?:a|b)[0-9]{1,3}x",
    "_ga_[A-Z0-9]+",
    "[a-c]?x[a-c]*y",
    "a{1,200}b",
    r"\w+-\d+",
]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("piece", ["a", "b", "1", "ab", "-", "_ga_A", "\xe4"])
def test_64_kb_of_a_name_under_a_policys_regex(pattern: str, piece: str) -> None:
    entry = {"name": pattern, "match": "regex", "category": "analytics", "purpose": "P.", "lifetime": "1 day"}
    classifier = Classifier(Policy.from_dict({"cookies": [entry]}))

    assert grows_linearly(lambda size: classifier.classify(filled(size, piece)), K64)


# 10,000 cookies, and floods that fill a memory


def test_10_000_cookies_hide_nothing_and_leave_nothing() -> None:
    flood = "; ".join(f"_ga_{number}=1" for number in range(5_000))
    undeclared = "; ".join(f"x{number}=1" for number in range(5_000))
    seen: list[str] = []

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        seen.append(environ["HTTP_COOKIE"])
        return responding(*ALL)(environ, start_response)

    server = Server()
    environ = an_environ(HTTP_COOKIE=f"{flood}; {undeclared}; session=1", HTTP_SEC_FETCH_MODE="navigate")
    guarded(app)(environ, server.start_response)
    lines = [value for name, value in server.calls[0][1] if name == "Set-Cookie"]

    assert seen == [f"{undeclared}; session=1"]
    assert "session=1" in lines and sum(len(f"Set-Cookie: {line}\r\n") for line in lines) < 4096


def test_10_000_cookies_before_a_consent_dont_outweigh_it() -> None:
    server = Server()
    flood = "".join(f"x{number}=1; " for number in range(10_000))
    guarded(responding(*ALL))(an_environ(HTTP_COOKIE=flood + consent("analytics")), server.start_response)

    assert ("Set-Cookie", "_ga=1") in server.calls[0][1]


def test_10_000_cookies_of_an_app_are_judged_each() -> None:
    server = Server()
    cookies = [f"{name}{number}=1" for number in range(5_000) for name in ("_ga_", "x")]
    guarded(responding(*cookies, "session=1"))(an_environ(), server.start_response)

    assert [value for name, value in server.calls[0][1] if name == "Set-Cookie"] == ["session=1"]


def test_a_flood_of_visitors_fills_no_memory() -> None:
    app = guarded(responding(*ALL), site={"name": "Example Shop"})

    def visit(number: int, path: str) -> None:
        fields = {
            "HTTP_HOST": f"h{number}.example", "HTTP_COOKIE": f"_ga_{number}=1; c{number}=2; cookieguard={number}",
            "HTTP_ACCEPT_LANGUAGE": f"l{number}", "QUERY_STRING": f"lang=q{number}", "SCRIPT_NAME": f"/s{number}",
            "HTTP_IF_NONE_MATCH": f'"{number}-cg000000000000"', "HTTP_SEC_FETCH_MODE": "navigate",
        }  # fmt: skip
        b"".join(app(an_environ(PATH_INFO=path, **fields), Server().start_response))

    def flood(begin: int, visits: int, pages: int) -> int:
        for number in range(begin, begin + visits):
            visit(number, "/")
        for number in range(begin, begin + pages):
            visit(number, MOUNT)
        gc.collect()
        return sys.getallocatedblocks()

    # What is remembered is bounded: once it is full, nothing is added.
    full = flood(0, 2_200, 70)

    assert flood(5_000, 1_100, 5) - full < 100


def test_no_more_is_read_of_a_form_than_64_kb() -> None:
    # Whether or not the length that was told is true.
    body = io.BytesIO(b"choice=none&x=" + b"x" * 10 * K64)
    status, _ = posted(b"", **{"CONTENT_LENGTH": str(K64), "wsgi.input": body})

    assert (status[:3], body.tell()) == ("303", K64)
    assert posted(b"", CONTENT_LENGTH=str(K64 + 1))[0].startswith("413")


def test_a_refusal_of_nonsense_is_short() -> None:
    server = Server()
    body = json.dumps({"accept": ["<" * (K64 - 20)]}).encode()
    environ = an_environ(
        REQUEST_METHOD="POST", PATH_INFO=MOUNT, HTTP_ORIGIN=OWN, CONTENT_TYPE="application/json"
    )
    environ |= {"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
    answer = b"".join(APP(environ, server.start_response))

    assert server.calls[0][0].startswith("400") and len(answer) < 2 * K64
