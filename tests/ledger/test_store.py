"""One receipt more costs the same, however many there are."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from cookieguard.ledger.receipt import Receipt, new_id, time_of
from cookieguard.ledger.store import Store

BEGIN, DAY = 1_700_000_000, 86400


def fill(store: Store, days: range) -> None:
    """Store twenty receipts a day."""
    moments = [BEGIN + day * DAY + number for day in days for number in range(20)]
    store.append([(Receipt(new_id(at), time_of(at), "[]", "api"), None) for at in moments])


def pages_of(store: Store, day: int) -> int:
    """Return how many different pages SQLite writes while a hundred visitors decide on one day."""
    with contextlib.closing(sqlite3.connect(store.database.name)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for number in range(100):
        at = BEGIN + day * DAY + 1000 + number
        store.append([(Receipt(new_id(at), time_of(at), "[]", "api"), None)])
    log = Path(store.database.name + "-wal").read_bytes()
    # A header of 32 bytes; then each page behind 24 more, its number first.
    return len({log[place : place + 4] for place in range(32, len(log), 4096 + 24)})


def test_a_decision_writes_as_few_pages_to_a_large_ledger_as_to_a_small_one(store: Store) -> None:
    fill(store, range(50))
    small = pages_of(store, 50)
    fill(store, range(51, 1500))
    large = pages_of(store, 1500)

    assert large <= 2 * small, (small, large)
