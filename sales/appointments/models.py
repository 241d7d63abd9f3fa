"""Tables of appointments and their history."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db.tables import Base, Id, TenantRow

_ACTIVE = text("status = 'booked'")  # waiver: the condition of an index, not a statement


class Appointment(TenantRow, Base):
    """A meeting of a visitor with a rep, as it stands now.

    The row is the promise; the calendar follows it. `rep_id` is the rep's key in `app.yaml`;
    name and e-mail are kept as they were, because the file changes. `status` is booked or
    cancelled. `sequence` counts the changes (RFC 5545, SEQUENCE).
    """

    __tablename__ = "appointments"
    __table_args__ = (
        # The last guard of a slot: whatever the code does, one rep has one meeting at a time.
        Index(
            "uq_appointments_active",
            "tenant_id",
            "rep_id",
            "starts_at",
            unique=True,
            sqlite_where=_ACTIVE,
            postgresql_where=_ACTIVE,
        ),
        UniqueConstraint("conversation_id", "request_key"),
        Index("ix_appointments_tenant_id_starts_at", "tenant_id", "starts_at"),
        Index("ix_appointments_visitor_id", "visitor_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    site_id: Mapped[str] = mapped_column(Id)
    conversation_id: Mapped[str] = mapped_column(Id)
    visitor_id: Mapped[str] = mapped_column(Id)
    request_key: Mapped[str]
    rep_id: Mapped[str]
    rep_name: Mapped[str]
    rep_email: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    timezone: Mapped[str]
    locale: Mapped[str]
    name: Mapped[str]
    email: Mapped[str]
    phone: Mapped[str]
    topic: Mapped[str]
    status: Mapped[str]
    sequence: Mapped[int]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class AppointmentChange(TenantRow, Base):
    """One step in the life of an appointment: what it became, when, and by whom."""

    __tablename__ = "appointment_events"
    __table_args__ = (UniqueConstraint("appointment_id", "sequence"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    appointment_id: Mapped[str] = mapped_column(ForeignKey("appointments.id", ondelete="CASCADE"))
    sequence: Mapped[int]
    kind: Mapped[str]
    changed_by: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str]
    happened_at: Mapped[datetime]
