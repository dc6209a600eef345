"""An upstream of raw bytes, that answers as it likes: by the path, and never more than that says."""

from __future__ import annotations

import hashlib
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO

PART = b"0123456789abcdef" * 4096


@dataclass
class Upstream:
    """What an upstream was sent so far; `wait` ends what hangs."""

    port: int = 0
    heads: list[bytes] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    connections: int = 0
    broken: threading.Event = field(default_factory=threading.Event)
    wait: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def lines(self) -> list[str]:
        """The last request's head, line by line."""
        return self.heads[-1].decode("latin-1").split("\r\n")

    def values(self, name: str) -> list[str]:
        """The values that a header had in the last request."""
        pairs = [line.partition(":") for line in self.lines()[1:]]
        return [value.strip() for key, _, value in pairs if key.lower() == name.lower()]


def whole(*headers: str, status: str = "200 OK", body: bytes = b"ok") -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


class Gone(Exception):
    """The client's side of a connection ended in a body."""


def read_body(file: BinaryIO, head: bytes) -> Iterator[bytes]:
    """Yield a request's body as it comes."""
    lowered = head.lower()
    if b"\r\ntransfer-encoding: chunked" in lowered:
        while size := int(file.readline() or _gone(), 16):
            yield _exactly(file, size)
            file.readline()
        file.readline()
    elif b"\r\ncontent-length:" in lowered:
        left = int(lowered.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0])
        while left:
            yield (part := _exactly(file, min(left, 65536)))
            left -= len(part)


def _exactly(file: BinaryIO, size: int) -> bytes:
    part = file.read(size)
    return part if len(part) == size else _gone()


def _gone() -> bytes:
    raise Gone


Answer = Callable[[Upstream, BinaryIO, str], None]


class _Handler(socketserver.StreamRequestHandler):
    upstream: Upstream
    answers: dict[str, Answer | bytes]

    def handle(self) -> None:
        self.upstream.connections += 1
        while self._one():
            pass

    def _one(self) -> bool:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.rfile.readline()
            if not line:
                return False
            head += line
        self.upstream.heads.append(head[:-4])
        path = head.split(b" ", 2)[1].partition(b"?")[0].decode("latin-1")
        answer = self.answers.get(path, whole())
        try:
            digest, size = hashlib.sha256(), 0
            # A connection that is closed with more to read is reset.
            for part in () if path.startswith("/unread/") else read_body(self.rfile, head):
                digest.update(part)
                size += len(part)
            self.upstream.bodies.append(f"{size} {digest.hexdigest()}")
            if isinstance(answer, bytes):
                self.wfile.write(answer)
                # Whatever is whole leaves the connection open.
                return b"Content-Length" in answer and b"Connection: close" not in answer
            answer(self.upstream, self.wfile, path)
        except (Gone, OSError):
            self.upstream.broken.set()
        return False


@contextmanager
def upstream(answers: dict[str, Answer | bytes]) -> Iterator[Upstream]:
    """Serve these answers, by path, on a free port."""
    seen = Upstream()
    handler = type("Handler", (_Handler,), {"upstream": seen, "answers": answers})

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 64

    with Server(("127.0.0.1", 0), handler) as server:
        seen.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield seen
        seen.wait.set()
        server.shutdown()
        thread.join(10)
