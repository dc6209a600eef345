"""What is material to a visitor's decision changes a category's digest; what is editorial doesn't."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

import pytest

from cookieguard.policy.model import TOKEN_LENGTH, source_text
from cookieguard.policy.policy import Policy

BASE: dict[str, Any] = {
    "site": {"name": "Example Ltd", "languages": ["en", "de"]},
    "categories": {"analytics": {"title": "Statistics"}},
    "providers": {"acme": {"name": "Acme", "hosts": ["a.example", "b.example"]}, "other": {"name": "Other"}},
    "cookies": [
        {"name": "sid", "category": "essential", "purpose": "Keeps you logged in.", "lifetime": "session"},
        {
            "name": "visits", "category": "analytics", "provider": "acme", "lifetime": "31 days",
            "purpose": {"en": "Counts visits.", "de": "Z\u00e4hlt Besuche."}, "essential_under": ["/a", "/b"],
        },
        {"name": "path_*", "category": "analytics", "purpose": "Tells your way.", "lifetime": "session"},
        {"name": "ad", "category": "marketing", "purpose": "Ads.", "lifetime": "1 year", "provider": "other"},
    ],
}  # fmt: skip

Edit = Callable[[dict[str, Any]], object]


def visits(**changes: Any) -> Edit:
    return lambda data: data["cookies"][1].update(changes)


def edited(edit: Edit) -> Policy:
    data = copy.deepcopy(BASE)
    edit(data)
    return Policy.from_dict(data)


OLD = Policy.from_dict(BASE)


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(visits(purpose={"en": "Counts you.", "de": "Z\u00e4hlt Besuche."}), id="purpose"),
        pytest.param(visits(name="visits2"), id="name"),
        pytest.param(visits(name="visits*"), id="pattern"),
        pytest.param(visits(match="regex"), id="kind of pattern"),
        pytest.param(visits(lifetime="32 days"), id="lifetime"),
        pytest.param(visits(lifetime="session"), id="lifetime to session"),
        pytest.param(lambda data: data["cookies"][1].pop("lifetime"), id="lifetime to unknown"),
        pytest.param(visits(party="third", domain="acme.example"), id="party"),
        pytest.param(visits(kind="local-storage"), id="storage"),
        pytest.param(visits(essential_under=["/a"]), id="essential under"),
        pytest.param(visits(provider="other"), id="another provider"),
        pytest.param(lambda data: data["cookies"][1].pop("provider"), id="no provider"),
        pytest.param(lambda data: data["providers"]["acme"].update(name="Acme Inc."), id="provider's name"),
        pytest.param(lambda data: data["providers"]["acme"]["hosts"].append("c.example"), id="provider's hosts"),
        pytest.param(lambda data: data["categories"]["analytics"].update(sold=True), id="sold"),
        pytest.param(lambda data: data["cookies"].append({**BASE["cookies"][1], "name": "more"}), id="added"),
        pytest.param(lambda data: data["cookies"].pop(2), id="removed"),
        pytest.param(visits(category="marketing"), id="moved"),
        pytest.param(lambda data: data["site"].update(languages=["de", "en"]) or data["cookies"][2].update(
            purpose={"de": "Merkt sich den Weg."}), id="another source language"),
    ],
)  # fmt: skip
def test_material(edit: Edit) -> None:
    new = edited(edit)

    assert new.categories["analytics"].digest != OLD.categories["analytics"].digest
    assert "analytics" in new.asks_again(OLD)


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda data: data["categories"]["analytics"].update(title="Visits"), id="title"),
        pytest.param(
            lambda data: data["categories"]["analytics"].update(description="All."), id="description"
        ),
        pytest.param(lambda data: data["categories"]["analytics"].update(consent_mode=[]), id="consent mode"),
        pytest.param(
            visits(purpose={"en": "Counts visits.", "de": "Anders."}), id="purpose in another language"
        ),
        pytest.param(visits(purpose={"en": "Counts visits."}), id="purpose without the other language"),
        pytest.param(visits(purpose="Counts visits."), id="purpose without languages"),
        pytest.param(lambda data: data["cookies"].reverse(), id="order of cookies"),
        pytest.param(lambda data: data["providers"]["acme"]["hosts"].reverse(), id="order of hosts"),
        pytest.param(visits(essential_under=["/b", "/a"]), id="order of paths"),
        pytest.param(
            lambda data: data["providers"]["acme"].update(privacy_url="https://a.example/"), id="privacy url"
        ),
        pytest.param(lambda data: data["providers"].update(new={"name": "New"}), id="unused provider"),
        pytest.param(
            lambda data: data["providers"]["other"].update(name="Else"), id="another category's provider"
        ),
        pytest.param(lambda data: data["site"].update(name="Example plc", updated="2026-12-01"), id="site"),
        pytest.param(
            lambda data: data.update(guard={"mode": "report"}, consent={"lifetime": "1 month"}), id="settings"
        ),
        pytest.param(visits(path="/shop", set_by="script"), id="where it is set"),
        pytest.param(visits(secure=True, http_only=True, same_site="Strict"), id="attributes"),
        *(
            pytest.param(visits(lifetime=text), id=text)
            for text in ("1 month", "P31D", "744 hours", "PT744H")
        ),
    ],
)
def test_editorial(edit: Edit) -> None:
    new = edited(edit)

    assert new.categories["analytics"].digest == OLD.categories["analytics"].digest
    assert "analytics" not in new.asks_again(OLD)


def test_only_the_changed_category_is_asked_again() -> None:
    assert edited(visits(lifetime="2 days")).asks_again(OLD) == ("analytics",)
    assert edited(visits(category="marketing")).asks_again(OLD) == ("analytics", "marketing")


def test_essential_is_never_asked() -> None:
    new = edited(lambda data: data["cookies"][0].update(lifetime="1 day"))

    assert new.categories["essential"].digest != OLD.categories["essential"].digest
    assert new.asks_again(OLD) == ()


def test_a_new_category_is_asked() -> None:
    new = edited(lambda data: data["categories"].update(chat={"title": "Chat"}))

    assert new.asks_again(OLD) == ("chat",)


@pytest.mark.parametrize("length", [TOKEN_LENGTH, 43])
def test_accepts_declares_an_edit_editorial(length: int) -> None:
    def edit(data: dict[str, Any]) -> None:
        data["cookies"][1]["purpose"] = "Counts the visits."
        data["categories"]["analytics"]["accepts"] = [OLD.categories["analytics"].digest[:length]]

    new = edited(edit)
    category = new.categories["analytics"]

    assert category.digest != OLD.categories["analytics"].digest
    assert new.asks_again(OLD) == ()
    assert category.counts(category.token) and category.counts(OLD.categories["analytics"].token)
    assert not category.counts(OLD.categories["marketing"].token)
    assert not category.counts("")


def test_accepting_itself_changes_nothing() -> None:
    new = edited(lambda data: data["categories"]["analytics"].update(accepts=["A" * TOKEN_LENGTH]))

    assert new.categories["analytics"].digest == OLD.categories["analytics"].digest


def test_a_token_is_the_head_of_its_digest() -> None:
    for category in OLD.categories.values():
        assert re.fullmatch(r"[A-Za-z0-9_-]{43}", category.digest)
        assert category.digest.startswith(category.token) and len(category.token) == TOKEN_LENGTH


# A digest is kept in visitors' cookies: a release that changes it asks every visitor again.
def test_the_digest_is_stable_over_releases() -> None:
    assert OLD.categories["analytics"].token == "GOU7LNPE1wb"


@pytest.mark.parametrize(
    ("name", "more", "essential", "somewhere", "caps"),
    [
        ("sid", {}, True, True, True),
        ("visits", {}, False, True, True),
        ("ad", {}, False, False, True),
        ("session", {"use": ["flask"]}, True, True, False),
        ("_ga", {"use": ["google-analytics"]}, False, False, True),
    ],
)
def test_declaration(name: str, more: dict[str, Any], essential: bool, somewhere: bool, caps: bool) -> None:
    (cookie,) = (cookie for cookie in Policy.from_dict(BASE | more).declarations if cookie.name == name)

    assert (cookie.essential, cookie.essential_somewhere, cookie.caps) == (essential, somewhere, caps)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (None, ""),
        ("A", "A"),
        ({"de": "D", "en": "E"}, "E"),
        ({"de": "D"}, "D"),
        ({"de": "D", "en": ""}, "D"),
        ({}, ""),
    ],
)
def test_source_text(text: str | dict[str, str] | None, source: str) -> None:
    assert source_text(text, "en") == source
