"""Where the consent cookie lives, and which of several counts."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cookieguard import parse_set_cookie
from cookieguard.consent.carrier import Carrier, CookieScope
from cookieguard.consent.consent import Choice, Record
from cookieguard.consent.seal import Seal
from cookieguard.cookies.cookieheader import split_cookie_header
from cookieguard.policy.entries import ConsentSettings

KEY = "k" * 32
TOKEN = "3f9aK1x0PQ4"
OLDER, NEWER = date(2026, 11, 1), date(2026, 11, 22)
YES = Record(NEWER, (Choice("analytics", True, TOKEN),))
NO = Record(NEWER, (Choice("analytics", False, TOKEN),))
BOTH = Record(NEWER, (Choice("analytics", True, TOKEN), Choice("marketing", True, TOKEN)))
OLD_YES = Record(OLDER, YES.choices)

ALONE = Carrier(Seal(KEY), ConsentSettings())
SHARED = Carrier(Seal(KEY), ConsentSettings(domain="Example.com"))
HTTP = ALONE.scope("www.example.com", https=False)
HTTPS = ALONE.scope("www.example.com", https=True)


def cookie(
    record: Record, scope: CookieScope = HTTP, carrier: Carrier = ALONE, *, name: str | None = None
) -> str:
    return f"{name or scope.name}={carrier.seal(record, scope)}"


def read(carrier: Carrier, cookies: str, scope: CookieScope) -> Record | None:
    return carrier.read(carrier.sent(split_cookie_header(cookies), scope), scope)


@pytest.mark.parametrize(
    ("carrier", "host", "https", "name", "audience", "domain"),
    [
        pytest.param(ALONE, "a.test", False, "cookieguard", "a.test", None, id="http"),
        pytest.param(ALONE, "a.test", True, "__Host-cookieguard", "a.test", None, id="https"),
        pytest.param(SHARED, "example.com", True, "cookieguard", "example.com", "example.com", id="shared"),
        pytest.param(SHARED, "shop.example.com", True, "cookieguard", "example.com", "example.com", id="sub"),
        pytest.param(
            SHARED, "www.example.com", False, "cookieguard", "example.com", "example.com", id="plain"
        ),
        pytest.param(SHARED, "localhost", False, "cookieguard", "localhost", None, id="off-domain"),
        pytest.param(
            SHARED, "localhost", True, "__Host-cookieguard", "localhost", None, id="off-domain-https"
        ),
        pytest.param(SHARED, "badexample.com", False, "cookieguard", "badexample.com", None, id="lookalike"),
    ],
)
def test_scope(
    carrier: Carrier, host: str, https: bool, name: str, audience: str, domain: str | None
) -> None:
    scope = carrier.scope(host, https=https)

    assert (scope.name, scope.audience, scope.domain) == (name, audience, domain)


@pytest.mark.parametrize(
    ("carrier", "host", "https"),
    [
        pytest.param(ALONE, "www.example.com", False, id="http"),
        pytest.param(ALONE, "www.example.com", True, id="https"),
        pytest.param(SHARED, "www.example.com", True, id="shared"),
        pytest.param(SHARED, "localhost", True, id="off-domain"),
    ],
)
def test_what_is_written_is_read(carrier: Carrier, host: str, https: bool) -> None:
    scope = carrier.scope(host, https=https)
    written = carrier.write(YES, scope)
    stored = parse_set_cookie(written)

    # A browser keeps it: a `__Host-` cookie with a Domain or without Secure would be dropped.
    assert stored is not None and stored.names == (scope.name,)
    assert read(carrier, f"a=b; {stored.name}={stored.value}; c=d", scope) == YES
    assert (stored.path, stored.same_site, stored.secure, stored.domain) == ("/", "Lax", https, scope.domain)
    assert stored.max_age == 186 * 86400
    assert not stored.http_only and not stored.deletes(0)


def test_nothing_else_is_read_over_https() -> None:
    assert read(ALONE, cookie(YES, HTTPS), HTTPS) == YES
    assert read(ALONE, cookie(YES, HTTPS, name="cookieguard"), HTTPS) is None
    assert read(ALONE, cookie(NO, HTTPS, name="cookieguard") + "; " + cookie(YES, HTTPS), HTTPS) == YES


def test_the_host_name_is_not_read_over_http() -> None:
    assert read(ALONE, cookie(YES, name="__Host-cookieguard"), HTTP) is None


def test_a_shared_choice_counts_on_each_subdomain() -> None:
    shop, blog = (SHARED.scope(f"{name}.example.com", https=True) for name in ("shop", "blog"))

    assert read(SHARED, cookie(YES, shop, SHARED), blog) == YES


def test_a_choice_of_another_host_counts_nowhere_else() -> None:
    assert read(ALONE, cookie(YES, ALONE.scope("other.test", https=False)), HTTP) is None


@pytest.mark.parametrize(
    ("cookies", "expected"),
    [
        pytest.param("", None, id="empty"),
        pytest.param("a=b", None, id="others"),
        pytest.param("cookieguard", None, id="without-value"),
        pytest.param("cookieguard=", None, id="empty-value"),
        pytest.param(f"x{cookie(YES)}", None, id="name-ends-alike"),
        pytest.param(f"COOKIEGUARD={cookie(YES).partition('=')[2]}", None, id="name-in-capitals"),
        pytest.param(f"cookieguard=garbage; {cookie(YES)}", YES, id="garbage-first"),
        pytest.param(f"{cookie(OLD_YES)}; {cookie(NO)}", NO, id="newest-last"),
        pytest.param(f"{cookie(NO)}; {cookie(OLD_YES)}", NO, id="newest-first"),
        pytest.param(f"{cookie(YES)}; {cookie(NO)}", NO, id="tie-one-refuses"),
        pytest.param(f"{cookie(NO)}; {cookie(YES)}", NO, id="tie-one-refuses-first"),
        pytest.param(f"{cookie(YES)}; {cookie(BOTH)}", YES, id="tie-what-both-allow"),
        pytest.param(f"{cookie(YES)}; {cookie(YES)}", YES, id="twice-the-same"),
        pytest.param(f"{cookie(YES)}; {cookie(BOTH)}; {cookie(NO)}", NO, id="tie-of-three"),
        pytest.param(f"cookieguard={'x' * 5000}; {cookie(YES)}", YES, id="too-long-to-be-ours"),
    ],
)
def test_read(cookies: str, expected: Record | None) -> None:
    assert read(ALONE, cookies, HTTP) == expected


def test_reading_is_bounded() -> None:
    # A sibling domain can plant dozens; what stands behind hundreds of them isn't read.
    assert read(ALONE, "cookieguard=x; " * 20 + cookie(YES), HTTP) == YES
    assert read(ALONE, "cookieguard=x; " * 500 + cookie(YES), HTTP) is None


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert read(ALONE, text, HTTP) is None
    assert read(ALONE, f"cookieguard={text}", HTTP) is None


@given(st.permutations([YES, NO, BOTH, OLD_YES]))
def test_the_order_does_not_matter(records: list[Record]) -> None:
    assert read(ALONE, "; ".join(map(cookie, records)), HTTP) == Record(NEWER, NO.choices)
