"""Forms that come slowly: how long a client can hold a worker with one.

A form's length is told before it is read, 64 KiB at most. A stranger's is refused unread. One that claims
to be the site's own is waited for as long as the server waits: waitress and ASGI servers hold no worker
meanwhile, gunicorn's `sync` workers do, until its `--timeout`: SECURITY.md says what to do.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from contract import HOST, MOUNT, SECRET
from served import BIN, GUNICORN, WAITRESS, Site, clean, serving

pytestmark = pytest.mark.server

ROOT = Path(__file__).parents[2]
APP = """
import os
from cookieguard import CookieGuard, Policy
from cookieguard.asgi import CookieGuard as ASGICookieGuard

policy = Policy.from_dict({"cookies": [{"name": "ads", "category": "marketing", "purpose": "P."}]})

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]

async def asgi(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"ok"})

app = CookieGuard(app, policy, secret_key=os.environ["SECRET"])
asgi = ASGICookieGuard(asgi, policy, secret_key=os.environ["SECRET"])
"""
SERVERS = {
    "gunicorn": [*GUNICORN, "--workers=1", "the_app:app"],
    "waitress": [*WAITRESS, "the_app:app"],
    "uvicorn": [str(BIN / "uvicorn"), "--port={port}", "--lifespan=off", "the_app:asgi"],
}


@contextlib.contextmanager
def site(folder: Path, name: str) -> Iterator[Site]:
    (folder / "the_app.py").write_text(APP)
    with serving(
        SERVERS[name], folder, clean(SECRET=SECRET, PYTHONPATH=f"{folder}{os.pathsep}{ROOT}")
    ) as site:
        yield site


def slow(site: Site, origin: str, length: int = 65536) -> socket.socket:
    """Begin to send a form, and no more of it than its head and three bytes."""
    client = socket.create_connection(("127.0.0.1", site.port), timeout=5)
    head = f"POST {MOUNT} HTTP/1.1\r\nHost: {HOST}\r\nOrigin: {origin}\r\nContent-Length: {length}\r\n"
    client.sendall(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\ncho".encode())
    return client


def test_a_strangers_form_is_refused_before_it_came(tmp_path: Path) -> None:
    with site(tmp_path, "gunicorn") as running:
        for _ in range(3):
            with slow(running, "https://evil.example") as client:
                assert client.recv(1024).startswith(b"HTTP/1.1 403 ")
        # So is one that is too long.
        with slow(running, f"http://{HOST}", 65537) as client:
            assert client.recv(1024).startswith(b"HTTP/1.1 413 ")
        assert running.ask("/").body == b"ok"


@pytest.mark.parametrize("name", ["waitress", "uvicorn"])
def test_slow_forms_hold_nobody_else_up(tmp_path: Path, name: str) -> None:
    with site(tmp_path, name) as running, contextlib.ExitStack() as clients:
        # More of them than there are threads.
        for _ in range(8):
            clients.enter_context(slow(running, f"http://{HOST}"))
        assert running.ask("/").body == b"ok"
        assert running.ask(MOUNT).status == 200
