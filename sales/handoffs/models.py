"""Tables of handoffs, of what our own sales system received, and of the audit trail.

Packages are personal data that waits: they are stored encrypted (core/encryption.py), with
their hash beside them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db.tables import Base, Id, TenantRow


class Handoff(TenantRow, Base):
    """A qualified lead on its way to the sales system. A lead that returns after sales gave it
    back is handed over again under the next `number`."""

    __tablename__ = "handoffs"
    __table_args__ = (
        UniqueConstraint("tenant_id", "lead_id", "number"),
        Index("ix_handoffs_tenant_id_state", "tenant_id", "state", "created_at", "id"),
        Index("ix_handoffs_tenant_id_created_at", "tenant_id", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    lead_id: Mapped[str] = mapped_column(Id)
    site_id: Mapped[str | None] = mapped_column(Id)
    number: Mapped[int]
    revision: Mapped[int]
    transaction_id: Mapped[str] = mapped_column(Id)
    state: Mapped[str]
    priority: Mapped[str]
    vertical: Mapped[str]
    schema_version: Mapped[str]
    # Encrypted; empty once the person was erased.
    package: Mapped[str]
    package_hash: Mapped[str]
    problems: Mapped[list[Any]]
    attempts: Mapped[int]
    failures: Mapped[int]
    last_error: Mapped[str | None]
    # primary, backup or local: where the last answer came from.
    endpoint: Mapped[str | None]
    sales_lead_id: Mapped[str | None]
    assigned_to: Mapped[str | None]
    expected_contact_at: Mapped[datetime | None]
    rejection_reason: Mapped[str | None]
    settled_reason: Mapped[str | None]
    sla_due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    # By the sales system's clock: which of two acknowledgements is the later one.
    acknowledged_at: Mapped[datetime | None]
    acknowledged_revision: Mapped[int]
    acknowledgement: Mapped[str | None]


class HandoffEndpoint(TenantRow, Base):
    """How an endpoint of the sales system does, and its budget; shared by all processes."""

    __tablename__ = "handoff_endpoints"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str]
    # Failures in a row.
    failures: Mapped[int]
    # How often it was opened in a row: each time it is left alone for longer.
    openings: Mapped[int]
    open_until: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    last_failure_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
    window_at: Mapped[datetime]
    window_used: Mapped[int]


class HandoffAlarm(TenantRow, Base):
    """Whether something is wrong with handing over just now, so that each alarm is told once,
    by whichever process sees it first."""

    __tablename__ = "handoff_alarms"
    __table_args__ = (UniqueConstraint("tenant_id", "kind"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str]
    # Ascends with each change, and names the notice of it.
    number: Mapped[int]
    raised_at: Mapped[datetime]
    cleared_at: Mapped[datetime | None]
    told: Mapped[str]


class HandoffAudit(TenantRow, Base):
    """One step of a handoff. Only ever added to: the database itself refuses changes, but for
    names that are replaced by a pseudonym (migration 0015)."""

    __tablename__ = "handoff_audit"
    __table_args__ = (
        Index("ix_handoff_audit_about", "about", "id"),
        Index("ix_handoff_audit_tenant_id_id", "tenant_id", "id"),
        Index("ix_handoff_audit_tenant_id_lead_id", "tenant_id", "lead_id", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    # A handoff's or a received lead's id. No foreign key: the trail outlives what it tells of.
    about: Mapped[str] = mapped_column(Id)
    lead_id: Mapped[str]
    transaction_id: Mapped[str]
    # sender or receiver.
    side: Mapped[str]
    step: Mapped[str]
    actor: Mapped[str]
    actor_id: Mapped[str | None] = mapped_column(Id)
    data: Mapped[dict[str, Any]]
    happened_at: Mapped[datetime]


class HandoffAuditUnlock(TenantRow, Base):
    """While a row stands here, in the same transaction, names in the trail may be replaced. It
    is taken away before the commit, so that nobody else ever sees it."""

    __tablename__ = "handoff_audit_unlocks"

    id: Mapped[str] = mapped_column(Id, primary_key=True)


class ReceivedLead(TenantRow, Base):
    """A lead that somebody handed over to us. Its id is the `salesAgentLeadId`."""

    __tablename__ = "received_leads"
    __table_args__ = (
        UniqueConstraint("tenant_id", "lead_id"),
        Index("ix_received_leads_tenant_id_own_lead_id", "tenant_id", "own_lead_id"),
        Index("ix_received_leads_tenant_id_position", "tenant_id", "position", unique=True),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    # The sender's id of the lead, and ours; a duplicate has that of the lead that was there.
    lead_id: Mapped[str]
    own_lead_id: Mapped[str | None] = mapped_column(Id)
    transaction_id: Mapped[str]
    client_id: Mapped[str] = mapped_column(Id)
    acknowledgement: Mapped[str]
    rejection_reason: Mapped[str | None]
    # What sales says of it now: accepted, rejected, contacted ...
    status: Mapped[str]
    assigned_to: Mapped[str | None]
    estimated_contact_at: Mapped[datetime | None]
    priority: Mapped[str]
    escalation_policy: Mapped[str]
    # The newest package, encrypted; empty once the person was erased.
    package: Mapped[str]
    package_hash: Mapped[str]
    acknowledged_at: Mapped[datetime]
    received_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    # Ascends with each change, so that who asks for news misses none.
    position: Mapped[int]
    sla_due_at: Mapped[datetime]
    breached_at: Mapped[datetime | None]


class ReceivedRequest(TenantRow, Base):
    """An idempotency key and what was answered under it."""

    __tablename__ = "received_requests"
    __table_args__ = (UniqueConstraint("tenant_id", "idempotency_key"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    received_id: Mapped[str] = mapped_column(ForeignKey("received_leads.id", ondelete="CASCADE"))
    idempotency_key: Mapped[str]
    package_hash: Mapped[str]
    answer: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
