"""Each data file loads and is complete; the frameworks installed here agree with theirs."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import flask
import flask_login
import pytest
from django.conf import global_settings
from django.contrib.messages.storage.cookie import CookieStorage
from msgspec import Struct

from cookieguard.policy.catalogue import load_service, service_names
from cookieguard.policy.classifier import Classifier
from cookieguard.policy.entries import CookieEntry, ProviderEntry
from cookieguard.policy.index import Index
from cookieguard.policy.model import STANDARD_CATEGORIES
from cookieguard.policy.pattern import Exact
from cookieguard.policy.policy import Policy

SEEDS = {
    "hosting-with-whmcs": {"whmcs", "php", "tawk-to", "google-analytics"},
    "portal-with-session-id": {"google-analytics", "google-tag-manager", "aws"},
    "site-with-ad-partners": {
        "google-analytics",
        "optimizely",
        "new-relic",
        "appnexus",
        "google-ads",
        "nanigans",
        "facebook",
        "twitter",
    },
}

each_service = pytest.mark.parametrize("name", service_names())


def using(*names: str) -> Classifier:
    return Classifier(Policy.from_dict({"use": list(names)}))


def written(entry: Struct, shape: type[Struct]) -> dict[str, Any]:
    """Return what a policy file would say: the fields of the file's shape that are set."""
    return {key: value for key in shape.__struct_fields__ if (value := getattr(entry, key)) is not None}


@each_service
def test_file_is_complete(name: str) -> None:
    service = load_service(name)

    assert service.source and service.checked
    providers = {provider.id for provider in service.providers}
    assert service.declarations or providers
    for cookie in service.declarations:
        assert isinstance(cookie.purpose, dict), cookie.name
        assert all(cookie.purpose.get(language, "").endswith(".") for language in ("en", "de")), cookie.name
        assert cookie.category in STANDARD_CATEGORIES, cookie.name
        assert cookie.lifetime is not None or cookie.kind != "cookie", cookie.name
        assert cookie.provider is None or cookie.provider in providers, cookie.name
        assert (cookie.party == "third") == (cookie.domain is not None), cookie.name


@each_service
def test_attributes_are_left_to_the_site(name: str) -> None:
    for cookie in load_service(name).declarations:
        assert (cookie.secure, cookie.http_only, cookie.same_site) == (False, False, None), cookie.name


@each_service
def test_provider_addresses_are_https(name: str) -> None:
    for provider in load_service(name).providers:
        for url in (provider.privacy_url, provider.opt_out_url):
            assert url is None or urlsplit(url).scheme == "https", url


@each_service
def test_taken_over_without_error_or_warning(name: str) -> None:
    assert Policy.from_dict({"use": [name]}).warnings == ()


# A catalogue file is read without the checks that a site's own file goes through.
@each_service
def test_stands_as_a_sites_own_file(name: str) -> None:
    service = load_service(name)
    providers = {provider.id: written(provider, ProviderEntry) for provider in service.providers}
    cookies = [written(cookie, CookieEntry) for cookie in service.declarations]

    assert Policy.from_dict({"providers": providers, "cookies": cookies}).warnings == ()


def test_all_services_together() -> None:
    assert Policy.from_dict({"use": list(service_names())}).warnings == ()


def test_one_first_party_name_has_one_category() -> None:
    everything = [cookie for name in service_names() for cookie in load_service(name).declarations]
    index = Index(cookie for cookie in everything if cookie.party == "first" and cookie.kind == "cookie")
    for cookie in everything:
        if cookie.party == "first" and cookie.kind == "cookie" and isinstance(cookie.pattern, Exact):
            assert {
                found.category for found in index.find_all(cookie.name) if isinstance(found.pattern, Exact)
            } == {cookie.category}, cookie.name


@pytest.mark.parametrize("seed", SEEDS)
def test_services_of_the_seeds_are_there(seed: str) -> None:
    assert SEEDS[seed] <= set(service_names())


@pytest.mark.parametrize(
    ("service", "name", "category"),
    [
        pytest.param(
            "flask", flask.Flask("x").config["SESSION_COOKIE_NAME"], "essential", id="flask session"
        ),
        pytest.param("flask-login", flask_login.COOKIE_NAME, "functional", id="flask-login remember"),
        pytest.param("django", global_settings.SESSION_COOKIE_NAME, "essential", id="django session"),
        pytest.param("django", global_settings.CSRF_COOKIE_NAME, "essential", id="django csrf"),
        pytest.param("django", CookieStorage.cookie_name, "essential", id="django messages"),
        pytest.param("django", global_settings.LANGUAGE_COOKIE_NAME, "functional", id="django language"),
    ],
)
def test_framework_default(service: str, name: str, category: str) -> None:
    assert using(service).classify(name).category == category


@pytest.mark.parametrize(
    ("service", "name", "seconds"),
    [
        (
            "flask",
            flask.Flask("x").config["SESSION_COOKIE_NAME"],
            flask.Flask("x").permanent_session_lifetime.total_seconds(),
        ),
        ("flask-login", flask_login.COOKIE_NAME, flask_login.COOKIE_DURATION.total_seconds()),
        ("django", global_settings.SESSION_COOKIE_NAME, global_settings.SESSION_COOKIE_AGE),
        ("django", global_settings.CSRF_COOKIE_NAME, global_settings.CSRF_COOKIE_AGE),
        ("django", global_settings.LANGUAGE_COOKIE_NAME, global_settings.LANGUAGE_COOKIE_AGE),
    ],
)
def test_framework_lifetime(service: str, name: str, seconds: float | None) -> None:
    declaration = using(service).classify(name).declaration

    assert declaration is not None and declaration.lifetime is not None
    assert declaration.lifetime.seconds == seconds


@pytest.mark.parametrize(
    ("service", "name", "domain", "category"),
    [
        pytest.param("whmcs", "WHMCSy551iLnhYQ7h", None, "essential", id="instance id"),
        pytest.param("whmcs", "WHMCSUser", None, "functional", id="exact before the prefix"),
        pytest.param("whmcs", "WHMCSAffiliateID", None, "marketing", id="affiliate"),
        pytest.param("whmcs", "WHMCSLinkID", None, "analytics", id="link"),
        pytest.param("wordpress", "wordpress_" + "0f" * 16, None, "essential", id="wordpress hash"),
        pytest.param("wordpress", "wordpress_plugin_tracker", None, None, id="a plugin's cookie"),
        pytest.param("smartsupp", "ssupp.visits", None, "analytics", id="chat's visit count"),
        pytest.param("smartsupp", "ssupp.chatid", None, "functional", id="chat's state"),
        pytest.param("google-analytics", "_gac_UA-1", None, "marketing", id="campaign"),
        pytest.param("optimizely", "optimizelyOptOut", None, "essential", id="a recorded refusal"),
        pytest.param("new-relic", "JSESSIONID", None, None, id="first-party JSESSIONID is no tracker"),
        pytest.param("new-relic", "JSESSIONID", "bam.nr-data.net", "analytics", id="New Relic's own"),
        pytest.param("nanigans", "anything", "api.nanigans.com", "marketing", id="whole domain"),
        pytest.param("nanigans", "anything", None, None, id="that domain only"),
        pytest.param("facebook", "c_user", None, None, id="login names stay Facebook's"),
        pytest.param("twitter", "guest_id", "x.com", "marketing", id="both domains"),
    ],
)
def test_classifies(service: str, name: str, domain: str | None, category: str | None) -> None:
    assert using(service).classify(name, domain).category == category
