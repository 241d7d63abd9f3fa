"""`GET /api/v1/handoffs/health`: how handing over goes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from core.http import describe_errors
from sales.handoffs.package_schema import write_moment
from sales.handoffs.sight import HandoffHealth, HandoffSight
from sales.organization.schemas import Principal

Identify = Callable[[Request], Awaitable[Principal]]


class AlarmOut(BaseModel):
    """Something that is wrong just now."""

    kind: str
    told: str
    since: str


class RecentErrorOut(BaseModel):
    """A push that failed."""

    at: str
    handoff_id: str
    endpoint: str
    error: str


class RatesOut(BaseModel):
    """Of the latest 500 pushes. Shares from 0 to 1, null where there was nothing; seconds of one
    call."""

    success: float | None
    first_attempt: float | None
    eventual: float | None
    timeouts: float | None
    validation_errors: float | None
    p50_seconds: float | None
    p95_seconds: float | None
    errors: dict[str, int]


class HealthOut(BaseModel):
    """How handing over goes."""

    status: Literal["green", "yellow", "red"]
    last_success_at: str | None
    queue_depth: int
    counts: dict[str, int]
    rates: RatesOut
    alarms: list[AlarmOut]
    recent_errors: list[RecentErrorOut]


def build_sight_router(get_sight: Callable[[], HandoffSight], identify: Identify) -> APIRouter:
    """The route. To be added before those of single handoffs."""
    router = APIRouter(
        prefix="/api/v1/handoffs", tags=["handoffs"], responses=describe_errors(400, 401, 403)
    )
    caller: Any = Depends(identify)

    @router.get("/health", response_model=HealthOut)
    async def get_health(principal: Principal = caller) -> dict[str, Any]:
        """Green, yellow or red, with the last success, how many leads wait, the latest errors,
        and what is wrong since when (S0 8)."""
        return describe_health(await get_sight().get_health(principal))

    return router


def describe_health(health: HandoffHealth) -> dict[str, Any]:
    """The health as JSON values."""
    rates = health.rates
    return {
        "status": health.colour,
        "last_success_at": write_moment(health.last_success_at) if health.last_success_at else None,
        "queue_depth": health.depth,
        "counts": dict(health.counts),
        "rates": {name: getattr(rates, name) for name in RatesOut.model_fields},
        "alarms": [
            {"kind": kind, "told": told, "since": write_moment(since)}
            for kind, (told, since) in health.alarms.items()
        ],
        "recent_errors": [
            {
                "at": write_moment(one.at),
                "handoff_id": one.handoff_id,
                "endpoint": one.endpoint,
                "error": one.error,
            }
            for one in health.errors
        ],
    }
