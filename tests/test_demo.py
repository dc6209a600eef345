"""The demonstration, as somebody runs it."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

DEMO = Path(__file__).parents[1] / "examples" / "demo.py"
TITLES = ("A visitor who hasn't decided", "A visitor who refuses", "A visitor who accepts")
ENVIRON = {**os.environ, "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}


@pytest.fixture(scope="module")
def printed() -> str:
    run = subprocess.run(
        [sys.executable, DEMO, "--once"], capture_output=True, encoding="utf-8", env=ENVIRON, timeout=60
    )
    assert run.stderr == ""
    assert run.returncode == 0
    return run.stdout


def sections(printed: str) -> dict[str, str]:
    _, *parts = re.split("|".join(rf"^({re.escape(title)})\s*$" for title in TITLES), printed, flags=re.M)
    parts = [part for part in parts if part is not None]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def rows(section: str) -> dict[str, tuple[str, ...]]:
    cells = (re.split(r"\s{2,}", line.strip()) for line in section.splitlines())
    return {row[0]: tuple(row[1:]) for row in cells if len(row) == 4}


@pytest.mark.parametrize(
    ("title", "optional"),
    [
        pytest.param(TITLES[0], ("stripped", "undecided"), id="undecided"),
        pytest.param(TITLES[1], ("stripped", "refused"), id="refusing"),
        pytest.param(TITLES[2], ("kept", "accepted"), id="accepting"),
    ],
)
def test_each_state_has_its_table(printed: str, title: str, optional: tuple[str, str]) -> None:
    section = sections(printed)[title]
    table = rows(section)
    assert table.pop("cookie") == ("category", "verdict", "reason")
    assert table.pop("login_session") == ("essential", "kept", "essential")
    # Undeclared up to the day on which the announced policy comes into force.
    table.pop("support_chat_visitor")
    assert {name: row[0] for name, row in table.items()} == {
        "_ga": "analytics",
        "_ga_FERNHILL01": "analytics",
        "_gid": "analytics",
        "optimizelyEndUserId": "analytics",
        "NREUM": "analytics",
        "_gcl_au": "marketing",
        "_fbp": "marketing",
        "_twclid": "marketing",
        "uuid2": "marketing",
        "nanigans_visitor": "marketing",
        "support_chat": "functional",
    }
    assert {row[1:] for row in table.values()} == {optional}


def test_what_the_browser_holds_is_what_was_kept(printed: str) -> None:
    held = {
        title: set(re.findall(r"[\w-]+", section.partition("The browser holds:")[2]))
        for title, section in sections(printed).items()
    }
    assert held[TITLES[0]] == {"login_session"}
    assert held[TITLES[1]] == {"login_session", "cookieguard"}
    kept = {name for name, row in rows(sections(printed)[TITLES[2]]).items() if row[1] == "kept"}
    assert held[TITLES[2]] == kept | {"cookieguard"}


def test_the_output_fits_a_terminal_of_100_columns(printed: str) -> None:
    assert max(map(len, printed.splitlines())) <= 100


@pytest.mark.server
def test_it_serves_until_interrupted() -> None:
    with subprocess.Popen(
        [sys.executable, DEMO], stdout=subprocess.PIPE, encoding="utf-8", env=ENVIRON
    ) as demo:
        try:
            assert demo.stdout is not None
            addresses = (re.search(r"http://127[\d.]+:\d+/", line) for line in demo.stdout)
            address = next(found[0] for found in addresses if found)
            with urlopen(address, timeout=10) as response:
                assert response.status == 200
                page = response.read().decode()
                assert response.headers.get_all("Set-Cookie") is None
            assert "Fernhill Outdoor" in page
            chat = re.search(r'<script (\S+)="(http://localhost:\d+/chat\.js)"', page)
            assert chat
            assert chat[1] != "src"
            with urlopen(chat[2], timeout=10) as response:
                assert response.headers["Content-Type"].startswith("text/javascript")
                assert b"support_chat=" in response.read()
            demo.send_signal(signal.SIGINT)
            told, _ = demo.communicate(timeout=10)
            assert demo.returncode == 0
            assert "stripped _ga: analytics, undecided" in told
        finally:
            demo.kill()


OPEN = """
import threading
from serving import open_browser
open_browser("http://127.0.0.1:8000/")
for thread in threading.enumerate():
    if thread is not threading.main_thread():
        thread.join()
"""


@pytest.mark.parametrize(
    ("terminal", "environ", "opens"),
    [
        pytest.param(True, {"DISPLAY": ":0"}, True, id="desktop"),
        pytest.param(True, {"WAYLAND_DISPLAY": "wayland-0"}, True, id="wayland"),
        pytest.param(True, {}, False, id="no-display"),
        pytest.param(False, {"DISPLAY": ":0"}, False, id="no-terminal"),
        pytest.param(True, {"DISPLAY": ":0", "CI": "true"}, False, id="ci"),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a desktop")
def test_it_opens_a_browser_where_a_person_sits(
    tmp_path: Path, terminal: bool, environ: dict[str, str], opens: bool
) -> None:
    opened, browser = tmp_path / "opened", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >{opened}\n')
    browser.chmod(0o755)
    plain = {
        name: value for name, value in ENVIRON.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY", "CI")
    }
    reader, writer = pty.openpty() if terminal else os.pipe()
    try:
        subprocess.run(
            [sys.executable, "-c", OPEN],
            stdout=writer,
            check=True,
            cwd=DEMO.parent,
            env={**plain, "BROWSER": f"{browser} %s", **environ},
            timeout=30,
        )
    finally:
        os.close(reader)
        os.close(writer)
    assert opened.exists() == opens
    assert not opens or opened.read_text() == "http://127.0.0.1:8000/\n"
