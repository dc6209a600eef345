"""The command line, tried as its users would."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cookieguard.cli.main import main

GOOD = """
use = ["flask"]

[[cookies]]
name = "_pk_id.*"
category = "analytics"
purpose = "Counts visitors."
lifetime = "13 months"
"""
BAD = """
[gaurd]
mode = "report"

[[cookies]]
name = "ads"
category = "marketng"
purpose = "Shows [bold]advertisements[/bold]."
lifetime = "for ever"
"""


@pytest.fixture
def policies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.toml").write_text(GOOD)
    (tmp_path / "bad.toml").write_text(BAD)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_check_of_a_good_file(policies: Path) -> None:
    result = run("check", "good.toml")
    assert result.exit_code == 0
    assert result.output == "good.toml: 2 cookies declared, 1 category to decide on, 0 warnings\n"


def test_check_names_every_mistake_with_its_line(policies: Path) -> None:
    result = run("check", "bad.toml")
    assert result.exit_code == 1
    *mistakes, summary = result.output.splitlines()
    assert [line.split(" ")[0:3:2] for line in mistakes] == [
        ["bad.toml:2:", "cookieguard.E103:"],
        ["bad.toml:7:", "cookieguard.E107:"],
        ["bad.toml:9:", "cookieguard.E106:"],
    ]
    assert summary == "bad.toml: 3 mistakes; the guard will not start"


def test_check_as_json(policies: Path) -> None:
    report = json.loads(run("check", "bad.toml", "--json").output)
    assert report["ok"] is False
    assert [(problem["id"], problem["line"]) for problem in report["problems"]] == [
        ("cookieguard.E103", 2),
        ("cookieguard.E107", 7),
        ("cookieguard.E106", 9),
    ]


def test_check_against_says_whom_a_change_asks_again(policies: Path) -> None:
    (policies / "new.toml").write_text(GOOD.replace("Counts visitors.", "Counts and profiles visitors."))
    result = run("check", "new.toml", "--against", "good.toml")
    assert result.exit_code == 0
    assert "analytics: visitors are asked again" in result.output
    accepts = next(line for line in result.output.splitlines() if "accepts = " in line)

    declared = accepts.split("editorial: ")[1].replace("] accepts", "]\naccepts")
    (policies / "editorial.toml").write_text((policies / "new.toml").read_text() + declared)
    again = run("check", "editorial.toml", "--against", "good.toml")
    assert again.output.endswith("no visitor is asked again\n")


def test_check_against_compares_what_is_in_force(policies: Path) -> None:
    (policies / "new.toml").write_text(GOOD.replace("Counts visitors.", "Counts and profiles visitors."))
    announcement = "\n[announcement]\nsummary = 'S'\npolicy = 'new.toml'\neffective = "
    for name, day in (("came", "2020-01-01"), ("comes", "2999-01-01")):
        (policies / f"{name}.toml").write_text(GOOD + announcement + day)

    assert run("check", "new.toml", "--against", "came.toml").output.endswith("no visitor is asked again\n")
    assert "are asked again" in run("check", "new.toml", "--against", "comes.toml").output
    assert "are asked again" in run("check", "came.toml", "--against", "good.toml").output


def test_a_second_edit_keeps_what_the_first_accepted(policies: Path) -> None:
    def edited(number: int, accepts: str = "") -> str:
        text = GOOD.replace("Counts visitors.", f"Counts visitors, edition {number}.") + accepts
        (policies / f"{number}.toml").write_text(text)
        return f"{number}.toml"

    def suggested(new: str, old: str) -> str:
        output = run("check", new, "--against", old).output
        line = next(line for line in output.splitlines() if "accepts = " in line)
        return line.split("editorial: ")[1].replace("] accepts", "]\naccepts")

    edited(1)
    second = suggested(edited(2), "1.toml")
    edited(2, second)
    third = suggested(edited(3), "2.toml")
    # What visitors of the first edition accepted, the second still counts.
    only_the_second = third.replace(second.split('"')[1], "AAAAAAAAAAA")
    assert "are asked again" in run("check", edited(3, only_the_second), "--against", "2.toml").output
    again = run("check", edited(3, third), "--against", "2.toml")
    assert again.output.endswith("no visitor is asked again\n")


def test_check_against_a_broken_file_fails(policies: Path) -> None:
    result = run("check", "good.toml", "--against", "bad.toml")
    assert result.exit_code == 1
    assert "bad.toml:7" in result.output
    assert (
        result.output.splitlines()[0] == "good.toml: 2 cookies declared, 1 category to decide on, 0 warnings"
    )
    assert result.output.endswith("bad.toml: doesn't load, so nothing is compared\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["check", "nowhere.toml"], "File 'nowhere.toml' does not exist", id="missing file"),
        pytest.param(["check"], "Missing argument 'FILE...'", id="no file"),
        pytest.param(["chekc"], "No such command 'chekc'", id="unknown command"),
    ],
)
def test_a_wrong_call_exits_with_2(policies: Path, arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.output


def test_schema_is_json() -> None:
    result = run("schema")
    assert result.exit_code == 0
    assert json.loads(result.output)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_without_its_extra_the_command_says_what_to_install(tmp_path: Path) -> None:
    # A module of the same name that can't be imported stands for one that isn't installed.
    (tmp_path / "click.py").write_text("raise ModuleNotFoundError('no click', name='click')")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from cookieguard.cli import run; run()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert "pip install 'cookieguard[cli]'" in done.stderr
