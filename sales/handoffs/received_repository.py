"""Reads and writes what our own sales system received, in the caller's unit of work."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from core.db import UnitOfWork
from core.ids import new_id
from sales.handoffs.models import ReceivedLead, ReceivedRequest


class ReceivedRepository:
    """Received leads, and the keys under which they came."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._session = uow.session

    async def lock_lead(self, lead_id: str, key: str) -> None:
        """Nobody else takes this lead or this key in until the transaction ends. SQLite has
        one writer anyway."""
        if self._uow.dialect != "postgresql":
            return
        for name in sorted({f"lead {lead_id}", f"key {key}"}):
            number = func.hashtextextended(f"received {self._uow.tenant_id} {name}", 0)
            await self._session.execute(select(func.pg_advisory_xact_lock(number)))

    async def find_request(self, key: str) -> ReceivedRequest | None:
        """What was answered under an idempotency key."""
        query = select(ReceivedRequest).where(ReceivedRequest.idempotency_key == key)
        return (await self._session.execute(query)).scalar()

    async def find_by_lead(self, lead_id: str, *, lock: bool = False) -> ReceivedLead | None:
        """The received lead of the sender's id."""
        query = select(ReceivedLead).where(ReceivedLead.lead_id == lead_id)
        if lock:
            query = query.with_for_update().execution_options(populate_existing=True)
        return (await self._session.execute(query)).scalar()

    async def find(self, received_id: str, *, lock: bool = False) -> ReceivedLead | None:
        """The received lead of our own id for it."""
        query = select(ReceivedLead).where(ReceivedLead.id == received_id)
        if lock:
            query = query.with_for_update().execution_options(populate_existing=True)
        return (await self._session.execute(query)).scalar()

    async def find_by_own(self, own_lead_id: str) -> ReceivedLead | None:
        """The accepted one that became this lead of our list."""
        query = select(ReceivedLead).where(
            ReceivedLead.own_lead_id == own_lead_id, ReceivedLead.acknowledgement != "rejected"
        )
        return (await self._session.execute(query.limit(1))).scalar()

    async def list_changed(self, position: int, limit: int) -> list[ReceivedLead]:
        """Those that changed after `position`, in the order of their changes."""
        query = (
            select(ReceivedLead)
            .where(ReceivedLead.position > position)
            .order_by(ReceivedLead.position)
            .limit(limit)
        )
        return list((await self._session.execute(query)).scalars())

    async def next_position(self) -> int:
        """The place of a change in the order of all changes. Call it last: until the
        transaction ends, other changes of the tenant wait, so that none appears out of order."""
        if self._uow.dialect == "postgresql":
            number = func.hashtextextended(f"received order {self._uow.tenant_id}", 0)
            await self._session.execute(select(func.pg_advisory_xact_lock(number)))
        latest = await self._session.execute(select(func.max(ReceivedLead.position)))
        return int(latest.scalar() or 0) + 1

    async def add(self, **values: Any) -> ReceivedLead:
        """A lead that somebody handed over."""
        row = ReceivedLead(tenant_id=self._uow.tenant_id, **values)
        self._session.add(row)
        await self._uow.flush()
        return row

    async def add_request(self, **values: Any) -> None:
        """That a key was answered."""
        self._session.add(ReceivedRequest(tenant_id=self._uow.tenant_id, id=new_id(), **values))
        await self._uow.flush()
