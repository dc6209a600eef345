"""Whose tags wait, and for what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cookieguard import Policy, PolicyError
from cookieguard.policy.waiting import waiting_hosts


def cookie(name: str, category: str, provider: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "category": category, "provider": provider, "purpose": "P.", **more}


THIRD = {"party": "third", "domain": "p.test"}


@pytest.mark.parametrize(
    ("cookies", "more", "needs"),
    [
        pytest.param([], {}, None, id="nothing-says-what-for"),
        pytest.param([], {"category": "marketing"}, (("marketing",),), id="said"),
        pytest.param([cookie("a", "analytics", "p")], {}, (("analytics",),), id="its-cookie"),
        pytest.param(
            [cookie("a", "analytics", "p"), cookie("b", "marketing", "p")],
            {},
            (("analytics",),),
            id="its-first-cookie",
        ),
        pytest.param(
            [cookie("t", "marketing", "p", **THIRD), cookie("a", "analytics", "p")],
            {},
            (("analytics", "marketing"),),
            id="and-those-that-no-guard-reaches",
        ),
        pytest.param(
            [cookie("a", "analytics", "p"), cookie("t", "marketing", "p", **THIRD)],
            {"category": "functional"},
            (("functional",),),
            id="what-is-said-stands",
        ),
        pytest.param([cookie("a", "essential", "p")], {}, None, id="essential"),
        pytest.param(
            [cookie("a", "essential", "p"), cookie("t", "marketing", "p", **THIRD)],
            {},
            (("marketing",),),
            id="essential-but-for-third-party-cookies",
        ),
    ],
)
def test_what_a_provider_waits_for(cookies: Any, more: Any, needs: Any) -> None:
    provider = {"name": "P", "hosts": ["Cdn.P.test"], **more}
    policy = Policy.from_dict({"providers": {"p": provider}, "cookies": cookies})

    assert waiting_hosts(policy) == ({"cdn.p.test": needs} if needs else {})


@pytest.mark.parametrize(
    ("own", "needs"),
    [
        pytest.param({}, (("analytics",),), id="no-provider"),
        pytest.param({"category": "functional"}, (("analytics",),), id="no-provider-other-category"),
        pytest.param(
            {"category": "functional", "provider": "mixpanel"}, (("functional",),), id="its-provider"
        ),
    ],
)
def test_a_correction_of_the_catalogue_lets_no_tag_go(own: dict[str, Any], needs: Any) -> None:
    cookie = {"name": "mp_*_mixpanel", "category": "analytics", "purpose": "P.", **own}
    policy = Policy.from_dict({"use": ["mixpanel"], "cookies": [cookie]})

    assert set(waiting_hosts(policy)) == set(waiting_hosts(Policy.from_dict({"use": ["mixpanel"]})))
    assert set(waiting_hosts(policy).values()) == {needs}


def test_a_correction_of_an_import_lets_no_tag_go(tmp_path: Path) -> None:
    (tmp_path / "stats.json").write_text(
        json.dumps(
            {
                "providers": {"p": {"name": "P", "hosts": ["cdn.p.test"]}},
                "cookies": [cookie("a", "analytics", "p")],
            }
        )
    )
    own = {"name": "a", "category": "functional", "purpose": "P."}
    policy = Policy.from_dict({"import": ["stats.json"], "cookies": [own]}, base=tmp_path)

    assert waiting_hosts(policy) == {"cdn.p.test": (("analytics",),)}


def test_a_provider_keeps_what_its_table_leaves_out() -> None:
    link = {"name": "Google", "opt_out_url": "https://tools.google.com/dlpage/gaoptout"}
    catalogues = Policy.from_dict({"use": ["google-analytics"]})
    policy = Policy.from_dict({"use": ["google-analytics"], "providers": {"google-analytics": link}})

    own, known = policy.providers["google-analytics"], catalogues.providers["google-analytics"]
    assert (own.name, own.opt_out_url) == (link["name"], link["opt_out_url"])
    assert own.hosts and (own.hosts, own.privacy_url) == (known.hosts, known.privacy_url)
    assert waiting_hosts(policy) == waiting_hosts(catalogues)


def test_a_host_of_several_providers_runs_for_any_of_them() -> None:
    policy = Policy.from_dict({"use": ["google-analytics", "google-ads", "google-tag-manager"]})

    assert waiting_hosts(policy)["www.googletagmanager.com"] == (("analytics",), ("marketing",))


def test_what_one_essential_provider_needs_no_other_holds_back() -> None:
    data = {
        "providers": {id: {"name": id, "hosts": ["cdn.test"]} for id in ("ads", "shop")},
        "cookies": [cookie("a", "marketing", "ads"), cookie("s", "essential", "shop")],
    }

    assert waiting_hosts(Policy.from_dict(data)) == {}


def test_the_longest_host_comes_first() -> None:
    hosts = [*waiting_hosts(Policy.from_dict({"use": ["google-analytics", "facebook"]}))]

    assert hosts == sorted(hosts, key=len, reverse=True)


def test_a_category_that_is_waited_for_is_asked_about() -> None:
    policy = Policy.from_dict({"use": ["google-tag-manager"]})

    assert [category.id for category in policy.optional] == ["analytics"]


def test_a_provider_that_waits_for_another_host_asks_again() -> None:
    one, other = (
        Policy.from_dict({"providers": {"p": {"name": "P", "category": "marketing", "hosts": [host]}}})
        for host in ("a.test", "b.test")
    )

    assert other.asks_again(one) == ("marketing",)


def test_an_unknown_category_is_named() -> None:
    with pytest.raises(PolicyError, match="unknown category 'adverts'"):
        Policy.from_dict({"providers": {"p": {"name": "P", "category": "adverts"}}})
