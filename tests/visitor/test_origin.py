"""Whose form it is, and where to go from there."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cookieguard.visitor.origin import local_path, sender
from cookieguard.visitor.request import PageRequest


def ask(scheme: str = "https", host: str = "shop.test", root: str = "", **headers: str) -> PageRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return PageRequest("POST", scheme, host, root, "/privacy-choices", "", named, "", lambda: b"")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param(ask(sec_fetch_site="same-origin"), "same-origin", id="fetch-same-origin"),
        pytest.param(ask(sec_fetch_site="same-site"), "foreign", id="fetch-same-site"),
        pytest.param(ask(sec_fetch_site="cross-site"), "foreign", id="fetch-cross-site"),
        pytest.param(ask(sec_fetch_site="none"), "foreign", id="fetch-none"),
        pytest.param(ask(sec_fetch_site=""), "foreign", id="fetch-empty"),
        pytest.param(
            ask(sec_fetch_site="cross-site", origin="https://shop.test"), "foreign", id="fetch-beats-origin"
        ),
        pytest.param(
            ask(sec_fetch_site="same-origin", origin="https://evil.test"),
            "same-origin",
            id="fetch-beats-it-both-ways",
        ),
        pytest.param(ask(origin="https://shop.test"), "same-origin", id="origin"),
        pytest.param(ask(origin="https://SHOP.test"), "same-origin", id="origin-case"),
        pytest.param(ask(host="SHOP.test", origin="https://shop.test"), "same-origin", id="host-case"),
        pytest.param(ask(origin="http://shop.test"), "foreign", id="origin-other-scheme"),
        pytest.param(ask(origin="https://www.shop.test"), "foreign", id="origin-subdomain"),
        pytest.param(ask(origin="https://shop.test.evil.test"), "foreign", id="origin-begins-alike"),
        pytest.param(ask(origin="https://shop.test@evil.test"), "foreign", id="origin-user"),
        pytest.param(ask(origin="null"), "foreign", id="origin-null"),
        pytest.param(ask(origin="https://"), "foreign", id="origin-without-host"),
        pytest.param(ask(origin="https://shop.test:bad"), "foreign", id="origin-bad-port"),
        pytest.param(ask(origin="https://["), "foreign", id="origin-bad-address"),
        pytest.param(ask(origin="https://shop.test:443"), "same-origin", id="default-port-of-https"),
        pytest.param(
            ask(host="shop.test:443", origin="https://shop.test"), "same-origin", id="default-port-in-host"
        ),
        pytest.param(
            ask("http", "shop.test:80", origin="http://shop.test"), "same-origin", id="default-port-http"
        ),
        pytest.param(ask("http", origin="http://shop.test:443"), "foreign", id="the-other-ones-default-port"),
        pytest.param(ask(host="shop.test:8443", origin="https://shop.test:8443"), "same-origin", id="port"),
        pytest.param(ask(host="shop.test:8443", origin="https://shop.test"), "foreign", id="port-missing"),
        pytest.param(ask(host="[::1]:8080", origin="https://[::1]:8080"), "same-origin", id="ipv6"),
        pytest.param(ask(origin="null", referer="https://shop.test/"), "foreign", id="origin-beats-referer"),
        pytest.param(ask(referer="https://shop.test/x?y=https://evil.test"), "same-origin", id="referer"),
        pytest.param(ask(referer="https://evil.test/shop.test"), "foreign", id="referer-elsewhere"),
        pytest.param(ask(referer="about:blank"), "foreign", id="referer-of-no-host"),
        pytest.param(ask(), "unknown", id="nothing-said"),
        pytest.param(ask(host="", origin="https://"), "foreign", id="no-host-matches-no-host-never"),
    ],
)
def test_sender(asked: PageRequest, expected: str) -> None:
    assert sender(asked) == expected


@given(st.text(st.characters(max_codepoint=255)), st.text(st.characters(max_codepoint=255)))
def test_any_headers_are_answered(origin: str, host: str) -> None:
    assert sender(ask(host=host, origin=origin)) in ("same-origin", "foreign", "unknown")


@pytest.mark.parametrize(
    "target", ["/", "/shop", "/shop?a=b&c=%2F%2Fevil#top", "/a//b", "/~x;y", "/http://evil.test"]
)
def test_local(target: str) -> None:
    assert local_path(target) == target


@pytest.mark.parametrize(
    "target",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="empty"),
        pytest.param("shop", id="relative"),
        pytest.param("?x", id="query"),
        pytest.param("//evil.test", id="two-slashes"),
        pytest.param("///evil.test", id="three-slashes"),
        pytest.param("\\\\evil.test", id="backslashes"),
        pytest.param("/\\evil.test", id="slash-backslash"),
        pytest.param("\\/evil.test", id="backslash-slash"),
        pytest.param("/shop\\..\\x", id="backslash-inside"),
        pytest.param("http://evil.test", id="http"),
        pytest.param("https:evil.test", id="scheme-without-slashes"),
        pytest.param("javascript:alert(1)", id="javascript"),
        pytest.param("/\tevil.test", id="tab"),
        pytest.param("/\t/evil.test", id="tab-between-slashes"),
        pytest.param("/x\r\nSet-Cookie: ads=1", id="line"),
        pytest.param("/x\n", id="line-feed-at-the-end"),
        pytest.param("/\x00", id="nul"),
        pytest.param("/a b", id="space"),
        pytest.param(" /shop", id="space-in-front"),
        pytest.param("/caf\xe9", id="non-ascii"),
        pytest.param("/\u2028", id="line-separator"),
    ],
)
def test_may_lead_away(target: str | None) -> None:
    assert local_path(target) is None


@given(st.one_of(st.text(), st.text("/\\.:@?#a%", max_size=8).map("/".__add__)))
def test_no_target_leads_to_another_host(target: str) -> None:
    path = local_path(target)

    if path is not None:
        assert urlsplit(urljoin("https://shop.test/privacy-choices", path)).netloc == "shop.test"
        assert path == target


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        pytest.param("", "/x", id="none"),
        pytest.param("/app", "/app/x", id="mounted"),
        pytest.param("//evil.test", "/evil.test/x", id="no-other-host"),
        pytest.param("/", "/x", id="slash-alone"),
        pytest.param("/k\xc3\xa4se", "/k%C3%A4se/x", id="utf-8-read-as-latin-1"),
        pytest.param('/"><script>', "/%22%3E%3Cscript%3E/x", id="markup"),
        pytest.param("/a\\b", "/a%5Cb/x", id="backslash"),
        pytest.param("/a\r\nb", "/a%0D%0Ab/x", id="lines"),
    ],
)
def test_links_begin_where_the_app_is_mounted(root: str, expected: str) -> None:
    assert ask(root=root).link("/x") == expected
