"""Reads and writes what our own sales system received, in the caller's unit of work."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from core.db import UnitOfWork, keep
from core.ids import new_id
from sales.handoffs.models import ReceivedLead, ReceivedRequest

_REQUEST = keep(
    select(ReceivedRequest.package_hash, ReceivedRequest.answer).where(
        ReceivedRequest.idempotency_key == bindparam("key")
    )
)
_KNOWN = keep(select(ReceivedLead.id).where(ReceivedLead.lead_id == bindparam("lead_id")))
_LATEST = keep(select(func.max(ReceivedLead.position)))
_ADD = keep(insert(ReceivedLead))
_ADD_REQUEST = keep(insert(ReceivedRequest))
_SHOW = keep(
    update(ReceivedLead)
    .where(ReceivedLead.id == bindparam("received_id"))
    .values(
        status=bindparam("new_status"),
        changed_at=bindparam("at"),
        position=bindparam("new_position"),
    )
    .execution_options(synchronize_session=False)
)
# waiver: names of columns, no statement.
_COLUMNS = tuple(ReceivedLead.__table__.columns.keys())


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

    async def find_before(
        self, key: str, lead_id: str
    ) -> tuple[tuple[str, dict[str, Any]] | None, bool]:
        """What was answered under an idempotency key, with its package's hash; and whether the
        lead of the sender's id came before."""
        requests, known = await self._uow.fetch(
            (_REQUEST, {"key": key}), (_KNOWN, {"lead_id": lead_id})
        )
        return ((requests[0][0], requests[0][1]) if requests else None), bool(known)

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
        [[(latest,)]] = await self._uow.fetch((_LATEST, {}))
        return int(latest or 0) + 1

    async def show_status(self, received_id: str, status: str, at: datetime) -> None:
        """What sales says of it now. Call it last, as `next_position` says."""
        changed = {"received_id": received_id, "new_status": status, "at": at}
        position = await self.next_position()
        await self._uow.write((_SHOW, [{**changed, "new_position": position}]))

    async def add(self, **values: Any) -> ReceivedLead:
        """A lead that somebody handed over. What is changed of it later is not written."""
        row = ReceivedLead(tenant_id=self._uow.tenant_id, **values)
        await self._uow.write((_ADD, [{name: getattr(row, name) for name in _COLUMNS}]))
        return row

    async def add_request(self, **values: Any) -> None:
        """That a key was answered."""
        row = {"tenant_id": self._uow.tenant_id, "id": new_id(), **values}
        await self._uow.write((_ADD_REQUEST, [row]))
