"""Header injection: no text that a site declares or a visitor sends makes a header of its own.

Headers that an app itself sends split are in tests/wsgi/test_headers.py (trap 21) and tests/guard/test_screen.py.
"""

from __future__ import annotations

import io
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from asking import OWN, Server, an_environ, consent, guarded, through_a_handler
from contract import ALL, HOST, MOUNT, responding
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cookieguard import CookieGuard, Policy, PolicyError, visit_from

SECRET = "a secret for tests only, long enough"
LINES = ["\r\nX-Evil: 1", "\nX-Evil: 1", "\rX-Evil: 1", "\r\n\r\n<b>", "\x00", "\x0b", "\x85X-Evil: 1", "\u2028X-Evil: 1", "\u0100", "\u560d\u560aX-Evil: 1", "; Path=/x", ";X", ",x", "\x7f", "\t"]  # fmt: skip
_NAME = re.compile(r"[A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
KNOWN = {
    "Allow", "Cache-Control", "Content-Length", "Content-Security-Policy", "Content-Type", "Location", "Referrer-Policy",
    "Set-Cookie", "Vary", "X-Content-Type-Options", "X-Cookieguard", "X-Frame-Options",
}  # fmt: skip


def headers_of(guard: CookieGuard, **fields: Any) -> list[tuple[str, str]]:
    """Ask, and check that each header is one line of an answer that we know."""
    server = Server()
    b"".join(guard(an_environ(**fields), server.start_response))
    status, headers = server.calls[-1][:2]
    assert _VALUE.fullmatch(status)
    for name, value in headers:
        assert _NAME.fullmatch(name) and _VALUE.fullmatch(value), (name, value)
    assert {name for name, _ in headers} <= KNOWN
    return list(headers)


def posting(next: str, lang: str = "") -> dict[str, Any]:
    body = urlencode({"choice": "none", "next": next.encode("utf-8", "surrogatepass")}).encode()
    query = urlencode({"lang": lang.encode("utf-8", "surrogatepass")})
    form = {"REQUEST_METHOD": "POST", "PATH_INFO": MOUNT, "HTTP_ORIGIN": OWN, "QUERY_STRING": query}
    return {**form, "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}


# What a visitor sends

GUARD = guarded(responding(*ALL), guard={"debug": True}, consent={"domain": HOST})
latin = st.text(st.characters(max_codepoint=255), max_size=20)
hostile = latin | st.sampled_from([line for line in LINES if max(line) <= "\xff"]).flatmap(
    lambda line: st.sampled_from(
        [line, f"a{line}", f"/{line}", f"en{line}", f"_ga_{line}=1", f"{HOST}{line}"]
    )
)


@settings(max_examples=100)  # each is seven requests
@given(hostile, st.sampled_from(["http", "https"]))
@example("_ga_1\r\nSet-Cookie: ads=1", "https")
@example(f"{HOST}; Domain=evil.example", "https")
def test_what_a_visitor_sends_is_no_header(text: str, scheme: str) -> None:
    sent = {
        "HTTP_HOST": text, "HTTP_ACCEPT_LANGUAGE": text, "HTTP_ACCEPT": text, "HTTP_COOKIE": f"{text}; ads=1; _ga_{text}=1",
        "HTTP_SEC_GPC": text, "HTTP_ORIGIN": text, "HTTP_REFERER": text, "HTTP_SEC_FETCH_MODE": "navigate",
        "HTTP_X_FORWARDED_HOST": text, "SCRIPT_NAME": f"/{text}", "HTTP_IF_NONE_MATCH": f'"{text}-cg"', "wsgi.url_scheme": scheme,
    }  # fmt: skip
    for path in ("/", MOUNT, f"{MOUNT}/", f"{MOUNT}/policy", f"{MOUNT}/guard.js"):
        headers_of(
            GUARD, **sent, PATH_INFO=path, QUERY_STRING=f"lang={text}&v={text}&next={text}&saved={text}"
        )
    headers_of(GUARD, **{**sent, **posting(text, text)})


@pytest.mark.parametrize("line", LINES, ids=ascii)
@pytest.mark.parametrize("lang", ["", "en"])
def test_no_form_adds_a_line(line: str, lang: str) -> None:
    headers = headers_of(GUARD, **posting(f"/x{line}", lang + line))

    assert [value for name, value in headers if name == "Location"] in ([f"{MOUNT}?saved"], [f"/x{line}"])


@pytest.mark.parametrize(
    "host",
    [
        "", " ", ".", "..", ":", "[", "[]", "[::1", "[::1]]", "[v1.x]", "::1", "a b", "a\tb", "a,b", "a;b", "a/b", "a\\b", "a@b", "a?b", "a#b", "a%b",
        "a%00b", "a\x00b", "a\r\nb", "a\xa0b", "\xff", "\xadb", "a..b", "-a", "a_b", "*", "*.example", "a:b", "a:80:80", "a:\xb2", "<b>", '"', "a" * 300,
        "a." * 200, "example; Domain=x", "example\r\nX-Evil: 1", "xn--a", "1.2.3.4", "0x7f.1",
    ],
    ids=ascii,
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_host_of_odd_bytes_is_no_attribute(host: str, scheme: str) -> None:
    def grants(environ: dict[str, Any], start_response: Any) -> Any:
        visit_from(environ).grant(["analytics"])
        return responding(*ALL)(environ, start_response)

    environ = {
        "HTTP_HOST": host,
        "HTTP_COOKIE": "ads=1",
        "HTTP_SEC_FETCH_MODE": "navigate",
        "wsgi.url_scheme": scheme,
    }
    for header, value in headers_of(guarded(grants), **environ):
        if header == "Set-Cookie":
            domains = re.findall(r"Domain=([^;]*)", value)
            assert all(re.fullmatch(r"[a-z0-9._-]+", domain) and domain in host for domain in domains)


# What a site declares: it reaches a header in the debug header, a cookie that is swept, the consent cookie


def declaring(**entry: Any) -> dict[str, Any]:
    return {
        "cookies": [{"name": "ads", "category": "marketing", "purpose": "P.", "lifetime": "1 day", **entry}]
    }


@pytest.mark.parametrize("line", LINES, ids=ascii)
@pytest.mark.parametrize(
    "policy",
    [
        pytest.param(lambda line: declaring(name=f"ads{line}"), id="name"),
        pytest.param(lambda line: declaring(name=f"ads{line}*"), id="glob"),
        pytest.param(lambda line: declaring(name=f"ads{line}.*", match="regex"), id="regex"),
        pytest.param(lambda line: declaring(path=f"/a{line}"), id="path"),
        pytest.param(lambda line: declaring(domain=f"shop.example{line}"), id="domain"),
        pytest.param(lambda line: declaring(purpose=f"P{line}"), id="purpose"),
        pytest.param(lambda line: declaring(essential_under=[f"/a{line}"]), id="essential_under"),
        pytest.param(lambda line: {**declaring(), "consent": {"domain": f"example.com{line}"}}, id="shared domain"),
        pytest.param(lambda line: {**declaring(), "guard": {"mount": f"/m{line}"}}, id="mount"),
        pytest.param(lambda line: {**declaring(), "guard": {"exclude": [f"/m{line}"]}}, id="exclude"),
        pytest.param(lambda line: {**declaring(), "site": {"name": f"S{line}", "contact": f"C{line}"}}, id="site"),
        pytest.param(lambda line: {**declaring(), "site": {"languages": [f"en{line}"]}}, id="language"),
        pytest.param(lambda line: {**declaring(), "categories": {f"a{line}": {"title": "T"}}}, id="category"),
        pytest.param(lambda line: {**declaring(), "categories": {"marketing": {"accepts": [f"{'A' * 11}{line}"]}}}, id="digest"),
    ],
)  # fmt: skip
def test_what_a_site_declares_is_no_header(policy: Any, line: str) -> None:
    declared = policy(line)
    declared = {**declared, "guard": {**declared.get("guard", {}), "debug": True}}
    try:
        loaded = Policy.from_dict(declared)
    except PolicyError:
        return
    names = [entry["name"].partition("*")[0].replace(".", "") for entry in declared["cookies"]]
    octets = [name.encode().decode("latin-1") for name in ("ads", *names)]
    guard = CookieGuard(responding(*(f"{name}x=1" for name in octets), "ads=1"), loaded, secret_key=SECRET)
    cookies = "; ".join(f"{name}x=1; {name}=1" for name in octets)
    for path in ("/", f"{loaded.guard.mount}/"):
        for scheme in ("http", "https"):
            headers_of(
                guard, PATH_INFO=path, HTTP_COOKIE=cookies, HTTP_SEC_FETCH_MODE="navigate", HTTP_HOST="a.shop.example",
                **{"wsgi.url_scheme": scheme},
            )  # fmt: skip


def test_the_debug_header_names_an_undeclared_cookie_on_one_line() -> None:
    guard = guarded(responding("x\ty\xa0\xffz=1", "a, b: c=1", "%s" * 500 + "=1"), guard={"debug": True})
    [told] = [value for name, value in headers_of(guard) if name == "X-Cookieguard"]

    assert told.isascii() and told.isprintable() and len(told) <= 2000


# Response splitting by an app that puts a visitor's text into a name or a status


@pytest.mark.parametrize(
    "name",
    [
        "X-A\r\nSet-Cookie",
        "X-A\nSet-Cookie",
        "X-A: 1\r\n\r\n<b>",
        "",
        " ",
        ":",
        "X A",
        "X\x00",
        "X-\xe9",
        "(X)",
        "X:",
        "\tX",
    ],
)
@pytest.mark.parametrize("cookies", [(), ("ads=1",)], ids=["alone", "beside a cookie"])
def test_a_header_whose_name_is_none_stays_behind(name: str, cookies: tuple[str, ...]) -> None:
    wire = through_a_handler(guarded(responding(*cookies, headers=[(name, "ads=1")])))
    head = wire.partition("\r\n\r\n")[0]

    assert "ads=1" not in head and wire.endswith("\r\n\r\nok")


# Global Privacy Control: the signal is `1`, whatever stands beside it


@pytest.mark.parametrize(
    ("signal", "heard"),
    [
        ("1", True), (" 1 ", True), ("1,1", True), ("0, 1", True), ("1\t", True), (",1,", True),
        ("", False), ("0", False), ("true", False), ("01", False), ("1.0", False), ("1;q=1", False), ('"1"', False), ("?1", False), ("+1", False),
        ("\xb9", False), ("1\xa0", False), ("1\x00", False), ("11", False), ("1 1", False), ("yes", False), ("Sec-GPC: 1", False), ("1\r\n", False),
    ],
    ids=ascii,
)  # fmt: skip
def test_signals(signal: str, heard: bool) -> None:
    opt_out = guarded(responding("_ga=1", "ads=1"), consent={"model": "opt-out"})
    headers = headers_of(opt_out, HTTP_SEC_GPC=signal)

    assert (("Set-Cookie", "ads=1") in headers) != heard
    # What isn't sold is another matter.
    assert ("Set-Cookie", "_ga=1") in headers


def test_a_signal_takes_no_acceptance_that_was_made_under_it_and_adds_none() -> None:
    accepted = consent("analytics", "marketing")
    opt_in = guarded(responding("_ga=1", "ads=1"))

    assert ("Set-Cookie", "ads=1") in headers_of(opt_in, HTTP_COOKIE=accepted)
    assert ("Set-Cookie", "ads=1") not in headers_of(opt_in, HTTP_COOKIE=accepted, HTTP_SEC_GPC="1")
    assert ("Set-Cookie", "ads=1") not in headers_of(opt_in, HTTP_SEC_GPC="0")
