"""Tables of erasures, legal holds, and the key under which people are remembered as hashes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db.tables import Base, Id, TenantRow


class Erasure(TenantRow, Base):
    """One wish to erase a person, and how far it got. It outlives the person's data."""

    __tablename__ = "privacy_erasures"
    __table_args__ = (
        Index("ix_privacy_erasures_tenant_id_subject_hash", "tenant_id", "subject_hash"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    # running, done or incomplete.
    state: Mapped[str]
    subject_hash: Mapped[str]
    # Encrypted: whom to look for. Empty as soon as nothing is left to do.
    subject: Mapped[str]
    # Counts up when more of the person turned up on the way: everybody is then asked again.
    round: Mapped[int]
    # What each system answered: step -> answers.
    answers: Mapped[dict[str, Any]]
    certificate: Mapped[dict[str, Any]]
    requested_by: Mapped[str]
    requested_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class LegalHold(TenantRow, Base):
    """A lead that may not be erased now, and why. Lifted ones stay as a record."""

    __tablename__ = "privacy_holds"
    __table_args__ = (Index("ix_privacy_holds_lead_id", "lead_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    lead_id: Mapped[str] = mapped_column(Id)
    reason: Mapped[str]
    placed_by: Mapped[str]
    placed_at: Mapped[datetime]
    lifted_by: Mapped[str | None]
    lifted_at: Mapped[datetime | None]


class HashKey(TenantRow, Base):
    """A tenant's key for hashes of people, encrypted; made at its first use."""

    __tablename__ = "privacy_keys"
    __table_args__ = (UniqueConstraint("tenant_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    sealed: Mapped[str]
    created_at: Mapped[datetime]
