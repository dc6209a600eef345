"""No decision is lost or doubled: many processes, a server that is killed or away, processes that are killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
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
    root = str(Path(ledgers.__file__).parents[2])
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


@pytest.mark.postgres
def test_refusals_wait_for_a_server_that_is_away(
    postgres_store: Store, cluster: postgres.Cluster, tmp_path: Path
) -> None:
    spool = tmp_path / "spool"
    policy = ledgers.policy_of(cluster.url, str(spool))
    # Two that share a spool, as the processes of one site do.
    guards = [ledgers.guard_of(policy) for _ in range(2)]
    postgres_store.database.close()
    cluster.kill()
    try:
        with ThreadPoolExecutor(8) as visitors:
            refused = [*visitors.map(lambda number: ledgers.accept(guards[number % 2], policy), range(40))]
    finally:
        cluster.start()
    waiting = [
        json.loads(line.partition(b"\t")[0])["receipt"]["id"] for line in spool.read_bytes().splitlines()
    ]
    with ThreadPoolExecutor(2) as visitors:
        accepted = [*visitors.map(lambda guard: ledgers.accept(guard, policy, "analytics"), guards)]
    for guard in guards:
        guard.enforcer.ledger.store.database.close()

    assert {status for status, _ in refused + accepted} == {"200 OK"}
    assert len(set(waiting)) == len(refused) and not spool.read_bytes()
    assert sorted(stored(postgres_store)) == sorted([*waiting, *(str(id) for _, id in accepted)])
    assert verify(postgres_store).breaks == ()


def test_a_process_that_is_killed(store: Store, url: str, tmp_path: Path) -> None:
    told = told_by([start("killed", url, tmp_path, ROUNDS)])
    kept = stored(store)

    assert len(told) > ROUNDS and len(kept) == len(set(kept)) and set(told) <= set(kept)
    assert len(kept) - len(told) <= ROUNDS
    assert verify(store).breaks == ()
