"""`flask cookieguard check`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from contract import SECRET


def run_flask(folder: Path, *arguments: str, code: str) -> subprocess.CompletedProcess[str]:
    (folder / "site_app.py").write_text(code)
    environ = {key: value for key, value in os.environ.items() if not key.startswith("FLASK")}
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "site_app", *arguments],
        cwd=folder,
        env=environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=30,
    )


FACTORY = """
from flask import Flask
from cookieguard.flask import CookieGuard

guard = CookieGuard()

def create_app():
    app = Flask(__name__)
    guard.init_app(app)
    app.config["SECRET_KEY"] = {key!r}
    return app
"""


@pytest.mark.parametrize(
    ("policy", "key", "code", "says"),
    [
        pytest.param('use = ["google-analytics"]', SECRET, 0, "visitors decide on: analytics", id="right"),
        pytest.param('use = ["gogle-analytics"]', SECRET, 1, "did you mean 'google-analytics'", id="policy"),
        pytest.param("", "dev", 1, "cookieguard.E003: SECRET_KEY is", id="weak secret"),
        pytest.param("", None, 1, "cookieguard.E046", id="no secret"),
    ],
)
def test_flask_cookieguard_check(tmp_path: Path, policy: str, key: str, code: int, says: str) -> None:
    (tmp_path / "cookies.toml").write_text(policy)
    done = run_flask(tmp_path, "cookieguard", "check", code=FACTORY.format(key=key))

    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert says in done.stdout + done.stderr
    assert ("session (essential)" in done.stdout) is (code == 0)


@pytest.mark.parametrize(
    "logs",
    [pytest.param("", id="no logging"), pytest.param("import logging; logging.basicConfig()", id="logging")],
)
def test_the_check_says_each_warning_once(tmp_path: Path, logs: str) -> None:
    (tmp_path / "cookies.toml").write_text('[consent]\nlifetime = "500 days"\n')
    done = run_flask(tmp_path, "cookieguard", "check", code=f"{logs}\n{FACTORY.format(key=SECRET)}")

    assert (done.returncode, (done.stdout + done.stderr).count("W204")) == (0, 1)


def test_the_check_says_whom_a_change_asks_again(tmp_path: Path) -> None:
    (tmp_path / "cookies.toml").write_text('use = ["google-analytics", "matomo"]')
    (tmp_path / "old.toml").write_text('use = ["google-analytics"]')
    code = FACTORY.format(key=SECRET)
    changed = run_flask(tmp_path, "cookieguard", "check", "--against", "old.toml", code=code)
    same = run_flask(tmp_path, "cookieguard", "check", "--against", "cookies.toml", code=code)

    assert "analytics: visitors are asked again\n  if the change is editorial: [categories" in changed.stdout
    assert same.stdout.endswith("no visitor is asked again\n")


def test_the_check_says_where_the_guard_is_missing(tmp_path: Path) -> None:
    done = run_flask(tmp_path, "cookieguard", "check", code="from flask import Flask\napp = Flask('a')")

    assert done.returncode == 1
    assert "the app 'a' has no guard" in done.stderr
