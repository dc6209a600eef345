"""What declarations do to each other, and to what the catalogue knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cookieguard.errors import PolicyError, Problem
from cookieguard.policy.catalogue import service_names
from cookieguard.policy.policy import Policy

ROOT = Path(__file__).parents[2]


def cookie(name: str, category: str = "analytics", **more: Any) -> dict[str, Any]:
    return {"name": name, "category": category, "purpose": "P.", "lifetime": "1 day", **more}


def regex(name: str, category: str = "analytics", **more: Any) -> dict[str, Any]:
    return cookie(name, category, match="regex", **more)


def third(name: str, domain: str, category: str = "analytics", **more: Any) -> dict[str, Any]:
    return cookie(name, category, party="third", domain=domain, **more)


def problems(*cookies: dict[str, Any], **policy: Any) -> list[Problem]:
    try:
        return list(Policy.from_dict({"cookies": cookies, **policy}).warnings)
    except PolicyError as error:
        return list(error.problems)


def told(*cookies: dict[str, Any], **policy: Any) -> list[tuple[str, str]]:
    return [(problem.id[-4:], problem.entry) for problem in problems(*cookies, **policy)]


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        pytest.param(cookie("_ga", "essential"), "'_ga' is essential here, the catalogue knows it as analytics", id="exact"),
        pytest.param(cookie("_ga*", "essential"), "the catalogue knows '_ga' as analytics", id="glob"),
        pytest.param(cookie("_ga_X*", "essential"), "the catalogue knows '_ga_*' as analytics", id="glob inside of one"),
        pytest.param(regex("_ga(_[A-Z]+)?", "essential"), "the catalogue knows '_ga' as analytics", id="regex"),
        pytest.param(regex("_pk_id[.][0-9]+", "essential"), "as analytics", id="regex inside of a glob"),
        pytest.param(third("uuid2", "adnxs.com", "essential"), "knows it as marketing", id="third party"),
        pytest.param(third("uuid*", ".ib.adnxs.com", "essential"), "'uuid2' as marketing", id="third party's subdomain and glob"),
        pytest.param(third("login", "api.nanigans.com", "essential"), "'*' as marketing", id="third party known as a whole"),
        pytest.param(cookie("_ga", "essential", essential_under=["/shop"]), "knows it as analytics", id="essential under a path too"),
        pytest.param(cookie("sessionid"), "'sessionid' is analytics here, the catalogue knows it as essential", id="optional exact"),
        pytest.param(cookie("sessionid*"), "'sessionid' as essential", id="optional glob"),
        pytest.param(regex("session(id)?"), "as essential", id="optional regex"),
    ],
)  # fmt: skip
def test_the_catalogue_knows_the_opposite(declared: dict[str, Any], says: str) -> None:
    (problem,) = problems(cookie("a"), declared)

    assert (problem.id[-4:], problem.level, problem.entry) == ("W201", "warning", "cookies[2].category")
    assert says in problem.reason


def test_essential_under_everything_is_essential() -> None:
    (problem,) = problems(cookie("_ga", essential_under=["/shop", "/"]))

    assert (problem.id[-4:], problem.entry) == ("W201", "cookies[1].essential_under")
    assert problem.reason == "'_ga' is essential under '/' here, the catalogue knows it as analytics"


@pytest.mark.parametrize(
    "cookies",
    [
        pytest.param([cookie("_ga", essential_under=["/shop"])], id="optional and essential somewhere"),
        pytest.param([cookie("sessionid", essential_under=["/shop"])], id="essential and optional somewhere"),
        pytest.param([cookie("sessionid", essential_under=["/"])], id="essential everywhere"),
        pytest.param([cookie("_ga*"), cookie("sessionid*", "essential")], id="as the catalogue says"),
        pytest.param([cookie("WHMCS*", "essential"), cookie("WHMCSUser"), cookie("WHMCSUID"), cookie("WHMCSPW"),
                      cookie("WHMCSAffiliateID"), cookie("WHMCSLinkID")], id="exceptions beside a glob"),
        pytest.param([third("uuid2", "example.com", "essential")], id="of that name under another domain"),
        pytest.param([third("uuid2", "notadnxs.com", "essential")], id="under a domain of that end"),
        pytest.param([cookie("uuid2", "essential")], id="the site's own of that name"),
        pytest.param([third("sessionid", "example.com")], id="a third party's of an essential name"),
        pytest.param([cookie("shop_*", "essential"), cookie("acme_*")], id="unknown to it"),
    ],
)  # fmt: skip
def test_no_contradiction(cookies: list[dict[str, Any]]) -> None:
    assert told(*cookies) == []


def test_one_declaration_is_warned_of_once_and_in_the_files_order() -> None:
    cookies = [cookie("_ga*", "essential"), cookie("b"), cookie("_gid", "essential")]

    assert told(*cookies) == [("W201", "cookies[1].category"), ("W201", "cookies[3].category")]


@pytest.mark.parametrize("name", service_names())
def test_no_service_is_warned_of(name: str) -> None:
    assert told(use=[name]) == []


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("examples/**/cookies*.toml")), ids=lambda path: path.parent.name + path.stem
)
def test_no_example_is_warned_of(path: Path) -> None:
    assert Policy.from_file(path).warnings == ()


@pytest.mark.parametrize(
    "cookies",
    [
        pytest.param([cookie("tok_*_token", "essential"), cookie("tok_x*")], id="longer glob"),
        pytest.param([cookie("tok_*_token", "essential"), cookie("tok_x*", "marketing", domain="example.com")], id="its domain"),
        pytest.param([regex("tok_[a-z][a-z]_token", "essential"), cookie("tok_xy*")], id="glob before a regex"),
        pytest.param([regex("tok_[a-z][a-z]_token", "essential"), regex("tok_xy.*")], id="regex with a longer head"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("turned", [False, True], ids=["behind", "in front"])
def test_a_pattern_that_takes_some_names_of_an_essential_one(
    cookies: list[dict[str, Any]], turned: bool
) -> None:
    found = told(*(reversed(cookies) if turned else cookies))

    assert found == [("W212", "cookies[1]" if turned else "cookies[2]")]


@pytest.mark.parametrize(
    "cookies",
    [
        pytest.param([cookie("tok_*_token", "essential"), cookie("tok*")], id="shorter"),
        pytest.param([cookie("cart_*", "essential"), cookie("cart_reco_*", "marketing")], id="exception"),
        pytest.param([cookie("cart_*", "essential"), regex("cart_r[a-z]+", "marketing")], id="exception by a regex"),
        pytest.param([cookie("tok_*_token", "essential"), cookie("tok_x1", "marketing")], id="exact"),
        pytest.param([cookie("tok_*_token", "essential"), cookie("tok_x_token")], id="exact and inside"),
        pytest.param([cookie("tok_*_token", "essential"), cookie("tokor_*")], id="no name of both"),
        pytest.param([cookie("tok_*_token", "essential"), regex("tok_xyz_[a-z]+")], id="regex behind a glob"),
        pytest.param([cookie("tok_*_token", "essential"), cookie("tok_x*", "essential")], id="both essential"),
        pytest.param([cookie("tok_*_token", "essential"), cookie("tok_x*", kind="local-storage")], id="storage"),
        pytest.param([cookie("tok_*_token", "essential"), third("tok_x*", "ads.example")], id="third party"),
    ],
)  # fmt: skip
def test_a_pattern_beside_an_essential_one(cookies: list[dict[str, Any]]) -> None:
    assert told(*cookies) == []


def test_an_exact_name_hides_no_pattern_that_swallows() -> None:
    cookies = [cookie("sid_*", "essential"), cookie("sid_"), cookie("sid_0*")]

    assert told(*cookies) == [("E129", "cookies[3]")]


def test_a_sites_pattern_takes_some_names_of_a_services_essential_one() -> None:
    # Each of the service's patterns is one.
    assert {*told(cookie("wordpress*x"), use=["wordpress"])} == {("W212", "cookies[1]")}


def test_many_patterns_over_an_essential_one_are_one_warning() -> None:
    cookies = [cookie("*_session", "essential"), *(cookie(f"set{number}_long_*") for number in range(9))]

    assert told(*cookies) == [("W212", "cookies[2]")]


def test_a_services_pattern_that_the_site_declares_itself_is_held_against_nothing() -> None:
    own = [cookie("ASPSESSIONID*", "essential"), cookie("ASPS*", "functional")]

    assert told(*own, use=["aspnet"]) == []
    # As with an exact name, the site's word stands, and is wondered at.
    assert told(cookie("wordpress_logged_in_*"), use=["wordpress"]) == [("W201", "cookies[1].category")]


@pytest.mark.parametrize(
    ("cookies", "remedy"),
    [
        pytest.param([cookie("sid_*", "essential"), cookie("sid_0*")], "declare the essential cookie beside", id="glob"),
        pytest.param([regex("sid_[0-9]+_x", "essential"), cookie("sid_*")], "matches none of its names", id="regex"),
    ],
)  # fmt: skip
def test_the_way_out_of_a_swallowing_pattern(cookies: list[dict[str, Any]], remedy: str) -> None:
    (swallows,) = (each for each in problems(*cookies) if each.id == "cookieguard.E129")

    assert remedy in swallows.remedy


@pytest.mark.parametrize(
    "name",
    [
        "(?:__Secure-|__Host-)?session_id",
        "(__Secure-|__Host-|)session_id",
        "S?SESS[a-f0-9]{32}",
        "[a-z]+_session",
        "[a-f0-9]{32}",
    ],
)
def test_an_essential_regex_may_fix_its_names_elsewhere_than_in_front(name: str) -> None:
    assert "E130" not in {id for id, _ in told(regex(name, "essential"))}


@pytest.mark.parametrize("name", [".*", ".+x", "[a-z]{2,9}", "(session|.*)", r"\w+", "x[^q]{9}y"])
def test_an_essential_regex_of_nearly_everything_is_refused(name: str) -> None:
    assert ("E130", "cookies[1].name") in told(regex(name, "essential"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(cookie("qx*"), cookie("qx**", "marketing"), id="stars"),
        pytest.param(cookie("qx*b"), cookie("qx***b"), id="stars between"),
        pytest.param(cookie("abc"), regex("abc", "marketing"), id="regex of one name"),
        pytest.param(cookie("abbc"), regex("a(b{2})[c]"), id="regex of one name in other words"),
        pytest.param(cookie("qx*", match="exact"), regex("qx\\*"), id="an escaped star"),
    ],
)
@pytest.mark.parametrize("turned", [False, True], ids=["first", "second"])
def test_the_same_names_in_other_words(one: dict[str, Any], other: dict[str, Any], turned: bool) -> None:
    assert told(*((other, one) if turned else (one, other))) == [("E109", "cookies[2]")]


@pytest.mark.parametrize(
    "cookies",
    [
        pytest.param([cookie("qx*x"), cookie("qx**", "marketing")], id="other stars"),
        pytest.param([cookie("qx*"), cookie("qx*", match="exact")], id="a star and a pattern"),
        pytest.param([cookie("abc"), regex("abc?")], id="regex of two names"),
        pytest.param([cookie("abc"), regex("ab[cd]")], id="regex of a class"),
    ],
)
def test_other_names(cookies: list[dict[str, Any]]) -> None:
    assert told(*cookies) == []


@pytest.mark.parametrize("name", ["cookieguar[d]", "__Host-cookieguard_receipt"])
def test_the_guards_own_cookie_in_other_words(name: str) -> None:
    assert told(regex(name)) == [("E109", "cookies[1]")]


@pytest.mark.parametrize(
    ("category", "mistake"),
    [
        pytest.param("analytcs", ("E107", "cookies[2].category"), id="unknown"),
        pytest.param("ads", ("E107", "cookies[2].category"), id="like no other"),
        pytest.param(5, ("E104", "cookies[2].category"), id="of another kind"),
        pytest.param(None, ("E105", "cookies[2]"), id="missing"),
    ],
)
def test_an_entry_without_a_good_category_takes_part(category: Any, mistake: tuple[str, str]) -> None:
    def with_mistake(name: str) -> dict[str, Any]:
        entry = cookie(name, category)
        return entry if category is not None else {key: entry[key] for key in entry if key != "category"}

    other = cookie("sid_*", "essential")

    assert told(other, with_mistake("sid_*")) == [mistake, ("E109", "cookies[2]")]
    assert told(other, with_mistake("cookieguard")) == [mistake, ("E109", "cookies[2]")]
    swallows = [("E129", "cookies[2]")] if isinstance(category, str) else []
    assert told(other, with_mistake("sid_0*")) == [mistake, *swallows]
    # Whether it contradicts the catalogue shows when its category does.
    assert told(other, with_mistake("sessionid")) == [mistake]


def test_a_misspelt_essential_swallows_nothing_and_may_be_swallowed() -> None:
    assert told(cookie("sid_*", "essential"), cookie("sid_0*", "essental")) == [
        ("E107", "cookies[2].category")
    ]
    assert told(cookie("sid_0*"), cookie("sid_*", "essental")) == [
        ("E107", "cookies[2].category"), ("E129", "cookies[1]"),
    ]  # fmt: skip


def test_an_import_without_a_good_category_takes_part(tmp_path: Path) -> None:
    (tmp_path / "chat.toml").write_text(
        "".join(f"[[cookies]]\nname = '{name}'\ncategory = 'chta'\n" for name in ("a", "a", "sessionid"))
    )
    with pytest.raises(PolicyError) as caught:
        Policy.from_dict({"import": ["chat.toml"], "categories": {"chat": {}}}, base=tmp_path)

    found = [problem.id[-4:] for problem in caught.value.problems if problem.level == "error"]
    assert sorted(found) == ["E107", "E107", "E107", "E109"]
    assert "W207" not in [problem.id[-4:] for problem in caught.value.problems]
