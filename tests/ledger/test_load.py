"""No decision is lost or doubled: many processes, a server that is killed, processes that are killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import ledgers
import postgres
import pytest
from sqlalchemy import select

from cookieguard.ledger.store import Store
from cookieguard.ledger.tables import receipts
from cookieguard.ledger.verifying import verify

PROCESSES = 8
DECISIONS = int(os.environ.get("LEDGER_DECISIONS", "2000"))
ROUNDS = int(os.environ.get("LEDGER_ROUNDS", "40"))


def start(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, ledgers.__file__, *map(str, arguments)]
    root = str(Path(ledgers.__file__).parent.parent)
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": root}
    )


def told_by(processes: list[subprocess.Popen[str]]) -> list[str]:
    lines = [line for process in processes for line in process.communicate()[0].splitlines()]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return lines


def stored(store: Store) -> list[str]:
    with store.database.reading() as connection:
        return list(connection.execute(select(receipts.c.id)).scalars())


@pytest.mark.postgres
def test_many_processes(postgres_store: Store, cluster: postgres.Cluster, tmp_path: Path) -> None:
    each = DECISIONS // PROCESSES
    told = told_by([start("decide", cluster.url, tmp_path, each) for _ in range(PROCESSES)])
    kept = stored(postgres_store)

    assert len(told) == each * PROCESSES and len(set(told)) == len(told)
    assert sorted(kept) == sorted(told)
    report = verify(postgres_store)
    assert (report.breaks, report.verified) == ((), len(told))


@pytest.mark.postgres
def test_a_server_that_is_killed(postgres_store: Store, cluster: postgres.Cluster, tmp_path: Path) -> None:
    running = [start("decide", cluster.url, tmp_path, 200) for _ in range(PROCESSES)]
    while len(stored(postgres_store)) < 150:
        time.sleep(0.05)
    postgres_store.database.close()
    cluster.kill()
    time.sleep(0.5)
    cluster.start()
    lines = told_by(running)
    told = {line for line in lines if not line.startswith("!")}
    kept = stored(postgres_store)

    assert any(line.startswith("! 503") for line in lines)
    assert len(kept) == len(set(kept)) and told <= set(kept)
    assert len(kept) - len(told) <= PROCESSES
    assert verify(postgres_store).breaks == ()


def test_a_process_that_is_killed(store: Store, url: str, tmp_path: Path) -> None:
    told = told_by([start("killed", url, tmp_path, ROUNDS)])
    kept = stored(store)

    assert len(told) > ROUNDS and len(kept) == len(set(kept)) and set(told) <= set(kept)
    assert len(kept) - len(told) <= ROUNDS
    assert verify(store).breaks == ()
