"""Reads and writes connections, sign-ins, their history and vendors' events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import CursorResult, Table, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.db import Database, UnitOfWork, keep
from core.ids import new_id
from core.protocols.vendor import VendorEvent
from sales.connections.models import Connection, ConnectionChange, ReceivedEvent, SignIn

# waiver: only for inserts, which name the unit of work's tenant themselves.
_EVENTS = cast(Table, ReceivedEvent.__table__)
# waiver: only for inserts, which name the unit of work's tenant themselves.
_CONNECTIONS = cast(Table, Connection.__table__)


class SealedCredentials(NamedTuple):
    """What a connection has stored, as every call to its vendor looks it up."""

    api_credentials: str
    method: str


_SEALED = keep(
    select(*(getattr(Connection, name) for name in SealedCredentials._fields)).where(
        Connection.vendor == bindparam("vendor")
    )
)


async def find_sealed(database: Database, tenant_id: str, vendor: str) -> SealedCredentials | None:
    """What a tenant's connection to a vendor has stored; without a session, for every call."""
    [found] = await database.fetch(tenant_id, (_SEALED, {"vendor": vendor}))
    return SealedCredentials(*found[0]) if found else None


class ConnectionRepository:
    """Rows of the unit of work's tenant; of all where it was opened for none."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._session = uow.session

    async def find(self, vendor: str, *, lock: bool = False) -> Connection | None:
        """The tenant's connection to a vendor; locked until the end of the transaction."""
        query = select(Connection).where(Connection.vendor == vendor)
        if lock:
            query = query.with_for_update()
        return (await self._session.execute(query)).scalar()

    async def list_all(self) -> list[Connection]:
        """Every connection, by vendor."""
        query = select(Connection).order_by(Connection.vendor)
        return list((await self._session.execute(query)).scalars())

    async def get_or_add(self, vendor: str, method: str, at: datetime) -> Connection:
        """The tenant's row for a vendor, locked; made if there is none, by whoever is first."""
        row = await self.find(vendor, lock=True)
        if row is not None:
            return row
        values = {
            "id": new_id(),
            "tenant_id": self._uow.tenant_id,
            "crm_type": vendor,
            "api_credentials": "",
            "field_mappings": {},
            "sync_settings": {},
            "method": method,
            "account": "",
            "revision": 0,
            "lease_owner": "",
            "last_error": "",
            "created_at": at,
            "changed_at": at,
        }
        insert = postgresql.insert if self._uow.dialect == "postgresql" else sqlite.insert
        await self._session.execute(
            insert(_CONNECTIONS)
            .values(values)
            .on_conflict_do_nothing(index_elements=["tenant_id", "crm_type"])
        )
        found = await self.find(vendor, lock=True)
        assert found is not None  # noqa: S101 - inserted above, by us or by another
        return found

    async def delete(self, vendor: str) -> bool:
        """Remove the connection; whether there was one."""
        done = await self._session.execute(delete(Connection).where(Connection.vendor == vendor))
        return cast("CursorResult[Any]", done).rowcount > 0

    async def replace_sealed(self, row_id: str, before: str, after: str) -> bool:
        """Put another ciphertext of the same value in place; false if it has changed since."""
        done = await self._session.execute(
            update(Connection)
            .where(Connection.id == row_id, Connection.api_credentials == before)
            .values(api_credentials=after)
        )
        return cast("CursorResult[Any]", done).rowcount == 1

    def add_change(self, vendor: str, kind: str, by: str, note: str, at: datetime) -> None:
        """Write down what was done."""
        self._session.add(
            ConnectionChange(
                id=new_id(),
                tenant_id=self._uow.tenant_id,
                vendor=vendor,
                kind=kind,
                changed_by=by,
                note=note,
                happened_at=at,
            )
        )

    async def list_changes(self, limit: int) -> list[ConnectionChange]:
        """What was done, the newest first."""
        query = (
            select(ConnectionChange)
            .order_by(ConnectionChange.happened_at.desc(), ConnectionChange.id.desc())
            .limit(limit)
        )
        return list((await self._session.execute(query)).scalars())

    def add_sign_in(self, row: SignIn) -> None:
        """A sign-in has begun."""
        self._session.add(row)

    async def take_sign_in(self, row_id: str, session_id: str) -> SignIn | None:
        """The sign-in of that state and session, gone from now on."""
        query = (
            select(SignIn)
            .where(SignIn.id == row_id, SignIn.session_id == session_id)
            .with_for_update()
        )
        row = (await self._session.execute(query)).scalar()
        if row is not None:
            await self._session.delete(row)
        return row

    async def delete_old_sign_ins(self, now: datetime) -> None:
        """Forget sign-ins that nobody finished."""
        await self._session.execute(delete(SignIn).where(SignIn.expires_at < now))


class EventRepository:
    """Vendors' events of the unit of work's tenant."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._session = uow.session

    async def add_new(
        self, vendor: str, events: Sequence[VendorEvent], at: datetime
    ) -> list[ReceivedEvent]:
        """Store those that were not stored before, in their order."""
        insert = postgresql.insert if self._uow.dialect == "postgresql" else sqlite.insert
        added = []
        for event in events:
            row = ReceivedEvent(
                id=new_id(),
                tenant_id=self._uow.tenant_id,
                vendor=vendor,
                event_key=event.id,
                capability=event.capability,
                kind=event.kind,
                subject=event.subject,
                payload=dict(event.payload),
                happened_at=event.happened_at,
                received_at=at,
            )
            values = {column.name: getattr(row, column.key) for column in _EVENTS.columns}
            written = await self._session.execute(
                insert(_EVENTS)
                .values(values)
                .on_conflict_do_nothing(index_elements=["tenant_id", "vendor", "event_key"])
                .returning(_EVENTS.c.id)
            )
            if written.scalar() is not None:
                added.append(row)
        return added

    async def find(self, event_id: str) -> ReceivedEvent | None:
        """One event by our id."""
        query = select(ReceivedEvent).where(ReceivedEvent.id == event_id)
        return (await self._session.execute(query)).scalar()

    async def delete_before(self, at: datetime) -> int:
        """Forget events that came before `at`. How many."""
        done = await self._session.execute(
            delete(ReceivedEvent).where(ReceivedEvent.received_at < at)
        )
        return cast("CursorResult[Any]", done).rowcount
