"""What went to CRMs, and up to where they were asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db.tables import Json, UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "crm_syncs",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("crm", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("item_id", sa.String(), nullable=False),
        sa.Column("lead_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("crm_id", sa.String(), nullable=True),
        sa.Column("crm_kind", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("sent_hash", sa.String(), nullable=False),
        sa.Column("sent", Json, nullable=False),
        sa.Column("noted", Json, nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("left_out", Json, nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.Column("owner_email", sa.String(), nullable=False),
        sa.Column("owner_name", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("wish", sa.Integer(), nullable=False),
        sa.Column("wanted_at", UtcDateTime(), nullable=False),
        sa.Column("last_attempt_at", UtcDateTime(), nullable=True),
        sa.Column("last_success_at", UtcDateTime(), nullable=True),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crm_syncs")),
        sa.UniqueConstraint(
            "tenant_id",
            "crm",
            "kind",
            "item_id",
            name=op.f("uq_crm_syncs_tenant_id_crm_kind_item_id"),
        ),
    )
    op.create_index(
        "ix_crm_syncs_queue", "crm_syncs", ["tenant_id", "crm", "state", "kind", "wanted_at"]
    )
    op.create_index(
        "ix_crm_syncs_tenant_id_state",
        "crm_syncs",
        ["tenant_id", "state", "crm", "kind", "attempts", "failures", "last_success_at"],
    )
    op.create_index("ix_crm_syncs_lead_id", "crm_syncs", ["lead_id"])
    op.create_index("ix_crm_syncs_crm_id", "crm_syncs", ["tenant_id", "crm", "crm_id"])
    op.create_table(
        "crm_places",
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("crm", sa.String(), nullable=False),
        sa.Column("cursor", sa.String(), nullable=False),
        sa.Column("polled_at", UtcDateTime(), nullable=True),
        sa.Column("poll_error", sa.String(), nullable=False),
        sa.Column("leads_seen_at", UtcDateTime(), nullable=True),
        sa.Column("span_started_at", UtcDateTime(), nullable=True),
        sa.Column("calls_used", sa.Integer(), nullable=False),
        sa.Column("blocked_until", UtcDateTime(), nullable=True),
        sa.Column("blocked_reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "crm", name=op.f("pk_crm_places")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("crm_places")
    op.drop_table("crm_syncs")
