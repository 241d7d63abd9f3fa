"""The table of promises: one row per effect that an event has."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db.tables import Base, Id, TenantRow


class EntryState(StrEnum):
    """Where an entry stands. Only `pending` and `running` ones still have to happen."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"


class Priority(IntEnum):
    """Who goes first when there is a queue: the smaller number."""

    CRITICAL = 0
    HIGH = 10
    NORMAL = 20
    LOW = 30


class OutboxEntry(TenantRow, Base):
    """One effect of one event: to be done once, and kept until it is.

    Ids ascend, so they are the order in which things were promised. `attempts` counts starts,
    so that an effect that kills its process is seen to have been tried. `available_at` is the
    earliest start. `done_at` is when it was settled, well or badly.
    """

    __tablename__ = "outbox_entries"
    __table_args__ = (
        UniqueConstraint("idempotency_key"),
        # The order of claiming, as one walk along an index.
        Index(None, "state", "priority", "available_at", "id"),
        # Is an earlier entry of the same key still open?
        Index(None, "ordering_key", "state", "id"),
        Index(None, "tenant_id", "state", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    event_type: Mapped[str] = mapped_column(String(100))
    effect: Mapped[str] = mapped_column(String(100))
    payload: Mapped[dict[str, Any]]
    idempotency_key: Mapped[str] = mapped_column(Id)
    ordering_key: Mapped[str | None]
    state: Mapped[str] = mapped_column(String(16))
    priority: Mapped[int]
    attempts: Mapped[int]
    available_at: Mapped[datetime]
    lease_owner: Mapped[str | None] = mapped_column(String(120))
    lease_until: Mapped[datetime | None]
    last_error: Mapped[str | None]
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
