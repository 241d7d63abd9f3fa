"""Erasures, legal holds, and the key of people's hashes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from core.db.tables import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_ID = sa.String(length=36)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "privacy_erasures",
        sa.Column("id", _ID, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("subject_hash", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("answers", _JSON, nullable=False),
        sa.Column("certificate", _JSON, nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_erasures")),
    )
    op.create_index(
        "ix_privacy_erasures_tenant_id_subject_hash",
        "privacy_erasures",
        ["tenant_id", "subject_hash"],
    )
    op.create_table(
        "privacy_holds",
        sa.Column("id", _ID, nullable=False),
        sa.Column("lead_id", _ID, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("placed_by", sa.String(), nullable=False),
        sa.Column("placed_at", UtcDateTime(), nullable=False),
        sa.Column("lifted_by", sa.String(), nullable=True),
        sa.Column("lifted_at", UtcDateTime(), nullable=True),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_holds")),
    )
    op.create_index("ix_privacy_holds_lead_id", "privacy_holds", ["lead_id"])
    op.create_table(
        "privacy_keys",
        sa.Column("id", _ID, nullable=False),
        sa.Column("sealed", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_keys")),
        sa.UniqueConstraint("tenant_id", name=op.f("uq_privacy_keys_tenant_id")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("privacy_keys")
    op.drop_table("privacy_holds")
    op.drop_table("privacy_erasures")
