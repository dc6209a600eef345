"""What isn't a decision isn't the ledger's affair: every other request does the same with it as without."""

from __future__ import annotations

import gc
import sys
from typing import Any
from wsgiref.util import setup_testing_defaults

import ledgers
import pytest

from cookieguard import CookieGuard, Policy
from cookieguard.ledger.store import Store
from cookieguard.testing import consent_cookie

PAGE = b"<!doctype html><title>Shop</title><script src=https://www.googletagmanager.com/gtag/js></script>"


def app(environ: Any, start_response: Any) -> list[bytes]:
    cookies = [("Set-Cookie", line) for line in ("session=1; HttpOnly", "stats=1; Max-Age=60", "ads=1")]
    start_response("200 OK", [("Content-Type", "text/html"), *cookies])
    return [PAGE]


def calls(policy: Policy, cookies: str) -> list[str]:
    """Return each function that is called for a request, after as many others as memories need."""
    guard = CookieGuard(app, policy, secret_key=ledgers.SECRET)

    def serve() -> None:
        environ: dict[str, Any] = {"HTTP_COOKIE": cookies, "HTTP_SEC_FETCH_MODE": "navigate"}
        setup_testing_defaults(environ)
        body: Any = guard(environ, lambda status, headers, exc_info=None: lambda data: None)
        b"".join(body)

    for _ in range(3):
        serve()
    called: list[str] = []
    # A collection may call somebody else's hooks.
    gc.disable()
    sys.setprofile(lambda frame, event, argument: called.append(f"{event} {frame.f_code.co_qualname}"))
    try:
        serve()
    finally:
        sys.setprofile(None)
        gc.enable()
    return called


@pytest.mark.parametrize("decided", [False, True], ids=["undecided", "decided"])
def test_the_same_calls_with_a_ledger_as_without(url: str, store: Store, decided: bool) -> None:
    with_ledger = ledgers.policy_of(url)
    without = Policy.from_dict(
        {
            "cookies": [
                {"name": name, "category": category, "purpose": "P.", "lifetime": "1 day"}
                for name, category in (("stats", "analytics"), ("ads", "marketing"))
            ]
        }
    )
    consent = "=".join(consent_cookie(without, ledgers.SECRET, ["analytics"], host="127.0.0.1"))
    cookies = (
        f"session=1; stats=1{f'; {consent}; cookieguard_receipt=US80r945OJErG8OcscKLRk' if decided else ''}"
    )

    made = calls(with_ledger, cookies)
    assert made == calls(without, cookies) and len(made) > 20
    assert not [call for call in made if "ledger" in call.lower()]
