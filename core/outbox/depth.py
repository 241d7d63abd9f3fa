"""How full the outbox is, and clearing away what is long done."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import case, delete, func, select

from core.db import UnitOfWork
from core.outbox.models import EntryState, OutboxEntry


class EffectDepth(NamedTuple):
    """What one effect has before it. `due` entries could start now; `oldest` waits longest."""

    effect: str
    pending: int
    due: int
    running: int
    dead: int
    oldest: timedelta


async def measure_depth(uow: UnitOfWork, now: datetime) -> list[EffectDepth]:
    """For each effect that has open entries or dead letters. An effect that no runner knows
    shows as due entries that grow old."""
    entry = OutboxEntry
    is_pending = entry.state == EntryState.PENDING
    is_due = is_pending & (entry.available_at <= now)
    found = await uow.session.execute(
        select(
            entry.effect,
            func.count(case((is_pending, 1))),
            func.count(case((is_due, 1))),
            func.count(case((entry.state == EntryState.RUNNING, 1))),
            func.count(case((entry.state == EntryState.DEAD, 1))),
            func.min(case((is_due, entry.available_at))),
        )
        .where(entry.state != EntryState.DONE)
        .group_by(entry.effect)
        .order_by(entry.effect)
    )
    return [
        EffectDepth(
            effect=row[0],
            pending=row[1],
            due=row[2],
            running=row[3],
            dead=row[4],
            oldest=timedelta(0) if row[5] is None else now - row[5],
        )
        for row in found
    ]


async def prune_done(uow: UnitOfWork, before: datetime, limit: int = 1000) -> int:
    """Delete entries that were done before `before`; at most `limit`, so that it stays short.

    An occurrence recorded with `once` is known as long as its entry is kept.
    """
    old = (
        select(OutboxEntry.id)
        .where(OutboxEntry.state == EntryState.DONE, OutboxEntry.done_at < before)
        .limit(limit)
    )
    pruned = await uow.session.execute(
        delete(OutboxEntry)
        .where(OutboxEntry.id.in_(old))
        .returning(OutboxEntry.id)
        .execution_options(synchronize_session=False)
    )
    return len(list(pruned))
