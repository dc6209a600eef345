"""Real servers as a site runs them: one command, its environment, and HTTP on loopback."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from contract import HOST, Answer
from processes import end

SUPPORT = Path(__file__).parent
BIN = Path(sys.executable).parent
GUNICORN = [sys.executable, "-m", "gunicorn", "--no-control-socket", "--bind=127.0.0.1:{port}"]
GUNICORN += ["--graceful-timeout=2", "--log-level=error"]
WAITRESS = [str(BIN / "waitress-serve"), "--listen=127.0.0.1:{port}", "--threads=2"]
UWSGI = [str(BIN / "uwsgi"), "--http-socket=127.0.0.1:{port}", "--need-app", "--master", "--die-on-term"]
_PATIENCE = 20.0


class Site:
    """A server that runs, and how to talk to it."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self._process, self.port, self._log = process, port, log

    def ask(
        self,
        path: str = "/",
        headers: Mapping[str, str] | None = None,
        method: str = "GET",
        body: bytes | None = None,
        port: int | None = None,
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=10)
        try:
            sent = {"Host": HOST, "Connection": "close", **(headers or {})}
            connection.request(method, path, body, sent)
            with connection.getresponse() as response:
                return Answer(response.status, response.getheaders(), response.read())
        finally:
            connection.close()

    @property
    def said(self) -> str:
        """All that the server wrote so far."""
        return self._log.read_text("utf-8", "replace")

    @property
    def workers(self) -> list[int]:
        """The processes below the server's own."""
        listed = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        return [int(pid) for pid in listed.split()]

    @property
    def ended(self) -> int | None:
        """The exit status of the server, None while it runs."""
        return self._process.poll()

    def reload(self) -> None:
        """Tell the server to take its configuration anew."""
        self._process.send_signal(signal.SIGHUP)

    def await_start(self) -> None:
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end and self._process.poll() is None:
            # gunicorn listens before there is a worker to answer, and resets when none comes up.
            with contextlib.suppress(OSError, http.client.HTTPException):
                self.ask("/", {"X-Case": "nothing-to-decide"})
                return
            time.sleep(0.05)
        raise AssertionError(f"the server didn't start:\n{self.said}")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def clean(**variables: str) -> dict[str, str]:
    """The environment of a site: nobody else's settings, and what it can import from these tests."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("COOKIEGUARD_")}
    return {**kept, "PYTHONPATH": str(SUPPORT), **variables}


@contextlib.contextmanager
def serving(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    *,
    port: int | None = None,
) -> Iterator[Site]:
    """Run a server in `folder` until the block ends; `{port}` in its command is a free one, or this."""
    port, log = port or free_port(), folder / f"log-{time.monotonic_ns()}"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [argument.replace("{port}", str(port)) for argument in command],
            cwd=folder,
            env=dict(environment or clean()),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    site = Site(process, port, log)
    try:
        site.await_start()
        yield site
    finally:
        end(process)
