"""Django's own test clients, which see what visitors get, guarded once."""

from __future__ import annotations

import asyncio
import copy
import pickle
from typing import Any

import pytest
from asking import ask
from contract import HOST, NAVIGATION
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.test import AsyncClient, Client, RequestFactory, modify_settings
from djangoshop import (
    accepting,
    cookies_of,
    templated,
    with_settings,
)

from cookieguard import ConfigurationError
from cookieguard.django.middleware import CookieGuardMiddleware
from cookieguard.django.visits import ConsentOf, consent_of
from cookieguard.django.wsgi import get_wsgi_application


def test_the_test_client_sees_what_visitors_get(shop: None) -> None:
    response = Client().get("/", headers=NAVIGATION)

    assert cookies_of(response) == ["sessionid"]
    assert b"<script" in response.content and b"guard.js" in response.content
    assert int(response.headers.get("Content-Length", len(response.content))) == len(response.content)
    assert set(cookies_of(accepting("analytics").get("/"))) == {"sessionid", "_ga"}


def test_a_missing_app_is_told(shop: None, caplog: pytest.LogCaptureFixture) -> None:
    with modify_settings(INSTALLED_APPS={"remove": "cookieguard.django"}):
        CookieGuardMiddleware(lambda request: HttpResponse())

    assert [record.message[:47] for record in caplog.records] == [
        "INSTALLED_APPS lacks 'cookieguard.django': mana"
    ]


def test_the_test_client_reaches_the_visitors_pages(shop: None) -> None:
    client = Client()
    page = client.get("/privacy-choices")
    assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-store")

    form, own = "application/x-www-form-urlencoded", {"Origin": "http://testserver"}
    decided = client.post("/privacy-choices", "choice=none", content_type=form, headers=own)
    assert (decided.status_code, cookies_of(decided)) == (303, ["cookieguard"])
    assert b"refused" in client.get("/privacy-choices", headers={"Accept": "application/json"}).content


def test_the_test_client_keeps_what_tests_ask_a_response_for(shop: None) -> None:
    response = accepting("analytics").get("/template", {"template": "{{ cookie_consent.undecided }}"})

    assert response.resolver_match.func is templated


def test_each_request_is_judged_once(shop: None) -> None:
    app = get_wsgi_application()
    outer = app.enforcer
    ask(app)

    assert outer.counts == {
        ("kept", "essential"): 1,
        ("stripped", "analytics"): 1,
        ("stripped", "undeclared"): 1,
    }


def test_refused_cookies_are_hidden_from_views(shop: None) -> None:
    client = Client()
    client.cookies["_ga"] = "1"
    client.cookies["mine"] = "1"

    assert client.get("/sees").content == b"['mine'] mine=1"


def test_a_refused_cookie_is_expired_in_each_place(shop: None) -> None:
    client = Client()
    client.cookies["_ga"] = "1"
    response = client.get("/sees", headers={**NAVIGATION, "Host": HOST})

    assert cookies_of(response) == ["_ga", "_ga"]
    assert [morsel["domain"] for morsel in response.cookies.values()] == ["", HOST]


def test_what_a_test_was_answered_can_be_kept(shop: None) -> None:
    """As `setUpTestData` and caches do."""
    response = accepting("analytics").get("/")

    for again in (copy.deepcopy(response.cookies), pickle.loads(pickle.dumps(response.cookies))):
        assert again.output() == response.cookies.output()
    assert copy.copy(response.cookies["_ga"]).OutputString() == response.cookies["_ga"].OutputString()
    assert response.cookies["_ga"].copy().OutputString() == response.cookies["_ga"].OutputString()


def test_a_view_grants(shop: None) -> None:
    response = Client().get("/grants")

    assert response.content == b"[True, ()]"
    assert cookies_of(response) == ["cookieguard"]
    assert "analytics" in response.cookies["cookieguard"].value


async def get(address: str, **cookies: str) -> Any:
    client = AsyncClient()
    client.cookies.update(cookies)
    return await client.get(address)


@pytest.mark.parametrize("address", ["/", "/streamed", "/grants"])
def test_the_async_client_sees_the_same(shop: None, address: str) -> None:
    response = asyncio.run(get(address))
    assert cookies_of(response) == {"/": ["sessionid"], "/streamed": [], "/grants": ["cookieguard"]}[address]


def test_the_middleware_alone_finds_mistakes_too() -> None:
    with with_settings({"POLICI": "x"}), pytest.raises(ConfigurationError, match="E041"):
        WSGIHandler()


def test_a_consent_that_was_copied_is_still_one(shop: None) -> None:
    request = RequestFactory().get("/")

    assert not copy.copy(ConsentOf(lambda: consent_of(request))).allows("analytics")
