"""What is looked for by one value is found by it at once, however many rows a tenant has.

An index of that value alone loses on SQLite, without statistics, against any index that begins with
the tenant, and every row of the tenant is read. So the tenant comes first in these too. Leads of an
address or a number are read in the order in which they were made, by the index.
"""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

# Table, index before, its columns, index now, its columns.
_CHANGED = (
    (
        "received_leads",
        "ix_received_leads_own_lead_id",
        ["own_lead_id"],
        "ix_received_leads_tenant_id_own_lead_id",
        ["tenant_id", "own_lead_id"],
    ),
    (
        "sales_leads",
        "ix_sales_leads_merged_into",
        ["merged_into"],
        "ix_sales_leads_tenant_id_merged_into",
        ["tenant_id", "merged_into", "id"],
    ),
    (
        "sales_leads",
        "ix_sales_leads_tenant_id_email_key",
        ["tenant_id", "email_key"],
        "ix_sales_leads_tenant_id_email_key",
        ["tenant_id", "email_key", "created_at", "id"],
    ),
    (
        "sales_leads",
        "ix_sales_leads_tenant_id_phone_key",
        ["tenant_id", "phone_key"],
        "ix_sales_leads_tenant_id_phone_key",
        ["tenant_id", "phone_key", "created_at", "id"],
    ),
    (
        "lead_revenues",
        "ix_lead_revenues_lead_id",
        ["lead_id"],
        "ix_lead_revenues_tenant_id_lead_id",
        ["tenant_id", "lead_id"],
    ),
)


def upgrade() -> None:
    """Apply."""
    for table, before, _, now, columns in _CHANGED:
        op.drop_index(before, table)
        op.create_index(now, table, columns)


def downgrade() -> None:
    """Take back."""
    for table, before, columns, now, _ in _CHANGED:
        op.drop_index(now, table)
        op.create_index(before, table, columns)
