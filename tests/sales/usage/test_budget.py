"""What a model may cost: reserved before the call, settled after it, never above a cap."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.clock import FixedClock
from core.db import Database
from core.ids import new_id
from sales.usage.errors import BudgetSpent
from sales.usage.rules import find_cap, price_tokens
from sales.usage.schemas import CallRequest, CallUsage, Spent
from sales.usage.service import UsageService
from sales.usage.settings import BudgetSettings

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = date(2026, 11, 22)


def _request(**parts: Any) -> CallRequest:
    base: dict[str, Any] = {
        "tenant_id": "tenant",
        "site_id": "site",
        "conversation_id": "talk",
        "turn_id": new_id(),
        "model": "openai:small",
        "tokens": 1000,
        "cost_micros": 500,
    }
    return CallRequest(**{**base, **parts})


def _caps(**caps: Any) -> BudgetSettings:
    return BudgetSettings.model_validate({"turn": {}, **caps})


@pytest.mark.parametrize(
    ("caps", "spent", "met"),
    [
        ({}, {"day": Spent(10**9, 10**12)}, None),
        ({"turn": {"tokens": 1000}}, {}, None),
        ({"turn": {"tokens": 999}}, {}, "turn"),
        ({"day": {"tokens": 5000}}, {"day": Spent(4000)}, None),
        ({"day": {"tokens": 5000}}, {"day": Spent(4001)}, "day"),
        ({"site_day": {"money": "0.001"}}, {"site_day": Spent(0, 500)}, None),
        ({"site_day": {"money": "0.001"}}, {"site_day": Spent(0, 501)}, "site_day"),
        (
            {"conversation": {"tokens": 1}, "day": {"tokens": 1}},
            {},
            "conversation",
        ),
    ],
)
def test_a_call_that_would_pass_a_cap_meets_the_narrowest(
    caps: dict[str, Any], spent: dict[Any, Spent], met: str | None
) -> None:
    assert find_cap(_caps(**caps), _request(), spent) == met


def test_tokens_cost_their_price_in_millionths_rounded_up() -> None:
    assert price_tokens(1_000_000, 0, Decimal("0.25"), Decimal(2)) == 250_000
    assert price_tokens(3, 1, Decimal("0.25"), Decimal(2)) == 3
    assert price_tokens(0, 0, Decimal(5), Decimal(5)) == 0


async def test_calls_at_the_same_time_share_what_is_left(database: Database) -> None:
    clock = FixedClock(NOW)
    service = UsageService(database, clock, _caps(site_day={"tokens": 10_000}))

    async def reserve(number: int) -> bool:
        try:
            await service.reserve(_request(conversation_id=f"talk {number}"))
        except BudgetSpent as spent:
            assert spent.cap == "site_day"
            return False
        return True

    allowed = await asyncio.gather(*(reserve(number) for number in range(25)))
    assert sum(allowed) == 10
    (used,) = await service.list_days("tenant", TODAY, TODAY)
    assert (used.calls, used.refused, used.turns) == (10, 15, 10)
    assert len(await service.list_refused("tenant", TODAY)) == 15


async def test_what_a_call_cost_takes_the_place_of_what_was_reserved_once(
    database: Database,
) -> None:
    service = UsageService(database, FixedClock(NOW), _caps(conversation={"tokens": 2500}))
    first = await service.reserve(_request())
    used = CallUsage(800, 100, 70, cached_tokens=600)
    await service.settle("tenant", first, used)
    await service.settle("tenant", first, CallUsage(9000, 9000, 9000))
    # A process that was killed never settles: its reservation keeps counting.
    await service.reserve(_request())
    with pytest.raises(BudgetSpent):
        await service.reserve(_request())
    (day,) = await service.list_days("tenant", TODAY, TODAY)
    assert (day.prompt_tokens, day.completion_tokens, day.cached_tokens) == (800, 100, 600)
    assert day.cost_micros == 70 + 500
    (costly,) = await service.list_costly("tenant", TODAY)
    assert (costly.calls, costly.tokens) == (2, 1900)


async def test_a_new_day_and_another_tenant_begin_at_nothing(database: Database) -> None:
    clock = FixedClock(NOW)
    service = UsageService(database, clock, _caps(day={"tokens": 1000}))
    await service.reserve(_request())
    with pytest.raises(BudgetSpent):
        await service.reserve(_request(site_id="another site", conversation_id="x"))
    await service.reserve(_request(tenant_id="another tenant"))
    clock.set(NOW + timedelta(days=1))
    await service.reserve(_request(conversation_id="y"))
    assert await service.list_days("nobody", TODAY, TODAY + timedelta(days=1)) == []
