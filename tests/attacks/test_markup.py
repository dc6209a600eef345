"""Cross-site scripting: whatever a policy, a visitor or a page says, the tree of our pages stays the same.

Every page is rendered twice, once with a harmless word in a place and once with a payload: the elements,
their attributes and the links' schemes must not differ. The same for Markdown, by its tokens.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from asking import FORM, Server, an_environ, ask
from contract import MOUNT, NAVIGATION, SECRET
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cookieguard import CookieGuard, Policy
from cookieguard.visitor.policy_page import render_document
from cookieguard.visitor.rules import browser_rules
from cookieguard.visitor.script import script_for

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # html5lib's own
    import html5lib

PLAIN = "Word"
PAYLOADS = [
    "<script>alert(1)</script>", "</title><script>alert(1)</script>", "</main></body><script>1</script>", "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>', "'><svg onload=alert(1)>", '" onmouseover="alert(1)', "' autofocus onfocus='alert(1)", "` onclick=x",
    "</script><script>alert(1)//", "--><script>1</script><!--", "]]><script>1</script>", "<!--", "<![CDATA[", "<?php ?>",
    "</details></dl></form><form action=//evil.example>", "</dialog><a href=//evil.example>", "</style><script>1</script>", "</noscript><script>1</script>",
    "</textarea><script>1</script>", "<plaintext>", "<base href=//evil.example>", "<meta http-equiv=refresh content=0;url=//evil.example>",
    "&lt;script&gt;", "&#60;script&#62;", "&#x3c;b&#x3e", "&amp;lt;b&gt;", "\\u003cscript\\u003e", "\\x3cscript>", "%3Cscript%3E", "+ADw-script+AD4-",
    "\u2028</script>", "\uff1cscript\uff1e", "\u202e<b>", "\ufeff<b>", "\x00<b>", "a\x00b", "\x1b[31m<b>",
    "{site}", "{0.__class__}", "{categories.__init__.__globals__}", "{{ 7 * 7 }}", "{% include 'x' %}", "${7*7}", "%(x)s %s", "{", "}", "{}",
    "javascript:alert(1)", "POLICY", "\\", "'\"`<>&", "constructor", "__proto__",
]  # fmt: skip
MARKDOWN = [
    "# title", "- item", "* item", "+ item", "1. item", "1) item", "> quote", "```", "~~~", "---", "***", "===", "| a | b |", "a|b", "|---|",
    "[a](javascript:alert(1))", "![a](//evil.example/x.png)", "[a]: //evil.example", "[a][b]", "<https://evil.example>", "<b>", "**a**", "__a__",
    "~~a~~", "`a`", "``a``", "a\\", "\\|", "&copy;", "    code", "\tcode", "a  \nb", "a\n\nb", "a\n# b", "a\r\n- b", "a\u2028# b", "a\x0b# b",
    "a\x85# b", "[^1]", "- [ ] a", "<!-- a -->", "<script>alert(1)</script>", "&#60;b&#62;", "\\<b>", "![", "](x)", "a]", "\u00a0# a",
]  # fmt: skip


def policy_with(*texts: str, site: str = PLAIN) -> dict[str, Any]:
    """A policy that says each text in every place that there may be several of, and `site` in the others."""
    categories, providers = {}, {}
    cookies: list[dict[str, Any]] = [
        {"name": "c", "category": "essential", "purpose": site, "lifetime": "session"}
    ]
    for number, text in enumerate(texts):
        categories[f"c{number}"] = {"title": text, "description": {"en": text, "de": text}}
        providers[f"p{number}"] = {
            "name": text,
            "privacy_url": "https://a.example/",
            "opt_out_url": "https://a.example/o",
        }
        both = {"category": f"c{number}", "provider": f"p{number}"}
        cookies += [
            {"name": f"a{number}", "purpose": text, "lifetime": "1 day", **both},
            {"name": f"{text}{number}*", "kind": "local-storage", "purpose": {"en": text}, **both},
        ]
    return {
        "site": {"name": site, "contact": site, "languages": ["en", "de"]},
        "categories": categories,
        "providers": providers,
        "cookies": cookies,
        "announcement": {"effective": "2099-01-15", "summary": {"en": site, "de": site}},
    }  # fmt: skip


def guard_of(policy: dict[str, Any]) -> CookieGuard:
    return CookieGuard(the_app, Policy.from_dict(policy), secret_key=SECRET)


def the_app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/html"), *environ.get("x.headers", ())])
    lang = environ.get("x.lang", b"en")
    return [b'<!doctype html><html lang="' + lang + b'"><head><title>T</title></head><body>B</body></html>']


Shape = list[tuple[str, tuple[str, ...], str]]


def parsed(html: str) -> Any:
    return html5lib.HTMLParser(namespaceHTMLElements=False).parse(html)


def shape(html: str) -> Shape:
    """What a browser makes of it, but for the texts: elements, attributes, and what links begin with."""
    found = []
    for element in parsed(html).iter():
        if isinstance(element.tag, str):
            targets = [value for name, value in element.attrib.items() if name in ("href", "action", "src")]
            schemes = "".join(re.split(r"(?<=[:/?#])", target)[0] for target in targets)
            found.append((element.tag, tuple(sorted(map(str, element.attrib))), schemes))
        else:
            found.append(("comment", (), ""))
    return found


PAGES = [f"{MOUNT}{path}?lang=en" for path in ("", "/policy", "/banner", "/dialog")]


@pytest.mark.parametrize("path", PAGES)
def test_a_policys_texts_stay_text(path: str) -> None:
    hostile, harmless = (
        ask(guard_of(policy_with(*words)), path).body.decode()
        for words in (PAYLOADS, [PLAIN] * len(PAYLOADS))
    )

    assert shape(hostile) == shape(harmless)
    shown = " ".join("".join(parsed(hostile).itertext()).split())
    # A NUL is dropped by whoever reads it.
    assert [text for text in PAYLOADS if "\0" not in text and " ".join(text.split()) not in shown] == []


def test_other_languages_mark_what_is_missing_and_nothing_else() -> None:
    for path in (f"{MOUNT}?lang=de", f"{MOUNT}/policy?lang=de"):
        hostile, harmless = (
            shape(ask(guard_of(policy_with(*words)), path).body.decode())
            for words in (PAYLOADS, [PLAIN] * len(PAYLOADS))
        )
        assert hostile == harmless


@pytest.mark.parametrize("payload", PAYLOADS, ids=ascii)
def test_what_the_site_says_of_itself_stays_text(payload: str) -> None:
    page = ask(guard_of(policy_with(site=payload)), f"{MOUNT}/policy?lang=en").body.decode()

    assert shape(page) == PLAIN_SHAPES[f"{MOUNT}/policy"]


PLAIN_GUARD = guard_of(policy_with(PLAIN))
PLAIN_SHAPES = {
    path: shape(ask(guard_of(policy_with()), f"{path}?lang=en").body.decode())
    for path in (f"{MOUNT}/policy",)
}


def test_the_shape_tells_markup_from_text() -> None:
    assert shape(f"<p>{PLAIN}") == shape("<p>&lt;b>") != shape("<p><b>")
    assert shape('<a title="x">') != shape('<a title="" onclick="x">')
    assert shape('<a href="/x">') == shape('<a href="/y">') != shape('<a href="javascript:x">')


PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "contact": lambda text: {"site": {"contact": f"{text}@shop.example"}},
    "essential_under": lambda text: {"cookies": [{"name": "a", "category": "c0", "essential_under": ["/" + text]}]},
    "address": lambda text: {"providers": {"p0": {"name": "P", "privacy_url": "https://a.example/?" + text}}, "cookies": [{"name": "a", "category": "c0", "provider": "p0"}]},
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("payload", ['"><script>1</script>', "'onclick='x", '"onclick="x', "<b>&lt", "`{x}"])
def test_addresses_stay_addresses(place: Callable[[str], dict[str, Any]], payload: str) -> None:
    def pages(text: str) -> list[Shape]:
        guard = guard_of(policy_with(PLAIN) | place(text))
        return [shape(ask(guard, f"{MOUNT}{path}?lang=en").body.decode()) for path in ("/policy",)]

    assert pages(payload) == pages(PLAIN)


@pytest.mark.parametrize("path", [MOUNT, f"{MOUNT}/policy", f"{MOUNT}/banner", f"{MOUNT}/dialog"])
def test_what_a_visitor_says_stays_unsaid(path: str) -> None:
    def page(word: str) -> str:
        said = word.encode("utf-8", "surrogatepass").decode("latin-1")
        cookie = f"{said}=1; a={said}; cookieguard={said}"
        given = an_environ(
            PATH_INFO=path, QUERY_STRING=f"lang={quote(said)}&saved={quote(said)}&{quote(said)}", HTTP_ACCEPT_LANGUAGE=said,
            HTTP_ACCEPT="text/html", HTTP_REFERER=said, HTTP_USER_AGENT=said, HTTP_COOKIE=cookie, HTTP_SEC_GPC=said,
        )  # fmt: skip
        return b"".join(PLAIN_GUARD(given, Server().start_response)).decode()

    # Not even as text.
    assert [payload for payload in PAYLOADS if page(payload) != page("xx")] == []


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/json"])
def test_what_a_visitor_posts_comes_back_as_text(kind: str) -> None:
    def answer(word: str) -> tuple[str, str]:
        form = urlencode({"choice": "some", "accept": word.encode("utf-8", "surrogatepass")})
        body = form if "form" in kind else json.dumps({"accept": [word]})
        reply = ask(
            PLAIN_GUARD, MOUNT, method="POST", headers={**FORM, "Content-Type": kind}, body=body.encode()
        )
        assert reply.status == 400 and reply.get("X-Content-Type-Options") == "nosniff"
        return reply.get("Content-Type") or "", reply.body.decode()

    harmless = shape(answer(PLAIN)[1])
    for payload in PAYLOADS:
        media, text = answer(payload)
        if media == "application/json":
            assert json.loads(text)["error"].startswith("unknown category")
        else:
            assert shape(text) == harmless


def test_the_script_is_a_script_and_one_object() -> None:
    names = ["".join(char for char in text if char not in ";=\x00\x1b") for text in PAYLOADS]
    declared = [{"name": f"n{number}{name}n", "category": "c0"} for number, name in enumerate(names)]
    policy = policy_with(*PAYLOADS)
    hostile = Policy.from_dict({**policy, "cookies": [*policy["cookies"], *declared]})
    # One of them is the very word that stands in the script for the object.
    plain, body = (
        script_for(each, "en").body.decode("ascii") for each in (PLAIN_GUARD.enforcer.policy, hostile)
    )
    start = plain.index('{"names"')
    _, plain_end = json.JSONDecoder().raw_decode(plain, start)
    data, end = json.JSONDecoder().raw_decode(body, start)

    assert (body[:start], body[end:]) == (plain[:start], plain[plain_end:])
    assert data["cookies"] == json.loads(json.dumps(browser_rules(hostile)["cookies"]))


def test_a_page_of_the_apps_gets_one_tag_and_one_bar() -> None:
    # A page's own language and nonce may come from whoever wrote it.
    def page(lang: bytes, headers: list[tuple[str, str]]) -> Shape:
        environ = an_environ(**NAVIGATION_FIELDS, **{"x.lang": lang, "x.headers": headers})
        return shape(b"".join(PLAIN_GUARD(environ, Server().start_response)).decode("utf-8", "replace"))

    plain = page(b"en", [])
    for payload in PAYLOADS:
        nonce = payload.encode("ascii", "ignore").decode()
        csp = ("Content-Security-Policy", f"script-src 'nonce-{nonce}'")
        assert page(payload.replace('"', "&quot;").encode(), []) == plain
        assert [tag for tag, *_ in page(b"en", [csp])] == [tag for tag, *_ in plain]


NAVIGATION_FIELDS = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in NAVIGATION.items()}


def tokens(markdown: str) -> list[tuple[str, str]]:
    """Which blocks and spans there are, and where its links lead."""
    found = []
    for block in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown):
        found.append((block.type, block.tag))
        # A text may be one token or several.
        found += [
            (token.type, str(token.attrs.get("href", "")))
            for token in block.children or []
            if token.type not in ("text", "text_special")
        ]
    return found


def markdown_with(*texts: str, site: str = PLAIN) -> list[tuple[str, str]]:
    policy = Policy.from_dict(policy_with(*texts, site=site))
    return tokens(render_document(policy, "en", date(2026, 11, 22), format="md"))


@pytest.mark.parametrize("payload", [*MARKDOWN, *PAYLOADS], ids=ascii)
def test_markdown_stays_text(payload: str) -> None:
    assert markdown_with(payload, site=payload) == PLAIN_TOKENS


PLAIN_TOKENS = markdown_with(PLAIN)
pieces = st.sampled_from([*MARKDOWN, *PAYLOADS, " ", "\n", "x"])
texts = st.lists(
    pieces | st.text(st.characters(exclude_categories=["Cs"]), max_size=9), min_size=1, max_size=3
)


@settings(max_examples=100)
@given(texts.map("".join).filter(lambda text: text.strip("\0").strip()))
def test_any_text_stays_text_in_markdown(text: str) -> None:
    assert markdown_with(text, site=text) == PLAIN_TOKENS


@settings(max_examples=25)  # each is two pages, read by html5lib
@given(texts.map("".join).filter(str.strip))
def test_any_text_stays_text(text: str) -> None:
    page = ask(guard_of(policy_with(site=text)), f"{MOUNT}/policy?lang=en").body.decode()

    assert shape(page) == PLAIN_SHAPES[f"{MOUNT}/policy"]


def test_pages_say_what_they_are() -> None:
    guard = guard_of(policy_with(PLAIN))
    kinds = {
        path: ask(guard, MOUNT + path).get("Content-Type")
        for path in ("", "/policy.md", "/guard.js", "/style.css")
    }

    assert kinds == {
        "": "text/html; charset=utf-8",
        "/policy.md": "text/markdown; charset=utf-8",
        "/guard.js": "text/javascript; charset=utf-8",
        "/style.css": "text/css; charset=utf-8",
    }
