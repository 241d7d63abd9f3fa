"""Tables of appointments and their history."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
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
    # What the vendor's calendar made of it, and the newest sequence that it is known to have.
    join_url: Mapped[str] = mapped_column(default="", server_default="")
    change_url: Mapped[str] = mapped_column(default="", server_default="")
    cancel_url: Mapped[str] = mapped_column(default="", server_default="")
    placed_sequence: Mapped[int] = mapped_column(default=-1, server_default="-1")


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


class CalendarCursor(TenantRow, Base):
    """How far the changes in a rep's calendar were read.

    `due_at` is when to look again; whoever looks moves it ahead first, with `revision` compared,
    so that two processes never look at once, and one that dies is followed by another.
    `failure` is empty when the last look went well.
    """

    __tablename__ = "calendar_cursors"

    tenant_id: Mapped[str] = mapped_column(Id, primary_key=True)
    provider: Mapped[str] = mapped_column(String(40), primary_key=True)
    owner_email: Mapped[str] = mapped_column(String(254), primary_key=True)
    cursor: Mapped[str] = mapped_column(Text)
    revision: Mapped[int]
    due_at: Mapped[datetime]
    failure: Mapped[str]
    read_at: Mapped[datetime | None]
