"""`check` beyond its text: several files, JSON, annotations for a workflow."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cookieguard.cli.main import main


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", *arguments])


@pytest.fixture(autouse=True)
def policies(folder: Path) -> None:
    (folder / "good.toml").write_text('use = ["flask"]\n')
    (folder / "bad.toml").write_text('\n[gaurd]\n[[cookies]]\nname = "a"\ncategory = "ads"\n')
    (folder / "a,b:c%.toml").write_text("[gaurd]\n")


def test_several_files_are_checked_each() -> None:
    result = run("good.toml", "bad.toml")
    assert result.exit_code == 1
    assert "good.toml: 1 cookie declared" in result.output
    assert result.output.endswith("bad.toml: 2 mistakes; the guard will not start\n")


def test_json_of_several_files_has_a_report_each() -> None:
    found = json.loads(run("good.toml", "bad.toml", "--json").output)
    assert found["ok"] is False
    assert [(each["file"], each["ok"]) for each in found["files"]] == [
        ("good.toml", True),
        ("bad.toml", False),
    ]


def test_format_json_is_the_same_as_json() -> None:
    assert run("good.toml", "--format", "json").output == run("good.toml", "--json").output


def test_annotations_for_a_workflow() -> None:
    result = run("bad.toml", "--format", "github")
    assert result.exit_code == 1
    first, *rest = result.output.splitlines()
    assert first.startswith("::error file=bad.toml,line=2,title=cookieguard.E103 gaurd::unknown table; ")
    assert {line.partition(" ")[0] for line in rest} <= {"::error", "::warning"}


def test_an_annotation_escapes_what_ends_a_property() -> None:
    (line,) = run("a,b:c%.toml", "--format", "github").output.splitlines()
    assert line.startswith("::error file=a%2Cb%3Ac%25.toml,line=1,")


def test_nothing_is_annotated_where_nothing_is_wrong() -> None:
    result = run("good.toml", "--format", "github")
    assert (result.exit_code, result.output) == (0, "")
