"""Django's own cache keeps no page that asked for one visitor's consent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from djangoshop import MIDDLEWARE, SESSIONS, accepting, with_settings
from werkzeug.test import Client as WSGIClient

from cookieguard.django.wsgi import get_wsgi_application

TEMPLATE = '{% if_consent "analytics" %}all{% else %}none{% endif_consent %}'
PROCESSED = "{% if cookie_consent.undecided %}none{% else %}all{% endif %}"
CACHE = "django.middleware.cache.{}CacheMiddleware"
PAGES = [
    pytest.param("consent", {}, id="request.cookie_consent"),
    pytest.param("visit", {}, id="request.cookie_visit"),
    pytest.param("environ", {}, id="visit_from"),
    pytest.param("template", {"template": TEMPLATE}, id="template tag"),
    pytest.param("template", {"template": PROCESSED}, id="context processor"),
]


@pytest.fixture(params=["site", "view"])
def kind(request: pytest.FixtureRequest) -> Iterator[str]:
    """A site whose pages are all cached, and one where single views are."""
    whole = request.param == "site"
    around = [CACHE.format("Update")] if whole else []
    within = [CACHE.format("FetchFrom")] if whole else []
    caches: dict[str, Any] = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    with with_settings(MIDDLEWARE=[MIDDLEWARE, *around, SESSIONS, *within], CACHES=caches):
        cache.clear()
        yield request.param


@pytest.mark.parametrize(("page", "query"), PAGES)
def test_one_visitors_page_is_nobody_elses(kind: str, page: str, query: dict[str, str]) -> None:
    address = f"/{kind}/{page}"

    assert accepting("functional", "analytics", "marketing").get(address, query).content == b"all"
    assert Client().get(address, query).content == b"none"
    assert WSGIClient(get_wsgi_application()).get(address, query_string=query).data == b"none"


@pytest.mark.parametrize("page", ["accepts", "receipts", "erases"])
def test_each_visitor_has_a_decision_and_receipts_of_his_own(kind: str, page: str) -> None:
    first, second = (Client().get(f"/{kind}/{page}") for _ in range(2))

    assert first.content != second.content
    assert ("cookieguard" in second.cookies) == (page == "accepts")


def test_what_asks_nothing_is_cached(kind: str) -> None:
    first, second = (Client().get(f"/{kind}/number").content for _ in range(2))

    assert first == second
