"""Accounts at vendors, sign-ins there, their history, and what vendors tell us."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db.tables import Json, UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "crm_integrations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("crm_type", sa.String(length=40), nullable=False),
        sa.Column("api_credentials", sa.String(), nullable=False),
        sa.Column("field_mappings", Json, nullable=False),
        sa.Column("sync_settings", Json, nullable=False),
        sa.Column("last_sync", UtcDateTime(), nullable=True),
        sa.Column("method", sa.String(length=10), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.String(), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("last_success_at", UtcDateTime(), nullable=True),
        sa.Column("last_error_at", UtcDateTime(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_crm_integrations_tenant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crm_integrations")),
        sa.UniqueConstraint(
            "tenant_id", "crm_type", name=op.f("uq_crm_integrations_tenant_id_crm_type")
        ),
    )
    op.create_table(
        "connection_sign_ins",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("vendor", sa.String(length=40), nullable=False),
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.String(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection_sign_ins")),
    )
    op.create_table(
        "connection_changes",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("vendor", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("happened_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection_changes")),
    )
    op.create_index(
        "ix_connection_changes_tenant_id_happened_at",
        "connection_changes",
        ["tenant_id", "happened_at"],
    )
    op.create_table(
        "vendor_events",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("vendor", sa.String(length=40), nullable=False),
        sa.Column("event_key", sa.String(length=200), nullable=False),
        sa.Column("capability", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=100), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.Column("happened_at", UtcDateTime(), nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor_events")),
        sa.UniqueConstraint(
            "tenant_id",
            "vendor",
            "event_key",
            name=op.f("uq_vendor_events_tenant_id_vendor_event_key"),
        ),
    )
    op.create_index("ix_vendor_events_received_at", "vendor_events", ["received_at"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("vendor_events")
    op.drop_table("connection_changes")
    op.drop_table("connection_sign_ins")
    op.drop_table("crm_integrations")
