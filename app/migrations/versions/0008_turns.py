"""Conversations whose score does not know their latest messages yet."""

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


def downgrade() -> None:
    """Take back."""
    op.drop_index(_INDEX, "conversations")
    op.drop_column("conversations", "unjudged_since")
