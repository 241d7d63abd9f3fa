"""Whether a call fits under the caps, and what tokens cost. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal

from sales.usage.schemas import CallRequest, Spent
from sales.usage.settings import CAPS, BudgetSettings, Cap, CapSettings

_MILLION = Decimal(1_000_000)


def find_cap(
    settings: BudgetSettings, request: CallRequest, spent: Mapping[Cap, Spent]
) -> Cap | None:
    """The narrowest cap that the call would pass; None when it fits under all."""
    for cap in CAPS:
        limit: CapSettings = getattr(settings, cap)
        before = spent.get(cap, Spent())
        if limit.tokens is not None and before.tokens + request.tokens > limit.tokens:
            return cap
        if limit.money is None:
            continue
        if before.cost_micros + request.cost_micros > limit.money * _MILLION:
            return cap
    return None


def price_tokens(
    prompt_tokens: int,
    completion_tokens: int,
    prompt_price: Decimal,
    completion_price: Decimal,
) -> int:
    """The cost in millionths of the currency, rounded up: prices are per million tokens, so that
    a token costs its price in millionths."""
    cost = prompt_tokens * prompt_price + completion_tokens * completion_price
    return int(cost.to_integral_value(ROUND_CEILING))


def needs_prices(settings: BudgetSettings) -> bool:
    """Whether a cap is in money."""
    return any(getattr(settings, cap).money is not None for cap in CAPS)
