"""What staff and the command line can do with the outbox."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from core.clock import SystemClock
from core.errors import NotFound, Rejected, Unavailable
from core.outbox import (
    DeadLetters,
    EffectContext,
    EmbeddedRunner,
    EntryState,
    NoRunner,
    RecordedEntry,
    measure_depth,
    prune_done,
)
from tests.core.outbox.world import OTHER_TENANT, SOON, TENANT, OrderPlaced, World


class Carrier:
    """Refuses until it is mended."""

    def __init__(self) -> None:
        self.is_mended = False

    async def ship(self, _event: OrderPlaced, _context: EffectContext) -> None:
        if not self.is_mended:
            raise Rejected("carrier", "ship", "no such street for jo@example.com")


async def dead(world: World, *tenants: str) -> tuple[Carrier, list[RecordedEntry]]:
    carrier = Carrier()
    world.on_order(carrier.ship)
    await world.start()
    entries = [e for n, tenant in enumerate(tenants) for e in await world.record(n, tenant=tenant)]
    ends = await world.settled(entries)
    assert all(end.state is EntryState.DEAD for end in ends)
    return carrier, entries


async def test_dead_letters_are_listed_newest_first_and_without_personal_data(
    world: World,
) -> None:
    _, entries = await dead(world, TENANT, TENANT, TENANT)
    letters = DeadLetters(SystemClock(), NoRunner())
    async with world.database.reading(TENANT) as uow:
        found = await letters.list_dead_letters(uow, limit=2)
        rest = await letters.list_dead_letters(uow, before_id=found[-1].id)
        none = await letters.list_dead_letters(uow, effect="test.other")
    assert [letter.id for letter in found + rest] == [entry.id for entry in reversed(entries)]
    assert found[0].payload["number"] == 2
    assert found[0].last_error == "Rejected: carrier failed at ship: no such street for [email]"
    assert none == []


async def test_a_replayed_dead_letter_runs_again_with_its_key(world: World) -> None:
    carrier, (entry,) = await dead(world, TENANT)
    carrier.is_mended = True
    letters = DeadLetters(SystemClock(), world.runners[-1])
    async with world.database.unit_of_work(TENANT) as uow:
        await letters.replay_dead_letter(uow, entry.id)
    (status,) = await world.settled([entry])
    assert (status.state, status.attempts, status.last_error) == (EntryState.DONE, 1, None)
    assert len(world.keys) == 2
    assert len(set(world.keys)) == 1


async def test_all_dead_letters_of_an_effect_are_replayed_together(world: World) -> None:
    carrier, entries = await dead(world, TENANT, OTHER_TENANT)
    carrier.is_mended = True
    letters = DeadLetters(SystemClock(), world.runners[-1])
    async with world.database.unit_of_work(None) as uow:
        assert await letters.replay_dead_letters(uow, "test.ship") == 2
    assert {end.state for end in await world.settled(entries)} == {EntryState.DONE}


async def test_a_dropped_dead_letter_is_gone(world: World) -> None:
    _, (entry, _kept) = await dead(world, TENANT, TENANT)
    letters = DeadLetters(SystemClock(), NoRunner())
    async with world.database.unit_of_work(TENANT) as uow:
        await letters.drop_dead_letter(uow, entry.id)
    async with world.database.reading(TENANT) as uow:
        assert len(await letters.list_dead_letters(uow)) == 1


async def test_a_tenants_staff_sees_and_touches_only_its_own(world: World) -> None:
    _, (theirs,) = await dead(world, OTHER_TENANT)
    letters = DeadLetters(SystemClock(), NoRunner())
    async with world.database.unit_of_work(TENANT) as uow:
        assert await letters.list_dead_letters(uow) == []
        with pytest.raises(NotFound):
            await letters.replay_dead_letter(uow, theirs.id)
        with pytest.raises(NotFound):
            await letters.drop_dead_letter(uow, theirs.id)
        assert await letters.replay_dead_letters(uow, "test.ship") == 0
    assert (await world.outbox.get_status(theirs.id)).state is EntryState.DEAD


async def test_what_is_not_dead_can_be_neither_replayed_nor_dropped(world: World) -> None:
    world.on_order()
    (entry,) = await world.record(1)
    letters = DeadLetters(SystemClock(), NoRunner())
    async with world.database.unit_of_work(TENANT) as uow:
        with pytest.raises(NotFound):
            await letters.replay_dead_letter(uow, entry.id)
        with pytest.raises(NotFound):
            await letters.drop_dead_letter(uow, entry.id)


async def test_the_depth_counts_what_waits_and_how_long(world: World) -> None:
    world.on_order()
    await world.record(1)
    await world.record(2)
    await world.record(3, delay=timedelta(hours=1))
    in_a_minute = SystemClock().now() + timedelta(minutes=1)
    async with world.database.reading(None) as uow:
        (depth,) = await measure_depth(uow, in_a_minute)
    assert depth[:5] == ("test.ship", 3, 2, 0, 0)
    assert timedelta(seconds=59) < depth.oldest < timedelta(seconds=75)
    async with world.database.reading(OTHER_TENANT) as uow:
        assert await measure_depth(uow, in_a_minute) == []


async def test_done_entries_are_cleared_away_when_they_are_old(world: World) -> None:
    world.on_order()
    await world.start()
    await world.settled(await world.record(1))
    (later,) = await world.record(2, delay=timedelta(hours=1))
    now = SystemClock().now()
    async with world.database.unit_of_work(None) as uow:
        assert await prune_done(uow, now - timedelta(hours=1)) == 0
        assert await prune_done(uow, now + timedelta(hours=1)) == 1
    assert (await world.outbox.get_status(later.id)).state is EntryState.PENDING


class Counter:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    def attempted(self, effect: str, result: str, *, took: timedelta, waited: timedelta) -> None:
        assert took >= timedelta(0)
        assert waited >= timedelta(0)
        self.seen.append((effect, result))


async def test_an_observer_is_told_of_every_attempt(world: World) -> None:
    async def vary(event: OrderPlaced, context: EffectContext) -> None:
        if event.number == 1:
            raise Rejected("carrier", "ship")
        if context.attempt == 1:
            raise Unavailable("carrier", "ship")

    world.on_order(vary)
    counter = Counter()
    runner = EmbeddedRunner(world.database, world.registry, SystemClock(), observer=counter)
    world.runners.append(runner)
    await runner.start()
    await world.settled([*await world.record(1), *await world.record(2)])
    await asyncio.sleep(0)
    await runner.stop(SOON)
    assert sorted(counter.seen) == [
        ("test.ship", "dead"),
        ("test.ship", "done"),
        ("test.ship", "retry"),
    ]
