"""What became of conversations, counted honestly: what is not known is a number of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Integer, cast, func, select

from core.db import Database, UnitOfWork
from sales.leads.models import ConversationScore

Group = Literal["page", "utm_campaign", "referrer_domain"]
_GROUPS = {
    "page": ConversationScore.page_path,
    "utm_campaign": ConversationScore.utm_campaign,
    "referrer_domain": ConversationScore.referrer_domain,
}
_ROWS = 1000


@dataclass(frozen=True, slots=True)
class ConversionRow:
    """Conversations in which something was said, of one page, campaign or referrer."""

    value: str
    conversations: int
    with_contact: int
    leads: int
    qualified: int


@dataclass(frozen=True, slots=True)
class ConversationFigures:
    """All conversations of a period in which something was said.

    `resolved`: the visitor booked, or thanked after an answer. `unresolved`: their last question
    found no answer, or they complained or asked for a person. `unknown`: neither showed.
    `complete`: every required field is known; `qualified_with_contact`: of the qualified ones,
    those who can be reached.
    """

    conversations: int
    resolved: int
    unresolved: int
    unknown: int
    complete: int
    with_contact: int
    leads: int
    qualified: int
    qualified_with_contact: int


def _sum_where(condition: Any) -> ColumnElement[int]:
    return func.coalesce(func.sum(cast(condition, Integer)), 0)


class LeadAnalytics:
    """Figures of one tenant over the judged conversations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_conversions(
        self, tenant_id: str, group_by: Group, start: datetime, end: datetime
    ) -> list[ConversionRow]:
        """Conversations begun in [start, end) and what became of them, the most frequent first."""
        column = _GROUPS[group_by]
        query = (
            select(
                column,
                func.count(),
                _sum_where(ConversationScore.has_contact),
                func.count(ConversationScore.lead_id),
                _sum_where(ConversationScore.is_qualified),
            )
            .where(ConversationScore.started_at >= start, ConversationScore.started_at < end)
            .group_by(column)
            .order_by(func.count().desc(), column)
            .limit(_ROWS)
        )
        async with self._database.reading(tenant_id) as uow:
            return [ConversionRow(*row) for row in await uow.session.execute(query)]

    async def measure(self, tenant_id: str, start: datetime, end: datetime) -> ConversationFigures:
        """The figures of conversations begun in [start, end)."""
        async with self._database.reading(tenant_id) as uow:
            return await _measure(uow, start, end)


async def _measure(uow: UnitOfWork, start: datetime, end: datetime) -> ConversationFigures:
    table = ConversationScore
    conditions: Sequence[Any] = (
        table.outcome == "resolved",
        table.outcome == "unresolved",
        table.outcome == "unknown",
        table.is_complete,
        table.has_contact,
        table.lead_id.is_not(None),
        table.is_qualified,
        table.is_qualified & table.has_contact,
    )
    sums = [_sum_where(condition) for condition in conditions]
    query = select(func.count(), *sums).where(table.started_at >= start, table.started_at < end)
    row = (await uow.session.execute(query)).one()
    return ConversationFigures(*(int(value) for value in row))
