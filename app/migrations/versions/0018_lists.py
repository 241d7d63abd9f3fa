"""Lists and figures are read in indexes: leads, mails, and what became of conversations."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# Table, index, columns before, columns now.
_CHANGED = (
    (
        "sales_leads",
        "ix_sales_leads_tenant_id_rank",
        ["tenant_id", "priority_rank", "sla_due_at", "id"],
        ["tenant_id", "priority_rank", "sla_due_at", "id", "merged_into"],
    ),
    (
        "sales_leads",
        "ix_sales_leads_tenant_id_tier",
        ["tenant_id", "tier", "created_at", "id"],
        ["tenant_id", "tier", "priority_rank", "sla_due_at", "id", "merged_into"],
    ),
    (
        "sales_leads",
        "ix_sales_leads_tenant_id_status",
        ["tenant_id", "status", "created_at", "id"],
        ["tenant_id", "status", "created_at", "id", "merged_into"],
    ),
    (
        "sales_leads",
        "ix_sales_leads_tenant_id_owner",
        ["tenant_id", "assigned_to", "status"],
        ["tenant_id", "assigned_to", "status", "merged_into"],
    ),
    (
        "conversation_scores",
        "ix_conversation_scores_tenant_id_started_at",
        ["tenant_id", "started_at"],
        [
            "tenant_id",
            "started_at",
            "outcome",
            "is_complete",
            "has_contact",
            "is_qualified",
            "lead_id",
        ],
    ),
    (
        "mails",
        "ix_mails_tenant_id_created_at",
        ["tenant_id", "created_at"],
        ["tenant_id", "created_at", "id", "kind", "state", "resend_of"],
    ),
)
_NEW = (
    ("mails", "ix_mails_tenant_id_state", ["tenant_id", "state", "created_at", "id"]),
    ("mails", "ix_mails_tenant_id_kind", ["tenant_id", "kind", "created_at", "id"]),
)


def upgrade() -> None:
    """Apply."""
    for table, name, _, columns in _CHANGED:
        op.drop_index(name, table)
        op.create_index(name, table, columns)
    for table, name, columns in _NEW:
        op.create_index(name, table, columns)


def downgrade() -> None:
    """Take back."""
    for table, name, _ in _NEW:
        op.drop_index(name, table)
    for table, name, columns, _ in _CHANGED:
        op.drop_index(name, table)
        op.create_index(name, table, columns)
