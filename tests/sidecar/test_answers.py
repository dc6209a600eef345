"""What the visitor is told where the app has no answer, or isn't asked."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from contract import MOUNT
from misbehaving import Upstream
from sidecars import HEALTH, Running, asked_by, running

pytestmark = pytest.mark.server


@pytest.mark.parametrize(
    ("path", "status"),
    [
        *((path, 502) for path in ("/nothing", "/garbage", "/short/page")),
        *((f"/status/{status}", 502) for status in ("099", "101", "600", "999")),
        ("/hangs", 504),
    ],
)
def test_no_answer_is_a_short_page(sidecar: Running, path: str, status: int) -> None:
    for method in ("GET", "POST"):
        answer = sidecar.ask(path, method)
        assert (answer.status, answer.get("cache-control"), answer.cookies) == (status, "no-store", [])
        assert b"<h1>" in answer.body
        assert b"127.0.0.1" not in answer.body


def test_upstream_down(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with running(tmp_path, f"http://127.0.0.1:{port}") as sidecar:
        answer, own, health = sidecar.ask("/"), sidecar.ask(MOUNT), sidecar.ask(HEALTH)

    assert (answer.status, own.status, health.status) == (502, 200, 200)


def test_a_websocket_is_refused_clearly(sidecar: Running) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13"}
    answer = sidecar.ask("/ws", **upgrade, Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==")

    assert answer.status == 501
    assert b"WebSockets aren't carried" in answer.body.replace(b"&#x27;", b"'")
    assert "a WebSocket was refused" in sidecar.log.read_text()


@pytest.mark.parametrize("target", ["example.com:443", "/"])
@pytest.mark.parametrize("method", ["CONNECT", "connect"])
def test_no_forward_proxy(sidecar: Running, seen: Upstream, method: str, target: str) -> None:
    before = len(seen.heads)
    left = sidecar.raw(asked_by(target).replace(b"GET", method.encode()))

    assert left.partition(b"\r\n")[0].split()[1] == (b"501" if target == "/" else b"400")
    assert len(seen.heads) == before


def test_no_circles(sidecar: Running) -> None:
    assert sidecar.ask("/", Via="1.1 cookieguard").status == 508


def test_the_log_holds_no_paths(sidecar: Running) -> None:
    sidecar.ask("/nothing?token=geheim")

    log = sidecar.log.read_text()
    assert "gave no answer: RemoteProtocolError" in log
    assert "geheim" not in log
    assert "Traceback" not in log
