"""Who of the staff speaks in a conversation instead of the agent, and an index for their list."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db.tables import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_INDEX = "ix_conversations_tenant_id_status_last_message_at"


def upgrade() -> None:
    """Apply."""
    op.add_column("conversations", sa.Column("taken_over_by", sa.String(length=36), nullable=True))
    op.add_column("conversations", sa.Column("taken_over_at", UtcDateTime(), nullable=True))
    op.create_index(_INDEX, "conversations", ["tenant_id", "status", "last_message_at", "id"])


def downgrade() -> None:
    """Take back."""
    op.drop_index(_INDEX, "conversations")
    op.drop_column("conversations", "taken_over_at")
    op.drop_column("conversations", "taken_over_by")
