"""Who writes to the database, and when."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from ledgers import SECRET
from sqlalchemy import event, exc, text

from cookieguard import ConfigurationError
from cookieguard.ledger import database
from cookieguard.ledger.chain import ChainKeys
from cookieguard.ledger.database import Database
from cookieguard.ledger.receipt import Receipt, new_id, time_of
from cookieguard.ledger.store import Store
from cookieguard.ledger.verifying import verify


@pytest.mark.parametrize(
    "url", ["postgresql://shop:T0PSECRET@host:abc/x", "postgresql://[::1/x", "postgresql://a:1,b:2/x"]
)
def test_an_address_that_can_not_be_read_is_told_without_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"E132: \[ledger\] url can't be read") as caught:
        database.Database(url)

    assert "SECRET" not in str(caught.value) and caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("postgresql://shop@localhost/x", "postgresql+psycopg"),
        ("postgresql+psycopg://shop@localhost/x", "postgresql+psycopg"),
        ("sqlite:///x.db", "sqlite"),
    ],
)
def test_the_driver_is_the_one_that_the_extra_brings(url: str, driver: str) -> None:
    assert Database(url).url.drivername == driver


def test_threads_write_in_turn(store: Store) -> None:
    """Without patience of SQLite's own, which gives the turn to whoever asks at the right moment."""

    @event.listens_for(store.database._engine, "connect")
    def impatient(connection: Any, _: object) -> None:
        connection.execute("PRAGMA busy_timeout = 0")

    store.database.close()
    now = time.time()

    def decide(number: int) -> None:
        store.append([(Receipt(new_id(now + number), time_of(now + number), "[]", "api"), None)])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(decide, range(64)))
    assert verify(store).verified == 64


def test_no_thread_waits_for_ever(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_PATIENCE", 0.05)
    with store.database._in_turn(), ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(store.append, [])
        with pytest.raises(exc.TimeoutError, match="other threads"):
            waiting.result()
    assert store.append([]) == 0


def test_a_file_that_was_taken_away_or_replaced_takes_no_writes(store: Store, tmp_path: Path) -> None:
    """SQLite goes on with the file that it opened, which nobody would ever read."""
    now, file, backup = time.time(), Path(store.database.name), tmp_path / "backup.db"
    running = Store(Database(str(store.database.url), hasty=True), ChainKeys([SECRET.encode()]))

    def decide(number: int) -> None:
        running.append([(Receipt(new_id(now + number), time_of(now + number), "[]", "api"), None)])

    decide(1)
    store.database.close()
    with closing(sqlite3.connect(file)) as opened, closing(sqlite3.connect(backup)) as copied:
        opened.backup(copied)
    for left in tmp_path.glob(f"{file.name}*"):
        left.unlink()
    with pytest.raises(exc.OperationalError, match="unable to open"):
        decide(2)

    backup.rename(file)
    decide(3)
    running.database.close()
    assert verify(store).verified == 2


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_child_process_has_the_turn_that_a_thread_took(store: Store) -> None:
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with store.database._in_turn():
            taken.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait(10)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            with store.database.writing() as connection:
                connection.execute(text("SELECT 1"))
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    done.set()
    thread.join()
    assert os.waitstatus_to_exitcode(status) == 0
