"""Receipts, the texts that were shown, and the heads of the chains."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "cookieguard_texts",
        sa.Column("hash", sa.String(43), primary_key=True),
        sa.Column("layer", sa.String(16), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
    )
    op.create_table(
        "cookieguard_heads",
        sa.Column("chain", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("chains", sa.Integer, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("mac", sa.String(43), nullable=False),
        sa.Column("pruned", sa.Integer, nullable=False),
        sa.Column("pruned_mac", sa.String(43), nullable=False),
        sa.Column("key", sa.String(8), nullable=False),
        sa.Column("signature", sa.String(43), nullable=False),
    )
    op.create_table(
        "cookieguard_receipts",
        sa.Column("chain", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("digest", sa.String(43), nullable=False),
        sa.Column("key", sa.String(8), nullable=False),
        sa.Column("mac", sa.String(43), nullable=False),
        sa.Column("erased", sa.String(52)),
        sa.Column("id", sa.String(22), unique=True),
        sa.Column("at", sa.String(20)),
        sa.Column("decisions", sa.Text),
        sa.Column("method", sa.String(16)),
        sa.Column("language", sa.String(35)),
        sa.Column("layer", sa.String(16)),
        sa.Column("text", sa.String(43), sa.ForeignKey("cookieguard_texts.hash")),
        sa.Column("path", sa.Text),
        sa.Column("address", sa.String(64)),
        sa.UniqueConstraint("day", "digest"),
    )
    op.create_index("ix_cookieguard_receipts_at", "cookieguard_receipts", ["at"])
    op.create_index("ix_cookieguard_receipts_text", "cookieguard_receipts", ["text"])


def downgrade() -> None:
    op.drop_table("cookieguard_receipts")
    op.drop_table("cookieguard_heads")
    op.drop_table("cookieguard_texts")
