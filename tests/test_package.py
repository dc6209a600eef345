"""What is published: wheel and sdist, and the package as an empty environment sees it."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

import cookieguard

ROOT = Path(__file__).parent.parent
DATA = [
    "cookieguard/py.typed",
    "cookieguard/policy/catalogue/flask.toml",
    "cookieguard/visitor/languages/cookieguard.pot",
    "cookieguard/visitor/languages/de.po",
    "cookieguard/visitor/style.css",
    "cookieguard/visitor/templates/page.html",
]


def test_public_names_are_there_and_typed() -> None:
    assert [name for name in cookieguard.__all__ if not hasattr(cookieguard, name)] == []


def test_importing_the_package_imports_no_framework() -> None:
    code = (
        "import sys, cookieguard; "
        "print({name.partition('.')[0] for name in sys.modules} & {'flask', 'django', 'click', 'rich', 'yaml'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "build", "--outdir", folder, ROOT], check=True, capture_output=True)
    return folder


@pytest.mark.install
def test_wheel_and_sdist_contain_the_data_files(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    (sdist,) = built.glob("*.tar.gz")
    in_wheel = set(zipfile.ZipFile(wheel).namelist())
    with tarfile.open(sdist) as archive:
        in_sdist = {name.partition("/")[2] for name in archive.getnames()}
    assert set(DATA) - in_wheel == set()
    assert {*DATA, "examples/plain_wsgi.py", "tests/test_package.py", "LICENSE"} - in_sdist == set()
    assert {name.partition("/")[0] for name in in_wheel if ".dist-info" not in name} == {"cookieguard"}


class Empty(NamedTuple):
    """An environment with the wheel and its extra for the command line, and with nothing else."""

    folder: Path
    environ: dict[str, str]

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [self.folder / "venv" / "bin" / program, *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self.environ, capture_output=True, text=True, timeout=60
        )


@pytest.fixture(scope="module")
def empty(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Empty:
    folder = tmp_path_factory.mktemp("empty")
    (wheel,) = built.glob("*.whl")
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", f"{wheel}[cli]"], check=True, cwd=folder)
    (folder / "cookies.toml").write_text('use = ["flask", "google-analytics"]\n')
    (folder / "cookies.yaml").write_text("use: [flask]\n")
    (folder / "receipts.toml").write_text('[ledger]\nurl = "sqlite:///r.db"\nretention = "3 years"\n')
    (folder / "app.log").write_text("INFO in cookieguard: stripped theme: functional, undecided\n")
    named = ("PYTHON", "COV", "COOKIEGUARD")
    return Empty(folder, {key: value for key, value in os.environ.items() if not key.startswith(named)})


@pytest.mark.install
def test_the_wheel_works_in_an_empty_environment(empty: Empty) -> None:
    page = """
from cookieguard import CookieGuard, Policy
from werkzeug.test import Client
app = CookieGuard(lambda environ, start: [], Policy.from_file("cookies.toml"), secret_key="0123456789abcdef")
response = Client(app).get("/privacy-choices")
assert response.status_code == 200 and "Google Analytics" in response.text, response.text
"""
    done = empty.run("python", "-W", "error", "-c", page)
    assert (done.returncode, done.stderr) == (0, "")


# In one process: each of them alone would start Python.
HELP = """
import click
from click.testing import CliRunner
from cookieguard.cli.main import main

def told(command, *path):
    result = CliRunner().invoke(main, [*path, "--help"])
    assert (result.exit_code, result.stderr) == (0, ""), (path, result)
    assert result.stdout.startswith(f"Usage: main {' '.join(path)}".rstrip()), (path, result.stdout)
    return 1 + sum(told(each, *path, name) for name, each in getattr(command, "commands", {}).items())

print(told(main))
"""


@pytest.mark.install
def test_every_command_has_help_without_the_other_extras(empty: Empty) -> None:
    done = empty.run("python", "-W", "error", "-c", HELP)
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 20


# What each ends with, and says: on stderr where it couldn't do what was asked.
COMMANDS = {
    # Those of the README; for `init` there is no app here.
    "demo --once": (0, "A visitor who refuses"),
    "init --app nobody:app --output first.toml": (2, "nobody"),
    "check cookies.toml": (0, "0 warnings"),
    "explain _ga": (0, "Google Analytics"),
    "report app.log": (0, "undecided"),
    # Extras that aren't here.
    "check cookies.yaml": (2, "cookieguard[yaml]"),
    "explain _ga --policy cookies.yaml": (2, "cookieguard[yaml]"),
    "sidecar --policy cookies.toml": (2, "cookieguard[sidecar]"),
    "ledger init receipts.toml": (2, "cookieguard[ledger]"),
    "ledger verify receipts.toml": (2, "cookieguard[ledger]"),
    "ledger show receipts.toml x": (2, "cookieguard[ledger]"),
    "ledger export receipts.toml": (2, "cookieguard[ledger]"),
    "ledger prune receipts.toml": (2, "cookieguard[ledger]"),
    "ledger stats receipts.toml": (2, "cookieguard[ledger]"),
}


@pytest.mark.install
def test_commands_in_an_empty_environment(empty: Empty) -> None:
    wrong = []
    for command, (code, said) in COMMANDS.items():
        done = empty.run("cookieguard", *command.split())
        # `check` reports what it finds, whatever that is.
        failed = code == 2 and not command.startswith("check")
        told, silent = (done.stderr, done.stdout) if failed else (done.stdout, done.stderr)
        if done.returncode != code or said not in told or "Traceback" in told or silent:
            wrong.append((command, done.returncode, done.stdout, done.stderr))
    assert wrong == []
