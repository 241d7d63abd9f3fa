"""Tables of feedback: what was said, which only grows, and what follows from it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db.tables import Base, Id, TenantRow


class FeedbackReport(TenantRow, Base):
    """A report as it came, under the key that names it. Only ever added to."""

    __tablename__ = "feedback_reports"
    __table_args__ = (
        UniqueConstraint("tenant_id", "report_key"),
        Index("ix_feedback_reports_tenant_id_lead_id", "tenant_id", "lead_id", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    lead_id: Mapped[str] = mapped_column(Id)
    # The sender's key with where it came by; one of ours where the sender named none.
    report_key: Mapped[str]
    body_hash: Mapped[str]
    # Encrypted, with members that we do not know; empty once the person was erased.
    body: Mapped[str]
    source: Mapped[str]
    actor: Mapped[str]
    transaction_id: Mapped[str]
    sent_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
    # What was answered, so that a repeat is answered the same.
    answer: Mapped[dict[str, Any]]


class FeedbackFact(TenantRow, Base):
    """One thing that sales said of a lead. Only ever added to."""

    __tablename__ = "feedback_facts"
    __table_args__ = (
        UniqueConstraint("tenant_id", "lead_id", "digest"),
        Index("ix_feedback_facts_tenant_id_kind", "tenant_id", "kind", "happened_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    report_id: Mapped[str] = mapped_column(Id)
    lead_id: Mapped[str] = mapped_column(Id)
    kind: Mapped[str]
    # Of kind, content and time: the same is never kept twice.
    digest: Mapped[str]
    # Of kind and content alone, for what came without a time.
    content_hash: Mapped[str]
    data: Mapped[dict[str, Any]]
    is_dated: Mapped[bool]
    happened_at: Mapped[datetime]
    received_at: Mapped[datetime]
    # When the sender said so: of two words on one moment the later one counts.
    said_at: Mapped[datetime | None]


class LeadOutcome(TenantRow, Base):
    """Where a lead stands by all its facts; computed anew from them with each report."""

    __tablename__ = "lead_outcomes"
    __table_args__ = (
        Index("ix_lead_outcomes_tenant_id_lifecycle", "tenant_id", "lifecycle"),
        Index("ix_lead_outcomes_tenant_id_lifecycle_at", "tenant_id", "lifecycle_at"),
    )

    lead_id: Mapped[str] = mapped_column(Id, primary_key=True)
    lifecycle: Mapped[str]
    lifecycle_at: Mapped[datetime | None]
    attempts: Mapped[int]
    first_contact_at: Mapped[datetime | None]
    time_to_first_contact: Mapped[int | None]
    qualification_status: Mapped[str | None]
    disqualification_reason: Mapped[str | None]
    quality_rating: Mapped[int | None]
    opportunity_id: Mapped[str | None]
    opportunity_stage: Mapped[str | None]
    estimated_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None]
    expected_close_on: Mapped[date | None] = mapped_column(Date)
    case_id: Mapped[str | None]
    case_type: Mapped[str | None]
    case_minor: Mapped[int | None] = mapped_column(BigInteger)
    updated_at: Mapped[datetime]


class LeadRevenue(TenantRow, Base):
    """Money of a lead that counts now: computed anew with its outcome."""

    __tablename__ = "lead_revenues"
    __table_args__ = (
        Index("ix_lead_revenues_tenant_id_lead_id", "tenant_id", "lead_id"),
        Index("ix_lead_revenues_tenant_id_booked_at", "tenant_id", "booked_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    lead_id: Mapped[str] = mapped_column(Id)
    revenue_key: Mapped[str]
    kind: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    booked_at: Mapped[datetime]
    credited_at: Mapped[datetime]


class SyncState(TenantRow, Base):
    """How far the sales system was asked, and who asks just now: one process at a time."""

    __tablename__ = "handoff_sync"

    tenant_id: Mapped[str] = mapped_column(Id, primary_key=True)
    # poll or reconcile.
    name: Mapped[str] = mapped_column(primary_key=True)
    cursor: Mapped[str]
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    due_at: Mapped[datetime]
    last_success_at: Mapped[datetime | None]
    last_error: Mapped[str | None]


class Reconciliation(TenantRow, Base):
    """One comparison of both sides, and how it ended."""

    __tablename__ = "handoff_reconciliations"
    __table_args__ = (
        Index("ix_handoff_reconciliations_tenant_id_started_at", "tenant_id", "started_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    is_dry_run: Mapped[bool]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    # Counts of leads by state on either side.
    here: Mapped[dict[str, Any]]
    there: Mapped[dict[str, Any]]
    differences: Mapped[int]
    mended: Mapped[int]


class Conflict(TenantRow, Base):
    """A difference between both sides, with both values and what was done."""

    __tablename__ = "handoff_conflicts"
    __table_args__ = (Index("ix_handoff_conflicts_tenant_id_id", "tenant_id", "id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    # None: seen by the sync every 15 minutes.
    reconciliation_id: Mapped[str | None] = mapped_column(Id)
    lead_id: Mapped[str]
    kind: Mapped[str]
    here: Mapped[str | None]
    there: Mapped[str | None]
    resolution: Mapped[str]
    found_at: Mapped[datetime]
