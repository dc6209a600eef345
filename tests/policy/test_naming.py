"""Which service was meant: near misspellings and other names, never a guess."""

from __future__ import annotations

import pytest

from cookieguard.policy.catalogue import service_names
from cookieguard.policy.catalogue.naming import OTHER_NAMES, service_meant


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        pytest.param("flaks", "flask", id="two letters the wrong way round"),
        pytest.param("djanga", "django", id="another letter"),
        pytest.param("wordpres", "wordpress", id="one letter less"),
        pytest.param("google-analitycs", "google-analytics", id="one word of two"),
        pytest.param("gogle-tag-manger", "google-tag-manager", id="two words of three"),
        pytest.param("Google Analytics", "google-analytics", id="capitals and a space"),
        pytest.param("google_tag_manager", "google-tag-manager", id="underscores"),
        pytest.param("googleanalytics", "google-analytics", id="no hyphen"),
        pytest.param("tawk.to", "tawk-to", id="dot"),
        pytest.param("GA4", "google-analytics", id="short name"),
        pytest.param("facebook-pixel", "facebook", id="product's name"),
        pytest.param("google-maps", None, id="another product of Google"),
        pytest.param("google-fonts", None, id="fonts of Google"),
        pytest.param("fonts", None, id="fonts"),
        pytest.param("sentry", None, id="begins like segment"),
        pytest.param("paypal", None, id="nothing like it"),
        pytest.param("shopify", None, id="a shop"),
        pytest.param("recaptcha", None, id="a puzzle"),
        pytest.param("", None, id="empty"),
        pytest.param("--", None, id="hyphens"),
    ],
)
def test_service_meant(name: str, meant: str | None) -> None:
    assert service_meant(name, service_names()) == meant


def test_other_names_are_of_services_that_are_there() -> None:
    assert set(OTHER_NAMES.values()) <= set(service_names())
    assert OTHER_NAMES.keys().isdisjoint(service_names())


@pytest.mark.parametrize("name", service_names())
def test_each_service_is_meant_by_its_own_name(name: str) -> None:
    assert service_meant(name.upper(), service_names()) == name
