"""The statements on the outbox table. The same on both databases.

PostgreSQL locks what it claims and skips what others have locked; SQLite has one writer.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Select, Table, and_, bindparam, case, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import ColumnElement

from core.db import UnitOfWork
from core.outbox.delivery import ClaimedEntry, Outcome
from core.outbox.events import EffectGivenUp, Event
from core.outbox.models import EntryState, OutboxEntry, Priority
from core.outbox.registry import Effect, EffectRegistry

_KEYS = uuid.UUID("5c1d9a53-7f0c-4b5e-9a35-2f6c1d1f8f3a")
_TABLE = cast(Table, OutboxEntry.__table__)
_EARLIER = _TABLE.alias("earlier")
_COLUMNS = [_TABLE.c[name] for name in ClaimedEntry._fields]
_OPEN = (EntryState.PENDING, EntryState.RUNNING)

_INSERT = {
    "postgresql": postgresql.insert(_TABLE)
    .on_conflict_do_nothing(index_elements=["idempotency_key"])
    .returning(_TABLE.c.id, _TABLE.c.effect),
    "sqlite": sqlite.insert(_TABLE)
    .on_conflict_do_nothing(index_elements=["idempotency_key"])
    .returning(_TABLE.c.id, _TABLE.c.effect),
}

# An entry whose process died under it is tried again at once. Only one that was started this
# often may be what kills the process: it must leave the server time to be repaired.
_SUSPICIOUS_STARTS = 20
_PAUSE_OF_SUSPECTS = timedelta(seconds=30)


def build_key(tenant_id: str, effect: str, occurrence: str) -> str:
    """The idempotency key of `effect` for one occurrence of its event."""
    return str(uuid.uuid5(_KEYS, "\n".join((tenant_id, effect, occurrence))))


async def insert_entries(
    uow: UnitOfWork,
    tenant_id: str,
    event: Event,
    effects: Sequence[Effect],
    *,
    occurrence: str,
    now: datetime,
    not_before: datetime | None = None,
    priority: Priority | None = None,
) -> list[tuple[int, str]]:
    """Write one entry for each effect, once for each occurrence. Their ids and effects."""
    if not effects:
        return []
    rows = [
        {
            "tenant_id": tenant_id,
            "event_type": event.event_type(),
            "effect": effect.name,
            "payload": event.to_payload(),
            "idempotency_key": build_key(tenant_id, effect.name, occurrence),
            "ordering_key": effect.ordering_key(event),
            "state": EntryState.PENDING,
            "priority": effect.options.priority if priority is None else priority,
            "attempts": 0,
            "available_at": max(now, not_before or now),
            "created_at": now,
        }
        for effect in effects
    ]
    # What the session holds back is sent first: whatever a promise is about.
    await uow.flush()
    found = await uow.fetch(*((_INSERT[uow.dialect], row) for row in rows))
    written = [entry for entries in found for entry in entries]
    if len(written) < len(rows):
        # This occurrence was recorded before.
        keys = [row["idempotency_key"] for row in rows]
        known = select(_TABLE.c.id, _TABLE.c.effect).where(_TABLE.c.idempotency_key.in_(keys))
        written = [(row.id, row.effect) for row in await uow.session.execute(known)]
    return sorted((entry_id, effect) for entry_id, effect in written)


def _is_claimable(effects: frozenset[str]) -> ColumnElement[bool]:
    earlier_is_open = (
        select(_EARLIER.c.id)
        .where(
            _EARLIER.c.ordering_key == _TABLE.c.ordering_key,
            _EARLIER.c.state.in_(_OPEN),
            _EARLIER.c.id < _TABLE.c.id,
            _EARLIER.c.tenant_id == _TABLE.c.tenant_id,
        )
        .exists()
    )
    return and_(
        _TABLE.c.state == EntryState.PENDING,
        # All there are: so that the index goes past what is not due yet, however much that is.
        _TABLE.c.priority.in_([*Priority]),
        _TABLE.c.available_at <= bindparam("now"),
        _TABLE.c.effect.in_(effects),
        or_(_TABLE.c.ordering_key.is_(None), ~earlier_is_open),
    )


# Statements that every turn of a runner executes are built once: building one costs more than
# SQLite needs to execute it.
@lru_cache(maxsize=64)
def _build_look(effects: frozenset[str]) -> Select[Any]:
    return select(_TABLE.c.id).where(_is_claimable(effects)).limit(1)


@lru_cache(maxsize=64)
def _build_claimable(effects: frozenset[str]) -> Select[Any]:
    return (
        select(*_COLUMNS)
        .where(_is_claimable(effects))
        .order_by(_TABLE.c.priority, _TABLE.c.available_at, _TABLE.c.id)
        .limit(bindparam("limit"))
        .with_for_update(skip_locked=True, of=_TABLE)
    )


_CLAIM = (
    update(_TABLE)
    .where(_TABLE.c.id.in_(bindparam("ids", expanding=True)))
    .values(
        state=EntryState.RUNNING,
        attempts=_TABLE.c.attempts + 1,
        lease_owner=bindparam("owner"),
        lease_until=bindparam("until"),
    )
)


async def has_claimable(uow: UnitOfWork, effects: Collection[str], now: datetime) -> bool:
    """Whether `claim` would find anything. Only reads."""
    look = _build_look(frozenset(effects))
    return (await uow.session.execute(look, {"now": now})).first() is not None


async def claim(
    uow: UnitOfWork,
    effects: Collection[str],
    *,
    owner: str,
    now: datetime,
    lease: timedelta,
    limit: int,
) -> list[ClaimedEntry]:
    """Take up to `limit` due entries: urgent first, then those that waited longest."""
    claimable = _build_claimable(frozenset(effects))
    found = await uow.session.execute(claimable, {"now": now, "limit": limit})
    rows = [row._mapping for row in found]
    entries = [ClaimedEntry(**{**row, "attempts": row["attempts"] + 1}) for row in rows]
    if entries:
        ids = [entry.id for entry in entries]
        claimed = {"ids": ids, "owner": owner, "until": now + lease}
        await uow.session.execute(_CLAIM, claimed)
    return entries


_SETTLE = (
    update(_TABLE)
    .where(
        _TABLE.c.id.in_(bindparam("ids", expanding=True)),
        _TABLE.c.lease_owner == bindparam("owner"),
    )
    .values(
        state=EntryState.DONE,
        done_at=bindparam("at"),
        lease_owner=None,
        lease_until=None,
        last_error=None,
    )
)


async def settle(
    uow: UnitOfWork,
    registry: EffectRegistry,
    outcomes: Sequence[Outcome],
    *,
    owner: str,
    now: datetime,
) -> list[int]:
    """Write how attempts ended, where the lease is still held. Ids of new entries for staff."""
    done = [one.entry.id for one in outcomes if one.state is EntryState.DONE]
    if done:
        await uow.session.execute(_SETTLE, {"ids": done, "owner": owner, "at": now})
    again = [one for one in outcomes if one.state is EntryState.PENDING]
    if again:
        await _put_back(uow, again, owner)
    notices: list[int] = []
    for outcome in outcomes:
        if outcome.state is EntryState.DEAD:
            notices += await _bury(uow, registry, outcome, owner=owner, now=now)
    return notices


_PUT_BACK = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("entry_id"), _TABLE.c.lease_owner == bindparam("owner"))
    .values(
        state=EntryState.PENDING,
        lease_owner=None,
        lease_until=None,
        attempts=bindparam("new_attempts"),
        available_at=bindparam("new_available_at"),
        last_error=bindparam("new_error"),
    )
)


async def _put_back(uow: UnitOfWork, outcomes: Sequence[Outcome], owner: str) -> None:
    rows: list[dict[str, Any]] = [
        {
            "entry_id": one.entry.id,
            "owner": owner,
            "new_attempts": one.attempts,
            "new_available_at": one.available_at,
            "new_error": one.error,
        }
        for one in outcomes
    ]
    connection = await uow.session.connection()
    await connection.execute(_PUT_BACK, rows)


async def _bury(
    uow: UnitOfWork, registry: EffectRegistry, outcome: Outcome, *, owner: str, now: datetime
) -> list[int]:
    entry = outcome.entry
    error = outcome.error or ""
    buried = await uow.session.execute(
        update(_TABLE)
        .where(_TABLE.c.id == entry.id, _TABLE.c.lease_owner == owner)
        .values(
            state=EntryState.DEAD,
            done_at=now,
            lease_owner=None,
            lease_until=None,
            last_error=error,
        )
        .returning(_TABLE.c.id)
    )
    # A notice that cannot be delivered must not cause another notice.
    if buried.first() is None or entry.event_type == EffectGivenUp.event_type():
        return []
    event = EffectGivenUp(
        entry_id=entry.id, effect=entry.effect, failed_event_type=entry.event_type, error=error
    )
    written = await insert_entries(
        uow,
        entry.tenant_id,
        event,
        registry.effects_of(event),
        # A letter that dies again after a replay is news again.
        occurrence=f"{entry.id} dead at {now.isoformat()}",
        now=now,
    )
    return [entry_id for entry_id, _ in written]


async def renew(
    uow: UnitOfWork, entry_ids: Collection[int], *, owner: str, until: datetime
) -> set[int]:
    """Hold on to entries that still run. The ids that are still the owner's."""
    if not entry_ids:
        return set()
    renewed = await uow.session.execute(
        update(_TABLE)
        .where(_TABLE.c.id.in_(entry_ids), _TABLE.c.lease_owner == owner)
        .values(lease_until=until)
        .returning(_TABLE.c.id)
    )
    return set(renewed.scalars())


async def list_lease_owners(uow: UnitOfWork) -> dict[str, datetime]:
    """Who holds leases, and until when the one that ends first. Only reads."""
    found = await uow.session.execute(
        select(_TABLE.c.lease_owner, _TABLE.c.lease_until).where(
            _TABLE.c.state == EntryState.RUNNING
        )
    )
    owners: dict[str, datetime] = {}
    for owner, until in found:
        owners[owner] = min(until, owners.get(owner, until))
    return owners


async def recover(uow: UnitOfWork, *, gone: Collection[str], now: datetime) -> int:
    """Free what is held by owners that are gone or let their lease run out. How many."""
    freed = await uow.session.execute(
        update(_TABLE)
        .where(
            _TABLE.c.state == EntryState.RUNNING,
            or_(_TABLE.c.lease_until < now, _TABLE.c.lease_owner.in_(gone)),
        )
        .values(
            state=EntryState.PENDING,
            lease_owner=None,
            lease_until=None,
            available_at=case(
                (_TABLE.c.attempts <= _SUSPICIOUS_STARTS, now), else_=now + _PAUSE_OF_SUSPECTS
            ),
        )
        .returning(_TABLE.c.id)
    )
    return len(list(freed))
