"""`policy render`, `import`, `schema`, `completion`: what is written for others to read."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cookieguard import Policy
from cookieguard.cli.main import main

POLICY = """
use = ["google-analytics"]

[site]
name = "Fish & <Chips>"
contact = "privacy@example.com"
languages = ["en", "de"]
"""
CSV = """ID,Platform,Category,Cookie / Data Key name,Domain,Description,Retention period,Data Controller,User Privacy & GDPR Rights Portals,Wildcard match
1,Acme,Analytics,acme_visitor,,Counts visits,1 year,Acme,https://acme.example/privacy,0
2,Acme,Marketing,_s,,Everything,1 year,Acme,https://acme.example/privacy,1
"""


@pytest.fixture(autouse=True)
def files(folder: Path) -> None:
    (folder / "cookies.toml").write_text(POLICY)
    (folder / "ocd.csv").write_text(CSV)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


class Addresses(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.linked: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "href" and tag == "a":
                self.linked.append(value or "")
            elif name in ("src", "href"):
                self.loaded.append(value or "")


def test_the_html_document_needs_no_other_file() -> None:
    said = run("policy", "render", "cookies.toml").output
    assert said.startswith("<!doctype html>")
    assert "Cookie policy of Fish &amp; &lt;Chips&gt;" in said
    assert "<style>" in said and "--cg-text" in said
    assert Addresses(said).loaded == []
    assert "?lang=" not in said


def test_links_lead_to_the_site() -> None:
    said = run("policy", "render", "cookies.toml", "--url", "https://shop.example/").output
    assert "https://shop.example/privacy-choices" in Addresses(said).linked


@pytest.mark.parametrize(
    ("arguments", "title"),
    [
        pytest.param([], "# Cookie policy of Fish", id="site's first"),
        pytest.param(["--lang", "de"], "# Cookie-Richtlinie von Fish", id="asked for"),
    ],
)
def test_markdown_in_a_language(arguments: list[str], title: str) -> None:
    assert run("policy", "render", "cookies.toml", "--format", "md", *arguments).output.startswith(title)


@pytest.mark.parametrize("format", ["html", "md"])
def test_in_report_mode_nothing_is_promised_that_is_not_enforced(folder: Path, format: str) -> None:
    enforced = run("policy", "render", "cookies.toml", "--format", format).output
    (folder / "cookies.toml").write_text(POLICY + '[guard]\nmode = "report"\n')
    said = run("policy", "render", "cookies.toml", "--format", format).output
    assert "withdraw your choice" in enforced and "withdraw your choice" not in said
    assert "only being counted" in said and "only being counted" not in enforced
    assert "_ga" in said


def test_a_document_is_written_and_not_over_another(folder: Path) -> None:
    arguments = ("policy", "render", "cookies.toml", "--output", "policy.html")
    assert (run(*arguments).exit_code, run(*arguments).exit_code) == (0, 2)
    assert run(*arguments, "--force").exit_code == 0
    assert (folder / "policy.html").read_text("utf-8").endswith("</html>")


@pytest.mark.parametrize(
    ("arguments", "begins"),
    [
        pytest.param(["--output", "p.html"], "<!doctype html>", id="HTML"),
        pytest.param(["--output", "p.MD"], "# Cookie policy", id="Markdown"),
        pytest.param(["--output", "p.md", "--format", "html"], "<!doctype html>", id="the option's word"),
        pytest.param(["--output", "p"], "<!doctype html>", id="no suffix"),
    ],
)
def test_a_files_name_says_its_format(folder: Path, arguments: list[str], begins: str) -> None:
    assert run("policy", "render", "cookies.toml", *arguments).exit_code == 0
    assert (folder / arguments[1]).read_text("utf-8").startswith(begins)


def test_what_is_imported_loads_in_a_policy(folder: Path) -> None:
    result = run("import", "ocd.csv")
    assert result.exit_code == 0, result.output
    assert "open-cookies.toml: 1 cookie declared, 1 row refused" in result.output
    assert re.search(r"^3 +_s\*? ", result.output, re.M)
    line = re.search(r"import = .*", result.output)
    assert line
    (folder / "cookies.toml").write_text(line[0])
    policy = Policy.from_file("cookies.toml")
    assert [each.category for each in policy.declarations if each.name == "acme_visitor"] == ["analytics"]


def test_an_import_is_reported_as_json() -> None:
    found = json.loads(run("import", "ocd.csv", "--output", "x.toml", "--json").output)
    assert (found["file"], found["declared"], len(found["refused"])) == ("x.toml", 1, 1)


def test_schema_is_json() -> None:
    assert json.loads(run("schema").output)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_of_the_shell(shell: str, folder: Path) -> None:
    result = run("completion", shell)
    assert result.exit_code == 0
    assert "_COOKIEGUARD_COMPLETE" in result.output
    if program := shutil.which(shell):
        (folder / "script").write_text(result.output)
        subprocess.run([program, "-n", "script"], check=True)


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        pytest.param("cookieguard cl", "classify", id="command"),
        pytest.param("cookieguard consent is", "issue", id="sub-command"),
        pytest.param("cookieguard check --f", "--format", id="option"),
        pytest.param("cookieguard check --format g", "github", id="value"),
    ],
)
def test_completion_completes(words: str, completed: str) -> None:
    command = [sys.executable, "-c", "from cookieguard.cli import run; run()"]
    asked = {
        "_COOKIEGUARD_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **asked}
    done = subprocess.run(command, env=environ, capture_output=True, text=True)
    assert [line.partition(",")[2] for line in done.stdout.splitlines()] == [completed]
