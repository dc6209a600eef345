"""The ledger's tables. Whoever changes them adds a migration, and names it in `SCHEMA`."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, Text, UniqueConstraint

SCHEMA = "0001"
"""The newest migration: what a database must be at."""
VERSIONS = "cookieguard_schema"
"""Where Alembic notes it: beside an app's own `alembic_version`."""

metadata = MetaData()

texts = Table(
    "cookieguard_texts",
    metadata,
    Column("hash", String(43), primary_key=True),
    Column("layer", String(16), nullable=False),
    Column("language", String(35), nullable=False),
    Column("content", Text, nullable=False),
)

heads = Table(
    "cookieguard_heads",
    metadata,
    Column("chain", Integer, primary_key=True, autoincrement=False),
    Column("chains", Integer, nullable=False),
    Column("count", Integer, nullable=False),
    Column("mac", String(43), nullable=False),
    Column("pruned", Integer, nullable=False),
    Column("pruned_mac", String(43), nullable=False),
    Column("key", String(8), nullable=False),
    Column("signature", String(43), nullable=False),
)

# From `id` on the receipt itself: erased, nothing of it remains. In each index a day's receipts lie
# together, so that one more costs the same however many there are.
receipts = Table(
    "cookieguard_receipts",
    metadata,
    Column("chain", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("day", String(10), nullable=False),
    Column("digest", String(43), nullable=False),
    Column("key", String(8), nullable=False),
    Column("mac", String(43), nullable=False),
    Column("erased", String(52)),
    Column("id", String(22), unique=True),
    Column("at", String(20), index=True),
    Column("decisions", Text),
    Column("method", String(16)),
    Column("language", String(35)),
    Column("layer", String(16)),
    Column("text", String(43), ForeignKey("cookieguard_texts.hash"), index=True),
    Column("path", Text),
    Column("address", String(64)),
    UniqueConstraint("day", "digest"),
)
