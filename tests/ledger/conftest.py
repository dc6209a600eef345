"""A fresh ledger for each test, and one PostgreSQL for those that need it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import postgres
import pytest
from ledgers import store_of
from sqlalchemy import text

from cookieguard.ledger.store import Store


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/receipts.db"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    made = store_of(url)
    yield made
    made.database.close()


@pytest.fixture(scope="session")
def cluster() -> Iterator[postgres.Cluster]:
    programs = postgres.find()
    if programs is None:
        if os.environ.get("CI"):
            pytest.fail(f"CI is set, so nothing is skipped: {postgres.ABSENT}")
        pytest.skip(postgres.ABSENT)
    running = postgres.Cluster(programs)
    yield running
    running.stop()


@pytest.fixture
def postgres_store(cluster: postgres.Cluster) -> Iterator[Store]:
    from cookieguard.ledger.database import Database

    database = Database(cluster.url)
    with database.writing() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    database.close()
    made = store_of(cluster.url)
    yield made
    made.database.close()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: Any) -> Iterator[None]:
    """Say plainly what wasn't tried for want of a database."""
    yield
    skipped = terminalreporter.stats.get("skipped", [])
    if count := sum(postgres.ABSENT in str(report.longrepr) for report in skipped):
        reason = f"{count} tests skipped, {postgres.ABSENT}: apt install postgresql"
        terminalreporter.write_line(f"NOT TRIED ON POSTGRESQL: {reason}", yellow=True)
