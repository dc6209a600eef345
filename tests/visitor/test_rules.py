"""What the browser guard is told of a policy. That both judge alike is shown in tests/browser."""

from __future__ import annotations

from typing import Any

import pytest

from cookieguard import Policy
from cookieguard.html.loading import LOADING
from cookieguard.visitor.rules import browser_rules


def rules(**data: Any) -> dict[str, Any]:
    return browser_rules(Policy.from_dict(data))


def names(told: list[dict[str, Any]]) -> list[str]:
    found = [rule.get("name") or rule["pattern"] for rule in told]
    return [name for name in found if "cookieguard" not in name]


def cookie(name: str, category: str = "analytics", **more: Any) -> dict[str, Any]:
    return {"name": name, "category": category, "purpose": "P.", **more}


def test_who_wins_comes_first() -> None:
    told = rules(cookies=[cookie("a*"), cookie("[a-z]+", match="regex"), cookie("ab*"), cookie("abc")])

    assert names(told["cookies"]) == ["abc", "^ab.*$", "^a.*$", "^(?=.{0,256}$)(?:[a-z]+)$"]


def test_a_third_partys_longest_domain_comes_first() -> None:
    third = {"party": "third", "lifetime": "1 day"}
    told = rules(cookies=[cookie("x", domain="p.test", **third), cookie("y", domain=".a.p.test", **third)])

    assert [rule["third"] for rule in told["cookies"] if "third" in rule] == ["a.p.test", "p.test"]


@pytest.mark.parametrize(
    ("entry", "guard", "lifetime"),
    [
        pytest.param({"lifetime": "1 day"}, {}, 86400, id="seconds"),
        pytest.param({"lifetime": "session"}, {}, 0, id="session"),
        pytest.param({}, {}, None, id="none"),
        pytest.param({"lifetime": "1 day"}, {"lifetimes": "report"}, None, id="only-reported"),
    ],
)
def test_lifetimes(entry: Any, guard: Any, lifetime: Any) -> None:
    [rule] = [
        r for r in rules(guard=guard, cookies=[cookie("x", **entry)])["cookies"] if r.get("name") == "x"
    ]

    assert rule.get("lifetime") == lifetime


def test_the_catalogue_imposes_nothing() -> None:
    assert all(
        rule.keys().isdisjoint({"secure", "sameSite"}) and rule.get("lifetime", 0) == 0
        for rule in rules(use=["django"])["cookies"]
        if rule["category"] == "essential" and "cookieguard" not in rule["name"]
    )


@pytest.mark.parametrize(
    ("data", "heard"),
    [
        pytest.param({"cookies": [cookie("x")]}, False, id="nobody-listens"),
        pytest.param({"use": ["google-analytics"]}, True, id="a-google-tag"),
        pytest.param({"categories": {"analytics": {"consent_mode": ["x_storage"]}}}, True, id="said"),
    ],
)
def test_signals(data: Any, heard: bool) -> None:
    assert (rules(**data)["signals"] is not None) == heard


def test_signals_name_the_categories_behind_them() -> None:
    told = rules(use=["google-analytics"])["signals"]

    assert told["analytics_storage"] == ["analytics"]
    assert told["ad_user_data"] == ["marketing"]


@pytest.mark.parametrize(("gate", "held"), [("server", True), ("browser", True), ("off", False)])
def test_the_gate(gate: str, held: bool) -> None:
    assert bool(rules(use=["facebook"], guard={"gate": gate})["hosts"]) == held


def test_storage_is_told_by_area() -> None:
    told = rules(cookies=[cookie("k*", kind="local-storage"), cookie("s", kind="session-storage")])

    assert told["storage"] == {
        "localStorage": [{"category": "analytics", "pattern": "^k.*$"}],
        "sessionStorage": [{"category": "analytics", "name": "s"}],
    }
    assert names(told["cookies"]) == []


def test_one_table_of_what_loads() -> None:
    assert rules()["loads"] == LOADING | {"__proto__": None}


@pytest.mark.parametrize("table", ["loads", "live", "gated", "inert"])
def test_what_is_asked_for_names_of_a_page_inherits_none(table: str) -> None:
    assert rules()[table]["__proto__"] is None
