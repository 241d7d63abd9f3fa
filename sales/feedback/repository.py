"""Reads and writes feedback and what follows from it, in the caller's unit of work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.db import UnitOfWork, keep
from core.ids import new_id
from sales.feedback.models import FeedbackFact, FeedbackReport, LeadOutcome, LeadRevenue
from sales.feedback.schemas import Fact, Kind, Outcome, Revenue

_OUTCOME = tuple(one.name for one in fields(Outcome) if one.name != "revenues")
_MONEY = ("kind", "amount_minor", "currency", "booked_at", "credited_at")
# waiver: names of columns, no statement.
_REPORT_COLUMNS = tuple(FeedbackReport.__table__.columns.keys())


class KnownReport(NamedTuple):
    """What a repeat is answered from."""

    id: str
    lead_id: str
    body_hash: str
    sent_at: datetime | None
    received_at: datetime
    transaction_id: str
    answer: dict[str, Any]


def _build_keep(insert_into: Any) -> Any:
    made = insert_into(LeadOutcome)
    changed = {name: made.excluded[name] for name in (*_OUTCOME, "updated_at")}
    return keep(made.on_conflict_do_update(index_elements=["lead_id"], set_=changed))


_REPORT = keep(
    select(*(getattr(FeedbackReport, name) for name in KnownReport._fields)).where(
        FeedbackReport.report_key == bindparam("key")
    )
)
_FACTS = keep(
    select(
        FeedbackFact.id,
        FeedbackFact.digest,
        FeedbackFact.kind,
        FeedbackFact.happened_at,
        FeedbackFact.data,
        FeedbackFact.is_dated,
        FeedbackFact.said_at,
    ).where(FeedbackFact.lead_id == bindparam("lead_id"))
)
_ADD_REPORT, _ADD_FACTS = keep(insert(FeedbackReport)), keep(insert(FeedbackFact))
_ADD_REVENUES = keep(insert(LeadRevenue))
_KEEP_OUTCOME = {
    "postgresql": _build_keep(postgresql.insert),
    "sqlite": _build_keep(sqlite.insert),
}
_FORGET_REVENUES = keep(
    delete(LeadRevenue)
    .where(LeadRevenue.lead_id == bindparam("of_lead"))
    .execution_options(synchronize_session=False)
)


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

    async def find_report(self, key: str) -> KnownReport | None:
        """What came under a key."""
        [found] = await self._uow.fetch((_REPORT, {"key": key}))
        return KnownReport(*found[0]) if found else None

    async def get_report(self, report_id: str) -> FeedbackReport | None:
        """The report of that id."""
        return await self._session.get(FeedbackReport, report_id)

    async def list_facts(self, lead_ids: Sequence[str]) -> list[FeedbackFact]:
        """All that was said of a lead, as it came."""
        query = select(FeedbackFact).where(FeedbackFact.lead_id.in_(lead_ids))
        return list((await self._session.execute(query.order_by(FeedbackFact.id))).scalars())

    async def list_known(self, lead_ids: Sequence[str]) -> list[tuple[str, Fact]]:
        """The same as values, each with its digest: what a report is compared with."""
        found = await self._uow.fetch(*((_FACTS, {"lead_id": one}) for one in lead_ids))
        rows = sorted((row for rows in found for row in rows), key=lambda row: str(row[0]))
        return [(row[1], Fact(cast(Kind, row[2]), *row[3:])) for row in rows]

    async def find_outcome(self, lead_id: str) -> Outcome | None:
        """Where a lead stands; without its money."""
        row = await self._session.get(LeadOutcome, lead_id)
        return Outcome(**{name: getattr(row, name) for name in _OUTCOME}) if row else None

    async def keep(
        self,
        report: FeedbackReport,
        facts: Sequence[dict[str, Any]],
        lead_ids: Sequence[str],
        outcome: Outcome,
    ) -> None:
        """A report, which belongs to no session, its new facts, and where the lead stands with
        its money, in place of what was kept of these before. The first of `lead_ids` is the lead,
        the others became it.

        Raises:
            IntegrityError: its key, or a fact, is there already; the transaction is lost.
        """
        tenant = {"tenant_id": self._uow.tenant_id}
        standing = {name: getattr(outcome, name) for name in _OUTCOME}
        at = {"updated_at": report.received_at}
        revenues = [
            {
                **tenant,
                "id": new_id(),
                "lead_id": lead_ids[0],
                "revenue_key": one.key,
                **{name: getattr(one, name) for name in _MONEY},
            }
            for one in outcome.revenues
        ]
        await self._uow.write(
            (_ADD_REPORT, [{name: getattr(report, name) for name in _REPORT_COLUMNS}]),
            (_ADD_FACTS, [{**tenant, "id": new_id(), **fact} for fact in facts]),
            (
                _KEEP_OUTCOME[self._uow.dialect],
                [{**tenant, "lead_id": lead_ids[0], **standing, **at}],
            ),
            (_FORGET_REVENUES, [{"of_lead": one} for one in lead_ids]),
            (_ADD_REVENUES, revenues),
        )

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
    return Fact(cast(Kind, row.kind), row.happened_at, row.data, row.is_dated, row.said_at)
