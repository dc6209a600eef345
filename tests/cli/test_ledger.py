"""`cookieguard ledger`, from init to stats."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import ledgers
import pytest
from click.testing import CliRunner, Result

from cookieguard import Policy
from cookieguard.cli.main import main

FILE = """[ledger]
url = "sqlite:///{}/r.db"
retention = "3 years"
[[cookies]]
name = "stats"
category = "analytics"
purpose = "P."
lifetime = "1 day"
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COOKIEGUARD_SECRET", ledgers.SECRET)
    path = tmp_path / "cookies.toml"
    path.write_text(FILE.format(tmp_path))
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["ledger", *map(str, arguments)])


def test_the_whole_way(file: Path, tmp_path: Path) -> None:
    assert "there is no ledger yet; run: cookieguard ledger init" in run("verify", file).output
    assert (run("init", file).exit_code, run("init", file).exit_code) == (0, 0)
    policy = Policy.from_file(file)
    guard = ledgers.guard_of(policy, secret_key=ledgers.SECRET)
    _, id = ledgers.accept(guard, policy, "analytics")
    anchor = tmp_path / "anchor"

    assert "1 receipt holds" in run("verify", file, "--write-anchor", anchor).output
    assert run("verify", file, "--anchor", anchor).exit_code == 0
    assert json.loads(run("show", file, id).stdout)[0]["id"] == id
    assert json.loads(run("export", file).stdout)["decisions"][0]["choice"] == "accepted"
    assert "analytics=accepted" in run("export", file, "--format", "csv").stdout
    assert "0 receipts" in run("prune", file).output
    assert json.loads(run("prune", file, "--json").stdout)["pruned"] == 0
    assert json.loads(run("init", file, "--json").stdout)["chains"] > 0
    assert "analytics" in run("stats", file).output
    page = tmp_path / "stats.html"
    assert run("stats", file, "--html", page).exit_code == 0
    assert "<svg" in page.read_text() and "http" not in page.read_text()
    assert (
        run("stats", file, "--html", page).exit_code == 2
        and "--force" in run("stats", file, "--html", page).stderr
    )
    assert json.loads(run("stats", file, "--json").stdout)["category"][0]["accepted"] == "1"
    out = tmp_path / "receipts.jsonl"
    assert run("export", file, "-o", out).exit_code == 0 and json.loads(out.read_text())["id"] == id
    assert "--force" in run("export", file, "-o", out).stderr
    assert run("show", file, id, "--erase").exit_code == 0
    assert run("show", file, id).exit_code == 1
    assert "1 of them erased" in run("verify", file).output
    assert json.loads(run("verify", file, "--json").stdout)["erased"] == 1


def test_a_database_that_is_away_is_told_in_one_line(file: Path) -> None:
    url = "postgresql+psycopg://shop@127.0.0.1:1/shop"
    file.write_text(f'[ledger]\nurl = "{url}"\nretention = "3 years"\n')
    done = run("init", file)

    assert (done.exit_code, done.stderr.count("Error: ")) == (2, 1)
    assert "the database refuses: " in done.stderr and "\\" not in done.stderr


def by_backup(file: Path, copy: Path) -> None:
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def by_vacuum(file: Path, copy: Path) -> None:
    with closing(sqlite3.connect(file)) as source:
        source.execute("VACUUM INTO ?", (str(copy),))


@pytest.mark.parametrize("back_up", [by_backup, by_vacuum])
def test_a_backup_while_the_app_runs(
    back_up: Callable[[Path, Path], None], file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the recipe of docs/ledger.md has SQLite's own tool do."""
    run("init", file)
    policy = Policy.from_file(file)
    guard = ledgers.guard_of(policy, secret_key=ledgers.SECRET)
    # As long as one connection is open, the newest receipts lie beside the file that `cp` would take.
    with closing(sqlite3.connect(tmp_path / "r.db")) as held:
        held.execute("SELECT count(*) FROM sqlite_schema").fetchall()
        for _ in range(3):
            ledgers.accept(guard, policy, "analytics")
        assert (tmp_path / "r.db-wal").stat().st_size
        back_up(tmp_path / "r.db", tmp_path / "copy.db")

    monkeypatch.setenv("COOKIEGUARD_LEDGER_URL", f"sqlite:///{tmp_path}/copy.db")
    assert "3 receipts hold" in run("verify", file).output


KEYS = f"# ours\nan older key of 16 bytes\n{ledgers.SECRET}\n"


@pytest.mark.parametrize(
    ("variables", "flags", "code", "said"),
    [
        pytest.param({"SECRET_FILE": "keys"}, [], 0, "ready", id="file"),
        pytest.param({"SECRET": ledgers.SECRET}, [], 0, "ready", id="key"),
        pytest.param({"CONFIG": "config.toml"}, [], 0, "ready", id="configuration"),
        pytest.param({"SECRET_FILE": "nowhere"}, ["--secret-file", "keys"], 0, "ready", id="the flag wins"),
        pytest.param(
            {"SECRET": ledgers.SECRET, "CONFIG": "wrong.toml"}, [], 0, "ready", id="the environment wins"
        ),
        pytest.param(
            {"SECRET_FILE": "keys", "SECRET": ledgers.SECRET},
            [],
            2,
            "COOKIEGUARD_SECRET_FILE: stands beside COOKIEGUARD_SECRET; keep one of them",
            id="both",
        ),
        pytest.param({"SECRET_FILE": "nowhere"}, [], 2, "nowhere can't be read", id="no such file"),
        pytest.param({"SECRET": "short"}, [], 2, "less than 16", id="short"),
        pytest.param({}, [], 2, "set COOKIEGUARD_SECRET_FILE or COOKIEGUARD_SECRET", id="none"),
    ],
)
def test_keys(
    variables: dict[str, str],
    flags: list[str],
    code: int,
    said: str,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As `cookieguard.serve` reads them."""
    monkeypatch.delenv("COOKIEGUARD_SECRET")
    for name, value in variables.items():
        monkeypatch.setenv(f"COOKIEGUARD_{name}", value)
    for name, text in (
        ("keys", KEYS),
        ("config.toml", 'secret_file = "keys"\n'),
        ("wrong.toml", 'secret_file = "nowhere"\n'),
    ):
        file.with_name(name).write_text(text)
    done = run("init", file, *flags)

    assert (done.exit_code, said in done.output.replace("\n", " ")) == (code, True), done.output


def test_what_is_missing_is_said(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("init", file)
    monkeypatch.delenv("COOKIEGUARD_SECRET")
    assert "COOKIEGUARD_SECRET" in run("verify", file).output
    monkeypatch.setenv("COOKIEGUARD_SECRET", "another-secret-that-is-long-enough")
    assert run("verify", file).exit_code == 1
    anchor = file.with_name("anchor")
    anchor.write_text("[]")
    assert "is no anchor" in run("verify", file, "--anchor", anchor).stderr
    anchor.write_bytes(b'{"1": [1, "\xff"]}')
    assert "anchor:1: isn't UTF-8" in run("verify", file, "--anchor", anchor).stderr
    anchor.write_text("{}")
    monkeypatch.setenv("COOKIEGUARD_SECRET", ledgers.SECRET)
    named = run("verify", file, "--anchor", anchor)
    assert (named.exit_code, named.stdout.count("isn't named by the anchor")) == (1, 1)
    for id in ("abc", "\udcff", "ä"):
        nobodys = run("show", file, id, "--erase")
        assert (nobodys.exit_code, nobodys.stdout.strip()) == (1, "[]")
        assert "no such receipt" in nobodys.stderr and "0 erased" in nobodys.stderr
    file.write_text("")
    assert "no [ledger]" in run("stats", file).output
    file.write_text("[ledger]\nurl = 'sqlite:////nowhere/r.db'\nretention = '3 years'\n")
    assert "/nowhere/r.db: there is no such folder" in run("init", file).stderr


# Windows has none of the three; with `os.fork` alone, Python's own modules want its hook.
NO_HOOK = "import os; del os.fork, os.register_at_fork; "
NO_LOCKS = "import sys; sys.modules['fcntl'] = None; "


@pytest.mark.parametrize(
    ("lacks", "command", "says"),
    [
        pytest.param(NO_HOOK + NO_LOCKS, "init", "[ledger] needs a POSIX system", id="Windows, init"),
        pytest.param(NO_HOOK + NO_LOCKS, "stats", "[ledger] needs a POSIX system", id="Windows, stats"),
        pytest.param(NO_HOOK, "init", "[ledger] needs a POSIX system", id="the hook alone"),
        pytest.param(NO_LOCKS, "init", "[ledger] needs a POSIX system", id="the locks alone"),
        pytest.param(
            "import sys; sys.modules['sqlalchemy.exc'] = None; ",
            "init",
            "[ledger] needs sqlalchemy.exc; pip install 'cookieguard[ledger]'",
            id="the extra",
        ),
    ],
)
def test_where_the_ledger_cannot_run_the_command_tells_it_as_the_guard_does(
    file: Path, lacks: str, command: str, says: str
) -> None:
    code = f"{lacks}from cookieguard.cli import run; run()"
    done = subprocess.run(
        [sys.executable, "-c", code, "ledger", command, str(file)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Error: cookieguard.E009: {says}")


def test_a_retention_from_before_the_calendar_keeps_all(file: Path) -> None:
    file.write_text(file.read_text().replace("3 years", "3000 years"))
    assert run("init", file).exit_code == 0
    assert json.loads(run("prune", file, "--json").stdout) == {"before": "0001-01-01", "pruned": 0}


def test_a_ledger_that_the_environment_names(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("")
    monkeypatch.setenv("COOKIEGUARD_LEDGER_URL", f"sqlite:///{file.parent}/other.db")
    monkeypatch.setenv("COOKIEGUARD_LEDGER_RETENTION", "3 years")
    assert run("init", file).exit_code == 0
    assert file.with_name("other.db").exists()
    assert "0 receipts hold" in run("verify", file).output
    monkeypatch.setenv("COOKIEGUARD_LEDGER_RETENTION", "a while")
    assert (run("verify", file).exit_code, "COOKIEGUARD_LEDGER_RETENTION" in run("verify", file).stderr) == (
        2,
        True,
    )
