"""Tables of profiles, consents, leads and their history.

Where a person may be found by what they told, the key (`email_key`, `phone_key`) is normalised;
the value beside it stays as it was told.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db.tables import Base, Id, TenantRow

_AnyJson = JSON().with_variant(JSONB(), "postgresql")
# waiver: the condition of a partial index is no query of rows.
_ACTIVE = text("merged_into IS NULL AND email_key IS NOT NULL")


class StoredProfile(TenantRow, Base):
    """What is known of a visitor. Locked while it changes, so that no two turns mix."""

    __tablename__ = "profiles"
    __table_args__ = (UniqueConstraint("visitor_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    site_id: Mapped[str] = mapped_column(Id)
    visitor_id: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ProfileValue(TenantRow, Base):
    """One value of one field with its proof: the present one, an earlier one, or a no."""

    __tablename__ = "profile_values"
    __table_args__ = (Index("ix_profile_values_profile_id_field", "profile_id", "field"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    profile_id: Mapped[str] = mapped_column(ForeignKey("profiles.id", ondelete="CASCADE"))
    field: Mapped[str]
    # current, past or declined; a declined one has no value.
    state: Mapped[str]
    value: Mapped[Any] = mapped_column(_AnyJson, nullable=True)
    quote: Mapped[str]
    message_id: Mapped[str | None] = mapped_column(Id)
    confidence: Mapped[float]
    set_at: Mapped[datetime]
    set_by: Mapped[str]
    is_correction: Mapped[bool]


class Consent(TenantRow, Base):
    """A yes to one purpose, with the words it was given to; withdrawn later, perhaps. A no has
    `refused_at` and no `given_at`."""

    __tablename__ = "consents"
    __table_args__ = (Index("ix_consents_visitor_id_purpose", "visitor_id", "purpose"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    site_id: Mapped[str] = mapped_column(Id)
    visitor_id: Mapped[str] = mapped_column(Id)
    conversation_id: Mapped[str] = mapped_column(Id)
    message_id: Mapped[str | None] = mapped_column(Id)
    purpose: Mapped[str]
    text: Mapped[str]
    version: Mapped[str]
    how: Mapped[str]
    given_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class Lead(TenantRow, Base):
    """Somebody whom sales may speak with. S1's columns, S2's fields, and what speaks for it."""

    __tablename__ = "sales_leads"
    __table_args__ = (
        # Of one address there is one lead; a merged one gives its address away.
        Index(
            "uq_sales_leads_email_key",
            "tenant_id",
            "email_key",
            unique=True,
            sqlite_where=_ACTIVE,
            postgresql_where=_ACTIVE,
        ),
        Index("ix_sales_leads_tenant_id_email_key", "tenant_id", "email_key", "created_at", "id"),
        Index("ix_sales_leads_tenant_id_phone_key", "tenant_id", "phone_key", "created_at", "id"),
        UniqueConstraint("tenant_id", "request_key"),
        Index("ix_sales_leads_tenant_id_created_at", "tenant_id", "created_at", "id"),
        Index("ix_sales_leads_tenant_id_updated_at", "tenant_id", "updated_at", "id"),
        Index("ix_sales_leads_tenant_id_score", "tenant_id", "qualification_score", "id"),
        # `merged_into` in them: lists and their counts leave merged ones out unread. Last, for
        # PostgreSQL follows an index's order only past columns that equal something.
        Index(
            "ix_sales_leads_tenant_id_rank",
            "tenant_id",
            "priority_rank",
            "sla_due_at",
            "id",
            "merged_into",
        ),
        Index(
            "ix_sales_leads_tenant_id_tier",
            "tenant_id",
            "tier",
            "priority_rank",
            "sla_due_at",
            "id",
            "merged_into",
        ),
        Index(
            "ix_sales_leads_tenant_id_status",
            "tenant_id",
            "status",
            "created_at",
            "id",
            "merged_into",
        ),
        Index(
            "ix_sales_leads_tenant_id_owner", "tenant_id", "assigned_to", "status", "merged_into"
        ),
        Index("ix_sales_leads_tenant_id_merged_into", "tenant_id", "merged_into", "id"),
        Index("ix_sales_leads_tenant_id_handoff_state", "tenant_id", "handoff_state"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    site_id: Mapped[str | None] = mapped_column(Id)
    visitor_id: Mapped[str | None] = mapped_column(Id)
    session_id: Mapped[str | None] = mapped_column(Id)
    conversation_id: Mapped[str | None] = mapped_column(Id)
    crm_lead_id: Mapped[str | None]
    status: Mapped[str]
    lead_source: Mapped[str]
    first_name: Mapped[str]
    last_name: Mapped[str]
    email: Mapped[str | None]
    email_key: Mapped[str | None]
    phone: Mapped[str | None]
    phone_key: Mapped[str | None]
    company: Mapped[str | None]
    title: Mapped[str | None]
    industry: Mapped[str | None]
    employee_count: Mapped[int | None]
    annual_revenue: Mapped[float | None]
    company_size: Mapped[str | None]
    budget_range: Mapped[str | None]
    timeline: Mapped[str | None]
    decision_maker: Mapped[bool | None]
    preferred_contact_method: Mapped[str | None]
    preferred_contact_time: Mapped[str | None]
    custom_fields: Mapped[dict[str, Any]]
    details: Mapped[dict[str, Any]] = mapped_column("metadata")
    # Fields that staff or a machine wrote: talk does not change them any more.
    held_fields: Mapped[list[Any]]
    qualification_score: Mapped[int]
    # What a machine said when it made the lead.
    given_score: Mapped[int | None]
    completeness: Mapped[int]
    engagement: Mapped[int]
    readiness: Mapped[int]
    source_quality: Mapped[int]
    tier: Mapped[str]
    priority: Mapped[str]
    # 0 is the most pressing: the order of the priority list.
    priority_rank: Mapped[int]
    urgency: Mapped[str]
    reasons: Mapped[list[Any]]
    next_gains: Mapped[list[Any]]
    briefing: Mapped[dict[str, Any]]
    assigned_to: Mapped[str | None] = mapped_column(Id)
    assigned_at: Mapped[datetime | None]
    team_id: Mapped[str | None] = mapped_column(Id)
    territory_id: Mapped[str | None]
    sla_due_at: Mapped[datetime | None]
    contacted_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    qualified_at: Mapped[datetime | None]
    merged_into: Mapped[str | None] = mapped_column(Id)
    # Where its handoff to the sales system stands; None: it was never handed over.
    handoff_state: Mapped[str | None]
    # What coming back after the handoff added to the score, and what staff should know of it.
    return_points: Mapped[int] = mapped_column(server_default="0", default=0)
    flag: Mapped[str | None]
    # The caller's Idempotency-Key, and a hash of what was asked under it.
    request_key: Mapped[str | None]
    request_hash: Mapped[str | None]


class ConversationScore(TenantRow, Base):
    """Where a conversation stands after its last message: its score, and what became of it."""

    __tablename__ = "conversation_scores"
    __table_args__ = (
        # All that the figures of a period count, so that they read no row.
        Index(
            "ix_conversation_scores_tenant_id_started_at",
            "tenant_id",
            "started_at",
            "outcome",
            "is_complete",
            "has_contact",
            "is_qualified",
            "lead_id",
        ),
        Index("ix_conversation_scores_visitor_id", "visitor_id"),
        Index("ix_conversation_scores_lead_id", "lead_id"),
    )

    conversation_id: Mapped[str] = mapped_column(Id, primary_key=True)
    site_id: Mapped[str] = mapped_column(Id)
    visitor_id: Mapped[str] = mapped_column(Id)
    lead_id: Mapped[str | None] = mapped_column(ForeignKey("sales_leads.id", ondelete="SET NULL"))
    page_path: Mapped[str]
    referrer_domain: Mapped[str]
    utm_campaign: Mapped[str]
    score: Mapped[int]
    # The whole score with its reasons, as it was computed.
    content: Mapped[dict[str, Any]]
    is_qualified: Mapped[bool]
    has_contact: Mapped[bool]
    is_complete: Mapped[bool]
    # resolved, unresolved or unknown.
    outcome: Mapped[str]
    started_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class LeadConversation(TenantRow, Base):
    """A conversation that belongs to a lead."""

    __tablename__ = "lead_conversations"
    __table_args__ = (Index("ix_lead_conversations_lead_id", "lead_id", "linked_at"),)

    conversation_id: Mapped[str] = mapped_column(Id, primary_key=True)
    lead_id: Mapped[str] = mapped_column(ForeignKey("sales_leads.id", ondelete="CASCADE"))
    visitor_id: Mapped[str] = mapped_column(Id)
    linked_at: Mapped[datetime]


class LeadTouch(TenantRow, Base):
    """A time the person came, and what brought them. The first and the last are those of the
    smallest and the greatest `touched_at`."""

    __tablename__ = "lead_touches"
    __table_args__ = (
        UniqueConstraint("lead_id", "conversation_id"),
        Index("ix_lead_touches_lead_id_touched_at", "lead_id", "touched_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    lead_id: Mapped[str] = mapped_column(ForeignKey("sales_leads.id", ondelete="CASCADE"))
    conversation_id: Mapped[str | None] = mapped_column(Id)
    channel: Mapped[str]
    page_url: Mapped[str]
    page_path: Mapped[str]
    page_title: Mapped[str]
    referrer: Mapped[str]
    referrer_domain: Mapped[str]
    utm_source: Mapped[str]
    utm_medium: Mapped[str]
    utm_campaign: Mapped[str]
    utm_term: Mapped[str]
    utm_content: Mapped[str]
    touched_at: Mapped[datetime]


class ProductInteraction(TenantRow, Base):
    """That somebody viewed a product, asked about it, or was recommended it. `lead_id` is
    filled in when the conversation becomes a lead."""

    __tablename__ = "product_interactions"
    __table_args__ = (
        UniqueConstraint("conversation_id", "product_id", "interaction_type"),
        Index("ix_product_interactions_lead_id", "lead_id", "created_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    lead_id: Mapped[str | None] = mapped_column(ForeignKey("sales_leads.id", ondelete="CASCADE"))
    conversation_id: Mapped[str] = mapped_column(Id)
    # The address of the product's page.
    product_id: Mapped[str]
    product_name: Mapped[str]
    interaction_type: Mapped[str]
    requirements: Mapped[dict[str, Any]]
    recommendations: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class LeadMerge(TenantRow, Base):
    """Two leads that were found to be one person, with all that is needed to part them again."""

    __tablename__ = "lead_merges"
    __table_args__ = (
        Index("ix_lead_merges_target_id", "target_id"),
        Index("ix_lead_merges_source_id", "source_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    source_id: Mapped[str] = mapped_column(ForeignKey("sales_leads.id", ondelete="CASCADE"))
    target_id: Mapped[str] = mapped_column(ForeignKey("sales_leads.id", ondelete="CASCADE"))
    # Ids of what went over, and the target's fields that were filled.
    moved: Mapped[dict[str, Any]]
    merged_by: Mapped[str]
    merged_at: Mapped[datetime]
    undone_by: Mapped[str | None]
    undone_at: Mapped[datetime | None]


class LeadEvent(TenantRow, Base):
    """One entry of a lead's history. Only ever added to."""

    __tablename__ = "lead_events"
    __table_args__ = (Index("ix_lead_events_lead_id", "lead_id", "id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    lead_id: Mapped[str] = mapped_column(ForeignKey("sales_leads.id", ondelete="CASCADE"))
    kind: Mapped[str]
    # Who did it: agent, or the name of a member of staff or of a machine.
    actor: Mapped[str]
    actor_id: Mapped[str | None] = mapped_column(Id)
    data: Mapped[dict[str, Any]]
    happened_at: Mapped[datetime]
