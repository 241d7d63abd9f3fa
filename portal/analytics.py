"""Analytics: where conversations come from and what becomes of them, counted honestly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, get_args

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from portal.desk import Desk, Viewer
from portal.lists import Listing, read_choice
from portal.navigation import NavEntry
from portal.pages import Page
from sales.feedback.amounts import count_digits, write_amount
from sales.feedback.analytics import Attribution
from sales.feedback.schemas import MODELS, Model
from sales.followups.rules import count_summaries
from sales.followups.schemas import DeliveryCount
from sales.leads.analytics import Group

_PATH = "/portal/analytics"
PERIODS = {"7": "7 days", "90": "90 days", "365": "A year"}
_DEFAULT_DAYS = 30
GROUPS: dict[Group, str] = {
    "page": "By page",
    "utm_campaign": "By campaign",
    "referrer_domain": "By referrer",
}
_MODEL: Model = "linear"
MODEL_NAMES: dict[Model, str] = {
    "linear": "Linear",
    "first_touch": "First touch",
    "last_touch": "Last touch",
    "time_decay": "Time decay",
    "position": "Position",
}
MODEL_HINTS: dict[Model, str] = {
    "linear": "Every visit before they paid counts the same.",
    "first_touch": "All of it goes to the first visit.",
    "last_touch": "All of it goes to the last visit before they paid.",
    "time_decay": "The nearer a visit was to the payment, the more it counts.",
    "position": "40 % each to the first and the last visit, the rest to those between.",
}
_ROWS = 15
_QUESTIONS = 50


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole. Of nothing there is no share: that is not zero."""

    label: str
    part: int
    whole: int
    note: str = ""

    @property
    def percent(self) -> int | None:
        """Rounded; None where there is nothing to count."""
        return round(100 * self.part / self.whole) if self.whole else None


def _build(desk: Desk) -> APIRouter:
    router = desk.router()
    looking: Any = Depends(desk.looks("see_analytics"))

    @router.get("/analytics")
    async def show_analytics(request: Request, viewer: Viewer = looking) -> Response:
        portal, tenant_id = desk.portal, viewer.principal.tenant_id
        days = read_choice(request, "days", tuple(PERIODS))
        group = read_choice(request, "by", get_args(Group))
        end = portal.clock.now()
        start = end - timedelta(days=int(days or _DEFAULT_DAYS))
        figures = await portal.leads.analytics.measure(tenant_id, start, end)
        chosen: Group = group or "page"  # type: ignore[assignment]
        rows = await portal.leads.analytics.list_conversions(tenant_id, chosen, start, end)
        model: Model = read_choice(request, "model", MODELS) or _MODEL  # type: ignore[assignment]
        brought = await portal.outcomes.attribute(tenant_id, model, chosen, start, end)
        booked = await portal.appointments.count_booked_conversations(tenant_id, start, end)
        mails = await portal.mails.count_deliveries(tenant_id, start, end)
        whole = figures.conversations
        return desk.render(
            viewer,
            "analytics.html",
            figures=figures,
            outcomes=[
                Share("Resolved", figures.resolved, whole, "booked, or thanked after an answer"),
                Share("Unresolved", figures.unresolved, whole, "no answer, or a complaint"),
                Share("Unknown", figures.unknown, whole, "neither showed: silence is no success"),
            ],
            rates=[
                Share("Left a way to be reached", figures.with_contact, whole),
                Share("Became a lead", figures.leads, whole),
                Share("Qualified", figures.qualified, whole),
                Share("Profile complete", figures.complete, whole, "every required field"),
                Share("Booked a meeting", booked, whole, "not cancelled"),
                _measure_delivery(mails),
            ],
            rows=rows[:_ROWS],
            model_name=MODEL_NAMES[model],
            model_hint=MODEL_HINTS[model],
            models={key: text for key, text in MODEL_NAMES.items() if key != _MODEL},
            **_describe_money(brought),
            most=max((row.conversations for row in rows), default=0),
            hidden=max(len(rows) - _ROWS, 0),
            questions=await portal.conversations.list_unanswered(
                tenant_id, only_passed_on=False, limit=_QUESTIONS
            ),
            listing=Listing(
                _PATH, {"days": days, "by": group, "model": "" if model == _MODEL else model}, 0
            ),
            periods=PERIODS,
            crm_rates=[
                Share(
                    one.crm_name,
                    one.attempts - one.failures,
                    one.attempts,
                    one.errors[0][0] if one.errors else "nothing fails now",
                )
                for one in await portal.crms.get_health(tenant_id)
            ],
            groups={key: text for key, text in GROUPS.items() if key != "page"},
            group_name=GROUPS[chosen],
            start=start,
        )

    return router


@dataclass(frozen=True, slots=True)
class MoneyRow:
    """What one page, campaign or referrer brought, in words. `bar`: its part, 0 to 100, of what
    the best one of the same currency brought."""

    value: str
    leads: int
    booked: str
    refunded: str
    net: str
    bar: float


def write_money(minor: int, currency: str) -> str:
    """`1,234.50 USD`."""
    amount = Decimal(write_amount(minor, currency))
    return f"{amount:,.{count_digits(currency)}f} {currency}"


def _describe_money(brought: Attribution) -> dict[str, Any]:
    best: dict[str, int] = {}
    for one in brought.credits:
        best[one.currency] = max(best.get(one.currency, 0), one.net_minor)
    rows = [
        MoneyRow(
            one.value,
            len(one.lead_ids),
            write_money(one.booked_minor, one.currency),
            write_money(one.refunded_minor, one.currency) if one.refunded_minor else "",
            write_money(one.net_minor, one.currency),
            round(100 * max(one.net_minor, 0) / max(best[one.currency], 1), 1),
        )
        for one in brought.credits
    ]
    totals = [
        (
            write_money(one.net_minor, one.currency),
            write_money(one.booked_minor, one.currency),
            write_money(one.refunded_minor, one.currency) if one.refunded_minor else "",
        )
        for one in brought.totals
    ]
    return {
        "money": rows[:_ROWS],
        "money_totals": totals,
        "money_hidden": max(len(rows) - _ROWS, 0),
        "has_refunds": any(one.refunded for one in rows),
    }


def _measure_delivery(mails: list[DeliveryCount]) -> Share:
    written, sent = count_summaries(mails)
    return Share("Summaries sent", sent, written, "of those written")


ANALYTICS_PAGE = Page(NavEntry("Analytics", _PATH, "analytics", "see_analytics"), _build)
