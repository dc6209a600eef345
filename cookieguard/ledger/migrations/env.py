"""Run by Alembic, over the connection that `database.migrate` gives it."""

from __future__ import annotations

from alembic import context

from cookieguard.ledger.tables import VERSIONS, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSIONS,
    # SQLite changes a table by making it anew.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
