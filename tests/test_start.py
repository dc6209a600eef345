"""A process with a wrong configuration doesn't start, and says why."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

APP = """
from pathlib import Path
from cookieguard import CookieGuard, Policy

def hello(environ, start_response):
    start_response("200 OK", [])
    return []

app = CookieGuard(hello, Policy.from_file(Path(__file__).with_name("cookies.toml")), secret_key={key!r})
"""
TEN_MISTAKES = """
use = ["flaks"]
[gaurd]
[guard]
mount = "choices"
inject = "yes"
[consent]
lifetime = "for ever"
domain = "nowhere"
[providers.acme]
privacy_url = "javascript:alert(1)"
[[cookies]]
name = "ads"
category = "marketng"
provider = "acne"
path = "shop"
"""
COMMANDS = {
    "python": ["python", "-c", "import site_app"],
    "gunicorn": ["gunicorn", "--check-config", "site_app:app"],
    "waitress": ["waitress-serve", "--listen=127.0.0.1:0", "site_app:app"],
}


def start(folder: Path, command: list[str], policy: str, key: str) -> subprocess.CompletedProcess[str]:
    program, *arguments = command
    (folder / "cookies.toml").write_text(policy)
    (folder / "site_app.py").write_text(APP.format(key=key))
    return subprocess.run(
        [Path(sys.executable).with_name(program), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.mark.server
@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_ten_mistakes_are_ten_lines_and_no_process(tmp_path: Path, command: list[str]) -> None:
    done = start(tmp_path, command, TEN_MISTAKES, "long enough for a secret")

    said = done.stdout + done.stderr
    assert done.returncode != 0
    # waitress wraps what an app's import raises, and tells each line of it.
    assert len({line.strip() for line in said.splitlines() if ": error cookieguard.E1" in line}) >= 10
    assert "the policy has 11 mistakes" in said


@pytest.mark.server
@pytest.mark.parametrize(
    ("policy", "key", "says"),
    [
        pytest.param("", "weak", "cookieguard.E003", id="weak secret"),
        pytest.param("[site", "long enough for a secret", "cookieguard.E101", id="half a file"),
    ],
)
def test_says_why(tmp_path: Path, policy: str, key: str, says: str) -> None:
    done = start(tmp_path, COMMANDS["gunicorn"], policy, key)

    assert done.returncode != 0
    assert says in done.stdout + done.stderr
