"""What the guard expires is gone from the browser's jar, wherever it was declared to lie, and nothing else is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import product
from random import Random
from typing import Any, NamedTuple

import pytest
from contract import SECRET

from browser.chromium import SITE
from browser.differential import wire
from browser.differential.grammar import PREFIXES
from browser.differential.judge import Held, Judge
from browser.serving import Certificate
from cookieguard import CookieGuard, Policy, visit_from
from cookieguard.testing import consent_cookie

pytestmark = pytest.mark.browser

HOST = f"www.{SITE}"
DEEP = "/shop/deep"
CATEGORIES = {"sid": "essential", "lang": "functional", "ads": "marketing"}
DOMAINS = (None, SITE, f".{HOST}")
PATHS = (None, "/shop", DEEP)
# In turn behind the base of a name: what may stand in one.
SIGNS = ("", ".x", "[0]", '"q"', ",c", " s", "$", "(p)", "%20", "{j}", "@", "'")
MOST = 40
"""Pages after which all must be gone: 2.5 kB expire a few cookies each."""


class Placed(NamedTuple):
    """A declaration, and a header that sets the cookie where it is declared."""

    declared: dict[str, Any]
    header: str


def placed(scheme: str) -> Iterator[Placed]:
    """Make one of each: category, prefix, domain, path; other attributes as the seed has it."""
    random = Random(scheme)
    prefixes = PREFIXES if scheme == "https" else ("",)
    for count, (base, prefix, domain, path) in enumerate(product(CATEGORIES, prefixes, DOMAINS, PATHS)):
        if "Host-" in prefix and (domain or path):
            continue
        name = f"{prefix}{base}{count}{SIGNS[count % len(SIGNS)]}"
        declared = {"name": name, "category": CATEGORIES[base], "purpose": "P.", "lifetime": "30 days"}
        declared |= {"domain": domain} if domain else {}
        declared |= {"path": path} if path else {}
        yield Placed(declared, "; ".join([f"{name}=1", *_attributes(random, scheme, prefix, domain, path)]))


def _attributes(
    random: Random, scheme: str, prefix: str, domain: str | None, path: str | None
) -> Iterator[str]:
    yield f"Path={path or '/'}"
    # Where no domain is declared, a cookie may be the host's alone or lie on its domain.
    domain = domain or (random.choice((None, HOST)) if "Host-" not in prefix else None)
    if domain:
        yield f"Domain={domain}"
    yield from random.choice(((), ("Max-Age=3600",)))
    yield from random.choice(((), ("SameSite=Lax",), ("SameSite=Strict",)))
    if "Http-" in prefix or random.random() < 0.5:
        yield "HttpOnly"
    if scheme == "https" and (prefix or random.random() < 0.7):
        yield "Secure"
        yield from random.choice(((), (), ("Partitioned",)))


class Shop(NamedTuple):
    """A guarded app, and the consent of a visitor who accepted everything."""

    address: str
    cookies: list[Placed]
    consent: tuple[str, str]
    secure: bool
    visited: list[str]
    """The paths that were asked for."""

    def fill(self, judge: Judge) -> list[Held]:
        """Let the app set all its cookies, and return what the jar then holds of them."""
        judge.clear()
        judge.put(*self.consent, HOST, secure=self.secure)
        judge.goto(f"{self.address}/set")
        return self.held(judge)

    def held(self, judge: Judge) -> list[Held]:
        return sorted(held for held in judge.jar() if "cookieguard" not in held.name)

    def after_pages(self, judge: Judge) -> list[Held]:
        """Walk on until nothing refused is left, or for `MOST` pages; return what the jar then holds."""
        for _ in range(MOST):
            held = self.held(judge)
            if not any(map(_is_refused, held)):
                break
            judge.goto(f"{self.address}{DEEP}/x")
        return held


def _is_refused(held: Held) -> bool:
    return "ads" in held.name


def app(kind: str, cookies: list[Placed], visited: list[str]) -> Callable[..., list[bytes]]:
    """Set the cookies at `/set`, withdraw at `/withdraw`; pages of this kind."""

    def answer(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        path = environ["PATH_INFO"]
        visited.append(path)
        if path == "/withdraw":
            visit_from(environ).withdraw(["marketing"])
        lines = [each.header.encode().decode("latin-1") for each in cookies] if path == "/set" else []
        start_response("200 OK", [("Content-Type", kind), *(("Set-Cookie", line) for line in lines)])
        return [b"<!doctype html><title>Shop</title>"]

    return answer


@pytest.fixture
def shop(certificate: Certificate) -> Iterator[Callable[..., Shop]]:
    with ExitStack() as running:

        def serve(scheme: str, kind: str) -> Shop:
            cookies = [*placed(scheme)]
            policy = Policy.from_dict(
                {"site": {"name": "Shop"}, "cookies": [each.declared for each in cookies]}
            )
            visited: list[str] = []
            guarded = CookieGuard(app(kind, cookies, visited), policy, secret_key=SECRET)
            secure = scheme == "https"
            port = running.enter_context(wire.serve(guarded, certificate.context if secure else None))
            accepted = ("functional", "marketing")
            consent = consent_cookie(policy, SECRET, accepted, host=HOST, https=secure)
            return Shop(f"{scheme}://{HOST}:{port}", cookies, consent, secure, visited)

        yield serve


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_the_server_expires_what_was_withdrawn(judge: Judge, shop: Callable[..., Shop], scheme: str) -> None:
    # In plain text no script of ours helps.
    site = shop(scheme, "text/plain")
    filled = site.fill(judge)
    assert len(filled) == len(site.cookies)

    judge.goto(f"{site.address}/withdraw")

    assert site.after_pages(judge) == [held for held in filled if not _is_refused(held)]


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_script_and_server_together(judge: Judge, shop: Callable[..., Shop], scheme: str) -> None:
    site = shop(scheme, "text/html; charset=utf-8")
    filled = site.fill(judge)
    assert len(filled) == len(site.cookies)

    judge.goto(f"{site.address}{DEEP}/x")
    before = site.visited.count(f"{DEEP}/x")
    # It reloads the page, which a call that waits would not outlive.
    judge.run("() => { cookieguard.refuse(['marketing']) }")
    end = time.monotonic() + 20
    while site.visited.count(f"{DEEP}/x") == before:
        assert time.monotonic() < end, "the page was never loaded again"
        time.sleep(0.05)

    assert site.after_pages(judge) == [held for held in filled if not _is_refused(held)]
