"""What is an alarm, and what colour it has: tables."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from sales.handoffs.rules import EndpointState
from sales.handoffs.settings import AlarmSettings, BusinessHours
from sales.handoffs.sight_rules import (
    Push,
    Seen,
    choose_colour,
    count_rates,
    find_alarms,
    is_business_time,
)

# A Wednesday.
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
RULES = AlarmSettings()
NOTHING: frozenset[str] = frozenset()


def seen(**parts: object) -> Seen:
    return Seen(**{"last_success_at": NOON, **parts})  # type: ignore[arg-type]


def slow(*minutes_ago: float, seconds: float = 11) -> tuple[Push, ...]:
    return tuple(
        Push(NOON - timedelta(minutes=minutes), 1, int(seconds * 1000)) for minutes in minutes_ago
    )


@pytest.mark.parametrize(
    ("view", "raised", "expected"),
    [
        (seen(), NOTHING, set()),
        (seen(endpoints=(EndpointState("a", 4),)), NOTHING, set()),
        (seen(endpoints=(EndpointState("a", 5),)), NOTHING, {"consecutive_failures"}),
        (
            seen(endpoints=(EndpointState("a", 9, 2, NOON),)),
            NOTHING,
            {"consecutive_failures", "unavailable"},
        ),
        # A backup that answers: failing, not unavailable.
        (
            seen(endpoints=(EndpointState("a", 9, 2, NOON), EndpointState("b"))),
            NOTHING,
            {"consecutive_failures"},
        ),
        (seen(counts={"queued": 50}), NOTHING, set()),
        (seen(counts={"queued": 51}), NOTHING, {"queue_depth"}),
        (seen(counts={"queued": 45}), frozenset({"queue_depth"}), {"queue_depth"}),
        (seen(counts={"queued": 40}), frozenset({"queue_depth"}), set()),
        (seen(pushes=slow(5, 3, 1)), NOTHING, {"slow"}),
        (seen(pushes=slow(4, 3, 1)), NOTHING, set()),
        # A fast one between them, and slow ones that are long over.
        (seen(pushes=slow(9) + slow(4, seconds=1) + slow(1)), NOTHING, set()),
        (seen(pushes=slow(30, 20, 6)), NOTHING, set()),
        (seen(last_success_at=NOON - timedelta(minutes=121)), NOTHING, {"silence"}),
        (seen(last_success_at=NOON - timedelta(minutes=119)), NOTHING, set()),
        (seen(last_success_at=None), NOTHING, set()),
    ],
)
def test_alarms(view: Seen, raised: frozenset[str], expected: set[str]) -> None:
    assert set(find_alarms(view, RULES, NOON, raised)) == expected


@pytest.mark.parametrize(
    ("hour", "silent"), [(9, False), (10, False), (11, True), (16, True), (17, False), (20, False)]
)
def test_only_business_hours_count_as_silence(hour: int, silent: bool) -> None:
    now = NOON.replace(hour=hour)
    view = seen(last_success_at=now - timedelta(days=1))
    assert ("silence" in find_alarms(view, RULES, now)) is silent
    assert not find_alarms(view, RULES.model_copy(update={"silent_minutes": 0}), now)
    weekend = now + timedelta(days=3)
    assert not find_alarms(view, RULES, weekend)


def test_business_hours_are_those_of_their_time_zone() -> None:
    hours = BusinessHours(timezone="America/New_York", opens=time(9), closes=time(17))
    assert not is_business_time(hours, NOON)
    assert is_business_time(hours, NOON + timedelta(hours=3))
    with pytest.raises(ValueError, match="no such time zone"):
        BusinessHours(timezone="Mars/Olympus")


@pytest.mark.parametrize(
    ("view", "colour"),
    [
        (seen(), "green"),
        (seen(endpoints=(EndpointState("a", 1),)), "yellow"),
        (seen(counts={"queued": 99}), "yellow"),
        (seen(endpoints=(EndpointState("a", 5),)), "red"),
        (seen(endpoints=(EndpointState("a", 9), EndpointState("b"))), "yellow"),
        (seen(endpoints=(EndpointState("a", 9), EndpointState("b", 1))), "red"),
    ],
)
def test_the_colour(view: Seen, colour: str) -> None:
    assert choose_colour(view, find_alarms(view, RULES, NOON)) == colour


def test_the_first_attempt_is_counted_apart_from_success_in_the_end() -> None:
    pushes = (
        Push(NOON, 1, 100, calls=1),
        Push(NOON, 3, 900, calls=3, kind="no_acknowledgement"),
        Push(NOON, 1, 200, calls=4),
        Push(NOON, 1, 400, calls=1),
    )
    rates = count_rates(Seen(pushes, {"accepted": 3, "queued": 1, "invalid": 1}))
    assert (rates.success, rates.first_attempt, rates.eventual) == (0.75, 2 / 3, 0.75)
    assert (rates.timeouts, rates.validation_errors) == (0.25, 0.2)
    assert (rates.p50_seconds, rates.p95_seconds) == (0.3, 0.4)
    assert rates.errors == {"no_acknowledgement": 1}
    assert count_rates(Seen()).success is None
