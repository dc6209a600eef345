"""A framework's own cookies beside the site's declarations, imports and the catalogue."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from cookieguard import Classifier, ConfigurationError, Policy, PolicyError
from cookieguard.policy.catalogue import load_service
from cookieguard.policy.framework import declare, framework_cookie

LANGUAGE = framework_cookie("django", "django_language", "lang", age=None)
SESSION = framework_cookie("django", "sessionid", "sid", age=1209600)


def category_of(policy: Policy, name: str) -> str | None:
    return Classifier(policy).classify(name).category


@pytest.mark.parametrize(
    ("age", "says"),
    [
        pytest.param(None, "session", id="session"),
        pytest.param(0, "session", id="nothing"),
        pytest.param(1209600, "2 weeks", id="weeks"),
        pytest.param(timedelta(days=31), "31 days", id="days"),
        pytest.param(5400, "90 minutes", id="minutes"),
        pytest.param(61, "61 seconds", id="seconds"),
    ],
)
def test_lifetimes_read_well(age: float | None, says: str) -> None:
    assert str(framework_cookie("flask", "session", "session", age=age).lifetime) == says


def test_texts_are_the_catalogues() -> None:
    (known,) = (cookie for cookie in load_service("django").declarations if cookie.name == "sessionid")

    assert (SESSION.purpose, SESSION.category, SESSION.origin) == (known.purpose, "essential", "framework")
    assert not SESSION.caps


def test_the_defaults_change_no_digest_of_the_service_that_a_site_uses() -> None:
    used = Policy.from_dict({"use": ["django"]})
    usual = [
        framework_cookie("django", "sessionid", "sessionid", age=1209600),
        framework_cookie("django", "django_language", "django_language", age=None),
    ]
    declared = declare(used, usual)

    assert declared.asks_again(used) == ()
    assert [cookie.name for cookie in declared.declarations].count("sessionid") == 1


def test_an_essential_cookie_asks_nobody_again() -> None:
    site = Policy.from_dict({"use": ["google-analytics"]})

    assert declare(site, [SESSION]).asks_again(site) == ()
    assert declare(site, [SESSION]).categories["essential"].digest != site.categories["essential"].digest


def test_a_functional_cookie_is_decided_on() -> None:
    site = Policy.from_dict({})
    declared = declare(site, [LANGUAGE])

    assert [category.id for category in site.optional] == []
    assert declared.asks_again(site) == ("functional",)


def test_the_sites_own_declaration_stands() -> None:
    mine = {"name": "sid", "category": "analytics", "purpose": "Counts.", "lifetime": "session"}

    assert category_of(declare(Policy.from_dict({"cookies": [mine]}), [SESSION]), "sid") == "analytics"


def test_the_catalogue_gives_way() -> None:
    # Some service of the catalogue may have a cookie of the name that an app chose.
    renamed = framework_cookie("django", "sessionid", "_ga", age=None)
    policy = declare(Policy.from_dict({"use": ["google-analytics"]}), [renamed])

    assert category_of(policy, "_ga") == "essential"
    assert [cookie.name for cookie in policy.declarations].count("_ga") == 1


def test_an_import_gives_way_too(tmp_path: Path) -> None:
    (tmp_path / "list.toml").write_text(
        '[[cookies]]\nname = "sid*"\ncategory = "marketing"\npurpose = "Ads."\nlifetime = "1 day"\n'
    )
    policy = declare(Policy.from_dict({"import": ["list.toml"]}, base=tmp_path), [SESSION])

    assert category_of(policy, "sid") == "essential"
    assert category_of(policy, "sidebar") == "marketing"
    assert "the app's own settings" in Classifier(policy).explain("sid").reason


def test_no_pattern_of_the_site_takes_the_session() -> None:
    mine = {"name": "sid*", "category": "analytics", "purpose": "Counts.", "lifetime": "session"}
    with pytest.raises(PolicyError, match=r"cookies\[1\].*swallows the essential cookie 'sid'"):
        declare(Policy.from_dict({"cookies": [mine]}), [SESSION])


def test_an_announced_policy_has_them_too(tmp_path: Path) -> None:
    (tmp_path / "next.toml").write_text('use = ["matomo"]')
    announcement = {"effective": "2027-01-15", "summary": "Matomo.", "policy": "next.toml"}
    site = Policy.from_dict({"announcement": announcement}, base=tmp_path)
    following = declare(site, [SESSION]).announcement

    assert following is not None
    assert category_of(following.policy, "sid") == "essential"


@pytest.mark.parametrize("name", ["cookieguard", "__Host-cookieguard"])
def test_the_consent_cookies_names_are_taken(name: str) -> None:
    with pytest.raises(ConfigurationError, match="E109"):
        framework_cookie("flask", "session", name, age=None)
