"""What is published: wheel and sdist, and the package as an empty environment sees it."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

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


@pytest.mark.install
def test_the_wheel_works_in_an_empty_environment(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", f"{wheel}[cli]"], check=True, cwd=tmp_path)
    (tmp_path / "cookies.toml").write_text('use = ["flask", "google-analytics"]\n')
    command = [tmp_path / "venv" / "bin" / "cookieguard", "check", "cookies.toml"]
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "COV"))}
    checked = subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "0 warnings" in checked.stdout

    page = """
from cookieguard import CookieGuard, Policy
from werkzeug.test import Client
app = CookieGuard(lambda environ, start: [], Policy.from_file("cookies.toml"), secret_key="0123456789abcdef")
response = Client(app).get("/privacy-choices")
assert response.status_code == 200 and "Google Analytics" in response.text, response.text
"""
    subprocess.run([python, "-W", "error", "-c", page], cwd=tmp_path, env=clean, check=True)
