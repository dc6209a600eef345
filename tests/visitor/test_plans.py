"""What is done to pages: one plan for each policy and mount, and a version over all of it."""

from __future__ import annotations

from typing import Any

import pytest

from cookieguard import Policy
from cookieguard.enforcer import Enforcer
from cookieguard.html.page import Plan
from cookieguard.visitor.plans import Plans

BASE: dict[str, Any] = {"use": ["google-analytics"], "site": {"name": "Shop", "languages": ["en", "de"]}}


def enforcer(**changes: Any) -> Enforcer:
    policy = Policy.from_dict({**BASE, **changes})
    return Enforcer(policy, secret_key="key-of-the-tests-own", override=None, clock=lambda: 0.0)


def plan(root: str = "", **changes: Any) -> Plan:
    made = enforcer(**changes)
    return Plans(made).of(made.policy, root)


@pytest.mark.parametrize(
    ("changes", "needed"),
    [
        pytest.param({}, True, id="default"),
        pytest.param({"guard": {"inject": False}}, True, id="holding-alone"),
        pytest.param({"guard": {"gate": "browser"}}, True, id="tag-alone"),
        pytest.param({"guard": {"inject": False, "gate": "off"}}, False, id="neither"),
        pytest.param({"guard": {"mode": "report"}}, False, id="report-mode"),
    ],
)
def test_whether_pages_are_touched_at_all(changes: dict[str, Any], needed: bool) -> None:
    assert Plans(enforcer(**changes)).any == needed


@pytest.mark.parametrize(
    "changes",
    [
        {"guard": {"inject": False}},
        {"guard": {"gate": "browser"}},
        {"guard": {"mount": "/cookies"}},
        {"guard": {"undeclared": "allow"}},
        {"use": ["google-analytics", "facebook"]},
        {"site": {"name": "Shop", "languages": ["de", "en"]}},
        {"root": "/app"},
    ],
    ids=str,
)
def test_whatever_changes_a_page_changes_its_version(changes: dict[str, Any]) -> None:
    assert plan(**changes).version != plan().version


def test_the_same_plan_again() -> None:
    made = enforcer()
    plans = Plans(made)

    assert plans.of(made.policy, "/app") is plans.of(made.policy, "/app")
    assert plan().version == plan().version


def test_the_pages_language_is_followed() -> None:
    made = plan("/app")

    assert made.tag("de-AT", None).startswith(b'<script src="/app/privacy-choices/guard.js?v=de.')
    assert b'lang="de"' in made.bar("de")
    assert b'lang="en"' in made.bar("xx")
