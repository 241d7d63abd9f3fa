"""Work that one process at a time does, now and then: a row says who, and how far it came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.db import Database
from core.ids import new_id
from sales.feedback.models import SyncState

_ERROR = 200


@dataclass(frozen=True, slots=True)
class Lease:
    """A turn that was taken. `cursor` is what the last one left."""

    tenant_id: str
    name: str
    owner: str
    cursor: str


@dataclass(frozen=True, slots=True)
class SyncLeases:
    """Gives turns. A turn that is not ended in `lasts` is given to somebody else: its process
    died."""

    database: Database
    clock: Clock
    lasts: timedelta = timedelta(minutes=10)
    make_owner: Callable[[], str] = new_id

    async def take(self, tenant_id: str, name: str, *, now_or_due: bool = False) -> Lease | None:
        """A turn, if one is due and nobody has it. `now_or_due`: also where none is due."""
        now, owner = self.clock.now(), self.make_owner()
        await self._make(tenant_id, name, now)
        free = or_(SyncState.lease_until.is_(None), SyncState.lease_until < now)
        query = update(SyncState).where(SyncState.name == name, free)
        if not now_or_due:
            query = query.where(SyncState.due_at <= now)
        query = query.values(lease_owner=owner, lease_until=now + self.lasts)
        async with self.database.unit_of_work(tenant_id) as uow:
            done = await uow.session.execute(query.execution_options(synchronize_session=False))
            if getattr(done, "rowcount", 0) != 1:
                return None
            found = select(SyncState.cursor).where(SyncState.name == name)
            cursor = (await uow.session.execute(found)).scalar_one()
        return Lease(tenant_id, name, owner, cursor)

    async def _make(self, tenant_id: str, name: str, now: datetime) -> None:
        async with self.database.reading(tenant_id) as uow:
            query = select(SyncState.name).where(SyncState.name == name)
            if (await uow.session.execute(query)).scalar() is not None:
                return
        try:
            async with self.database.unit_of_work(tenant_id) as uow:
                row = SyncState(tenant_id=tenant_id, name=name, cursor="", due_at=now)
                uow.session.add(row)
        except IntegrityError:
            # Another process made it.
            return

    async def advance(self, lease: Lease, cursor: str) -> bool:
        """How far this turn has come. False: it was given to somebody else meanwhile."""
        until = self.clock.now() + self.lasts
        return await self._change(lease, {"cursor": cursor, "lease_until": until})

    async def end(self, lease: Lease, due_in: timedelta, error: str | None = None) -> None:
        """The turn is over; the next is due in `due_in`."""
        now = self.clock.now()
        values: dict[str, Any] = {
            "lease_owner": None,
            "lease_until": None,
            "due_at": now + due_in,
            "last_error": error and error[:_ERROR],
        }
        if error is None:
            values["last_success_at"] = now
        await self._change(lease, values)

    async def _change(self, lease: Lease, values: dict[str, Any]) -> bool:
        query = update(SyncState).where(
            SyncState.name == lease.name, SyncState.lease_owner == lease.owner
        )
        async with self.database.unit_of_work(lease.tenant_id) as uow:
            done = await uow.session.execute(
                query.values(**values).execution_options(synchronize_session=False)
            )
        return getattr(done, "rowcount", 0) == 1
