"""Costs: what language models took, by day, site and conversation, beside the caps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from portal.desk import Desk, Viewer
from portal.lists import read_choice
from portal.navigation import NavEntry
from portal.pages import Page
from sales.usage.schemas import UsageDay

_PATH = "/portal/costs"
PERIODS = {"1": "Today", "7": "7 days", "90": "90 days"}
_DEFAULT_DAYS = 30
_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Sums:
    """A period as a whole. Money in millionths."""

    calls: int
    turns: int
    tokens: int
    cost_micros: int
    refused: int

    @property
    def tokens_per_turn(self) -> int | None:
        """On average; None without any turn."""
        return round(self.tokens / self.turns) if self.turns else None


def add_up(days: Sequence[UsageDay]) -> Sums:
    """The sums of a period."""
    return Sums(
        calls=sum(one.calls for one in days),
        turns=sum(one.turns for one in days),
        tokens=sum(one.prompt_tokens + one.completion_tokens for one in days),
        cost_micros=sum(one.cost_micros for one in days),
        refused=sum(one.refused for one in days),
    )


def write_money(micros: int, currency: str) -> str:
    """An amount as people read it; small ones with more places."""
    amount = Decimal(micros) / _MILLION
    places = 2 if amount >= 1 or not amount else 4
    return f"{amount:,.{places}f} {currency}"


def _build(desk: Desk) -> APIRouter:
    router = desk.router()
    looking: Any = Depends(desk.looks("see_health"))

    @router.get("/costs")
    async def show_costs(request: Request, viewer: Viewer = looking) -> Response:
        portal, tenant_id = desk.portal, viewer.principal.tenant_id
        chosen = read_choice(request, "days", tuple(PERIODS))
        today = portal.clock.now().date()
        since = today - timedelta(days=int(chosen or _DEFAULT_DAYS) - 1)
        days = await portal.usage.list_days(tenant_id, since, today)
        sites = {one.ref.site_id: one.settings.name for one in portal.organization.list_sites()}
        return desk.render(
            viewer,
            "costs.html",
            in_use=portal.models is not None,
            days=days,
            today=add_up([one for one in days if one.day == today]),
            sums=add_up(days),
            refused=await portal.usage.list_refused(tenant_id, since),
            costly=await portal.usage.list_costly(tenant_id, since),
            budget=portal.usage.settings,
            sites=sites,
            money=lambda micros: write_money(micros, portal.currency),
            currency=portal.currency,
            periods=PERIODS,
            chosen=chosen,
        )

    return router


COSTS_PAGE = Page(NavEntry("Costs", _PATH, "costs", "see_health"), _build)
