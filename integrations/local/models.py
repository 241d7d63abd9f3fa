"""Tables of the embedded implementations."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Integer, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from core.db.tables import Base, Id, TenantRow


class LocalVector(TenantRow, Base):
    """One passage's vector: float32, little-endian. `revision` says when it was written."""

    __tablename__ = "local_vectors"
    __table_args__ = (Index("ix_local_vectors_site_id", "site_id", "embedding", "revision"),)

    passage_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    embedding: Mapped[str] = mapped_column(primary_key=True)
    site_id: Mapped[str] = mapped_column(Id)
    revision: Mapped[int]
    vector: Mapped[bytes] = mapped_column(LargeBinary)


class LocalVectorRevision(TenantRow, Base):
    """Counts the changes of a namespace, so that every process notices them."""

    __tablename__ = "local_vector_revisions"

    site_id: Mapped[str] = mapped_column(Id, primary_key=True)
    embedding: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    removals: Mapped[int]


class LocalCalendarEvent(TenantRow, Base):
    """An entry of a rep's calendar. A removed one stays as `cancelled`, so that an older state
    that comes late does not bring it back. `is_meeting`: put there for an appointment."""

    __tablename__ = "local_calendar_events"
    __table_args__ = (
        Index("ix_local_calendar_events_owner", "tenant_id", "owner_email", "starts_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    owner_email: Mapped[str]
    sequence: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    title: Mapped[str]
    description: Mapped[str]
    attendee_name: Mapped[str]
    attendee_email: Mapped[str]
    is_meeting: Mapped[bool]
    cancelled: Mapped[bool]
