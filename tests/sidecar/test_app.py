"""What the sidecar answers itself, and how one follows another."""

from __future__ import annotations

import json
import re
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest
from contract import HOST, MOUNT, SECRET
from misbehaving import Upstream, upstream
from rawanswers import COOKIES
from served import clean, free_port, serving
from sidecars import HEALTH, POLICY, Running, running

from cookieguard.consent.seal import Seal

pytestmark = pytest.mark.server


NEW = "the new key, long enough for anybody"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_health(sidecar: Running, seen: Upstream, method: str) -> None:
    before = len(seen.heads)
    answer = sidecar.ask(HEALTH, method)

    assert (answer.status, answer.get("cache-control"), len(seen.heads)) == (200, "no-store", before)
    if method == "GET":
        health = json.loads(answer.body)
        assert (health["status"], health["mode"]) == ("ok", "enforce")
        assert re.fullmatch("[0-9a-f]{12}", health["policy"])


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "get"])
def test_health_is_only_read(sidecar: Running, seen: Upstream, method: str) -> None:
    before = len(seen.heads)
    answer = sidecar.ask(HEALTH, method)

    assert (answer.status, answer.get("allow"), len(seen.heads)) == (405, "GET, HEAD", before)


def test_the_visitors_pages_are_not_forwarded(sidecar: Running, seen: Upstream) -> None:
    before = len(seen.heads)
    decided = sidecar.ask(MOUNT, "POST", b"choice=none", Origin=f"http://{HOST}")

    assert (decided.status, decided.names, len(seen.heads)) == (303, ["cookieguard"], before)


def test_report_mode_changes_nothing(seen: Upstream, tmp_path: Path) -> None:
    with running(tmp_path, seen.url, COOKIEGUARD_MODE="report") as sidecar:
        answer = sidecar.ask("/cookies")

    assert answer.cookies == [line.partition(": ")[2] for line in COOKIES]
    assert "would strip ads" in sidecar.log.read_text()


def test_it_ends_when_the_answers_under_way_are_done(tmp_path: Path) -> None:
    def slow(seen: Upstream, out: BinaryIO, path: str) -> None:
        out.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Type: text/plain\r\n\r\nab")
        seen.wait.wait(10)
        out.write(b"cd")

    with upstream({"/slow": slow}) as seen, running(tmp_path, seen.url) as sidecar:
        connection = sidecar.connect()
        connection.request("GET", "/slow", headers={"Host": HOST})
        with connection.getresponse() as response:
            first = response.read(2)
            sidecar.process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
            seen.wait.set()
            assert (first, response.read()) == (b"ab", b"cd")
        connection.close()
        assert sidecar.process.wait(5) in (0, -signal.SIGTERM)


def test_metrics_and_json_lines(seen: Upstream, tmp_path: Path) -> None:
    before = len(seen.heads)
    with running(tmp_path, seen.url, COOKIEGUARD_METRICS="/metrics", COOKIEGUARD_LOG="json") as sidecar:
        sidecar.ask("/cookies")
        shown = sidecar.ask("/metrics")
        assert sidecar.ask("/metrics", "POST").status == 405

    assert 'cookieguard_verdicts_total{action="stripped",category="marketing"} 1.0' in shown.body.decode()
    assert len(seen.heads) - before == 1
    lines = [json.loads(line) for line in sidecar.log.read_text().splitlines()]
    assert {line["logger"].partition(".")[0] for line in lines} == {"cookieguard", "uvicorn"}


def test_metrics_on_a_port_of_their_own(seen: Upstream, tmp_path: Path) -> None:
    """examples/serving/metrics.py beside a sidecar that shows none itself."""
    (tmp_path / "counts").mkdir()
    example = Path(__file__).parents[2] / "examples" / "serving" / "metrics.py"
    port, variables = free_port(), {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "counts")}
    with running(tmp_path, seen.url, "--metrics=files", **variables) as sidecar:
        sidecar.ask("/cookies")
        command = [sys.executable, str(example)]
        with serving(command, tmp_path, clean(METRICS_PORT=str(port), **variables), port=port) as metrics:
            shown = metrics.ask("/metrics").body.decode()

    assert 'cookieguard_verdicts_total{action="stripped",category="marketing"} 1.0' in shown


def asked_until(sidecar: Running, holds: Callable[[], bool]) -> list[int]:
    """Ask for a page until something holds; return the statuses."""
    end, statuses = time.monotonic() + 10, []
    while not holds():
        assert time.monotonic() < end, sidecar.log.read_text()
        statuses.append(sidecar.ask("/page").status)
    return statuses


def test_a_new_key_and_policy_without_a_request_that_fails(seen: Upstream, tmp_path: Path) -> None:
    """Another on the same socket, which takes over once the first has its SIGTERM."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        running(tmp_path, seen.url, socket=listening) as old,
    ):
        decided = old.ask(MOUNT, "POST", b"choice=none", Origin=f"http://{HOST}").cookies[-1]
        health, answers = [json.loads(old.ask(HEALTH).body)["policy"]], []
        changed = POLICY.replace("Shows ads.", "Shows ads, and counts them.")
        with running(tmp_path, seen.url, policy=changed, socket=listening, key=f"{SECRET}\n{NEW}") as new:
            answers += asked_until(new, lambda: "startup complete" in new.log.read_text())
            old.process.terminate()
            answers += asked_until(new, lambda: old.process.poll() is not None)
            health.append(json.loads(new.ask(HEALTH).body)["policy"])
            again = new.ask(MOUNT, Cookie=decided.partition(";")[0], Accept="application/json")
            signed = new.ask(MOUNT, "POST", b"choice=none", Origin=f"http://{HOST}").cookies[-1]
    assert set(answers) == {200} and health[0] != health[1]
    assert json.loads(again.body)["undecided"] == ["marketing"]
    assert Seal(NEW).loads(signed.partition(";")[0].partition("=")[2], HOST) is not None
