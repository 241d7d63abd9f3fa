"""Profiles with their proof, consents, leads and their history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from core.db.tables import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_Json = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
_ACTIVE = "merged_into IS NULL AND email_key IS NOT NULL"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "profiles",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("site_id", sa.String(length=36), nullable=False),
        sa.Column("visitor_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profiles")),
        sa.UniqueConstraint("visitor_id", name=op.f("uq_profiles_visitor_id")),
    )
    op.create_table(
        "profile_values",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("profile_id", sa.String(length=36), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("value", _Json, nullable=True),
        sa.Column("quote", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(length=36), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.Column("is_correction", sa.Boolean(), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profile_values")),
        sa.ForeignKeyConstraint(
            ["profile_id"],
            ["profiles.id"],
            ondelete="CASCADE",
            name=op.f("fk_profile_values_profile_id"),
        ),
    )
    op.create_index("ix_profile_values_profile_id_field", "profile_values", ["profile_id", "field"])
    op.create_table(
        "consents",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("site_id", sa.String(length=36), nullable=False),
        sa.Column("visitor_id", sa.String(length=36), nullable=False),
        sa.Column("conversation_id", sa.String(length=36), nullable=False),
        sa.Column("message_id", sa.String(length=36), nullable=True),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("given_at", UtcDateTime(), nullable=True),
        sa.Column("refused_at", UtcDateTime(), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index("ix_consents_visitor_id_purpose", "consents", ["visitor_id", "purpose"])
    op.create_table(
        "sales_leads",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("site_id", sa.String(length=36), nullable=True),
        sa.Column("visitor_id", sa.String(length=36), nullable=True),
        sa.Column("session_id", sa.String(length=36), nullable=True),
        sa.Column("conversation_id", sa.String(length=36), nullable=True),
        sa.Column("crm_lead_id", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("lead_source", sa.String(), nullable=False),
        sa.Column("first_name", sa.String(), nullable=False),
        sa.Column("last_name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("email_key", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("phone_key", sa.String(), nullable=True),
        sa.Column("company", sa.String(), nullable=True),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("industry", sa.String(), nullable=True),
        sa.Column("employee_count", sa.Integer(), nullable=True),
        sa.Column("annual_revenue", sa.Double(), nullable=True),
        sa.Column("company_size", sa.String(), nullable=True),
        sa.Column("budget_range", sa.String(), nullable=True),
        sa.Column("timeline", sa.String(), nullable=True),
        sa.Column("decision_maker", sa.Boolean(), nullable=True),
        sa.Column("preferred_contact_method", sa.String(), nullable=True),
        sa.Column("preferred_contact_time", sa.String(), nullable=True),
        sa.Column("custom_fields", _Json, nullable=False),
        sa.Column("metadata", _Json, nullable=False),
        sa.Column("held_fields", _Json, nullable=False),
        sa.Column("qualification_score", sa.Integer(), nullable=False),
        sa.Column("given_score", sa.Integer(), nullable=True),
        sa.Column("completeness", sa.Integer(), nullable=False),
        sa.Column("engagement", sa.Integer(), nullable=False),
        sa.Column("readiness", sa.Integer(), nullable=False),
        sa.Column("source_quality", sa.Integer(), nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("priority_rank", sa.Integer(), nullable=False),
        sa.Column("urgency", sa.String(), nullable=False),
        sa.Column("reasons", _Json, nullable=False),
        sa.Column("next_gains", _Json, nullable=False),
        sa.Column("briefing", _Json, nullable=False),
        sa.Column("assigned_to", sa.String(length=36), nullable=True),
        sa.Column("assigned_at", UtcDateTime(), nullable=True),
        sa.Column("team_id", sa.String(length=36), nullable=True),
        sa.Column("territory_id", sa.String(), nullable=True),
        sa.Column("sla_due_at", UtcDateTime(), nullable=True),
        sa.Column("contacted_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("qualified_at", UtcDateTime(), nullable=True),
        sa.Column("merged_into", sa.String(length=36), nullable=True),
        sa.Column("request_key", sa.String(), nullable=True),
        sa.Column("request_hash", sa.String(), nullable=True),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_leads")),
        sa.UniqueConstraint(
            "tenant_id", "request_key", name=op.f("uq_sales_leads_tenant_id_request_key")
        ),
    )
    op.create_index("ix_sales_leads_merged_into", "sales_leads", ["merged_into"])
    op.create_index(
        "ix_sales_leads_tenant_id_created_at", "sales_leads", ["tenant_id", "created_at", "id"]
    )
    op.create_index("ix_sales_leads_tenant_id_email_key", "sales_leads", ["tenant_id", "email_key"])
    op.create_index(
        "ix_sales_leads_tenant_id_owner", "sales_leads", ["tenant_id", "assigned_to", "status"]
    )
    op.create_index("ix_sales_leads_tenant_id_phone_key", "sales_leads", ["tenant_id", "phone_key"])
    op.create_index(
        "ix_sales_leads_tenant_id_rank",
        "sales_leads",
        ["tenant_id", "priority_rank", "sla_due_at", "id"],
    )
    op.create_index(
        "ix_sales_leads_tenant_id_score", "sales_leads", ["tenant_id", "qualification_score", "id"]
    )
    op.create_index(
        "ix_sales_leads_tenant_id_status",
        "sales_leads",
        ["tenant_id", "status", "created_at", "id"],
    )
    op.create_index(
        "ix_sales_leads_tenant_id_tier", "sales_leads", ["tenant_id", "tier", "created_at", "id"]
    )
    op.create_index(
        "ix_sales_leads_tenant_id_updated_at", "sales_leads", ["tenant_id", "updated_at", "id"]
    )
    op.create_index(
        "uq_sales_leads_email_key",
        "sales_leads",
        ["tenant_id", "email_key"],
        unique=True,
        sqlite_where=sa.text(_ACTIVE),
        postgresql_where=sa.text(_ACTIVE),
    )
    op.create_table(
        "conversation_scores",
        sa.Column("conversation_id", sa.String(length=36), nullable=False),
        sa.Column("site_id", sa.String(length=36), nullable=False),
        sa.Column("visitor_id", sa.String(length=36), nullable=False),
        sa.Column("lead_id", sa.String(length=36), nullable=True),
        sa.Column("page_path", sa.String(), nullable=False),
        sa.Column("referrer_domain", sa.String(), nullable=False),
        sa.Column("utm_campaign", sa.String(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("content", _Json, nullable=False),
        sa.Column("is_qualified", sa.Boolean(), nullable=False),
        sa.Column("has_contact", sa.Boolean(), nullable=False),
        sa.Column("is_complete", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", name=op.f("pk_conversation_scores")),
        sa.ForeignKeyConstraint(
            ["lead_id"],
            ["sales_leads.id"],
            ondelete="SET NULL",
            name=op.f("fk_conversation_scores_lead_id"),
        ),
    )
    op.create_index("ix_conversation_scores_lead_id", "conversation_scores", ["lead_id"])
    op.create_index(
        "ix_conversation_scores_tenant_id_started_at",
        "conversation_scores",
        ["tenant_id", "started_at"],
    )
    op.create_index("ix_conversation_scores_visitor_id", "conversation_scores", ["visitor_id"])
    op.create_table(
        "lead_conversations",
        sa.Column("conversation_id", sa.String(length=36), nullable=False),
        sa.Column("lead_id", sa.String(length=36), nullable=False),
        sa.Column("visitor_id", sa.String(length=36), nullable=False),
        sa.Column("linked_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", name=op.f("pk_lead_conversations")),
        sa.ForeignKeyConstraint(
            ["lead_id"],
            ["sales_leads.id"],
            ondelete="CASCADE",
            name=op.f("fk_lead_conversations_lead_id"),
        ),
    )
    op.create_index("ix_lead_conversations_lead_id", "lead_conversations", ["lead_id", "linked_at"])
    op.create_table(
        "lead_touches",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("lead_id", sa.String(length=36), nullable=False),
        sa.Column("conversation_id", sa.String(length=36), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("page_url", sa.String(), nullable=False),
        sa.Column("page_path", sa.String(), nullable=False),
        sa.Column("page_title", sa.String(), nullable=False),
        sa.Column("referrer", sa.String(), nullable=False),
        sa.Column("referrer_domain", sa.String(), nullable=False),
        sa.Column("utm_source", sa.String(), nullable=False),
        sa.Column("utm_medium", sa.String(), nullable=False),
        sa.Column("utm_campaign", sa.String(), nullable=False),
        sa.Column("utm_term", sa.String(), nullable=False),
        sa.Column("utm_content", sa.String(), nullable=False),
        sa.Column("touched_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_touches")),
        sa.ForeignKeyConstraint(
            ["lead_id"],
            ["sales_leads.id"],
            ondelete="CASCADE",
            name=op.f("fk_lead_touches_lead_id"),
        ),
        sa.UniqueConstraint(
            "lead_id", "conversation_id", name=op.f("uq_lead_touches_lead_id_conversation_id")
        ),
    )
    op.create_index("ix_lead_touches_lead_id_touched_at", "lead_touches", ["lead_id", "touched_at"])
    op.create_table(
        "product_interactions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("lead_id", sa.String(length=36), nullable=True),
        sa.Column("conversation_id", sa.String(length=36), nullable=False),
        sa.Column("product_id", sa.String(), nullable=False),
        sa.Column("product_name", sa.String(), nullable=False),
        sa.Column("interaction_type", sa.String(), nullable=False),
        sa.Column("requirements", _Json, nullable=False),
        sa.Column("recommendations", _Json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_interactions")),
        sa.ForeignKeyConstraint(
            ["lead_id"],
            ["sales_leads.id"],
            ondelete="CASCADE",
            name=op.f("fk_product_interactions_lead_id"),
        ),
        sa.UniqueConstraint(
            "conversation_id",
            "product_id",
            "interaction_type",
            name=op.f("uq_product_interactions_conversation_id_product_id_interaction_type"),
        ),
    )
    op.create_index(
        "ix_product_interactions_lead_id", "product_interactions", ["lead_id", "created_at"]
    )
    op.create_table(
        "lead_merges",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("source_id", sa.String(length=36), nullable=False),
        sa.Column("target_id", sa.String(length=36), nullable=False),
        sa.Column("moved", _Json, nullable=False),
        sa.Column("merged_by", sa.String(), nullable=False),
        sa.Column("merged_at", UtcDateTime(), nullable=False),
        sa.Column("undone_by", sa.String(), nullable=True),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_merges")),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["sales_leads.id"],
            ondelete="CASCADE",
            name=op.f("fk_lead_merges_source_id"),
        ),
        sa.ForeignKeyConstraint(
            ["target_id"],
            ["sales_leads.id"],
            ondelete="CASCADE",
            name=op.f("fk_lead_merges_target_id"),
        ),
    )
    op.create_index("ix_lead_merges_source_id", "lead_merges", ["source_id"])
    op.create_index("ix_lead_merges_target_id", "lead_merges", ["target_id"])
    op.create_table(
        "lead_events",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("lead_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("actor_id", sa.String(length=36), nullable=True),
        sa.Column("data", _Json, nullable=False),
        sa.Column("happened_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_events")),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["sales_leads.id"], ondelete="CASCADE", name=op.f("fk_lead_events_lead_id")
        ),
    )
    op.create_index("ix_lead_events_lead_id", "lead_events", ["lead_id", "id"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("lead_events")
    op.drop_table("lead_merges")
    op.drop_table("product_interactions")
    op.drop_table("lead_touches")
    op.drop_table("lead_conversations")
    op.drop_table("conversation_scores")
    op.drop_table("sales_leads")
    op.drop_table("consents")
    op.drop_table("profile_values")
    op.drop_table("profiles")
