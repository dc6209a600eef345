"""The help of every command, and what a mistake looks like."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cookieguard.cli.main import main
from cookieguard.cli.manual import Command, printable
from cookieguard.cli.output import is_interactive

ROOT = Path(__file__).parents[2]


def commands(group: click.Group, *above: str) -> Iterator[object]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *above, name)
        else:
            yield pytest.param((*above, name), command, id=" ".join((*above, name)))


@pytest.mark.parametrize(("path", "command"), [*commands(main)])
def test_help_is_a_short_manual(path: tuple[str, ...], command: click.Command) -> None:
    assert isinstance(command, Command)
    said = CliRunner().invoke(main, [*path, "--help"], prog_name="cookieguard").output
    lines = said.splitlines()

    assert max(map(len, lines)) <= 80
    assert lines[0].startswith(f"Usage: cookieguard {' '.join(path)} ")
    summary = lines[2].strip()
    assert summary.endswith(".")
    assert len(lines[4].strip()) > 40, "a paragraph follows the summary"
    assert "\nExamples:\n" in said
    assert all(f"cookieguard {' '.join(path)}" in example for example in command.examples)
    assert "\nExit codes:\n  0  done\n" in said
    assert "  2  wrong call, or something couldn't be read\n" in said
    assert {option.help is not None for option in command.params if isinstance(option, click.Option)} <= {
        True
    }


# They write a document of their own form, JSON among them, or run on.
NO_JSON = {"completion", "ledger export", "ledger show", "policy render", "schema", "sidecar"}


@pytest.mark.parametrize(("path", "command"), [*commands(main)])
def test_what_a_command_tells_a_program_can_read(path: tuple[str, ...], command: click.Command) -> None:
    reads = any("--json" in option.opts for option in command.params)
    assert reads == (" ".join(path) not in NO_JSON)


@pytest.mark.parametrize(("path", "command"), [*commands(main)])
def test_what_writes_to_a_file_has_the_short_option_too(
    path: tuple[str, ...], command: click.Command
) -> None:
    assert {("-o" in option.opts) for option in command.params if "--output" in option.opts} <= {True}


@pytest.mark.parametrize(
    "path", [(), ("policy",), ("consent",), ("ledger",)], ids=["all", "policy", "consent", "ledger"]
)
def test_a_group_lists_its_commands_with_whole_summaries(path: tuple[str, ...]) -> None:
    said = CliRunner().invoke(main, [*path, "--help"], prog_name="cookieguard").output
    assert max(map(len, said.splitlines())) <= 80
    assert "..." not in said.partition("Commands:")[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["chekc"], "No such command 'chekc'", id="unknown command"),
        pytest.param(["check"], "Missing argument 'FILE...'", id="no file"),
        pytest.param(["check", "nowhere.toml"], "File 'nowhere.toml' does not exist", id="missing file"),
        pytest.param(["check", "."], "'.' is a directory", id="a directory"),
        pytest.param(["classify", "--har", "latin.txt"], "latin.txt: isn't JSON", id="no HAR"),
        pytest.param(["classify", "-"], "-:1: isn't UTF-8", id="stdin isn't UTF-8"),
        pytest.param(["explain", "x", "--policy", "latin.txt"], "latin.txt doesn't load", id="no policy"),
        pytest.param(["explain", "x", "--policy", "bad.toml"], "bad.toml:1: error", id="a policy's mistakes"),
        pytest.param(["import", "latin.txt"], "latin.txt", id="no CSV"),
        pytest.param(
            ["policy", "render", "good.toml", "--lang", "tlh"], "--lang 'tlh' isn't one", id="language"
        ),
        pytest.param(
            ["policy", "render", "good.toml", "--url", "x"], "--url is 'x'; give it whole", id="url"
        ),
        pytest.param(
            ["policy", "render", "good.toml", "--output", "bad.toml"],
            "bad.toml is there already",
            id="overwriting",
        ),
        pytest.param(
            ["policy", "render", "good.toml", "--output", "no/where"],
            "No such file or directory",
            id="no folder",
        ),
        pytest.param(
            ["check", "good.toml", "bad.toml", "--against", "bad.toml"], "give one", id="against two"
        ),
        pytest.param(["explain", "a;b"], "no browser stores a cookie of the name 'a;b'", id="no name"),
        pytest.param(["explain", ""], "give the name alone", id="empty name"),
        pytest.param(["completion", "tcsh"], "'tcsh' is not one of", id="unknown shell"),
    ],
)
def test_a_wrong_call_is_a_sentence_and_exits_with_2(
    folder: object, arguments: list[str], message: str
) -> None:
    with open("latin.txt", "wb") as file:  # noqa: PTH123
        file.write("name;Käse\n".encode("latin-1"))
    with open("good.toml", "w") as file:  # noqa: PTH123
        file.write('use = ["flask"]\n')
    with open("bad.toml", "w") as file:  # noqa: PTH123
        file.write('use = ["flaks"]\n')
    result = CliRunner().invoke(main, arguments, input=b"\xff\n", prog_name="cookieguard")
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert isinstance(result.exception, SystemExit)


def test_an_encoding_without_the_letters_ends_nothing(folder: object) -> None:
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-c", "from cookieguard.cli import run; run()", "explain", "K\u00e4se"]
    done = subprocess.run(command, capture_output=True, text=True, env=environ)
    assert (done.returncode, done.stderr) == (1, "")
    assert "K\\xe4se" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["classify"], "give NAMEs", id="nothing given"),
        pytest.param(["classify", "-"], "stdin is closed", id="all of it"),
        pytest.param(["report", "-"], "stdin is closed", id="by the line"),
    ],
)
def test_a_closed_stdin_is_a_sentence_and_exits_with_2(arguments: list[str], message: str) -> None:
    command = [sys.executable, "-c", "from cookieguard.cli import run; run()", *arguments]
    closed = ["sh", "-c", 'exec "$@" <&-', "sh", *command]
    done = subprocess.run(closed, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["check", "good.toml"], id="a line"),
        pytest.param(["classify", "_ga"], id="a table"),
        pytest.param(["classify", "_ga", "--json"], id="JSON"),
        pytest.param(["policy", "render", "good.toml"], id="a document"),
        pytest.param(["check", "--help"], id="help"),
        pytest.param(["--help"], id="help on all"),
        pytest.param(["--version"], id="version"),
        pytest.param(["completion", "bash"], id="a script"),
        pytest.param(["ledger", "export", "good.toml", "--format", "csv"], id="line by line"),
    ],
)
@pytest.mark.parametrize("both", [False, True], ids=["stdout", "both"])
def test_a_reader_that_went_away_is_no_mistake_of_the_policy(
    folder: Path, arguments: list[str], both: bool
) -> None:
    ledger = f'[ledger]\nurl = "sqlite:///{folder}/r.db"\nretention = "3 years"\n'
    (folder / "good.toml").write_text(f'use = ["flask"]\n{ledger}')
    environ = {"COOKIEGUARD_SECRET": "a secret key for tests only"}
    assert CliRunner().invoke(main, ["ledger", "init", "good.toml"], env=environ).exit_code == 0
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-c", "from cookieguard.cli import run; run()", *arguments],
            stdout=writing,
            stderr=subprocess.STDOUT if both else subprocess.PIPE,
            env={**os.environ, **environ, "PYTHONPATH": str(ROOT)},
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr or b"") == (141, b"")


@pytest.mark.parametrize("end", ["stdin", "stdout"])
def test_a_closed_end_has_no_person_in_front(end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, end, None)
    assert not is_interactive()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("_ga", "_ga", id="plain"),
        pytest.param("Käse – ☃", "Käse – ☃", id="letters"),
        pytest.param("a\x1b[31mb", "a\\x1b[31mb", id="escape sequence"),
        pytest.param("a\u202eb\nc", "a\\u202eb\\nc", id="bidi and line feed"),
        pytest.param("a\udcffb", "a\\udcffb", id="half a character"),
    ],
)
def test_what_a_terminal_would_obey_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown
