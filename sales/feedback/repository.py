"""Reads and writes feedback and what follows from it, in the caller's unit of work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, cast

from sqlalchemy import delete, func, insert, select, update

from core.db import UnitOfWork
from core.ids import new_id
from sales.feedback.models import FeedbackFact, FeedbackReport, LeadOutcome, LeadRevenue
from sales.feedback.schemas import Fact, Kind, Outcome, Revenue

_OUTCOME = tuple(one.name for one in fields(Outcome) if one.name != "revenues")
_MONEY = ("kind", "amount_minor", "currency", "booked_at", "credited_at")


class FeedbackRepository:
    """Reports, facts, outcomes and revenue."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._session = uow.session

    async def lock_key(self, key: str) -> None:
        """Nobody else takes this key until the transaction ends. SQLite has one writer."""
        if self._uow.dialect == "postgresql":
            number = func.hashtextextended(f"feedback {self._uow.tenant_id} {key}", 0)
            await self._session.execute(select(func.pg_advisory_xact_lock(number)))

    async def find_report(self, key: str) -> FeedbackReport | None:
        """What came under a key."""
        query = select(FeedbackReport).where(FeedbackReport.report_key == key)
        return (await self._session.execute(query)).scalar()

    async def get_report(self, report_id: str) -> FeedbackReport | None:
        """The report of that id."""
        return await self._session.get(FeedbackReport, report_id)

    async def add_report(self, **values: Any) -> FeedbackReport:
        """A report as it came."""
        row = FeedbackReport(tenant_id=self._uow.tenant_id, **values)
        self._session.add(row)
        await self._uow.flush()
        return row

    async def list_facts(self, lead_ids: Sequence[str]) -> list[FeedbackFact]:
        """All that was said of a lead, as it came."""
        query = select(FeedbackFact).where(FeedbackFact.lead_id.in_(lead_ids))
        return list((await self._session.execute(query.order_by(FeedbackFact.id))).scalars())

    async def add_facts(self, rows: Sequence[dict[str, Any]]) -> None:
        """What a report said."""
        tenant = {"tenant_id": self._uow.tenant_id}
        if rows:
            made = [{"id": new_id(), **tenant, **row} for row in rows]
            await self._session.execute(insert(FeedbackFact), made)

    async def find_outcome(self, lead_id: str) -> Outcome | None:
        """Where a lead stands; without its money."""
        row = await self._session.get(LeadOutcome, lead_id)
        return Outcome(**{name: getattr(row, name) for name in _OUTCOME}) if row else None

    async def keep_outcome(self, lead_id: str, outcome: Outcome, at: datetime) -> None:
        """Where a lead stands now, in place of what was kept before."""
        row = await self._session.get(LeadOutcome, lead_id)
        if row is None:
            row = LeadOutcome(tenant_id=self._uow.tenant_id, lead_id=lead_id)
            self._session.add(row)
        for name in _OUTCOME:
            setattr(row, name, getattr(outcome, name))
        row.updated_at = at
        await self._uow.flush()

    async def keep_revenues(self, lead_ids: Sequence[str], revenues: Iterable[Revenue]) -> None:
        """The money that counts now, in place of what was kept before. The first of `lead_ids`
        is the lead, the others became it."""
        await self._session.execute(
            delete(LeadRevenue)
            .where(LeadRevenue.lead_id.in_(lead_ids))
            .execution_options(synchronize_session=False)
        )
        rows = [
            {
                "id": new_id(),
                "tenant_id": self._uow.tenant_id,
                "lead_id": lead_ids[0],
                "revenue_key": one.key,
                **{name: getattr(one, name) for name in _MONEY},
            }
            for one in revenues
        ]
        if rows:
            await self._session.execute(insert(LeadRevenue), rows)

    async def list_revenues(self, start: datetime, end: datetime) -> list[tuple[str, Revenue]]:
        """Money of [start, end) with its lead's id, in a stable order."""
        columns = [getattr(LeadRevenue, name) for name in _MONEY]
        query = (
            select(LeadRevenue.lead_id, LeadRevenue.revenue_key, *columns)
            .where(LeadRevenue.booked_at >= start, LeadRevenue.booked_at < end)
            .order_by(LeadRevenue.booked_at, LeadRevenue.id)
        )
        return [(row[0], Revenue(*row[1:])) for row in await self._session.execute(query)]

    async def forget(self, lead_ids: Sequence[str]) -> int:
        """Take away what people wrote about a person; times, kinds and amounts stay (X-22). How
        many facts held something."""
        emptied = update(FeedbackReport).where(FeedbackReport.lead_id.in_(lead_ids)).values(body="")
        await self._session.execute(emptied.execution_options(synchronize_session=False))
        changed = 0
        for row in await self.list_facts(lead_ids):
            if "notes" in row.data:
                row.data = {name: value for name, value in row.data.items() if name != "notes"}
                changed += 1
        await self._uow.flush()
        return changed


def read_fact(row: FeedbackFact) -> Fact:
    """A row as a value."""
    return Fact(cast(Kind, row.kind), row.happened_at, row.data, is_dated=row.is_dated)
