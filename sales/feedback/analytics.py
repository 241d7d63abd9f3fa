"""What leads brought and how good they were, over a period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import func, select

from core.db import Database
from sales.feedback.attribution import Credit, TouchPoint, attribute
from sales.feedback.models import LeadOutcome
from sales.feedback.repository import FeedbackRepository
from sales.feedback.schemas import Model, Revenue
from sales.leads.outside_changes import list_touches

Group = Literal["page", "utm_campaign", "referrer_domain"]
_PLACES: dict[Group, int] = {"page": 0, "utm_campaign": 1, "referrer_domain": 2}


_COUNTED: tuple[Any, ...] = (
    LeadOutcome.lifecycle,
    LeadOutcome.disqualification_reason,
    LeadOutcome.quality_rating,
)


@dataclass(frozen=True, slots=True)
class CurrencyTotal:
    """Money of one currency in minor units, and how much of it was given to touches: the same
    as booked without refunded, whatever the model."""

    currency: str
    booked_minor: int
    refunded_minor: int
    attributed_minor: int

    @property
    def net_minor(self) -> int:
        """Booked without what went back."""
        return self.booked_minor - self.refunded_minor


@dataclass(frozen=True, slots=True)
class Attribution:
    """The money of a period by page, campaign or referrer."""

    credits: tuple[Credit, ...]
    totals: tuple[CurrencyTotal, ...]


@dataclass(frozen=True, slots=True)
class LeadQuality:
    """How sales found the leads that it judged in a period. `ratings` counts 1 to 5, `reasons`
    why leads were disqualified, `lifecycles` where they stand; times are seconds."""

    leads: int
    lifecycles: dict[str, int]
    reasons: dict[str, int]
    ratings: dict[int, int]
    average_rating: float | None
    average_seconds_to_contact: float | None


class OutcomeAnalytics:
    """Figures of one tenant over what sales said."""

    def __init__(self, database: Database, half_life: timedelta) -> None:
        self._database, self.half_life = database, half_life

    async def attribute(
        self, tenant_id: str, model: Model, group_by: Group, start: datetime, end: datetime
    ) -> Attribution:
        """Money booked and refunded in [start, end), by the touches that brought it."""
        async with self._database.reading(tenant_id) as uow:
            revenues = await FeedbackRepository(uow).list_revenues(start, end)
            found = await list_touches(uow, sorted({lead_id for lead_id, _ in revenues}))
        place = _PLACES[group_by]
        touches = {
            lead_id: [TouchPoint(str(one[place]), one[3]) for one in rows]
            for lead_id, rows in found.items()
        }
        found_credits = attribute(model, revenues, touches, self.half_life)
        return Attribution(tuple(found_credits), tuple(_sum_up(revenues, found_credits)))

    async def measure_quality(self, tenant_id: str, start: datetime, end: datetime) -> LeadQuality:
        """How sales found the leads whose standing changed in [start, end)."""
        during = (LeadOutcome.lifecycle_at >= start, LeadOutcome.lifecycle_at < end)
        async with self._database.reading(tenant_id) as uow:
            counted: list[dict[Any, int]] = []
            for column in _COUNTED:
                counts = select(column, func.count()).where(*during, column.is_not(None))
                rows = await uow.session.execute(counts.group_by(column).order_by(column))
                counted.append({row[0]: int(row[1]) for row in rows})
            query = select(
                func.count(LeadOutcome.lead_id),
                func.avg(LeadOutcome.quality_rating),
                func.avg(LeadOutcome.time_to_first_contact),
            ).where(*during)
            total, rating, seconds = (await uow.session.execute(query)).one()
        return LeadQuality(
            leads=int(total),
            lifecycles=counted[0],
            reasons=counted[1],
            ratings=counted[2],
            average_rating=None if rating is None else round(float(rating), 2),
            average_seconds_to_contact=None if seconds is None else round(float(seconds), 1),
        )


def _sum_up(
    revenues: Sequence[tuple[str, Revenue]], given: Sequence[Credit]
) -> list[CurrencyTotal]:
    sums: dict[str, dict[str, int]] = {}
    for _, money in revenues:
        of = sums.setdefault(money.currency, {"booked": 0, "refunded": 0, "given": 0})
        of[money.kind] += money.amount_minor
    for credit in given:
        sums[credit.currency]["given"] += credit.net_minor
    return [
        CurrencyTotal(currency, of["booked"], of["refunded"], of["given"])
        for currency, of in sorted(sums.items())
    ]
