"""The way to the database: SQLite in one file, or PostgreSQL; its connections, its migrations."""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from os import register_at_fork  # told as missing where a system hasn't it
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, exc, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import ConnectionPoolEntry

from ..errors import ConfigurationError
from .tables import SCHEMA, VERSIONS

_MIGRATIONS = Path(__file__).parent / "migrations"
# Seconds that a visitor may have to wait before an answer says that there is no proof.
_PATIENCE = 5
_FILE = "cookieguard.file"


class Database:
    """Connections to the ledger's database; none is made before it is needed.

    A `hasty` one gives up after seconds, for a visitor who waits; the command line's doesn't. Only
    one that `creates` makes a SQLite file.
    """

    def __init__(self, url: str, *, hasty: bool = False, creates: bool = False) -> None:
        self.url = _read(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._engine = _sqlite(self.url, creates) if self.is_sqlite else _postgresql(self.url, hasty)
        self._turn = threading.Lock()
        # What nobody closed is closed with it: Python 3.13 warns of a SQLite connection that isn't.
        weakref.finalize(self, self._engine.dispose)
        itself = weakref.ref(self)
        register_at_fork(after_in_child=lambda: _begin_anew(itself()))

    @property
    def name(self) -> str:
        """Where it is, without a password."""
        file = self.url.database or ""
        return os.path.abspath(file) if self.is_sqlite else self.url.render_as_string()  # noqa: PTH100

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that writes; nothing of it stays where it raises."""
        options = {"cookieguard_begin": "BEGIN IMMEDIATE"} if self.is_sqlite else {}
        with (
            self._in_turn(),
            self._engine.connect().execution_options(**options) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Let one thread write at a time where the database can't do more.

        SQLite wakes up whoever happens to ask when it is free: of many, some never are.
        """
        if not self.is_sqlite:
            yield
            return
        turn = self._turn
        if not turn.acquire(timeout=_PATIENCE):
            raise exc.TimeoutError(f"other threads wrote for {_PATIENCE} seconds")
        try:
            yield
        finally:
            turn.release()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that sees the database as it is now, however long it takes to read."""
        options = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with self._engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    def lack(self) -> str | None:
        """Say what it lacks of the tables that this version needs; None where they are there."""
        if self.is_sqlite and not Path(self.name).exists():
            return "there is no ledger yet"
        with self.reading() as connection:
            if not inspect(connection).has_table(VERSIONS):
                return "the database holds no ledger yet"
            version = connection.execute(text(f"SELECT version_num FROM {VERSIONS}")).scalar()  # noqa: S608
        return None if version == SCHEMA else "isn't a ledger of this version"

    def migrate(self) -> None:
        """Bring the tables up to date, or make them."""
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        with self.writing() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def close(self) -> None:
        """Close all connections; others are made when they are needed."""
        self._engine.dispose()


def _begin_anew(database: Database | None) -> None:
    if database is not None:
        # A connection that two processes share belongs to neither, and who held the turn isn't here.
        database._engine.dispose(close=False)
        database._turn = threading.Lock()


def _read(url: str) -> URL:
    try:
        read = make_url(url)
    except (ValueError, exc.ArgumentError):
        # What is wrong with it may be a password.
        raise ConfigurationError(
            "cookieguard.E132",
            "[ledger] url can't be read, its port perhaps; "
            'write "postgresql+psycopg://user@host:5432/name", and a password by PGPASSWORD',
        ) from None
    # The driver that the extra brings: SQLAlchemy takes the name alone for an older one.
    return read.set(drivername="postgresql+psycopg") if read.drivername == "postgresql" else read


def _sqlite(url: URL, creates: bool) -> Engine:
    # `mode=rw`: an empty file in the wrong folder would be nobody's ledger.
    file = os.path.abspath(url.database or "")  # noqa: PTH100
    path = f"file:{quote(file)}?mode={'rwc' if creates else 'rw'}"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(
            path, uri=True, timeout=_PATIENCE, check_same_thread=False, isolation_level=None
        )

    engine = create_engine(url, creator=connect, pool_timeout=_PATIENCE)

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        record.info[_FILE] = _identity(file)

    @event.listens_for(engine, "checkout")
    def check(connection: sqlite3.Connection, record: ConnectionPoolEntry, _: object) -> None:
        # A file that was taken away or replaced takes writes still, and nobody would ever read them.
        if record.info[_FILE] != _identity(file):
            raise exc.InvalidatePoolError

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("cookieguard_begin", "BEGIN"))

    return engine


def _identity(file: str) -> tuple[int, int] | None:
    try:
        found = os.stat(file)  # noqa: PTH116 - for each transaction
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _postgresql(url: URL, hasty: bool) -> Engine:
    options: dict[str, Any] = {"connect_timeout": _PATIENCE}
    if hasty:
        options["tcp_user_timeout"] = _PATIENCE * 1000
    try:
        engine = create_engine(
            url, connect_args=options, pool_timeout=_PATIENCE, isolation_level="READ COMMITTED"
        )
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "cookieguard.E009",
            f"the ledger's url needs {error.name}; pip install 'cookieguard[ledger]'",
        ) from error

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        # "Stored" must mean on disk, whatever the server does by default.
        settings = "SET synchronous_commit = on"
        if hasty:
            settings += f"; SET lock_timeout = '{_PATIENCE}s'; SET statement_timeout = '{_PATIENCE}s'"
        connection.autocommit = True
        connection.execute(settings)
        connection.autocommit = False

    return engine
