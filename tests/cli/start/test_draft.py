"""What is seen of a site -> a policy that loads, with a mark at what a person must decide."""

from __future__ import annotations

import tomllib
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cookieguard import Policy
from cookieguard.cli.start.draft import Draft, Evidence, Seen, draft_policy
from cookieguard.cli.start.framework import Facts, Named
from cookieguard.cli.start.login import LogIn
from cookieguard.importers.sighting import Sighting
from cookieguard.policy.framework import framework_cookie
from cookieguard.policy.writing import write_policy

TODAY = date(2026, 11, 25)
NO_FACTS, NO_LOG_IN = Facts(), LogIn()
WORKS = {"state": "works", "address": "http://shop.example/in"}


def seen(name: str, *, http_only: bool = False, **sighting: Any) -> Seen:
    return Seen(Sighting(name, **{"host": "shop.example", "set_by": "server", **sighting}), "/", http_only)


def draft(
    *cookies: Seen, facts: Facts = NO_FACTS, log_in: LogIn = NO_LOG_IN, hosts: tuple[str, ...] = ()
) -> Draft:
    return draft_policy(Evidence(cookies, hosts, facts, log_in), "Shop", "me@shop.example", TODAY)


def decided(draft: Draft) -> dict[str, tuple[str, bool]]:
    return {each.name: (each.category, each.open) for each in draft.decisions}


@pytest.mark.parametrize(
    ("cookie", "log_in", "category", "open"),
    [
        pytest.param(seen("_ga"), LogIn(), "analytics", False, id="the catalogue's"),
        pytest.param(seen("mystery"), LogIn(), "functional", True, id="unknown waits for consent"),
        pytest.param(
            seen("mystery"), LogIn(**WORKS, needed={"mystery"}), "essential", True, id="log-in needs it"
        ),
        pytest.param(
            seen("stay"), LogIn(**WORKS, remembers={"stay"}), "functional", True, id="box for staying"
        ),
        pytest.param(
            seen("shop_sess", http_only=True), LogIn(), "essential", True, id="a session's name, HttpOnly"
        ),
        pytest.param(seen("shop_sess"), LogIn(), "functional", True, id="a session's name, for scripts"),
        pytest.param(seen("xsrf-shop"), LogIn(), "essential", True, id="a form's token"),
        pytest.param(
            seen("shop_sess", http_only=True),
            LogIn(**WORKS, tried={"shop_sess"}),
            "functional",
            True,
            id="tried",
        ),
        pytest.param(
            seen("shop_sess", http_only=True, set_by=None), LogIn(), "functional", True, id="only sent"
        ),
        pytest.param(
            seen("x", host="t.example", third_party=True),
            LogIn(),
            "marketing",
            True,
            id="third party's, unknown",
        ),
        pytest.param(
            seen("uuid2", host="ib.adnxs.com", third_party=True),
            LogIn(),
            "marketing",
            False,
            id="third party's, known",
        ),
        pytest.param(seen("uuid2"), LogIn(), "marketing", True, id="a third party's name"),
    ],
)
def test_one_cookie(cookie: Seen, log_in: LogIn, category: str, open: bool) -> None:
    made = draft(cookie, log_in=log_in)
    assert decided(made) == {cookie.sighting.name: (category, open)}
    policy = Policy.from_dict(made.data)
    declared = [each for each in policy.declarations if each.pattern.matches(cookie.sighting.name)]
    assert category in {each.category for each in declared}
    assert open == ("TODO" in write_policy(made.data, made.comments).replace("marked TODO", ""))


def test_a_random_tail_is_left_open_where_the_next_visitor_must_get_in() -> None:
    log_in = LogIn(**WORKS, needed=frozenset({"sess_*"}))
    made = draft(seen("sess_0a1b2c3d"), seen("sess_4e5f6071"), seen("left_0a1b2c3d"), log_in=log_in)
    assert [each["name"] for each in made.data["cookies"]] == ["sess_*", "left_0a1b2c3d"]
    assert Policy.from_dict(made.data).of_category("essential")


def test_a_name_of_several_frameworks_is_declared_by_the_site() -> None:
    made = draft(seen("session", http_only=True))
    assert made.data["use"] == []
    assert decided(made) == {"session": ("essential", True)}
    assert Policy.from_dict(made.data).warnings == ()


def test_of_several_the_apps_own_framework_is_taken() -> None:
    made = draft(seen("session", http_only=True), facts=Facts(("flask",)))
    assert made.data["use"] == ["flask"]
    assert decided(made) == {"session": ("essential", False)}


def test_what_the_settings_leave_as_it_is_comes_by_use() -> None:
    named = Named("flask", framework_cookie("flask", "session", "session", age=86400), "SESSION_COOKIE_NAME")
    made = draft(seen("session", http_only=True), facts=Facts(("flask",), (named,)))
    assert (made.data["use"], decided(made)) == (["flask"], {"session": ("essential", False)})


def test_what_the_settings_name_is_declared() -> None:
    declared = framework_cookie("flask", "session", "shop_session", age=86400)
    named = Named("flask", declared, "SESSION_COOKIE_NAME")
    made = draft(seen("shop_session", http_only=True), facts=Facts(("flask",), (named,)))
    assert decided(made) == {"shop_session": ("essential", False)}
    (entry,) = made.data["cookies"]
    assert (entry["name"], entry["lifetime"]) == ("shop_session", "1 day")
    assert "sign-in" in entry["purpose"]
    assert made.data["use"] == [], "of the framework's own cookies none is left"


def test_the_consent_cookie_declares_itself() -> None:
    assert draft(seen("cookieguard"), seen("__Host-cookieguard")).decisions == []


def test_hosts_bring_their_service_or_are_named() -> None:
    made = draft(hosts=("www.google-analytics.com", "cdn.nobody.example"))
    assert "google-analytics" in made.data["use"]
    assert made.strangers == ["cdn.nobody.example"]
    assert "cdn.nobody.example" in made.comments[()]


def test_without_a_contact_a_person_must_decide() -> None:
    made = draft_policy(Evidence(), "", "", TODAY)
    assert made.comments["site", "name"].startswith("TODO")
    assert made.comments["site", "contact"].startswith("TODO")


names = st.one_of(
    st.sampled_from(
        [
            "session",
            "_ga",
            "uuid2",
            "*",
            "a*",
            "messages",
            "uid",
            "WHMCSx",
            "cookieguard",
            "sess_0a1b2c3d",
            "sess_4e5f6071",
            "sess_*",
        ]
    ),
    st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), min_size=1, max_size=20).map(
        lambda text: text.strip(" \t") or "x"
    ),
)
cookies = st.builds(
    Seen,
    st.builds(
        Sighting,
        names,
        host=st.sampled_from(["shop.example", "ib.adnxs.com", "localhost"]),
        lifetime=st.none() | st.integers(1, 10**10),
        set_by=st.sampled_from(["server", None]),
        third_party=st.booleans(),
    ),
    http_only=st.booleans(),
)


@given(
    st.lists(cookies, max_size=8),
    st.sets(names),
    st.sets(names),
    st.sampled_from([(), ("flask",), ("django",)]),
)
def test_whatever_is_seen_the_policy_loads(
    found: list[Seen], needed: set[str], remembers: set[str], services: tuple[str, ...]
) -> None:
    log_in = LogIn("works", "http://shop.example/in", frozenset(needed), frozenset(remembers))
    made = draft(*found, facts=Facts(services), log_in=log_in)
    written = tomllib.loads(write_policy(made.data, made.comments))
    Policy.from_dict(written)
