"""What sales says of leads, what follows from it, and the comparison of both sides."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from core.db.tables import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_ID = sa.String(length=36)
_TABLES = (
    "feedback_reports",
    "feedback_facts",
    "lead_outcomes",
    "lead_revenues",
    "handoff_sync",
    "handoff_reconciliations",
    "handoff_conflicts",
)


def upgrade() -> None:
    """Apply."""
    _create_feedback()
    _create_outcomes()
    _create_sync()
    for column in (
        sa.Column("return_points", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("flag", sa.String(), nullable=True),
    ):
        op.add_column("sales_leads", column)


def _create_feedback() -> None:
    op.create_table(
        "feedback_reports",
        sa.Column("id", _ID, nullable=False),
        sa.Column("lead_id", _ID, nullable=False),
        sa.Column("report_key", sa.String(), nullable=False),
        sa.Column("body_hash", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("transaction_id", sa.String(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("answer", _JSON, nullable=False),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback_reports")),
        sa.UniqueConstraint(
            "tenant_id", "report_key", name=op.f("uq_feedback_reports_tenant_id_report_key")
        ),
    )
    op.create_index(
        "ix_feedback_reports_tenant_id_lead_id",
        "feedback_reports",
        ["tenant_id", "lead_id", "id"],
    )
    op.create_table(
        "feedback_facts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("report_id", _ID, nullable=False),
        sa.Column("lead_id", _ID, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("data", _JSON, nullable=False),
        sa.Column("is_dated", sa.Boolean(), nullable=False),
        sa.Column("happened_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback_facts")),
        sa.UniqueConstraint(
            "tenant_id",
            "lead_id",
            "digest",
            name=op.f("uq_feedback_facts_tenant_id_lead_id_digest"),
        ),
    )
    op.create_index(
        "ix_feedback_facts_tenant_id_kind", "feedback_facts", ["tenant_id", "kind", "happened_at"]
    )


def _create_outcomes() -> None:
    op.create_table(
        "lead_outcomes",
        sa.Column("lead_id", _ID, nullable=False),
        sa.Column("lifecycle", sa.String(), nullable=False),
        sa.Column("lifecycle_at", UtcDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("first_contact_at", UtcDateTime(), nullable=True),
        sa.Column("time_to_first_contact", sa.Integer(), nullable=True),
        sa.Column("qualification_status", sa.String(), nullable=True),
        sa.Column("disqualification_reason", sa.String(), nullable=True),
        sa.Column("quality_rating", sa.Integer(), nullable=True),
        sa.Column("opportunity_id", sa.String(), nullable=True),
        sa.Column("opportunity_stage", sa.String(), nullable=True),
        sa.Column("estimated_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("expected_close_on", sa.Date(), nullable=True),
        sa.Column("case_id", sa.String(), nullable=True),
        sa.Column("case_type", sa.String(), nullable=True),
        sa.Column("case_minor", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("lead_id", name=op.f("pk_lead_outcomes")),
    )
    for name, column in (
        ("ix_lead_outcomes_tenant_id_lifecycle", "lifecycle"),
        ("ix_lead_outcomes_tenant_id_lifecycle_at", "lifecycle_at"),
    ):
        op.create_index(name, "lead_outcomes", ["tenant_id", column])
    op.create_table(
        "lead_revenues",
        sa.Column("id", _ID, nullable=False),
        sa.Column("lead_id", _ID, nullable=False),
        sa.Column("revenue_key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("booked_at", UtcDateTime(), nullable=False),
        sa.Column("credited_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_revenues")),
    )
    op.create_index("ix_lead_revenues_lead_id", "lead_revenues", ["lead_id"])
    op.create_index(
        "ix_lead_revenues_tenant_id_booked_at", "lead_revenues", ["tenant_id", "booked_at"]
    )


def _create_sync() -> None:
    op.create_table(
        "handoff_sync",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("cursor", sa.String(), nullable=False),
        sa.Column("lease_owner", sa.String(), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("last_success_at", UtcDateTime(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "name", name=op.f("pk_handoff_sync")),
    )
    op.create_table(
        "handoff_reconciliations",
        sa.Column("id", _ID, nullable=False),
        sa.Column("is_dry_run", sa.Boolean(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("here", _JSON, nullable=False),
        sa.Column("there", _JSON, nullable=False),
        sa.Column("differences", sa.Integer(), nullable=False),
        sa.Column("mended", sa.Integer(), nullable=False),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handoff_reconciliations")),
    )
    op.create_index(
        "ix_handoff_reconciliations_tenant_id_started_at",
        "handoff_reconciliations",
        ["tenant_id", "started_at"],
    )
    op.create_table(
        "handoff_conflicts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("reconciliation_id", _ID, nullable=True),
        sa.Column("lead_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("here", sa.String(), nullable=True),
        sa.Column("there", sa.String(), nullable=True),
        sa.Column("resolution", sa.String(), nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handoff_conflicts")),
    )
    op.create_index("ix_handoff_conflicts_tenant_id_id", "handoff_conflicts", ["tenant_id", "id"])


def downgrade() -> None:
    """Take back."""
    op.drop_column("sales_leads", "flag")
    op.drop_column("sales_leads", "return_points")
    for table in reversed(_TABLES):
        op.drop_table(table)
