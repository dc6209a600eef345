"""Each data file loads and is complete; the frameworks installed here agree with theirs."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import flask
import flask_login
import pytest
from django.conf import global_settings
from msgspec import Struct

from cookieguard.policy import catalogue
from cookieguard.policy.catalogue import load_service, service_names, services_with
from cookieguard.policy.classifier import Classifier
from cookieguard.policy.entries import CookieEntry, ProviderEntry
from cookieguard.policy.index import Index
from cookieguard.policy.model import STANDARD_CATEGORIES
from cookieguard.policy.pattern import Exact, sample_names
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

CATALOGUE = Path(catalogue.__file__).parent
each_service = pytest.mark.parametrize("name", service_names())


def using(*names: str) -> Classifier:
    return Classifier(Policy.from_dict({"use": list(names)}))


def written(entry: Struct, shape: type[Struct]) -> dict[str, Any]:
    """Return what a policy file would say: the fields of the file's shape that are set."""
    return {key: value for key in shape.__struct_fields__ if (value := getattr(entry, key)) is not None}


@pytest.mark.parametrize(
    "use", [["flask", "flask"], ["php", "symfony"], ["flask", "starlette"]], ids=",".join
)
def test_one_cookie_has_one_row(use: list[str]) -> None:
    policy = Policy.from_dict({"use": use})

    identities = [declaration.identity for declaration in policy.declarations]
    assert len(identities) == len({*identities})
    if len({*use}) == 1:
        assert policy.asks_again(Policy.from_dict({"use": use[:1]})) == ()


@each_service
def test_file_is_complete(name: str) -> None:
    service = load_service(name)

    about = tomllib.loads((CATALOGUE / f"{name}.toml").read_text())["about"]
    assert about["source"]
    assert date(2026, 1, 1) < date.fromisoformat(str(about["checked"]))
    providers = {provider.id for provider in service.providers}
    assert service.declarations or providers
    for cookie in service.declarations:
        assert isinstance(cookie.purpose, dict), cookie.name
        assert all(cookie.purpose.get(language, "").endswith(".") for language in ("en", "de")), cookie.name
        assert cookie.category in STANDARD_CATEGORIES, cookie.name
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

    warnings = Policy.from_dict({"providers": providers, "cookies": cookies}).warnings
    # A lifetime that no source confirms is left out.
    assert [warning for warning in warnings if warning.id != "cookieguard.W205"] == []


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


def test_no_pattern_is_short() -> None:
    for name in service_names():
        for cookie in load_service(name).declarations:
            if cookie.party == "first" and not isinstance(cookie.pattern, Exact):
                assert cookie.pattern.specificity >= 4, cookie.name


@each_service
def test_used_with_all_others_each_cookie_keeps_its_category(name: str) -> None:
    alone, together = using(name), using(*service_names())
    for cookie in load_service(name).declarations:
        if cookie.party == "first" and cookie.kind == "cookie":
            for sample in sample_names(cookie.pattern):
                assert together.classify(sample).category == alone.classify(sample).category, sample


# The frameworks from PyPI are asked themselves, in test_framework_cookies.
@pytest.mark.parametrize(
    ("service", "name", "category"),
    [
        pytest.param("php", "PHPSESSID", "essential", id="php session"),
        pytest.param("symfony", "PHPSESSID", "essential", id="symfony session"),
        pytest.param("symfony", "csrf-token_7f3a9c", "essential", id="symfony csrf"),
        pytest.param("symfony", "__Host-csrf-token_7f3a9c", "essential", id="symfony csrf over https"),
        pytest.param("symfony", "REMEMBERME", "functional", id="symfony remember-me"),
        pytest.param("laravel", "laravel_session", "essential", id="laravel session"),
        pytest.param("laravel", "XSRF-TOKEN", "essential", id="laravel csrf"),
        pytest.param("laravel", "remember_web_" + "59ba" * 10, "functional", id="laravel remember-me"),
        pytest.param("rails", "_session_id", "essential", id="rails session"),
        pytest.param("rails", "remember_user_token", "functional", id="rails remember-me"),
        pytest.param("java", "JSESSIONID", "essential", id="java session"),
        pytest.param("spring", "JSESSIONID", "essential", id="spring session in the container"),
        pytest.param("spring", "SESSION", "essential", id="spring session"),
        pytest.param("spring", "XSRF-TOKEN", "essential", id="spring csrf"),
        pytest.param("spring", "remember-me", "functional", id="spring remember-me"),
        pytest.param("aspnet", "ASP.NET_SessionId", "essential", id="asp.net session"),
        pytest.param("aspnet", ".AspNetCore.Session", "essential", id="asp.net core session"),
        pytest.param("aspnet", "__RequestVerificationToken_L3A1", "essential", id="asp.net csrf"),
        pytest.param("aspnet", ".AspNetCore.Antiforgery.cdV5uW_Ejgc", "essential", id="asp.net core csrf"),
        pytest.param("aspnet", ".AspNetCore.Culture", "functional", id="asp.net core language"),
        pytest.param("wordpress", "wordpress_logged_in_" + "0f" * 16, "essential", id="wordpress login"),
        pytest.param("wordpress", "wp_lang", "functional", id="wordpress language"),
        pytest.param("whmcs", "WHMCSy551iLnhYQ7h", "essential", id="whmcs session"),
        pytest.param("drupal", "SESS" + "0f" * 16, "essential", id="drupal session"),
        pytest.param("drupal", "SSESS" + "0f" * 16, "essential", id="drupal session over https"),
        pytest.param("joomla", "joomla_user_state", "essential", id="joomla signed in"),
        pytest.param("joomla", "joomla_remember_me_" + "0f" * 16, "functional", id="joomla remember-me"),
        pytest.param("magento", "PHPSESSID", "essential", id="magento session"),
        pytest.param("magento", "form_key", "essential", id="magento csrf"),
        pytest.param("magento", "mage-messages", "essential", id="magento flash"),
        pytest.param("magento", "store", "functional", id="magento language"),
        pytest.param("moodle", "MoodleSession", "essential", id="moodle session"),
        pytest.param("moodle", "MoodleSessionprod", "essential", id="moodle session with a suffix"),
        pytest.param("moodle", "MOODLEID1_prod", "functional", id="moodle user name"),
        pytest.param("mediawiki", "my_wiki_session", "essential", id="mediawiki session"),
        pytest.param("mediawiki", "my_wikiToken", "functional", id="mediawiki remember-me"),
        pytest.param("phpbb", "phpbb3_w8x2k_sid", "essential", id="phpbb session"),
        pytest.param("phpbb", "phpbb3_w8x2k_u", "essential", id="phpbb user"),
        pytest.param("phpbb", "phpbb3_w8x2k_k", "functional", id="phpbb remember-me"),
        pytest.param("azure", "ARRAffinity", "essential", id="azure balancer"),
        pytest.param("haproxy", "SERVERID", "essential", id="haproxy balancer"),
        pytest.param("nginx", "INGRESSCOOKIE", "essential", id="nginx balancer"),
        pytest.param("f5", "BIGipServerwww-pool", "essential", id="f5 balancer"),
        pytest.param("f5", "TS01c83fe8", "essential", id="f5 firewall"),
        pytest.param("f5", "TS01c83fe8_77", "essential", id="f5 firewall's second cookie"),
        pytest.param("akamai", "ak_bmsc", "essential", id="akamai bot check"),
        pytest.param("fastly", "_fs_ch_st_FSBmUei20MqUiJb9", "essential", id="fastly bot check"),
        pytest.param("imperva", "incap_ses_69_434694", "essential", id="imperva firewall"),
    ],
)
def test_framework_or_edge(service: str, name: str, category: str) -> None:
    assert using(service).classify(name).category == category
    assert using(*service_names()).classify(name).category == category


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
        pytest.param("matomo", "_pk_id.1.1fff", None, "analytics", id="site and domain in the name"),
        pytest.param("matomo", "mtm_consent_removed", None, "essential", id="a recorded withdrawal"),
        pytest.param("mixpanel", "mp_52ab_mixpanel", None, "analytics", id="token in the middle"),
        pytest.param("mixpanel", "mp_52ab", None, None, id="head and tail both count"),
        pytest.param("amplitude", "AMP_MKTG_a2dbce0e18", None, "analytics", id="ten characters of a key"),
        pytest.param("google-analytics", "AMP_TOKEN", None, "analytics", id="another's AMP_"),
        pytest.param("hubspot", "__hs_opt_out", None, "essential", id="a choice recorded by a tracker"),
        pytest.param("hubspot", "__hstc", None, "analytics", id="the tracker's own"),
        pytest.param("vwo", "_vwo_uuid_v2", None, "analytics", id="test"),
        pytest.param("vwo", "_vwo_global_opt_out", None, "essential", id="refusal before the prefix"),
        pytest.param("zendesk", "__zlcprivacy", None, "essential", id="a choice recorded by a chat"),
        pytest.param("crisp", "crisp-client%2Fsession%2F7a70678f", None, "functional", id="encoded slashes"),
        pytest.param("youtube", "YSC", "www.youtube.com", "marketing", id="embedded video"),
        pytest.param("youtube", "YSC", None, None, id="no name of the site's"),
        pytest.param("criteo", "uid", "gum.criteo.com", "marketing", id="subdomain"),
        pytest.param("criteo", "uid", None, None, id="a name that many use"),
        pytest.param("joomla", "0f" * 16, None, None, id="a bare hash may be anybody's"),
    ],
)
def test_classifies(service: str, name: str, domain: str | None, category: str | None) -> None:
    assert using(service).classify(name, domain).category == category


@each_service
def test_found_by_each_of_its_names(name: str) -> None:
    for cookie in load_service(name).declarations:
        if cookie.party == "first" and cookie.kind == "cookie":
            samples = [*sample_names(cookie.pattern)]
            assert [sample for sample in samples if name not in services_with(sample)] == [], cookie.name


@pytest.mark.parametrize(
    ("cookie", "domain", "services"),
    [
        pytest.param("PHPSESSID", None, ("magento", "php", "symfony"), id="several have it"),
        pytest.param("SESS" + "0f" * 16, None, ("drupal",), id="regular expression"),
        pytest.param("_fbp", None, ("facebook",), id="exact"),
        pytest.param("mystery", None, (), id="nobody's"),
        pytest.param("", None, (), id="nameless"),
        pytest.param("x" * 5000, None, (), id="long"),
        pytest.param("anything", "api.nanigans.com", ("nanigans",), id="a third party's, by its domain"),
        pytest.param("anything", "example.com", (), id="at another's domain"),
    ],
)
def test_services_with(cookie: str, domain: str | None, services: tuple[str, ...]) -> None:
    assert services_with(cookie, domain) == services


def test_a_look_up_reads_no_more_of_the_catalogue_than_it_needs() -> None:
    code = (
        "from cookieguard.policy.catalogue import load_service, services_with; "
        "services_with('mystery'); services_with('_fbp'); print(load_service.cache_info().misses)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert int(done.stdout) < 10
