"""`classify` and `explain`, tried with what their users have at hand."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cookieguard import Policy
from cookieguard.cli.main import main

POLICY = """
use = ["google-analytics", "whmcs", "appnexus"]

[[cookies]]
name = "chat"
category = "functional"
purpose = "Support chat."
lifetime = "session"
essential_under = ["/clientarea"]
"""
HEADERS = "HTTP/2 200\r\nset-cookie: _ga=SECRET1; Max-Age=60\r\nset-cookie: mystery=SECRET2\r\n\r\n"
JAR = "# Netscape HTTP Cookie File\nshop.example\tFALSE\t/\tFALSE\t0\tsessionid\tSECRET3\n"
HAR = {
    "log": {
        "entries": [
            {
                "request": {"url": "https://shop.example/", "headers": []},
                "response": {
                    "content": {"mimeType": "text/html"},
                    "headers": [{"name": "Set-Cookie", "value": "_gid=SECRET4; Max-Age=86400"}],
                },
            },
            {
                "request": {"url": "https://ib.adnxs.com/p", "headers": []},
                "response": {"headers": [{"name": "Set-Cookie", "value": "uuid2=SECRET5; Max-Age=60"}]},
            },
        ]
    }
}


@pytest.fixture(autouse=True)
def files(folder: Path) -> None:
    (folder / "cookies.toml").write_text(POLICY)
    (folder / "visit.har").write_text(json.dumps(HAR))
    (folder / "headers.txt").write_text(HEADERS)
    (folder / "cookies.txt").write_text(JAR)


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, arguments, input=stdin)


def classified(*arguments: str, stdin: str | None = None) -> dict[str, str | None]:
    result = run("classify", *arguments, "--json", stdin=stdin)
    return {row["name"]: row["category"] for row in json.loads(result.output)}


@pytest.mark.parametrize(
    ("arguments", "stdin", "found"),
    [
        pytest.param(["_ga", "nobody"], None, {"_ga": "analytics", "nobody": None}, id="names"),
        pytest.param(["_ga=1; Path=/"], None, {"_ga": "analytics"}, id="a line"),
        pytest.param(["set-cookie: _ga=1"], None, {"_ga": "analytics"}, id="a header"),
        pytest.param(
            ["-"], "sessionid\n\nSet-Cookie: _ga=1\n", {"sessionid": "essential", "_ga": "analytics"}, id="-"
        ),
        pytest.param([], "_gid\n", {"_gid": "analytics"}, id="stdin"),
        pytest.param(
            [], "_gid\r\n_ga=\u2028_pk_id\x85auth\r\n", {"_gid": "analytics", "_ga": "analytics"}, id="lines"
        ),
        pytest.param(["--headers", "headers.txt"], None, {"_ga": "analytics", "mystery": None}, id="headers"),
        pytest.param(
            ["--headers", "-"], HEADERS, {"_ga": "analytics", "mystery": None}, id="headers by stdin"
        ),
        pytest.param(["--jar", "cookies.txt"], None, {"sessionid": "essential"}, id="jar"),
        pytest.param(["--har", "visit.har"], None, {"_gid": "analytics", "uuid2": "marketing"}, id="har"),
        pytest.param(["uuid2"], None, {"uuid2": None}, id="third party's, host unknown"),
        pytest.param(["uuid2", "--domain", "adnxs.com"], None, {"uuid2": "marketing"}, id="third party's"),
        pytest.param(
            ["sessionid", "chat", "--policy", "cookies.toml"],
            None,
            {"sessionid": None, "chat": "functional"},
            id="policy",
        ),
    ],
)
def test_classify(arguments: list[str], stdin: str | None, found: dict[str, str | None]) -> None:
    assert classified(*arguments, stdin=stdin) == found


def test_the_table_names_provider_lifetime_and_who_says_so() -> None:
    lines = run("classify", "_ga", "chat", "x", "--policy", "cookies.toml").output.splitlines()
    assert lines[0].split() == ["name", "category", "provider", "lifetime", "declared", "by"]
    assert lines[1].split() == [
        "_ga",
        "analytics",
        "Google",
        "Analytics",
        "2",
        "years",
        "catalogue:",
        "google-analytics",
    ]
    assert lines[2].split() == ["chat", "functional", "session", "the", "policy"]
    assert lines[3].split() == ["x", "undeclared"]


def test_no_value_is_ever_printed() -> None:
    sources = ["--har", "visit.har", "--headers", "headers.txt", "--jar", "cookies.txt", "a=SECRET6"]
    assert "SECRET" not in run("classify", *sources).output
    assert "SECRET" not in run("classify", *sources, "--json").output


def test_no_name_is_a_wrong_call() -> None:
    assert run("classify", "", "--strict").exit_code == 2
    assert "no names came" in run("classify").stderr


def test_strict_fails_on_an_undeclared_cookie() -> None:
    assert run("classify", "_ga", "--strict").exit_code == 0
    assert run("classify", "nobody").exit_code == 0
    assert run("classify", "nobody", "--strict").exit_code == 1


def test_a_line_that_no_browser_stores_is_told() -> None:
    result = run("classify", "__Host-a=SECRET; Path=/x")
    assert "no browser stores the cookie '__Host-a'" in result.stderr
    assert "SECRET" not in result.output


def test_a_name_that_a_terminal_would_obey_is_escaped() -> None:
    assert "\x1b" not in run("classify", "a\x1b[31m").output


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        pytest.param(["_ga_X1"], 0, "declared as _ga_*, by catalogue: google-analytics", id="catalogue"),
        pytest.param(["chat", "--policy", "cookies.toml"], 0, "chat: functional", id="policy"),
        pytest.param(
            ["chat", "--policy", "cookies.toml", "--path", "/clientarea/x"],
            0,
            "chat: essential",
            id="under a path",
        ),
        pytest.param(
            ["WHMCSUser", "--policy", "cookies.toml"],
            0,
            "matches too WHMCS*: essential",
            id="what else matches",
        ),
        pytest.param(
            ["uuid2", "--policy", "cookies.toml"], 1, "elsewhere   uuid2 on adnxs.com", id="elsewhere"
        ),
        pytest.param(
            ["uuid2"], 1, "sets it; for your own policy: --policy cookies.toml", id="elsewhere, no policy"
        ),
        pytest.param(["nobody"], 1, 'name = "nobody"', id="nobody's"),
        pytest.param(
            ["nobody"],
            1,
            "not in the catalogue; for your own policy: --policy cookies.toml\n",
            id="nobody's, no policy",
        ),
        pytest.param(
            ["nobody", "--policy", "cookies.toml"],
            1,
            "because     no declaration matches\n",
            id="nobody's, policy",
        ),
    ],
)
def test_explain(arguments: list[str], code: int, says: str) -> None:
    result = run("explain", *arguments)
    assert says in result.output
    assert result.exit_code == code


@pytest.mark.parametrize("name", ["nobody", "sessionid", "uuid2", 'odd"name\\'])
def test_what_explain_says_to_write_declares_the_cookie(folder: Path, name: str) -> None:
    (folder / "empty.toml").write_text("")
    written = json.loads(run("explain", name, "--policy", "empty.toml", "--json").output)["write"]
    policy = Policy.from_dict(tomllib.loads(written))
    assert any(declaration.pattern.matches(name) for declaration in policy.declarations)


def test_explain_adds_to_what_the_policy_uses_already() -> None:
    written = json.loads(run("explain", "sessionid", "--policy", "cookies.toml", "--json").output)["write"]
    assert tomllib.loads(written)["use"] == ["google-analytics", "whmcs", "appnexus", "django"]
