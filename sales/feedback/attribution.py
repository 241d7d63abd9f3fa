"""Which touch brought how much of a lead's money: five models. Pure.

Each model gives every touch a weight; the money is shared out by them in whole minor units, so
that the parts sum to the whole, whatever the model (`amounts.share_out`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sales.feedback.amounts import share_out
from sales.feedback.schemas import Model, Revenue

_FIRST, _LAST = 0.4, 0.4
"""The position model: 40 % to the first touch, 40 % to the last, the rest to those between."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TouchPoint:
    """A time the person came, and the group that it counts for: a page, campaign or referrer."""

    value: str
    at: datetime


@dataclass(slots=True)
class Credit:
    """What a group brought, of one currency. Minor units; `leads` counts whom it helped."""

    value: str
    currency: str
    booked_minor: int = 0
    refunded_minor: int = 0
    lead_ids: set[str] = field(default_factory=set)

    @property
    def net_minor(self) -> int:
        """Booked without what went back."""
        return self.booked_minor - self.refunded_minor


def weigh(model: Model, touches: Sequence[TouchPoint], half_life: timedelta) -> list[float]:
    """The weight of each touch, oldest first."""
    count = len(touches)
    if model == "first_touch":
        return [1.0] + [0.0] * (count - 1)
    if model == "last_touch":
        return [0.0] * (count - 1) + [1.0]
    if model == "linear":
        return [1.0] * count
    if model == "time_decay":
        # Against the newest one, so that old touches alone do not vanish all together.
        newest = touches[-1].at
        return [2.0 ** -((newest - touch.at) / half_life) for touch in touches]
    return _weigh_position(count)


def _weigh_position(count: int) -> list[float]:
    if count <= 2:
        return [1.0] * count
    between = (1 - _FIRST - _LAST) / (count - 2)
    return [_FIRST, *[between] * (count - 2), _LAST]


def attribute(
    model: Model,
    revenues: Iterable[tuple[str, Revenue]],
    touches: Mapping[str, Sequence[TouchPoint]],
    half_life: timedelta = 7 * _DAY,
) -> list[Credit]:
    """The money of leads by group and currency, the greatest first. `revenues` come with their
    lead's id, `touches` by lead. Money of a lead without a touch counts for the group ""."""
    found: dict[tuple[str, str], Credit] = {}
    for lead_id, money in revenues:
        known = sorted(touches.get(lead_id, ()), key=_order)
        # What brought them after they paid did not make them pay.
        before = [one for one in known if one.at <= money.credited_at] or known[:1]
        before = before or [TouchPoint("", money.credited_at)]
        parts = share_out(money.amount_minor, weigh(model, before, half_life))
        for touch, part in zip(before, parts, strict=True):
            if not part:
                continue
            key = (touch.value, money.currency)
            credit = found.setdefault(key, Credit(*key))
            if money.kind == "booked":
                credit.booked_minor += part
            else:
                credit.refunded_minor += part
            credit.lead_ids.add(lead_id)
    return sorted(found.values(), key=lambda one: (one.currency, -one.net_minor, one.value))


def _order(touch: TouchPoint) -> tuple[datetime, str]:
    return touch.at, touch.value
