"""Handoffs that many acknowledgements change in one transaction: as plain values, and not through
the session, which spends three times as long on a row as all the rest of it takes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update

from core.db import UnitOfWork, keep
from sales.handoffs.models import Handoff


@dataclass(slots=True)
class LockedHandoff:
    """The columns of a handoff, but for its package."""

    id: str
    lead_id: str
    site_id: str | None
    number: int
    revision: int
    transaction_id: str
    state: str
    priority: str
    vertical: str
    schema_version: str
    package_hash: str
    problems: list[Any]
    attempts: int
    failures: int
    last_error: str | None
    endpoint: str | None
    sales_lead_id: str | None
    assigned_to: str | None
    expected_contact_at: datetime | None
    rejection_reason: str | None
    settled_reason: str | None
    sla_due_at: datetime
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_revision: int
    acknowledgement: str | None


AnyHandoff = Handoff | LockedHandoff
"""A handoff's row, however it was read."""

_COLUMNS = tuple(LockedHandoff.__slots__)
# What an acknowledgement may change.
_CHANGED = (
    "state",
    "revision",
    "problems",
    "attempts",
    "failures",
    "last_error",
    "endpoint",
    "sales_lead_id",
    "assigned_to",
    "expected_contact_at",
    "rejection_reason",
    "updated_at",
    "sent_at",
    "acknowledged_at",
    "acknowledged_revision",
    "acknowledgement",
)
_LOCKED = keep(
    select(*(getattr(Handoff, name) for name in _COLUMNS))
    .where(Handoff.id.in_(bindparam("ids", expanding=True)))
    .order_by(Handoff.id)
    .with_for_update()
)
_CHANGE = keep(
    update(Handoff)
    .where(Handoff.id == bindparam("row_id"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGED})
)


async def lock_handoffs(uow: UnitOfWork, handoff_ids: Collection[str]) -> dict[str, LockedHandoff]:
    """The handoffs of those ids, locked and in one order."""
    found = await uow.session.execute(_LOCKED, {"ids": sorted(handoff_ids)})
    return {row.id: LockedHandoff(*row) for row in found}


async def write_handoffs(uow: UnitOfWork, rows: Collection[LockedHandoff]) -> None:
    """Store what acknowledgements changed."""
    await uow.write(
        (
            _CHANGE,
            [
                {"row_id": row.id, **{f"new_{name}": getattr(row, name) for name in _CHANGED}}
                for row in rows
            ],
        )
    )
