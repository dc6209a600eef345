"""Declarations from other files: read, ranked, and kept from doing harm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cookieguard.errors import PolicyError
from cookieguard.policy.classifier import Classifier
from cookieguard.policy.policy import Policy
from cookieguard.policy.waiting import waiting_hosts

CHAT = """\
[providers.chat]
name = "Chat Ltd"
hosts = ["chat.example"]

[[cookies]]
name = "chat_*"
category = "functional"
provider = "chat"
purpose = "Remembers your chat."
lifetime = "1 day"
"""


def load(folder: Path, imported: str, **policy: Any) -> Policy:
    (folder / "chat.toml").write_text(imported, "utf-8")
    return Policy.from_dict({"import": ["chat.toml"], **policy}, base=folder)


def cookie(name: str, category: str = "analytics", **more: Any) -> dict[str, Any]:
    return {"name": name, "category": category, "purpose": "P.", "lifetime": "1 day", **more}


def entry(name: str, category: str = "marketing") -> str:
    return f'[[cookies]]\nname = "{name}"\ncategory = "{category}"\npurpose = "P."\nlifetime = "1 day"\n'


def test_takes_over_cookies_and_providers(tmp_path: Path) -> None:
    policy = load(tmp_path, CHAT)

    found = Classifier(policy).classify("chat_1")
    assert policy.warnings == ()
    assert found.declaration is not None and found.provider is not None
    assert (found.category, found.declaration.origin, found.provider.name) == (
        "functional",
        "imported",
        "Chat Ltd",
    )
    assert waiting_hosts(policy) == {"chat.example": (("functional",),)}


@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_in_any_format(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"c.{suffix}").write_text('{"cookies": [{"name": "a", "category": "analytics"}]}')

    policy = Policy.from_dict({"import": [f"c.{suffix}"]}, base=tmp_path)

    assert Classifier(policy).classify("a").category == "analytics"


def test_paths_start_at_the_policys_folder(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "chat.toml").write_text(CHAT)
    (tmp_path / "cookies.toml").write_text('import = ["sub/chat.toml"]')

    assert Classifier(Policy.from_file(tmp_path / "cookies.toml")).classify("chat_1").declared


def test_paths_of_a_dict_start_at_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "chat.toml").write_text(CHAT)
    monkeypatch.chdir(tmp_path)

    assert Classifier(Policy.from_dict({"import": ["chat.toml"]})).classify("chat_1").declared


@pytest.mark.parametrize(
    ("name", "category"),
    [
        pytest.param("_ga", "functional", id="the site's own before all"),
        pytest.param("_gid", "marketing", id="imported before the catalogue"),
        pytest.param("_gat", "analytics", id="the catalogue's"),
        pytest.param("_gac_1", "functional", id="the site's pattern before an imported name"),
    ],
)
def test_who_wins(tmp_path: Path, name: str, category: str) -> None:
    imported = entry("_ga") + entry("_gid") + entry("_gac_1")
    own = [cookie("_ga", "functional"), cookie("_gac_*", "functional")]

    assert (
        Classifier(load(tmp_path, imported, use=["google-analytics"], cookies=own)).classify(name).category
        == category
    )


def test_one_cookie_has_one_row(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text(entry("_ga", "functional"))
    (tmp_path / "a.toml").write_text(entry("_ga"))
    policy = Policy.from_dict({"use": ["google-analytics"], "import": ["a.toml", "b.toml"]}, base=tmp_path)

    assert [(each.origin, each.category) for each in policy.declarations if each.name == "_ga"] == [
        ("imported", "marketing")
    ]


def test_third_parties_of_other_domains_stand_side_by_side(tmp_path: Path) -> None:
    third = [
        entry("uuid2") + f'party = "third"\ndomain = "{domain}"\n' for domain in ("a.example", "b.example")
    ]
    policy = load(tmp_path, "".join(third), use=["appnexus"])

    domains = [each.domain for each in policy.declarations if each.name == "uuid2"]
    assert sorted(map(str, domains)) == ["a.example", "adnxs.com", "b.example"]


def test_a_tracker_that_is_essential_in_an_import_is_told(tmp_path: Path) -> None:
    (warning,) = load(tmp_path, "\n" + entry("_ga", category="essential")).warnings

    assert (warning.id, warning.line) == ("cookieguard.W201", 4)
    assert warning.source.endswith("chat.toml")


@pytest.mark.parametrize("name", ["sessionid", "session*", "csrf*", "s*", "*"])
def test_takes_no_login_away(tmp_path: Path, name: str) -> None:
    policy = load(tmp_path, "\n" + entry(name), use=["django"])

    assert Classifier(policy).classify("sessionid").category == "essential"
    assert Classifier(policy).classify("csrftoken").category == "essential"
    (warning,) = policy.warnings
    assert (warning.id, warning.line) == ("cookieguard.W207", 2)
    assert warning.source == str(tmp_path / "chat.toml")


def test_the_site_itself_may_say_otherwise(tmp_path: Path) -> None:
    own = [cookie("sessionid", "functional")]

    assert Classifier(load(tmp_path, CHAT, cookies=own)).classify("sessionid").category == "functional"


def test_lets_no_tag_go(tmp_path: Path) -> None:
    imported = (
        '[providers.google-analytics]\nname = "GA"\n'
        + entry("_gat2", "essential")
        + 'provider = "google-analytics"\n'
    )
    alone = Policy.from_dict({"use": ["google-analytics"]})

    assert waiting_hosts(load(tmp_path, imported, use=["google-analytics"])) == waiting_hosts(alone)


def test_shortens_no_essential_cookie(tmp_path: Path) -> None:
    found = Classifier(load(tmp_path, entry("acme_login", "essential"))).explain("acme_login").declaration

    assert found is not None and found.essential and not found.caps


@pytest.mark.parametrize(
    ("imported", "asked"),
    [
        pytest.param(CHAT, (), id="unchanged"),
        pytest.param(CHAT.replace("chat_*", "chat*"), ("functional",), id="name"),
        pytest.param(CHAT.replace("1 day", "2 days"), ("functional",), id="lifetime"),
        pytest.param(CHAT.replace("chat.example", "chat.test"), ("functional",), id="host"),
        pytest.param(CHAT + entry("x", "marketing"), ("marketing",), id="one more"),
    ],
)
def test_a_material_change_asks_again(tmp_path: Path, imported: str, asked: tuple[str, ...]) -> None:
    before = load(tmp_path, CHAT)

    assert load(tmp_path, imported).asks_again(before) == asked


@pytest.mark.parametrize(
    ("imported", "id", "entry_", "line"),
    [
        pytest.param("[guard]\nmode = 'report'", "E103", "guard", 1, id="settings"),
        pytest.param("use = ['flask']", "E103", "use", 1, id="use"),
        pytest.param("import = ['chat.toml']", "E103", "import", 1, id="import"),
        pytest.param("\n[[cookies]]\nname = 'a'\ncategory = 'x'", "E107", "cookies[1].category", 4, id="category"),
        pytest.param("[[cookies]]\nname = '(a*)*'\nmatch = 'regex'\ncategory = 'marketing'", "E112",
                     "cookies[1].name", 2, id="pattern"),
        pytest.param("[[cookies]]\nname = 'a'", "E105", "cookies[1]", 1, id="no category"),
        pytest.param(entry("a") + "provider = 'nobody'", "E108", "cookies[1].provider", 6, id="provider"),
        pytest.param(entry("a") + entry("a"), "E109", "cookies[2]", 6, id="twice"),
        pytest.param(entry("cookieguard"), "E109", "cookies[1]", 1, id="consent cookie"),
        pytest.param(entry("a*", "essential"), "E130", "cookies[1].name", 2, id="nearly everything"),
        pytest.param("[providers.a]\nname = 'A'\nhosts = ['https://x']", "E128", "providers.a.hosts[1]", 3, id="host"),
        pytest.param("[providers.a]\nname = 'A'\ncategory = 'x'", "E107", "providers.a.category", 3, id="provider's"),
        pytest.param("cookies = 5", "E102", "cookies", 1, id="no table"),
        pytest.param("x =", "E101", "the policy", 1, id="no toml"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_by_the_files_own_name(
    tmp_path: Path, imported: str, id: str, entry_: str, line: int
) -> None:
    with pytest.raises(PolicyError) as caught:
        load(tmp_path, imported)

    (problem,) = [problem for problem in caught.value.problems if problem.level == "error"]
    assert (problem.id[-4:], problem.entry, problem.line) == (id, entry_, line)
    assert problem.source == str(tmp_path / "chat.toml")


def test_says_what_may_stand_in_an_import(tmp_path: Path) -> None:
    with pytest.raises(
        PolicyError, match=r"guard: has no place in an import; an imported file holds \[\[cookies\]\]"
    ):
        load(tmp_path, "[guard]\n")


@pytest.mark.parametrize(
    ("value", "id", "entry_"),
    [
        pytest.param(["none.toml"], "E131", "import[1]", id="no file"),
        pytest.param(["."], "E131", "import[1]", id="a folder"),
        pytest.param(["x" * 5000], "E131", "import[1]", id="a name too long"),
        pytest.param(["\0"], "E131", "import[1]", id="no name at all"),
        pytest.param([5], "E104", "import[1]", id="number"),
        pytest.param("chat.toml", "E104", "import", id="text"),
        pytest.param(None, "E104", "import", id="nothing"),
    ],
)
def test_what_is_no_file(tmp_path: Path, value: Any, id: str, entry_: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.from_dict({"import": value}, base=tmp_path)

    assert [(problem.id[-4:], problem.entry) for problem in caught.value.problems] == [(id, entry_)]


def test_warnings_of_one_kind_are_told_once(tmp_path: Path) -> None:
    bare = "".join(f'[[cookies]]\nname = "a{number}"\ncategory = "analytics"\n' for number in range(3))

    warnings = load(tmp_path, bare).warnings

    assert [(warning.id[-4:], warning.line) for warning in warnings] == [("W202", 1), ("W205", 1)]
    assert all("(and 2 more like it in this file)" in warning.reason for warning in warnings)


def test_an_announced_policy_imports_too(tmp_path: Path) -> None:
    (tmp_path / "chat.toml").write_text(CHAT)
    (tmp_path / "next.toml").write_text('import = ["chat.toml"]')
    announcement = {"effective": "2020-01-01", "summary": "S", "policy": "next.toml"}
    policy = Policy.from_dict({"announcement": announcement}, base=tmp_path)

    assert policy.announcement is not None
    assert Classifier(policy.on(policy.announcement.effective)).classify("chat_1").declared
