"""What the migrations make is what the tables say."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from cookieguard.ledger.store import Store
from cookieguard.ledger.tables import VERSIONS, metadata


@pytest.mark.parametrize(
    "made",
    [
        pytest.param("store", id="sqlite"),
        pytest.param("postgres_store", id="postgresql", marks=pytest.mark.postgres),
    ],
)
def test_the_migrations_make_the_tables(made: str, request: pytest.FixtureRequest) -> None:
    store: Store = request.getfixturevalue(made)
    options = {"version_table": VERSIONS, "compare_type": True, "compare_server_default": True}
    with store.database.reading() as connection:
        context = MigrationContext.configure(connection, opts=options)

        assert compare_metadata(context, metadata) == []
        # Alembic compares no primary keys.
        found = inspect(connection)
        for table in metadata.sorted_tables:
            key = [column.name for column in table.primary_key]
            assert found.get_pk_constraint(table.name)["constrained_columns"] == key
