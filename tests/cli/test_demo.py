"""`demo`, as a new user runs it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest
from click.testing import CliRunner

from cookieguard.cli.main import main

ROOT = Path(__file__).parents[2]
ENVIRON = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
COMMAND = [sys.executable, "-W", "error", "-c", "from cookieguard.cli import run; run()", "demo"]


def test_once_shows_what_three_visitors_get() -> None:
    result = CliRunner().invoke(main, ["demo", "--once"])
    assert result.exit_code == 0
    parts = re.split(r"^A visitor who ", result.output, flags=re.M)
    verdicts = {
        part.splitlines()[0]: [line.split()[2] for line in part.splitlines()[2:] if line]
        for part in parts[1:]
    }
    assert verdicts == {
        "hasn't decided": ["kept", "stripped", "stripped", "stripped"],
        "refuses": ["kept", "stripped", "stripped", "stripped"],
        "accepts statistics": ["kept", "stripped", "kept", "stripped"],
    }


def test_once_as_json() -> None:
    told = json.loads(CliRunner().invoke(main, ["demo", "--once", "--json"]).output)
    assert [each["verdict"] for each in told["refuses"]] == ["kept", "stripped", "stripped", "stripped"]
    assert CliRunner().invoke(main, ["demo", "--json"]).exit_code == 2


@pytest.mark.server
def test_it_serves_until_interrupted() -> None:
    with subprocess.Popen(
        [*COMMAND, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRON
    ) as demo:
        try:
            assert demo.stdout is not None
            found = re.match(r"http://127\.0\.0\.1:\d+/", demo.stdout.readline())
            assert found
            with urlopen(found[0], timeout=10) as response:
                cookies = [line.partition("=")[0] for line in response.headers.get_all("Set-Cookie")]
                assert cookies == ["session"]
                assert b"<script src=" in response.read()
            demo.send_signal(signal.SIGINT)
            _, told = demo.communicate(timeout=10)
        finally:
            demo.kill()
    assert demo.returncode == 0
    assert "stripped _ga: analytics, undecided" in told
    assert "stripped visitor_id: undeclared" in told
    assert "Traceback" not in told


@pytest.mark.server
def test_a_taken_port_is_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run([*COMMAND, "--port", str(port)], capture_output=True, text=True, env=ENVIRON)
    assert done.returncode == 2
    assert f"port {port}: Address already in use" in done.stderr
