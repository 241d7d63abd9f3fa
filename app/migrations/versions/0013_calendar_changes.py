"""Reps' calendars at vendors: what they made of a meeting, how far their changes were read, and
what vendors' folders remember."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db.tables import Json, UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_LINKS = ("join_url", "change_url", "cancel_url")


def upgrade() -> None:
    """Apply."""
    for name in _LINKS:
        op.add_column(
            "appointments", sa.Column(name, sa.String(), nullable=False, server_default="")
        )
    op.add_column(
        "appointments",
        sa.Column("placed_sequence", sa.Integer(), nullable=False, server_default="-1"),
    )
    op.create_table(
        "calendar_cursors",
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("owner_email", sa.String(length=254), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("failure", sa.String(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint(
            "tenant_id", "provider", "owner_email", name=op.f("pk_calendar_cursors")
        ),
    )
    op.create_table(
        "vendor_notes",
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("vendor", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("value", Json, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "vendor", "key", name=op.f("pk_vendor_notes")),
    )
    op.create_index(op.f("ix_vendor_notes_changed_at"), "vendor_notes", ["changed_at"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("vendor_notes")
    op.drop_table("calendar_cursors")
    for name in ("placed_sequence", *_LINKS):
        op.drop_column("appointments", name)
