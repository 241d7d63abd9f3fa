"""Tables of what went to CRMs, up to where we asked them, and how much of their budget is used."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db.tables import Base, Id, TenantRow


class CrmSync(TenantRow, Base):
    """One thing of a lead in one CRM: its person, its deal, a conversation, a meeting.

    `sent_hash` is the hash of what was sent last, `sent` the fields as text, to see what was
    changed there; `noted` are changes there that stand in the lead's history already.
    """

    __tablename__ = "crm_syncs"
    __table_args__ = (
        UniqueConstraint("tenant_id", "crm", "kind", "item_id"),
        Index("ix_crm_syncs_queue", "tenant_id", "crm", "state", "kind", "wanted_at"),
        # What failed; and all that is counted of a CRM, so that counting reads no row.
        Index(
            "ix_crm_syncs_tenant_id_state",
            "tenant_id",
            "state",
            "crm",
            "kind",
            "attempts",
            "failures",
            "last_success_at",
        ),
        Index("ix_crm_syncs_lead_id", "lead_id"),
        Index("ix_crm_syncs_crm_id", "tenant_id", "crm", "crm_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    crm: Mapped[str]
    kind: Mapped[str]
    item_id: Mapped[str]
    lead_id: Mapped[str] = mapped_column(Id)
    # waiting, in_step, failed or deleted.
    state: Mapped[str]
    crm_id: Mapped[str | None]
    crm_kind: Mapped[str]
    url: Mapped[str]
    sent_hash: Mapped[str]
    sent: Mapped[dict[str, Any]]
    noted: Mapped[dict[str, Any]]
    error: Mapped[str]
    left_out: Mapped[list[Any]]
    # What is sent, where it is not read from elsewhere: a note's text.
    content: Mapped[dict[str, Any]]
    owner_email: Mapped[str]
    owner_name: Mapped[str]
    attempts: Mapped[int]
    failures: Mapped[int]
    # Grows with each wish: a wish that came while the last one was sent is not lost.
    wish: Mapped[int]
    wanted_at: Mapped[datetime]
    last_attempt_at: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]


class CrmPlace(TenantRow, Base):
    """Up to where a CRM was asked for changes, up to where changed leads were planned, and how
    much of the CRM's budget is used in the present span of time: shared by all processes."""

    __tablename__ = "crm_places"

    tenant_id: Mapped[str] = mapped_column(Id, primary_key=True)
    crm: Mapped[str] = mapped_column(primary_key=True)
    cursor: Mapped[str]
    polled_at: Mapped[datetime | None]
    poll_error: Mapped[str]
    leads_seen_at: Mapped[datetime | None]
    span_started_at: Mapped[datetime | None]
    calls_used: Mapped[int]
    blocked_until: Mapped[datetime | None]
    blocked_reason: Mapped[str]
