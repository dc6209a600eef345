"""A policy is the same whatever file it comes from, and frozen once loaded."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from cookieguard.cookies.lifetime import parse_lifetime
from cookieguard.errors import PolicyError, UnknownCategory
from cookieguard.policy.model import CONSENT_COOKIES, GUARD_COOKIES
from cookieguard.policy.policy import Policy

TOML = """\
use = ["flask", "google-analytics"]

[site]
name = "Example Ltd"
contact = "privacy@example.com"
updated = 2026-11-01
languages = ["en", "de"]

[guard]
mode = "report"
undeclared = "allow"
lifetimes = "report"
request = "pass"
mount = "/choices"
inject = false
exclude = ["/healthz"]
debug = true
gate = "browser"

[consent]
lifetime = "12 months"
model = "opt-out"
gpc = "honour"
domain = "example.com"

[categories.analytics]
title = { en = "Statistics", de = "Statistik" }
description = "Counts visits."
accepts = ["3f9aK1x_-90"]
sold = true
consent_mode = ["analytics_storage"]

[categories.chat]
title = "Chat"

[providers.optimizely]
name = "Optimizely"
privacy_url = "https://optimizely.example/privacy"
opt_out_url = "https://optimizely.example/out"
hosts = ["cdn.optimizely.example"]

[[cookies]]
kind = "cookie"
name = "optimizely[A-Z][a-z]+"
match = "regex"
category = "analytics"
provider = "optimizely"
purpose = { en = "Tells returning visitors apart.", de = "Erkennt Besucher wieder." }
lifetime = "6 months"
party = "first"
set_by = "script"
domain = ".example.com"
path = "/"
essential_under = ["/clientarea"]
secure = true
http_only = true
same_site = "Lax"

[[cookies]]
name = "draft"
kind = "local-storage"
category = "chat"
purpose = "Keeps what you typed."
set_by = "script"

[ledger]
url = "sqlite:///receipts.db"
retention = "3 years"
address = "hash"

[announcement]
effective = 2027-01-15
summary = "We add a support chat."
policy = "next.toml"
"""

DATA: dict[str, Any] = {
    "use": ["flask", "google-analytics"],
    "site": {
        "name": "Example Ltd", "contact": "privacy@example.com", "updated": date(2026, 11, 1), "languages": ["en", "de"],
    },
    "guard": {
        "mode": "report", "undeclared": "allow", "lifetimes": "report", "request": "pass", "mount": "/choices",
        "inject": False, "exclude": ["/healthz"], "debug": True, "gate": "browser",
    },
    "consent": {"lifetime": "12 months", "model": "opt-out", "gpc": "honour", "domain": "example.com"},
    "categories": {
        "analytics": {
            "title": {"en": "Statistics", "de": "Statistik"}, "description": "Counts visits.", "accepts": ["3f9aK1x_-90"],
            "sold": True, "consent_mode": ["analytics_storage"],
        },
        "chat": {"title": "Chat"},
    },
    "providers": {
        "optimizely": {
            "name": "Optimizely", "privacy_url": "https://optimizely.example/privacy",
            "opt_out_url": "https://optimizely.example/out", "hosts": ["cdn.optimizely.example"],
        }
    },
    "cookies": [
        {
            "kind": "cookie", "name": "optimizely[A-Z][a-z]+", "match": "regex", "category": "analytics",
            "provider": "optimizely",
            "purpose": {"en": "Tells returning visitors apart.", "de": "Erkennt Besucher wieder."},
            "lifetime": "6 months", "party": "first", "set_by": "script", "domain": ".example.com", "path": "/",
            "essential_under": ["/clientarea"], "secure": True, "http_only": True, "same_site": "Lax",
        },
        {
            "name": "draft", "kind": "local-storage", "category": "chat", "purpose": "Keeps what you typed.",
            "set_by": "script",
        },
    ],
    "ledger": {"url": "sqlite:///receipts.db", "retention": "3 years", "address": "hash"},
    "announcement": {"effective": date(2027, 1, 15), "summary": "We add a support chat.", "policy": "next.toml"},
}  # fmt: skip

NEXT = "[[cookies]]\nname = 'chat'\ncategory = 'functional'\npurpose = 'Chat.'\nlifetime = '1 day'\n"


def contents(policy: Policy) -> dict[str, Any]:
    """Return all that a policy holds; policies themselves are told apart by identity."""
    found = msgspec.structs.asdict(policy)
    if policy.announcement is not None:
        announced = msgspec.structs.asdict(policy.announcement)
        found["announcement"] = announced | {"policy": announced["policy"] and contents(announced["policy"])}
    return found


def write(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def announcing(file: str, effective: str = "2027-01-15") -> str:
    return f"[announcement]\neffective = {effective}\nsummary = 'S'\npolicy = '{file}'\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("p.toml", TOML, id="toml"),
        pytest.param("p.json", json.dumps({"$schema": "x"} | DATA, default=str), id="json"),
        pytest.param("p.yaml", yaml.safe_dump(DATA), id="yaml"),
        pytest.param(
            "p.yml", yaml.safe_dump(json.loads(json.dumps(DATA, default=str))), id="yaml with dates as text"
        ),
    ],
)
def test_one_policy_from_any_file(tmp_path: Path, name: str, text: str) -> None:
    write(tmp_path, "next.toml", NEXT)
    expected = contents(Policy.from_dict(DATA, base=tmp_path))

    path = write(tmp_path, name, text)

    assert contents(Policy.from_file(path)) == expected
    assert contents(Policy.from_file(str(path))) == expected


def test_each_key_arrives(tmp_path: Path) -> None:
    write(tmp_path, "next.toml", NEXT)
    policy = Policy.from_file(write(tmp_path, "p.toml", TOML))

    assert (policy.site.updated, policy.language) == (date(2026, 11, 1), "en")
    assert msgspec.json.decode(msgspec.json.encode(policy.guard)) == DATA["guard"]
    assert (policy.consent.model, policy.consent.domain) == ("opt-out", "example.com")
    assert policy.consent.lifetime == parse_lifetime("12 months")
    assert policy.category("analytics").accepts == {"3f9aK1x_-90"}
    assert policy.category("analytics").sold
    assert policy.providers["optimizely"].hosts == ("cdn.optimizely.example",)
    cookie = policy.declarations[0]
    assert {key: getattr(cookie, key) for key in DATA["cookies"][0]} == DATA["cookies"][0] | {
        "lifetime": parse_lifetime("6 months"),
        "essential_under": ("/clientarea",),
    }
    assert (policy.declarations[1].kind, policy.declarations[1].set_by) == ("local-storage", "script")
    assert policy.ledger is not None
    assert (policy.ledger.retention.seconds, policy.ledger.address) == (3 * 366 * 86400, "hash")
    assert policy.announcement is not None
    assert (policy.announcement.effective, policy.announcement.summary) == (
        date(2027, 1, 15),
        "We add a support chat.",
    )
    assert policy.warnings == ()


def test_without_anything_declared_only_the_consent_cookie_is() -> None:
    policy = Policy.from_dict({})

    assert [(cookie.name, cookie.category) for cookie in policy.declarations] == [
        ("cookieguard", "essential"),
        ("__Host-cookieguard", "essential"),
    ]
    assert list(policy.categories) == ["essential", "functional", "analytics", "marketing"]
    assert [category.id for category in policy.categories.values() if category.sold] == ["marketing"]
    assert policy.optional == ()


def test_an_empty_toml_file_is_an_empty_policy(tmp_path: Path) -> None:
    assert contents(Policy.from_file(write(tmp_path, "p.toml", ""))) == contents(Policy.from_dict({}))


def test_the_consent_cookie_is_declared_as_it_will_be_set() -> None:
    policy = Policy.from_dict({"consent": {"lifetime": "2 months", "domain": "example.com"}})
    shared, host = policy.declarations

    assert (shared.domain, host.domain) == ("example.com", None)
    assert shared.lifetime == host.lifetime == parse_lifetime("2 months")


def test_asked_are_the_categories_with_cookies_and_those_the_site_names() -> None:
    policy = Policy.from_dict({"use": ["google-analytics", "flask"], "categories": {"chat": {}}})

    assert [category.id for category in policy.optional] == ["analytics", "marketing", "chat"]


def test_the_sites_own_declaration_takes_the_catalogues_place() -> None:
    own = {"name": "_ga", "category": "functional", "purpose": "P.", "lifetime": "1 day"}
    policy = Policy.from_dict({"use": ["google-analytics"], "cookies": [own]})

    found = [cookie for cookie in policy.declarations if cookie.name == "_ga"]
    assert [(cookie.category, cookie.origin) for cookie in found] == [("functional", "site")]
    assert any(cookie.origin == "catalogue" for cookie in policy.declarations)
    assert found[0] in policy.of_category("functional")


def test_the_sites_own_provider_takes_the_catalogues_place() -> None:
    policy = Policy.from_dict({"use": ["tawk-to"], "providers": {"tawk-to": {"name": "Our chat"}}})

    assert policy.providers["tawk-to"].name == "Our chat"


@pytest.mark.parametrize("id", ["Analytics", "", None, ["analytics"]])
def test_unknown_category(id: Any) -> None:
    with pytest.raises(UnknownCategory) as caught:
        Policy.from_dict({}).category(id)

    assert caught.value.category == id
    assert caught.value.known == ("essential", "functional", "analytics", "marketing")


def test_a_loaded_policy_does_not_change() -> None:
    policy = Policy.from_dict({})

    with pytest.raises(AttributeError):
        policy.site = None  # type: ignore[misc,assignment]


def test_what_was_given_is_left_alone() -> None:
    before = repr(DATA)
    Policy.from_dict({key: value for key, value in DATA.items() if key != "announcement"})

    assert repr(DATA) == before


@pytest.mark.parametrize(
    ("day", "announced"),
    [(date(2027, 1, 14), False), (date(2027, 1, 15), True), (date(2030, 1, 1), True)],
    ids=["the day before", "on the day", "later"],
)
def test_an_announced_policy_comes_into_force(tmp_path: Path, day: date, announced: bool) -> None:
    write(tmp_path, "next.toml", NEXT)
    policy = Policy.from_file(write(tmp_path, "p.toml", announcing("next.toml")))

    in_force = policy.on(day)

    assert (in_force is policy) is not announced
    assert any(cookie.name == "chat" for cookie in in_force.declarations) is announced
    assert in_force.asks_again(policy) == (("functional",) if announced else ())


def test_announcements_follow_each_other(tmp_path: Path) -> None:
    write(tmp_path, "third.toml", "[site]\nname = 'third'")
    write(tmp_path, "second.toml", "[site]\nname = 'second'\n" + announcing("third.toml", "2027-06-01"))
    first = Policy.from_file(write(tmp_path, "first.toml", announcing("second.toml")))

    assert first.on(date(2027, 5, 31)).site.name == "second"
    assert first.on(date(2027, 6, 1)).site.name == "third"


def test_an_announcement_without_a_file_changes_nothing() -> None:
    policy = Policy.from_dict({"announcement": {"effective": "2020-01-01", "summary": "S"}})

    assert policy.on(date(2030, 1, 1)) is policy


def test_mistakes_of_the_announced_file_are_told_by_its_name(tmp_path: Path) -> None:
    following = write(tmp_path, "next.toml", "\n[guard]\nmount = 'x'\n")

    with pytest.raises(PolicyError) as caught:
        Policy.from_file(write(tmp_path, "p.toml", announcing("next.toml")))

    assert [(problem.source, problem.line, problem.entry) for problem in caught.value.problems] == [
        (str(following), 3, "guard.mount")
    ]


def test_the_announced_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(
        PolicyError,
        match=r"p\.toml:4: error cookieguard\.E118: announcement\.policy: there is no file 'none\.toml'",
    ):
        Policy.from_file(write(tmp_path, "p.toml", announcing("none.toml")))


# The next policy is begun as a copy of today's, and keeps the table that announces it.
@pytest.mark.parametrize("files", [("a.toml",), ("a.toml", "b.toml"), ("a.toml", "b.toml", "c.toml")])
@pytest.mark.parametrize("back_to", ["first", "last"])
def test_a_file_that_announces_itself(tmp_path: Path, files: tuple[str, ...], back_to: str) -> None:
    for file, following in zip(
        files, (*files[1:], files[0] if back_to == "first" else files[-1]), strict=True
    ):
        write(tmp_path, file, announcing(following))

    with pytest.raises(PolicyError) as caught:
        Policy.from_file(tmp_path / "a.toml")

    (problem,) = caught.value.problems
    assert (problem.id, problem.entry, problem.line) == ("cookieguard.E118", "announcement.policy", 4)
    assert problem.source == str(tmp_path / files[-1])


@pytest.mark.parametrize(
    "table", ["site", "guard", "consent", "categories", "providers", "cookies", "use", "ledger"]
)
@pytest.mark.parametrize("value", [5, "text", True, None, [1]], ids=repr)
def test_a_table_of_any_other_kind_is_a_mistake(table: str, value: Any) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.from_dict({table: value})

    assert {problem.id for problem in caught.value.problems} <= {
        "cookieguard.E102", "cookieguard.E104", "cookieguard.E117"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "ids"),
    [
        pytest.param("", [], id="left out"),
        pytest.param("[guard]\nmount = '/choices'\n", [], id="the same"),
        pytest.param("[guard]\nmount = '/cookies'\n", ["cookieguard.W206"], id="another mount"),
        pytest.param("[consent]\nlifetime = '1 month'\n", ["cookieguard.W206"], id="another lifetime"),
        pytest.param(
            "[ledger]\nurl = 'sqlite:///x.db'\nretention = '3 years'\n", ["cookieguard.W206"], id="a ledger"
        ),
    ],
)
def test_an_announced_policy_keeps_the_settings_in_force(
    tmp_path: Path, settings: str, ids: list[str]
) -> None:
    (tmp_path / "next.toml").write_text(settings)
    (tmp_path / "now.toml").write_text(
        "[guard]\nmount = '/choices'\n"
        "[announcement]\neffective = 2027-01-15\nsummary = 'S'\npolicy = 'next.toml'\n"
    )

    policy = Policy.from_file(tmp_path / "now.toml")

    following = policy.on(date(2027, 1, 15))
    assert following is not policy
    assert (following.guard, following.consent, following.ledger) == (policy.guard, policy.consent, None)
    assert [warning.id for warning in policy.warnings] == ids


def test_settings_stay_through_every_announcement(tmp_path: Path) -> None:
    settings = "[consent]\nlifetime = '12 months'\n[guard]\nmount = '/choices'\nundeclared = 'allow'\n"
    ledger = "[ledger]\nurl = 'sqlite:///x.db'\nretention = '3 years'\n"
    write(tmp_path, "third.toml", "")
    write(tmp_path, "second.toml", announcing("third.toml", "2027-06-01"))
    first = Policy.from_file(write(tmp_path, "first.toml", settings + ledger + announcing("second.toml")))

    third = first.on(date(2027, 6, 1))
    assert (third.guard, third.consent, third.ledger) == (first.guard, first.consent, first.ledger)
    # What the page says of the guard's own cookies.
    told = [cookie for cookie in third.declarations if cookie.name in GUARD_COOKIES]
    assert told == [cookie for cookie in first.declarations if cookie.name in GUARD_COOKIES]
    assert {(cookie.name in CONSENT_COOKIES, str(cookie.lifetime)) for cookie in told} == {
        (True, "12 months"),
        (False, "12 months"),
    }


def test_warnings_of_the_announced_file_are_told(tmp_path: Path) -> None:
    following = write(tmp_path, "next.toml", "[[cookies]]\nname = 'a'\ncategory = 'analytics'\n")
    policy = Policy.from_file(write(tmp_path, "p.toml", announcing("next.toml")))

    assert {(problem.source, problem.level) for problem in policy.warnings} == {(str(following), "warning")}


@pytest.mark.parametrize("data", ["cookies.toml", None, ["cookies"]], ids=repr)
def test_what_is_no_dict_is_refused(data: Any) -> None:
    with pytest.raises(PolicyError, match="from_file"):
        Policy.from_dict(data)


def test_an_entry_is_read_to_its_end_though_it_has_no_name() -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.from_dict(
            {
                "site": {"languages": ["en"]},
                "cookies": [{"category": "analytcs", "domain": "-", "purpose": {"de": "x"}}],
                "providers": {"a": {"privacy_url": "javascript:", "hosts": ["https://x"]}},
                "announcement": {"policy": "nowhere.toml"},
            }
        )

    found = [
        (problem.id[-4:], problem.entry) for problem in caught.value.problems if problem.level == "error"
    ]
    assert sorted(found) == [
        ("E105", "announcement"),
        ("E105", "announcement"),
        ("E105", "cookies[1]"),
        ("E105", "providers.a"),
        ("E107", "cookies[1].category"),
        ("E115", "providers.a.privacy_url"),
        ("E118", "announcement.policy"),
        ("E121", "cookies[1].purpose"),
        ("E126", "cookies[1].domain"),
        ("E128", "providers.a.hosts[1]"),
    ]
