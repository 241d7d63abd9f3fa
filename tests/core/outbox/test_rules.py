"""The parts of the outbox that need no database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BugError
from core.outbox import EffectContext, EffectOptions, EffectRegistry, Event, RetryPolicy, effect
from core.outbox.queue import build_key
from core.outbox.retry import choose_delay
from tests.core.outbox.world import OrderPlaced

SECOND = timedelta(seconds=1)
# Three fast attempts, then 1, 2, 4, 8, 16 s, then the ceiling for ever.
PATIENT = RetryPolicy(
    delays=(timedelta(0), timedelta(0), SECOND),
    ceiling=timedelta(seconds=16),
    max_attempts=None,
    jitter=0,
)


@pytest.mark.parametrize(
    ("attempts", "seconds"),
    [(0, 0), (1, 0), (2, 0), (3, 1), (4, 2), (5, 4), (6, 8), (7, 16), (8, 16), (10_000, 16)],
)
def test_waits_follow_the_list_and_then_double_up_to_the_ceiling(
    attempts: int, seconds: int
) -> None:
    assert choose_delay(PATIENT, attempts, None, 0.5) == timedelta(seconds=seconds)


@given(
    attempts=st.integers(1, 100_000),
    asked=st.none() | st.timedeltas(timedelta(0), timedelta(days=2)),
    dice=st.floats(0, 1),
)
def test_a_wait_is_never_shorter_than_asked_and_never_endless(
    attempts: int, asked: timedelta | None, dice: float
) -> None:
    policy = RetryPolicy()
    delay = choose_delay(policy, attempts, asked, dice)
    longest = max(policy.ceiling, asked or timedelta(0))
    assert (asked or SECOND) <= delay <= longest * (1 + policy.jitter)


def test_only_a_limited_policy_is_ever_exhausted() -> None:
    assert not RetryPolicy(max_attempts=None).is_exhausted(10**6)
    assert not RetryPolicy(max_attempts=3).is_exhausted(2)
    assert RetryPolicy(max_attempts=3).is_exhausted(3)


def test_keys_differ_by_tenant_effect_and_occurrence_and_by_nothing_else() -> None:
    assert build_key("t", "e", "o") == build_key("t", "e", "o")
    assert (
        len(
            {
                build_key(*key)
                for key in (("t", "e", "o"), ("u", "e", "o"), ("t", "f", "o"), ("t", "e", "p"))
            }
        )
        == 4
    )


class Warehouse:
    """As effects are written: a class that is given what it needs."""

    def __init__(self) -> None:
        self.shipped: list[int] = []

    @effect(OrderPlaced, "test.ship", EffectOptions(lane="carrier"))
    async def ship(self, event: OrderPlaced, _context: EffectContext) -> None:
        self.shipped.append(event.number)


@effect(OrderPlaced, "test.bill")
async def bill(_event: OrderPlaced, _context: EffectContext) -> None:
    """As effects are written that need nothing."""


def test_marked_methods_and_functions_are_found() -> None:
    registry = EffectRegistry()
    registry.add(Warehouse(), bill)
    found = registry.effects_of(OrderPlaced(number=1, customer="a"))
    assert [one.name for one in found] == ["test.ship", "test.bill"]
    keys = [one.ordering_key(OrderPlaced(number=1, customer="a")) for one in found]
    assert keys == ["carrier:a", "test.bill:a"]
    assert found[0].ordering_key(OrderPlaced(number=1)) is None


def test_wiring_mistakes_are_refused() -> None:
    registry = EffectRegistry()
    registry.add(bill)
    with pytest.raises(BugError, match=r"two effects are called test\.bill"):
        registry.add(bill)
    with pytest.raises(BugError, match="has no effect"):
        registry.add(object())
    with pytest.raises(BugError, match="1 to 100 characters"):
        registry.register(OrderPlaced, "x" * 101, bill)

    class Impostor(Event):
        @classmethod
        def event_type(cls) -> str:
            return "OrderPlaced"

    with pytest.raises(BugError, match="two events are called OrderPlaced"):
        registry.register(Impostor, "test.other", bill)


def test_an_event_comes_back_as_it_was_stored() -> None:
    event = OrderPlaced(number=1, customer="a")
    assert OrderPlaced.from_payload(event.to_payload()) == event


def test_a_field_of_a_newer_version_is_ignored_and_a_missing_one_is_named() -> None:
    assert OrderPlaced.from_payload({"number": 1, "colour": "red"}) == OrderPlaced(number=1)
    with pytest.raises(BugError, match="OrderPlaced does not fit any more: number") as caught:
        OrderPlaced.from_payload({"number": "secret words"})
    assert "secret" not in str(caught.value)
