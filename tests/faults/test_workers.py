"""Workers that are killed under load: others take their place, and no answer leaves unguarded."""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest
from contract import POLICY, SECRET
from served import GUNICORN, Site, clean, serving

pytestmark = pytest.mark.server

KILLED = 8
SETTINGS = {
    "COOKIEGUARD_APP": "served_app:make()",
    "COOKIEGUARD_POLICY": "cookies.json",
    "COOKIEGUARD_SECRET": SECRET,
}


def kill_in_turn(site: Site) -> list[int]:
    """Kill the oldest worker again and again, each once another came in its place; return who fell."""
    fallen: list[int] = []
    for _ in range(KILLED):
        end = time.monotonic() + 20
        while len(alive := [pid for pid in site.workers if pid not in fallen]) < 2:
            assert time.monotonic() < end, "no worker came in the place of another"
            time.sleep(0.02)
        fallen.append(min(alive))
        os.kill(fallen[-1], signal.SIGKILL)
        time.sleep(0.1)
    return fallen


def test_killed_workers_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "cookies.json").write_text(json.dumps(POLICY))
    command = [*GUNICORN, "--workers=2", "cookieguard.serve:app"]
    command[command.index("--log-level=error")] = "--log-level=critical"
    done, told, broken = threading.Event(), [], []

    def visit() -> None:
        while not done.is_set():
            try:
                answer = site.ask("/", {"X-Case": "first-visit"})
                told.append((answer.status, tuple(answer.names)))
            except (OSError, http.client.HTTPException) as error:
                broken.append(error)

    with serving(command, tmp_path, clean(**SETTINGS)) as site:
        visitors = [threading.Thread(target=visit) for _ in range(4)]
        for visitor in visitors:
            visitor.start()
        try:
            fallen = kill_in_turn(site)
            before = len(told)
            end = time.monotonic() + 20
            while len(told) < before + 50 and time.monotonic() < end:
                time.sleep(0.05)
        finally:
            done.set()
            for visitor in visitors:
                visitor.join()

        assert len(told) >= before + 50 and set(told) == {(200, ("session",))}
        # Who was being served when a worker fell: one a worker, and those in the socket's queue go on.
        assert len(broken) <= 2 * KILLED, broken
        assert not {*fallen} & {*site.workers} and len(site.workers) == 2
