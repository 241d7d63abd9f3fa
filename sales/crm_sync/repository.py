"""Reads and writes what went to CRMs, in the caller's unit of work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.db import UnitOfWork
from core.ids import new_id
from sales.crm_sync.models import CrmPlace, CrmSync
from sales.crm_sync.schemas import Kind, State, SyncItem

_INSERT = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


class CrmSyncRepository:
    """The items of one tenant."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._session = uow.session

    async def want(
        self,
        crm: str,
        kind: Kind,
        item_id: str,
        lead_id: str,
        at: datetime,
        content: dict[str, Any] | None = None,
    ) -> None:
        """Let something wait to be sent. What is sent just now is sent again after that."""
        row: dict[str, Any] = {
            "tenant_id": self._uow.tenant_id,
            "id": new_id(),
            "crm": crm,
            "kind": kind,
            "item_id": item_id,
            "lead_id": lead_id,
            "state": "waiting",
            "crm_id": None,
            "wish": 1,
            "wanted_at": at,
            "content": content or {},
            "sent": {},
            "noted": {},
            "left_out": [],
            "attempts": 0,
            "failures": 0,
            **dict.fromkeys(
                ("crm_kind", "url", "sent_hash", "error", "owner_email", "owner_name"), ""
            ),
        }
        insert: Any = _INSERT[self._uow.dialect](CrmSync)
        changed = {"state": "waiting", "wish": CrmSync.wish + 1, "wanted_at": at, "error": ""}
        if content is not None:
            changed["content"] = content
        keys = ["tenant_id", "crm", "kind", "item_id"]
        statement = insert.on_conflict_do_update(index_elements=keys, set_=changed)
        await self._session.execute(statement, [row])

    async def list_waiting(self, crm: str, *, people: bool, limit: int) -> list[CrmSync]:
        """What waits, longest first: people, or all the rest of leads whose person is there."""
        query = select(CrmSync).where(CrmSync.crm == crm, CrmSync.state == "waiting")
        if people:
            query = query.where(CrmSync.kind == "person")
        else:
            known = select(CrmSync.lead_id).where(
                CrmSync.crm == crm,
                CrmSync.kind == "person",
                CrmSync.crm_id.is_not(None),
                CrmSync.state.in_(("in_step", "waiting")),
                CrmSync.tenant_id == self._uow.tenant_id,
            )
            query = query.where(CrmSync.kind != "person", CrmSync.lead_id.in_(known))
        query = query.order_by(CrmSync.wanted_at, CrmSync.id).limit(limit)
        return list((await self._session.execute(query)).scalars())

    async def find(self, crm: str, kind: Kind, item_id: str) -> CrmSync | None:
        """One item, locked for changing."""
        query = (
            select(CrmSync)
            .where(CrmSync.crm == crm, CrmSync.kind == kind, CrmSync.item_id == item_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return (await self._session.execute(query)).scalar()

    async def find_by_record(self, crm: str, crm_id: str) -> CrmSync | None:
        """The person that a CRM's record stands for."""
        query = select(CrmSync).where(
            CrmSync.crm == crm, CrmSync.kind == "person", CrmSync.crm_id == crm_id
        )
        return (await self._session.execute(query.limit(1))).scalar()

    async def list_of_lead(self, lead_id: str) -> list[CrmSync]:
        """All that goes to any CRM for a lead."""
        query = select(CrmSync).where(CrmSync.lead_id == lead_id)
        ordered = query.order_by(CrmSync.crm, CrmSync.wanted_at, CrmSync.id)
        return list((await self._session.execute(ordered)).scalars())

    async def list_states(self, lead_ids: Sequence[str]) -> list[tuple[str, str, str]]:
        """Lead, CRM and state of each item of some leads."""
        query = select(CrmSync.lead_id, CrmSync.crm, CrmSync.state).where(
            CrmSync.lead_id.in_(lead_ids)
        )
        return [(row[0], row[1], row[2]) for row in await self._session.execute(query)]

    async def list_wanted_at(self, crm: str, lead_ids: Sequence[str]) -> dict[str, datetime]:
        """When each of some leads was planned last."""
        query = select(CrmSync.lead_id, CrmSync.wanted_at).where(
            CrmSync.crm == crm, CrmSync.kind == "person", CrmSync.lead_id.in_(lead_ids)
        )
        return {row[0]: row[1] for row in await self._session.execute(query)}

    async def list_lead_ids(self, state: str, limit: int) -> list[str]:
        """Leads of which something is in a state in some CRM, latest wish first."""
        query = (
            select(CrmSync.lead_id)
            .where(CrmSync.state == state)
            .group_by(CrmSync.lead_id)
            .order_by(func.max(CrmSync.wanted_at).desc())
        )
        return list((await self._session.execute(query.limit(limit))).scalars())

    async def list_failed(self, crm: str | None, limit: int) -> list[CrmSync]:
        """What failed, latest first."""
        query = select(CrmSync).where(CrmSync.state == "failed")
        if crm is not None:
            query = query.where(CrmSync.crm == crm)
        query = query.order_by(CrmSync.last_attempt_at.desc(), CrmSync.id).limit(limit)
        return list((await self._session.execute(query)).scalars())

    async def retry_failed(self, crm: str | None, lead_id: str | None, at: datetime) -> int:
        """Let what failed wait again; how much that is."""
        statement = update(CrmSync).where(CrmSync.state == "failed")
        if crm is not None:
            statement = statement.where(CrmSync.crm == crm)
        if lead_id is not None:
            statement = statement.where(CrmSync.lead_id == lead_id)
        changed = await self._session.execute(
            statement.values(state="waiting", wanted_at=at, wish=CrmSync.wish + 1)
            .returning(CrmSync.id)
            .execution_options(synchronize_session=False)
        )
        return len(list(changed))

    async def set_waiting_error(self, crm: str, error: str) -> None:
        """Why everything that waits for a CRM waits."""
        await self._session.execute(
            update(CrmSync)
            .where(CrmSync.crm == crm, CrmSync.state == "waiting")
            .values(error=error)
            .execution_options(synchronize_session=False)
        )

    async def fail_waiting(self, crm: str, error: str, at: datetime) -> None:
        """Give up on everything that waits for a CRM: nobody can send it."""
        await self._session.execute(
            update(CrmSync)
            .where(CrmSync.crm == crm, CrmSync.state == "waiting")
            .values(
                state="failed",
                error=error,
                last_attempt_at=at,
                attempts=CrmSync.attempts + 1,
                failures=CrmSync.failures + 1,
            )
            .execution_options(synchronize_session=False)
        )

    async def count_states(self) -> list[tuple[str, str, str, int, int, int, datetime | None]]:
        """By CRM, kind and state: how many, attempts, failures, and the last success."""
        query = (
            select(
                CrmSync.crm,
                CrmSync.kind,
                CrmSync.state,
                func.count(),
                func.sum(CrmSync.attempts),
                func.sum(CrmSync.failures),
                func.max(CrmSync.last_success_at),
            )
            .group_by(CrmSync.crm, CrmSync.kind, CrmSync.state)
            .order_by(CrmSync.crm)
        )
        return [cast("Any", tuple(row)) for row in await self._session.execute(query)]

    async def count_errors(self, limit: int = 10) -> list[tuple[str, str, int]]:
        """The commonest reasons of what failed: CRM, words, how often."""
        query = (
            select(CrmSync.crm, CrmSync.error, func.count(CrmSync.id))
            .where(CrmSync.state == "failed")
            .group_by(CrmSync.crm, CrmSync.error)
            .order_by(func.count(CrmSync.id).desc())
            .limit(limit)
        )
        return [(row[0], row[1], int(row[2])) for row in await self._session.execute(query)]

    async def delete_of_lead(self, lead_id: str) -> None:
        """Forget what went anywhere for a lead."""
        await self._session.execute(
            delete(CrmSync)
            .where(CrmSync.lead_id == lead_id)
            .execution_options(synchronize_session=False)
        )

    async def lock_place(self, crm: str) -> CrmPlace:
        """Where we stand with a CRM, locked until the transaction ends; made if need be."""
        values = {
            "tenant_id": self._uow.tenant_id,
            "crm": crm,
            "cursor": "",
            "poll_error": "",
            "calls_used": 0,
            "blocked_reason": "",
        }
        insert: Any = _INSERT[self._uow.dialect](CrmPlace)
        await self._session.execute(insert.on_conflict_do_nothing(), [values])
        query = (
            select(CrmPlace)
            .where(CrmPlace.crm == crm)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return (await self._session.execute(query)).scalar_one()

    async def find_place(self, crm: str) -> CrmPlace | None:
        """Where we stand with a CRM, to look at."""
        return (await self._session.execute(select(CrmPlace).where(CrmPlace.crm == crm))).scalar()

    async def list_places(self) -> list[CrmPlace]:
        """Where we stand with every CRM."""
        return list((await self._session.execute(select(CrmPlace))).scalars())


def describe_item(row: CrmSync) -> SyncItem:
    """A row as others see it."""
    return SyncItem(
        crm=row.crm,
        kind=cast("Kind", row.kind),
        item_id=row.item_id,
        lead_id=row.lead_id,
        state=cast("State", row.state),
        crm_id=row.crm_id,
        url=row.url,
        error=row.error,
        left_out=tuple(row.left_out),
        wanted_at=row.wanted_at,
        last_attempt_at=row.last_attempt_at,
        last_success_at=row.last_success_at,
        owner=row.owner_name or row.owner_email,
    )
