"""The short form of benchmarks/soak.py: a thousand requests of every kind to each server, seconds long."""

from __future__ import annotations

import http.client
import random
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from cookieguard import parse_set_cookie

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
REQUESTS, VISITORS = 1000, 4
# Of all workers, once they are warm, in KiB: an allocator's step is less, a leak of 5 KB a request is more.
MOST_GROWN = 4096

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def soak() -> Iterator[Any]:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import soak
        import soaked

        yield soak, soaked
    finally:
        sys.path.remove(str(BENCHMARKS))


def visit(port: int, requests: list[dict[str, Any]]) -> list[str]:
    """Ask one after the other; return what is wrong."""
    wrong, connection = [], http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for each in requests:
        connection.request(each["method"], each["path"], each.get("body"), each["headers"])
        with connection.getresponse() as response:
            body, lines = response.read(), response.headers.get_all("Set-Cookie") or []
        if response.status >= 400 or (
            each["path"].startswith(("/page", "/stream")) and b"guard.js" not in body
        ):
            wrong.append(f"{each['path']}: {response.status}")
        names = {cookie.name for line in lines if (cookie := parse_set_cookie(line))}
        if any(name.startswith("undeclared") for name in names):
            wrong.append(f"{each['path']} set {names}")
    connection.close()
    return wrong


@pytest.mark.parametrize("name", ["gunicorn", "uvicorn"])
def test_every_kind_of_request(soak: Any, name: str, tmp_path: Path) -> None:
    soak, soaked = soak
    chosen = random.Random(name)
    requests = [soaked.a_request(chosen) for _ in range(REQUESTS)]
    with soak.serving(name, tmp_path / "log") as (port, master), ThreadPoolExecutor(VISITORS) as visitors:

        def load() -> int:
            parts = [requests[number::VISITORS] for number in range(VISITORS)]
            assert [line for told in visitors.map(visit, [port] * VISITORS, parts) for line in told] == []
            rss: int = soak.memory(soak.workers(master))[0]
            return rss

        load()
        warm = load()
        assert load() - warm < MOST_GROWN
        assert len(soak.workers(master)) == {"gunicorn": 2, "uvicorn": 1}[name]
    assert soak.trouble(tmp_path / "log") == []
