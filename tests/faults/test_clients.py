"""Clients that go away: the server goes on, the app's body is closed, and nobody cries for help."""

from __future__ import annotations

import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from contract import HOST, MOUNT
from served import GUNICORN, WAITRESS, Site, clean, serving

pytestmark = pytest.mark.server

UVICORN = [sys.executable, "-m", "uvicorn", "--port={port}", "--lifespan=off", "--log-level=error"]
_RESET = struct.pack("ii", 1, 0)
SERVERS = {
    "gunicorn-sync": [*GUNICORN, "--workers=1", "abandoned_app:app"],
    "gunicorn-gthread": [
        *GUNICORN,
        "--workers=1",
        "--worker-class=gthread",
        "--threads=2",
        "abandoned_app:app",
    ],
    "uvicorn": [*UVICORN, "abandoned_app:asgi_app"],
    "waitress": [*WAITRESS, "abandoned_app:app"],
}


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("abandoned") / "notes"


@pytest.fixture(scope="module", params=SERVERS)
def site(request: pytest.FixtureRequest, notes: Path) -> Iterator[Site]:
    with serving(SERVERS[request.param], notes.parent, clean(NOTES=str(notes))) as site:
        yield site


@pytest.fixture
def noted(site: Site, notes: Path) -> Callable[[], list[str]]:
    """What is noted from now on; of the page that ends, nothing."""
    notes.write_text("")
    return lambda: [line for line in notes.read_text().splitlines() if line != "closed /"]


def leave(site: Site, sent: bytes, read: int = 0, *, wait: float = 0.0, reset: bool = True) -> bytes:
    """Send a request or a part of it, read so many bytes, and go."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as client:
        client.sendall(sent)
        got = b""
        while len(got) < read:
            got += client.recv(4096)
        time.sleep(wait)
        if reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        return got


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()


def post(path: str) -> bytes:
    """Say that five hundred bytes of a form follow, and send a few."""
    head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nOrigin: http://{HOST}\r\nContent-Length: 500\r\n"
    return f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\nchoice=all&".encode()


def goes_on(site: Site) -> None:
    """Assert that the next visitor gets a guarded page, and that the log speaks of no error."""
    answer = site.ask("/")
    assert (answer.status, answer.names) == (200, ["session"])
    assert f"{MOUNT}/guard.js".encode() in answer.body
    said = site.said
    assert "Traceback" not in said and "ERROR cookieguard" not in said and "CRITICAL" not in said, said


def await_note(noted: Callable[[], list[str]], expected: list[str]) -> None:
    end = time.monotonic() + 10
    while noted() != expected and time.monotonic() < end:
        time.sleep(0.02)
    assert noted() == expected


@pytest.mark.parametrize("reset", [True, False], ids=["reset", "closed"])
def test_in_the_middle_of_a_page(site: Site, noted: Callable[[], list[str]], reset: bool) -> None:
    got = leave(site, get("/endless"), 30_000, reset=reset)

    assert b"session=1" in got and b"ads=1" not in got
    await_note(noted, ["closed /endless"])
    goes_on(site)


def test_before_the_first_byte(site: Site, noted: Callable[[], list[str]]) -> None:
    # The app is at work when the client goes.
    leave(site, get("/late"), wait=0.1)

    await_note(noted, ["closed /late"])
    goes_on(site)


@pytest.mark.parametrize("path", [MOUNT, "/form"])
@pytest.mark.parametrize("reset", [True, False], ids=["reset", "closed"])
def test_in_the_middle_of_a_form(site: Site, path: str, reset: bool) -> None:
    leave(site, post(path), wait=0.1, reset=reset)

    goes_on(site)


def test_many_at_once(site: Site) -> None:
    for _ in range(5):
        leave(site, get("/"))
        leave(site, get("/endless"), 1)
        leave(site, post(MOUNT))

    goes_on(site)
