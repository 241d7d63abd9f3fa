"""Handoffs, what was received, and the audit trail that only grows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from core.db.tables import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_ID = sa.String(length=36)
# What happened may never change; only who did it and whose lead it was, to a pseudonym.
_FACTS = ("id", "tenant_id", "about", "transaction_id", "side", "step", "happened_at")


def upgrade() -> None:
    """Apply."""
    _create_handoffs()
    _create_received()
    _create_audit()
    _create_alarms()
    op.add_column("sales_leads", sa.Column("handoff_state", sa.String(), nullable=True))
    op.create_index(
        "ix_sales_leads_tenant_id_handoff_state", "sales_leads", ["tenant_id", "handoff_state"]
    )
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def _create_handoffs() -> None:
    op.create_table(
        "handoffs",
        sa.Column("id", _ID, nullable=False),
        sa.Column("lead_id", _ID, nullable=False),
        sa.Column("site_id", _ID, nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("transaction_id", _ID, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("vertical", sa.String(), nullable=False),
        sa.Column("schema_version", sa.String(), nullable=False),
        sa.Column("package", sa.String(), nullable=False),
        sa.Column("package_hash", sa.String(), nullable=False),
        sa.Column("problems", _JSON, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("endpoint", sa.String(), nullable=True),
        sa.Column("sales_lead_id", sa.String(), nullable=True),
        sa.Column("assigned_to", sa.String(), nullable=True),
        sa.Column("expected_contact_at", UtcDateTime(), nullable=True),
        sa.Column("rejection_reason", sa.String(), nullable=True),
        sa.Column("settled_reason", sa.String(), nullable=True),
        sa.Column("sla_due_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("acknowledged_at", UtcDateTime(), nullable=True),
        sa.Column("acknowledged_revision", sa.Integer(), nullable=False),
        sa.Column("acknowledgement", sa.String(), nullable=True),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handoffs")),
        sa.UniqueConstraint(
            "tenant_id", "lead_id", "number", name=op.f("uq_handoffs_tenant_id_lead_id_number")
        ),
    )
    for name, columns in (
        ("ix_handoffs_tenant_id_state", ["tenant_id", "state", "created_at", "id"]),
        ("ix_handoffs_tenant_id_created_at", ["tenant_id", "created_at", "id"]),
    ):
        op.create_index(name, "handoffs", columns)
    op.create_table(
        "handoff_endpoints",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("openings", sa.Integer(), nullable=False),
        sa.Column("open_until", UtcDateTime(), nullable=True),
        sa.Column("last_success_at", UtcDateTime(), nullable=True),
        sa.Column("last_failure_at", UtcDateTime(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("window_at", UtcDateTime(), nullable=False),
        sa.Column("window_used", sa.Integer(), nullable=False),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handoff_endpoints")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_handoff_endpoints_tenant_id_name")),
    )


def _create_received() -> None:
    op.create_table(
        "received_leads",
        sa.Column("id", _ID, nullable=False),
        sa.Column("lead_id", sa.String(), nullable=False),
        sa.Column("own_lead_id", _ID, nullable=True),
        sa.Column("transaction_id", sa.String(), nullable=False),
        sa.Column("client_id", _ID, nullable=False),
        sa.Column("acknowledgement", sa.String(), nullable=False),
        sa.Column("rejection_reason", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("assigned_to", sa.String(), nullable=True),
        sa.Column("estimated_contact_at", UtcDateTime(), nullable=True),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("escalation_policy", sa.String(), nullable=False),
        sa.Column("package", sa.String(), nullable=False),
        sa.Column("package_hash", sa.String(), nullable=False),
        sa.Column("acknowledged_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sla_due_at", UtcDateTime(), nullable=False),
        sa.Column("breached_at", UtcDateTime(), nullable=True),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_received_leads")),
        sa.UniqueConstraint(
            "tenant_id", "lead_id", name=op.f("uq_received_leads_tenant_id_lead_id")
        ),
    )
    op.create_index("ix_received_leads_own_lead_id", "received_leads", ["own_lead_id"])
    op.create_index(
        "ix_received_leads_tenant_id_position",
        "received_leads",
        ["tenant_id", "position"],
        unique=True,
    )
    op.create_table(
        "received_requests",
        sa.Column("id", _ID, nullable=False),
        sa.Column("received_id", _ID, nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("package_hash", sa.String(), nullable=False),
        sa.Column("answer", _JSON, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["received_id"],
            ["received_leads.id"],
            name=op.f("fk_received_requests_received_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_received_requests")),
        sa.UniqueConstraint(
            "tenant_id",
            "idempotency_key",
            name=op.f("uq_received_requests_tenant_id_idempotency_key"),
        ),
    )


def _create_audit() -> None:
    op.create_table(
        "handoff_audit",
        sa.Column("id", _ID, nullable=False),
        sa.Column("about", _ID, nullable=False),
        sa.Column("lead_id", sa.String(), nullable=False),
        sa.Column("transaction_id", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("actor_id", _ID, nullable=True),
        sa.Column("data", _JSON, nullable=False),
        sa.Column("happened_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handoff_audit")),
    )
    for name, columns in (
        ("ix_handoff_audit_about", ["about", "id"]),
        ("ix_handoff_audit_tenant_id_id", ["tenant_id", "id"]),
        ("ix_handoff_audit_tenant_id_lead_id", ["tenant_id", "lead_id", "id"]),
    ):
        op.create_index(name, "handoff_audit", columns)
    op.create_table(
        "handoff_audit_unlocks",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handoff_audit_unlocks")),
    )


def _create_alarms() -> None:
    op.create_table(
        "handoff_alarms",
        sa.Column("id", _ID, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("raised_at", UtcDateTime(), nullable=False),
        sa.Column("cleared_at", UtcDateTime(), nullable=True),
        sa.Column("told", sa.String(), nullable=False),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handoff_alarms")),
        sa.UniqueConstraint("tenant_id", "kind", name=op.f("uq_handoff_alarms_tenant_id_kind")),
    )


def _guard_sqlite() -> None:
    changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in _FACTS)
    op.execute(
        "CREATE TRIGGER handoff_audit_no_delete BEFORE DELETE ON handoff_audit "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END"
    )
    op.execute(
        "CREATE TRIGGER handoff_audit_no_update BEFORE UPDATE ON handoff_audit "
        f"WHEN {changed} OR NOT EXISTS (SELECT 1 FROM handoff_audit_unlocks "
        "WHERE tenant_id = OLD.tenant_id) "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END"
    )


def _guard_postgresql() -> None:
    changed = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in _FACTS)
    op.execute(
        "CREATE FUNCTION refuse_handoff_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN "
        "IF TG_OP = 'UPDATE' THEN "
        f"IF NOT ({changed}) AND EXISTS (SELECT 1 FROM handoff_audit_unlocks "
        "WHERE tenant_id = OLD.tenant_id) THEN RETURN NEW; END IF; "
        "END IF; "
        "RAISE EXCEPTION 'the audit trail only grows' USING ERRCODE = 'restrict_violation'; "
        "END $$"
    )
    op.execute(
        "CREATE TRIGGER handoff_audit_only_grows BEFORE UPDATE OR DELETE ON handoff_audit "
        "FOR EACH ROW EXECUTE FUNCTION refuse_handoff_audit_change()"
    )
    op.execute(
        "CREATE TRIGGER handoff_audit_no_truncate BEFORE TRUNCATE ON handoff_audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_handoff_audit_change()"
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_sales_leads_tenant_id_handoff_state", "sales_leads")
    op.drop_column("sales_leads", "handoff_state")
    op.drop_table("handoff_alarms")
    op.drop_table("handoff_audit_unlocks")
    op.drop_table("handoff_audit")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_handoff_audit_change()")
    op.drop_table("received_requests")
    op.drop_table("received_leads")
    op.drop_table("handoff_endpoints")
    op.drop_table("handoffs")
