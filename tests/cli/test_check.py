"""`check` beyond its text: several files, JSON, annotations for a workflow."""

from __future__ import annotations

import json
import sys
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


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["latin.toml"], id="not UTF-8"),
        pytest.param(["half.toml"], id="not TOML"),
        pytest.param(["good.yaml"], id="no PyYAML"),
        pytest.param(["imports.toml"], id="an import of it"),
        pytest.param(["bad.toml", "latin.toml"], id="beside one with mistakes"),
        pytest.param(["good.toml", "--against", "latin.toml"], id="the older one"),
        pytest.param(["bad.toml", "--against", "latin.toml"], id="the older one of a bad one"),
    ],
)
@pytest.mark.parametrize("format", ["text", "json", "github"])
def test_what_cannot_be_read_is_told_and_exits_with_2(
    folder: Path, arguments: list[str], format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "latin.toml").write_bytes('[site]\nname = "Käse"\n'.encode("latin-1"))
    (folder / "half.toml").write_text("[site")
    (folder / "good.yaml").write_text("use: [flask]\n")
    (folder / "imports.toml").write_text('import = ["latin.toml"]\n')
    monkeypatch.setitem(sys.modules, "yaml", None)
    result = run(*arguments, "--format", format)
    assert result.exit_code == 2
    assert "cookieguard.E101" in result.output
    assert isinstance(result.exception, SystemExit)
