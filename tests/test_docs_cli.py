"""docs/cli.md: each command prints what the page says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cookieguard import Policy
from cookieguard.testing import consent_cookie

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "cli.md"
KEY = "a key for these tests only"
LOG = """\
[2026-11-25 10:00:01] [7] INFO in app: GET / 200
[2026-11-25 10:00:01] [7] DEBUG in cookieguard: kept shop_session: essential
[2026-11-25 10:00:01] [7] INFO in cookieguard: would strip theme: functional, undecided
[2026-11-25 10:00:02] [7] INFO in cookieguard: would strip theme: functional, undecided
[2026-11-25 10:00:02] [7] INFO in cookieguard: would cap shop_session: essential, lifetime
[2026-11-25 10:00:02] [7] INFO in cookieguard: would strip _gcl_au: undeclared; the catalogue has it: use = ["google-ads"]
[2026-11-25 10:00:03] [7] INFO in cookieguard: would strip mystery: undeclared
"""
CSV = """\
ID,Platform,Category,Cookie / Data Key name,Domain,Description,Retention period,Data Controller,User Privacy & GDPR Rights Portals,Wildcard match
1,Acme,Analytics,acme_visitor,,Counts visits,1 year,Acme,https://acme.example/privacy,0
2,Acme,Marketing,_s,,Everything,1 year,Acme,https://acme.example/privacy,1
"""


def blocks() -> list[str]:
    return re.findall(r"^```console\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def steps(block: str) -> list[tuple[str, str]]:
    """Split a block into its commands, each with the output below it."""
    found = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)[1:]
    return list(zip(found[::2], found[1::2], strict=True))


def make_files(folder: Path) -> None:
    (app,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    (folder / "shop.py").write_text(app, "utf-8")
    (folder / "mistakes.toml").write_text('use = ["flaks"]\n\n[guard]\nmount = "choices"\n')
    (folder / "old.toml").write_text('use = ["google-analytics"]\n')
    (folder / "headers.txt").write_text(
        "HTTP/2 200\r\nset-cookie: _ga=1; Max-Age=60\r\nset-cookie: mystery=1\r\n"
    )
    (folder / "app.log").write_text(LOG)
    (folder / "open-cookie-database.csv").write_text(CSV)
    (folder / "key.txt").write_text(KEY)
    policy = Policy.from_dict({"use": ["google-analytics"]})
    (folder / "cookie.txt").write_text("=".join(consent_cookie(policy, KEY, ["analytics"])))


def run(command: str, folder: Path) -> str:
    """Run a line as a shell would, where `cookieguard` is installed."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COOKIEGUARD_")}
    shim = f"cookieguard() {{ {sys.executable} -c 'from cookieguard.cli import run; run()' \"$@\"; }}\n"
    done = subprocess.run(
        ["bash", "-c", f"{shim}{command}"],
        cwd=folder,
        env={**environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert "Traceback" not in done.stdout
    return done.stdout


def matches(shown: str, printed: str) -> bool:
    """Compare line by line; a line `…` stands for any number, and a date or signature for another."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "…" else _flexible(line) + r"\n" for line in shown.splitlines()
    )
    return (
        re.fullmatch(pattern, printed if printed.endswith("\n") or not printed else printed + "\n")
        is not None
    )


def _flexible(line: str) -> str:
    escaped = re.escape(line)
    escaped = re.sub(r"20\d\d\\-\d\d\\-\d\d", r"20\\d\\d-\\d\\d-\\d\\d", escaped)
    return escaped.replace("…", ".*")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("shop")
    make_files(made)
    return made


def test_each_command_prints_what_the_page_says(folder: Path) -> None:
    # In order: what the first writes, the others read.
    for command, shown in [step for block in blocks() for step in steps(block)]:
        printed = run(command, folder)
        assert matches(shown, printed), f"$ {command}\n{printed}"


def test_each_command_is_on_the_page() -> None:
    from cookieguard.cli.main import main

    page = PAGE.read_text("utf-8")
    assert [name for name in main.commands if f"`{name}" not in page] == []
