"""Conversations whose score does not know their latest messages yet; how a source was last read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db.tables import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_INDEX = "ix_conversations_unjudged_since"
_UNJUDGED = sa.text("unjudged_since IS NOT NULL")
_COUNTS = ("found", "new", "changed", "unchanged", "removed", "skipped", "unreachable", "passages")


def upgrade() -> None:
    """Apply."""
    op.add_column("conversations", sa.Column("unjudged_since", UtcDateTime(), nullable=True))
    op.create_index(
        _INDEX,
        "conversations",
        ["unjudged_since"],
        sqlite_where=_UNJUDGED,
        postgresql_where=_UNJUDGED,
    )
    op.create_table(
        "knowledge_readings",
        sa.Column("site_id", sa.String(length=36), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _COUNTS),
        sa.Column("failed", sa.String(), nullable=True),
        sa.Column("kept", sa.String(), nullable=True),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "source", name=op.f("pk_knowledge_readings")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("knowledge_readings")
    op.drop_index(_INDEX, "conversations")
    op.drop_column("conversations", "unjudged_since")
