"""When the sales system said something, beside when it happened: of two words on one moment the
later one counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db.tables import UtcDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("feedback_facts", sa.Column("said_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("feedback_facts", "said_at")
