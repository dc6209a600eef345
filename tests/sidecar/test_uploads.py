"""The body of a request on its way to the app."""

from __future__ import annotations

import hashlib
import os
import socket
from typing import Any

import pytest
from contract import HOST
from misbehaving import PART, Upstream
from rawanswers import MEGABYTE
from sidecars import Running, wait_for

pytestmark = pytest.mark.server


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_an_upload(sidecar: Running, seen: Upstream, chunked: bool) -> None:
    data = os.urandom(300_000)
    body: Any = iter([data[:100_000], data[100_000:]]) if chunked else data
    answer = sidecar.ask("/", "POST", body, **({"Transfer_Encoding": "chunked"} if chunked else {}))

    assert answer.body == b"ok"
    assert seen.bodies[-1] == f"300000 {hashlib.sha256(data).hexdigest()}"


@pytest.mark.parametrize("status", [302, 401, 413])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_an_upload_that_is_not_read(sidecar: Running, chunked: bool, status: int) -> None:
    connection = sidecar.connect()
    for _ in range(5):
        parts = [PART] * (20 * MEGABYTE // len(PART))
        connection.request(
            "POST", f"/unread/{status}", iter(parts) if chunked else b"".join(parts), {"Host": HOST}
        )
        with connection.getresponse() as response:
            assert response.status == status
            assert response.headers.get_all("Set-Cookie", []) == (["session=1"] if status == 413 else [])
            assert response.read() == (PART[:8192] if status == 302 else b"ok")
    connection.close()


def test_an_upload_with_two_lengths(sidecar: Running, seen: Upstream) -> None:
    head = f"POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 90\r\nTransfer-Encoding: chunked\r\n"
    left = sidecar.raw(f"{head}Connection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n".encode())

    if b" 200 " in left.partition(b"\r\n")[0]:
        assert seen.values("Content-Length") == []
        assert seen.bodies[-1].startswith("3 ")


def test_expect_100_continue(sidecar: Running, seen: Upstream) -> None:
    with socket.create_connection(("127.0.0.1", sidecar.port), timeout=10) as client:
        head = f"POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 3\r\nExpect: 100-continue\r\n"
        client.sendall(f"{head}Connection: close\r\n\r\n".encode())
        assert client.recv(4096).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"abc")
        assert client.recv(4096).startswith(b"HTTP/1.1 200 ")

    assert seen.bodies[-1].startswith("3 ")


def test_an_upload_that_is_cut_short_is_none(sidecar: Running, seen: Upstream) -> None:
    seen.broken.clear()
    with socket.create_connection(("127.0.0.1", sidecar.port), timeout=10) as client:
        head = f"POST /cut HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n"
        client.sendall(head.encode() + b"5\r\nfirst\r\n")
        wait_for(lambda: b"POST /cut" in seen.heads[-1])

    assert seen.broken.wait(5)
