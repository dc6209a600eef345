"""Somebody else's consent: planted from a subdomain, replayed from elsewhere, kept from an older policy.

Which of several consents counts is also in tests/wsgi/test_headers.py (trap 15), what a changed byte does in
tests/consent/test_seal.py.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asking import FORM, Server, an_environ, ask, consent, guarded, lined, policy_of
from contract import HOST, MOUNT, NAVIGATION, POLICY, SECRET, responding

from cookieguard import Policy
from cookieguard.testing import consent_cookie

TODAY = datetime.now(UTC).date()
LONG_AGO = TODAY - timedelta(days=9)
OPT_OUT = {"consent": {"model": "opt-out"}}
JUNK = "cookieguard=1.2026-11-22.+analytics:AAAAAAAAAAA." + "A" * 43
ALL = ("session=1", "_ga=1", "ads=1")


def leaving(cookie: str, scheme: str = "http", host: str = HOST, **changes: Any) -> set[str]:
    """The names that leave, for a visitor who sends this `Cookie` header."""
    environ = an_environ(HTTP_HOST=host, HTTP_COOKIE=cookie)
    environ["wsgi.url_scheme"] = scheme
    server = Server()
    b"".join(guarded(responding(*ALL), **changes)(environ, server.start_response))
    sent = [value for name, value in server.calls[0][1] if name == "Set-Cookie"]
    return {value.partition("=")[0] for value in sent}


# Cookie tossing: a subdomain can plant any cookie for its parent, but none named `__Host-…`, and in
# front of the site's own.


@pytest.mark.parametrize(
    ("planted", "own", "left"),
    [
        pytest.param(consent("analytics"), "", set(), id="an acceptance, before any decision"),
        pytest.param(consent("analytics"), consent(scheme="https"), set(), id="an acceptance, over a refusal"),
        pytest.param(consent(), consent("analytics", scheme="https"), {"_ga"}, id="a refusal"),
        pytest.param(JUNK, consent("analytics", scheme="https"), {"_ga"}, id="junk"),
        *(
            pytest.param(consent("analytics", scheme="https").replace("__Host-cookieguard", name), "", set(), id=repr(name))
            for name in (
                "__host-cookieguard", "__HOST-COOKIEGUARD", "__Host-Cookieguard", "\xa0__Host-cookieguard",
                "__Host-cookieguard\xa0", '"__Host-cookieguard"', "__Host-cookieguard[]", "__Host_cookieguard",
                "__Secure-cookieguard", "$__Host-cookieguard", "__Host-cookieguard\x0b", "%5f%5fHost-cookieguard",
                "cookieguard=__Host-cookieguard", "x=y,__Host-cookieguard", "__Http-__Host-cookieguard",
            )
        ),
    ],
)  # fmt: skip
def test_over_https_nothing_planted_counts(planted: str, own: str, left: set[str]) -> None:
    for cookie in (f"{planted}; {own}", f"{own}; {planted}", f"{planted};{own};{planted}"):
        assert leaving(cookie, "https") == {"session"} | left


def sealed_for(host: str) -> str:
    return "=".join(consent_cookie(Policy.from_dict(POLICY), SECRET, ["analytics"], host=host))


@pytest.mark.parametrize(
    ("planted", "own", "left"),
    [
        pytest.param(sealed_for(f"evil.{HOST}"), "", set(), id="signed for the subdomain"),
        pytest.param(consent("analytics"), consent(), set(), id="an acceptance of the day of a refusal"),
        pytest.param(consent("analytics", day=LONG_AGO), consent(), set(), id="an older acceptance"),
        pytest.param(consent(), consent("analytics"), set(), id="a refusal takes away, never adds"),
        pytest.param(JUNK, consent("analytics"), {"_ga"}, id="junk"),
        pytest.param(";".join([JUNK] * 100), consent("analytics"), set(), id="more junk than is read"),
    ],
)
def test_over_http_what_is_planted_adds_nothing(planted: str, own: str, left: set[str]) -> None:
    assert leaving(f"{planted}; {own}") == {"session"} | left


def test_a_sibling_that_shares_the_choice_is_trusted_with_it() -> None:
    # Not promised otherwise: docs/consent.md says that such a sibling must have the same policy.
    shared = {"consent": {"domain": HOST}}
    theirs = consent_cookie(policy_of(**shared), SECRET, ["analytics"], host=f"www.{HOST}", https=True)

    assert leaving("=".join(theirs), "https", **shared) == {"session", "_ga"}


def test_a_consent_of_our_own_does_not_pass_as_an_apps_cookie() -> None:
    # A site that lets its visitors choose a cookie's name and value can't be made to set ours.
    for name in ("cookieguard", "__Host-cookieguard", " cookieguard", "\tcookieguard\t", "=cookieguard"):
        answer = ask(guarded(responding(f"{name}=1; Path=/; Secure")), scheme="https")

        assert answer.names == []


# Replay


@pytest.mark.parametrize(
    ("signed_for", "asked_at", "counts"),
    [
        # Not promised otherwise: it says what was decided, not by whom.
        pytest.param(HOST, HOST, True, id="another visitor's"),
        pytest.param(HOST, f"{HOST}:8080", True, id="another port's: cookies know no ports"),
        pytest.param(HOST, f"www.{HOST}", False, id="the parent's"),
        pytest.param(f"www.{HOST}", HOST, False, id="a subdomain's"),
        pytest.param("other.example", HOST, False, id="another site's with the same key"),
        pytest.param("shop.example.evil.example", HOST, False, id="a site's that begins alike"),
        pytest.param("evilshop.example", HOST, False, id="a site's that ends alike"),
        pytest.param("127.0.0.1", "localhost", False, id="an address for a name"),
        pytest.param("[::1]", "[::1]:8000", True, id="an address in brackets"),
        # What is no host is nobody's, and a consent for nobody is none to anybody else.
        pytest.param(HOST, "", False, id="no host"),
        pytest.param(HOST, f"{HOST}|x", False, id="a separator behind the host"),
        pytest.param(HOST, f"{HOST}\x00", False, id="a NUL behind the host"),
        pytest.param(HOST, f"{HOST}/..", False, id="a path behind the host"),
        pytest.param(HOST, f"user@{HOST}", False, id="a user before the host"),
        pytest.param(HOST, f"{HOST}, evil.example", False, id="two hosts"),
        pytest.param("a.example", "\xe0.example", False, id="an accent"),
        pytest.param("a.example", "\xaa.example", False, id="a compatibility letter"),
        pytest.param("ss.example", "\xdf.example", False, id="what folds to two letters"),
        pytest.param("a-b.example", "a\xadb.example", False, id="a soft hyphen"),
    ],
)  # fmt: skip
def test_replayed_at_another_host(signed_for: str, asked_at: str, counts: bool) -> None:
    assert ("_ga" in leaving(sealed_for(signed_for), host=asked_at)) == counts


@pytest.mark.parametrize(
    "key", ["another secret, as long as it must be", SECRET.upper(), f" {SECRET}", SECRET[:-1]]
)
def test_another_sites_key_signs_nothing_here(key: str) -> None:
    theirs = "=".join(consent_cookie(Policy.from_dict(POLICY), key, ["analytics"], host=HOST))

    assert leaving(theirs) == {"session"}


def test_a_shared_choice_is_none_of_a_single_host() -> None:
    shared = consent_cookie(policy_of(consent={"domain": HOST}), SECRET, ["analytics"], host=f"www.{HOST}")

    assert leaving("=".join(shared), host=f"www.{HOST}") == {"session"}


# An old policy's digest


CHANGED = {"cookies": [{**entry, "purpose": "Follows you."} for entry in POLICY["cookies"]]}


def test_an_acceptance_under_an_older_policy_asks_again() -> None:
    assert leaving(consent("analytics", "marketing")) == {"session", "_ga", "ads"}
    assert leaving(consent("analytics", "marketing"), **CHANGED) == {"session"}


def test_under_opt_out_a_refusal_outlives_its_wording() -> None:
    assert leaving(consent(**OPT_OUT), **OPT_OUT, **CHANGED) == {"session"}
    assert leaving("", **OPT_OUT, **CHANGED) == {"session", "_ga", "ads"}


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(policy_of().categories["analytics"].token, id="old"),
        pytest.param("", id="empty"),
        pytest.param("A" * 11, id="made up"),
        pytest.param(policy_of(**CHANGED).categories["marketing"].token, id="another category's"),
        pytest.param(policy_of(**CHANGED).categories["analytics"].token.swapcase(), id="in another case"),
        pytest.param(policy_of(**CHANGED).categories["analytics"].digest, id="whole"),
    ],
)
@pytest.mark.parametrize("asked", ["", "&asked=analytics"], ids=["page", "banner"])
def test_a_form_with_another_digest_grants_nothing(token: str, asked: str) -> None:
    body = f"choice=all&digest=analytics:{token}{asked}".encode()
    answer = ask(lined(responding(), **CHANGED), MOUNT, method="POST", headers=FORM, body=body)

    assert answer.status == 409
    assert not any("+analytics" in cookie for cookie in answer.cookies)


def test_a_day_that_nobody_decided_on_extends_nothing() -> None:
    for day in (TODAY + timedelta(days=1), TODAY + timedelta(days=400), TODAY - timedelta(days=200)):
        assert leaving(consent("analytics", day=day)) == {"session"}


def test_what_is_no_consent_is_taken_from_the_browser_too() -> None:
    # The script reads the same cookie, and can't tell a forged one.
    answer = ask(lined(responding()), cookie=JUNK, headers=NAVIGATION)

    assert answer.cookies == ["cookieguard=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; SameSite=Lax"]
