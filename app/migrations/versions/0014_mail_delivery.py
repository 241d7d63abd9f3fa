"""What vendors tell of a mail after it has left, and why an address is written to no more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db.tables import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("mails", sa.Column("delivery", sa.String(), nullable=False, server_default=""))
    op.add_column(
        "mails", sa.Column("delivery_note", sa.String(), nullable=False, server_default="")
    )
    op.add_column("mails", sa.Column("delivery_at", UtcDateTime(), nullable=True))
    op.add_column(
        "mail_suppressions",
        sa.Column("reason", sa.String(), nullable=False, server_default="unsubscribed"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_column("mail_suppressions", "reason")
    op.drop_column("mails", "delivery_at")
    op.drop_column("mails", "delivery_note")
    op.drop_column("mails", "delivery")
