"""What the upstream of raw bytes says before the sidecar's tests, path by path."""

from __future__ import annotations

import gzip
import time
from typing import Any, BinaryIO

from misbehaving import PART, Upstream, whole

MEGABYTE = 1024 * 1024


def hangs(seen: Upstream, out: BinaryIO, path: str) -> None:
    seen.wait.wait(20)


def hangs_in_the_body(seen: Upstream, out: BinaryIO, path: str) -> None:
    out.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\nfirst")
    seen.wait.wait(20)


def streams(seen: Upstream, out: BinaryIO, path: str) -> None:
    """Send for ever, until the client is gone."""
    out.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        out.write(b"5\r\ndata\n\r\n")
        time.sleep(0.01)


def download(seen: Upstream, out: BinaryIO, path: str) -> None:
    parts = int(path.rpartition("/")[2]) * MEGABYTE // len(PART)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\nContent-Length: {parts * len(PART)}\r\n\r\n"
    out.write(head.encode())
    for _ in range(parts):
        out.write(PART)


COOKIES = (
    'Set-Cookie: session="a, b" ; path=/;X',
    "set-cookie: ads=1",
    "SET-COOKIE: session=\xe4\xff; PATH=/b",
    "Set-Cookie: unheard-of=1",
    "Set-Cookie: session={1:2}",
)
PACKED = gzip.compress(b"text" * 1000)
ANSWERS: dict[str, Any] = {
    "/cookies": whole(*COOKIES, "X-Name: caf\xe9", "Date: Sun, 01 Nov 2026 00:00:00 GMT", "Server: mine"),
    "/hop": whole("Connection: X-Private", "X-Private: 1", "Keep-Alive: timeout=5", "X-Public: 1"),
    "/hop/cookie": whole("Connection: Set-Cookie, Content-Length", "Set-Cookie: session=1"),
    "/redirect": whole("Location: /elsewhere", "Set-Cookie: session=1", status="302 Found"),
    "/packed": whole("Content-Encoding: gzip", "Content-Type: text/plain", body=PACKED),
    "/two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"4\r\nonly\r\n0\r\n\r\n",
    "/204": b"HTTP/1.1 204 No Content\r\nSet-Cookie: session=1\r\n\r\n",
    "/304": b'HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\nETag: "1"\r\n\r\n',
    "/interim": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + whole("Set-Cookie: session=1"),
    "/short": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100\r\nContent-Type: text/plain\r\n\r\nonly this",
    "/short/chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\n\r\n4\r\nonly\r\n",
    "/short/page": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n<\r\n",
    "/nothing": b"",
    "/garbage": b"220 mail.example ESMTP\r\n\r\n",
    "/smuggling": whole("X-A: 1\nSet-Cookie: ads=1", "Set-Cookie : ads=2"),
    **{f"/status/{status}": whole(status=f"{status} Odd") for status in ("099", "101", "599", "600", "999")},
    "/unread/413": whole("Connection: close", "Set-Cookie: ads=1", "Set-Cookie: session=1", status="413 No"),
    "/unread/401": whole("Connection: close", status="401 Unauthorized"),
    "/unread/302": whole("Connection: close", status="302 Found", body=PART[:8192]),
    "/hangs": hangs,
    "/hangs/in-the-body": hangs_in_the_body,
    "/streams": streams,
    "/page": whole(
        "Content-Type: text/html", "Set-Cookie: ads=1", body=b"<!doctype html><html><head></head></html>"
    ),
    **{f"/download/{size}": download for size in (40, 200)},
}
