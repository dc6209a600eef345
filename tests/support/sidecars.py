"""The sidecar as a process of its own, started by its command."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from socket import create_server
from typing import Any

from contract import HOST, SECRET, Answer
from processes import end

POLICY = """
[site]
name = "Example Shop"
languages = ["en"]
[[cookies]]
name = "session"
category = "essential"
purpose = "Keeps you signed in."
lifetime = "1 day"
[[cookies]]
name = "ads"
category = "marketing"
purpose = "Shows ads."
lifetime = "1 day"
"""
HEALTH = "/.well-known/cookieguard/health"
RUN = [sys.executable, "-c", "from cookieguard.cli import run; run()", "sidecar"]


@dataclass
class Running:
    """A sidecar, and how to talk to it."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)

    def ask(self, path: str, method: str = "GET", body: Any = None, **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        everything = {"Host": HOST, "Connection": "close", **sent}
        chunked = "Transfer-Encoding" in sent
        with closing(self.connect()) as connection:
            connection.request(method, path, body, everything, encode_chunked=chunked)
            with connection.getresponse() as response:
                return Answer(response.status, response.getheaders(), response.read())

    def raw(self, request: bytes) -> bytes:
        """Send bytes, and return all that comes until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=15) as client:
            client.sendall(request)
            return b"".join(iter(lambda: client.recv(65536), b""))

    def most_memory(self) -> int:
        """The most bytes that the process had in memory so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024


@contextmanager
def running(
    folder: Path,
    address: str,
    *options: str,
    policy: str = POLICY,
    key: str = SECRET,
    socket: socket.socket | None = None,
    **environment: str,
) -> Iterator[Running]:
    """Run a sidecar before the app at `address`, on a free port or on a `socket` that stays the caller's."""
    (folder / "cookies.toml").write_text(policy)
    (folder / "secret").write_text(f"{key}\n")
    (folder / "secret").chmod(0o600)
    log = folder / f"log-{time.monotonic_ns()}"
    own = nullcontext(socket) if socket else create_server(("127.0.0.1", 0))
    with own as listening, log.open("wb") as out:
        fd = listening.fileno()
        given = [f"--upstream={address}", "--policy=cookies.toml", "--secret-file=secret", f"--fd={fd}"]
        process = subprocess.Popen(
            [*RUN, *given, *options],
            cwd=folder,
            env={**os.environ, **environment},
            pass_fds=[fd],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
        port = listening.getsockname()[1]
    try:
        yield Running(process, port, log)
    finally:
        end(process)


def asked_by(target: str) -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()


def wait_for(what: Callable[[], bool]) -> None:
    for _ in range(500):
        if what():
            return
        time.sleep(0.01)
    raise AssertionError("waited for too long")
