"""Reads and writes handoffs and their trail, in the caller's unit of work."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, bindparam, delete, func, insert, select, update

from core.db import Ask, UnitOfWork, keep
from core.ids import new_id
from sales.handoffs.locked_rows import AnyHandoff
from sales.handoffs.models import Handoff, HandoffAudit, HandoffAuditUnlock, HandoffEndpoint
from sales.handoffs.rules import EndpointState
from sales.handoffs.schemas import REVIEW_STATES, AuditEntry, HandoffFilter, HandoffView
from sales.leads.handing import restrict_leads
from sales.organization.schemas import Scope


class StoredPackage(NamedTuple):
    """A package as it is stored, encrypted."""

    id: str
    lead_id: str
    revision: int
    transaction_id: str
    package: str
    package_hash: str
    schema_version: str


_VIEW = tuple(HandoffView.__slots__)
_AUDIT = tuple(AuditEntry.__slots__)
_LATEST = keep(
    select(Handoff.id, Handoff.number)
    .where(Handoff.lead_id == bindparam("lead_id"))
    .order_by(Handoff.number.desc())
    .limit(1)
)
_ADD = keep(insert(Handoff))
_SEEN = keep(
    select(*(getattr(Handoff, name) for name in _VIEW)).where(Handoff.id == bindparam("handoff_id"))
)
_UNSENT = keep(
    select(*(getattr(Handoff, name) for name in StoredPackage._fields)).where(
        Handoff.id.in_(bindparam("ids", expanding=True)), Handoff.state == "queued"
    )
)
_ADD_AUDIT = keep(insert(HandoffAudit))
_ENDPOINTS = keep(
    select(HandoffEndpoint).where(HandoffEndpoint.name.in_(bindparam("names", expanding=True)))
)


class HandoffRepository:
    """Handoffs, how endpoints do, and the audit trail."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._session = uow.session

    async def find(self, handoff_id: str, *, lock: bool = False) -> Handoff | None:
        """The handoff of that id; locked, nobody else changes it until the transaction ends."""
        query = select(Handoff).where(Handoff.id == handoff_id)
        if lock:
            query = query.with_for_update().execution_options(populate_existing=True)
        return (await self._session.execute(query)).scalar()

    async def list_unsent(self, handoff_ids: Collection[str]) -> dict[str, StoredPackage]:
        """The packages of those handoffs that wait to be sent."""
        found = await self._session.execute(_UNSENT, {"ids": list(handoff_ids)})
        return {row.id: StoredPackage(*row) for row in found}

    async def find_of_lead(self, lead_id: str) -> Handoff | None:
        """The latest handoff of a lead."""
        query = select(Handoff).where(Handoff.lead_id == lead_id).order_by(Handoff.number.desc())
        return (await self._session.execute(query.limit(1))).scalar()

    async def list_latest(self, after: str = "", limit: int = 500) -> list[Handoff]:
        """The latest handoff of each lead, by lead; `after` continues a list."""
        newest = (
            select(Handoff.lead_id, func.max(Handoff.number).label("number"))
            .where(Handoff.lead_id > after)
            .group_by(Handoff.lead_id)
            .order_by(Handoff.lead_id)
            .limit(limit)
            .subquery()
        )
        query = (
            select(Handoff)
            .join(
                newest,
                (Handoff.lead_id == newest.c.lead_id) & (Handoff.number == newest.c.number),
            )
            .order_by(Handoff.lead_id)
        )
        return list((await self._session.execute(query)).scalars())

    async def list_of_lead(self, lead_id: str) -> list[Handoff]:
        """The handoffs of a lead, the latest first."""
        query = select(Handoff).where(Handoff.lead_id == lead_id).order_by(Handoff.number.desc())
        return list((await self._session.execute(query)).scalars())

    async def add(self, **values: Any) -> Handoff:
        """A new handoff, written. The row is nobody's to change: no session holds it.

        Raises:
            sqlalchemy.exc.IntegrityError: the lead has one of this number.
        """
        columns = {"tenant_id": self._uow.tenant_id, **values}
        await self._uow.write((_ADD, [columns]))
        return Handoff(**columns)

    async def list_handoffs(
        self, wanted: HandoffFilter, scope: Scope, limit: int, offset: int
    ) -> tuple[list[Handoff], int]:
        """The handoffs that fit, the newest first, and how many there are in all."""
        conditions = [*_conditions(wanted), *restrict_leads(scope, Handoff.lead_id)]
        query = select(Handoff).where(*conditions)
        query = query.order_by(Handoff.created_at.desc(), Handoff.id.desc())
        listed = list((await self._session.execute(query.limit(limit).offset(offset))).scalars())
        counted = select(func.count(Handoff.id)).where(*conditions)
        return listed, int((await self._session.execute(counted)).scalar_one())

    async def count_by_state(self) -> dict[str, int]:
        """How many handoffs stand in each state."""
        query = select(Handoff.state, func.count()).group_by(Handoff.state)
        return {str(row[0]): int(row[1]) for row in await self._session.execute(query)}

    async def list_endpoints(self, names: Sequence[str]) -> tuple[EndpointState, ...]:
        """How the endpoints of these names do, in their order."""
        rows = (await self._session.execute(_ENDPOINTS, {"names": list(names)})).scalars()
        found = {row.name: row for row in rows}
        return tuple(
            EndpointState(name, row.failures, row.openings, row.open_until)
            if (row := found.get(name))
            else EndpointState(name)
            for name in names
        )

    async def get_endpoint(self, name: str, now: datetime) -> HandoffEndpoint:
        """The row of an endpoint, locked; made where there is none yet."""
        query = select(HandoffEndpoint).where(HandoffEndpoint.name == name).with_for_update()
        row = (await self._session.execute(query)).scalar()
        if row is None:
            row = HandoffEndpoint(
                tenant_id=self._uow.tenant_id,
                id=new_id(),
                name=name,
                failures=0,
                openings=0,
                window_at=now,
                window_used=0,
            )
            self._session.add(row)
            await self._uow.flush()
        return row

    async def add_audit(self, entries: Sequence[AuditEntry]) -> None:
        """Steps of the trail, in the transaction that makes them true."""
        rows = [
            {"tenant_id": self._uow.tenant_id, **{name: getattr(one, name) for name in _AUDIT}}
            for one in entries
        ]
        if rows:
            await self._uow.flush()
            await self._uow.write((_ADD_AUDIT, rows))

    async def list_audit(
        self,
        *,
        transaction_ids: Sequence[str] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        after_id: str = "",
        limit: int = 500,
    ) -> list[AuditEntry]:
        """Steps in the order in which they were written; `after_id` continues a list."""
        query = select(*(getattr(HandoffAudit, name) for name in _AUDIT))
        query = query.where(HandoffAudit.id > after_id).order_by(HandoffAudit.id).limit(limit)
        if transaction_ids is not None:
            query = query.where(HandoffAudit.transaction_id.in_(transaction_ids))
        if since is not None:
            query = query.where(HandoffAudit.happened_at >= since)
        if until is not None:
            query = query.where(HandoffAudit.happened_at < until)
        return [AuditEntry(*row) for row in await self._session.execute(query)]

    async def pseudonymise_audit(self, lead_id: str, pseudonym: str) -> int:
        """Let the trail of a lead name a pseudonym in the lead's place (X-22); how many steps.
        The one change that the database lets pass."""
        unlock = HandoffAuditUnlock(tenant_id=self._uow.tenant_id, id=new_id())
        self._session.add(unlock)
        await self._uow.flush()
        changed = await self._session.execute(
            update(HandoffAudit)
            .where(HandoffAudit.lead_id == lead_id)
            .values(lead_id=pseudonym)
            .execution_options(synchronize_session=False)
        )
        await self._session.execute(
            delete(HandoffAuditUnlock)
            .where(HandoffAuditUnlock.id == unlock.id)
            .execution_options(synchronize_session=False)
        )
        self._session.expunge(unlock)
        return int(getattr(changed, "rowcount", 0))


def build_asked_view(handoff_id: str) -> Ask:
    """The columns of a `HandoffView`."""
    return _SEEN, {"handoff_id": handoff_id}


def build_asked_latest(lead_id: str) -> Ask:
    """Id and number of a lead's latest handoff."""
    return _LATEST, {"lead_id": lead_id}


def describe(row: AnyHandoff) -> HandoffView:
    """A row as a value for others."""
    return HandoffView(**{name: getattr(row, name) for name in _VIEW})


def _conditions(wanted: HandoffFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.state:
        found.append(Handoff.state == wanted.state)
    if wanted.review:
        found.append(Handoff.state.in_(REVIEW_STATES))
    if wanted.lead_id:
        found.append(Handoff.lead_id == wanted.lead_id)
    if wanted.priority:
        found.append(Handoff.priority == wanted.priority)
    if wanted.created_from:
        found.append(Handoff.created_at >= wanted.created_from)
    if wanted.created_to:
        found.append(Handoff.created_at < wanted.created_to)
    return found
