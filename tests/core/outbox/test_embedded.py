"""What only the embedded runner promises: leases, recovery, and surviving its database."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text, update

from core.clock import SystemClock
from core.outbox import EffectContext, EntryState, OutboxEntry
from core.outbox.owners import LeaseOwner, current_owner, is_gone
from tests.core.outbox.world import SOON, OrderPlaced, RunnerSetup, World, until


async def take(world: World, entry_id: int, owner: str, lease_until: datetime, starts: int) -> None:
    """Leave the entry as a process would that claimed it and then died."""
    async with world.database.unit_of_work(None) as uow:
        await uow.session.execute(
            update(OutboxEntry)
            .where(OutboxEntry.id == entry_id)
            .values(
                state=EntryState.RUNNING,
                lease_owner=owner,
                lease_until=lease_until,
                attempts=starts,
            )
        )


def dead_process() -> LeaseOwner:
    """A process of this machine that has ended."""
    ended = subprocess.Popen([sys.executable, "-c", "pass"])
    ended.wait()
    return current_owner("dead")._replace(pid=ended.pid, started="1")


async def test_what_a_dead_process_of_this_machine_held_is_taken_up_at_once(world: World) -> None:
    world.on_order()
    (entry,) = await world.record(1)
    in_an_hour = SystemClock().now() + timedelta(hours=1)
    await take(world, entry.id, str(dead_process()), in_an_hour, starts=1)
    await world.start()
    (status,) = await world.settled([entry])
    assert (status.state, status.attempts) == (EntryState.DONE, 2)


async def test_what_a_vanished_machine_held_is_taken_up_when_its_lease_ends(world: World) -> None:
    world.on_order()
    (entry,) = await world.record(1)
    soon = SystemClock().now() + timedelta(milliseconds=700)
    await take(world, entry.id, "elsewhere:1:2:x", soon, starts=1)
    await world.start()
    await asyncio.sleep(0.3)
    assert not world.calls
    await world.settled([entry])
    assert SystemClock().now() >= soon


async def test_an_effect_that_keeps_killing_its_process_leaves_pauses(world: World) -> None:
    world.on_order()
    (entry,) = await world.record(1)
    await take(world, entry.id, str(dead_process()), SystemClock().now(), starts=21)
    await world.start()
    status = await world.outbox.wait_for(entry.id, timedelta(milliseconds=500))
    assert status.state is EntryState.PENDING
    assert status.available_at > SystemClock().now() + timedelta(seconds=10)


async def test_an_effect_that_killed_every_attempt_becomes_a_dead_letter(world: World) -> None:
    world.on_order()
    (entry,) = await world.record(1)
    await take(world, entry.id, str(dead_process()), SystemClock().now(), starts=3)
    await world.start()
    (status,) = await world.settled([entry])
    assert status.state is EntryState.DEAD
    assert status.last_error == "started 3 times without an end"
    assert not world.calls


async def test_a_runner_that_lost_its_lease_does_not_overwrite_the_new_owner(world: World) -> None:
    may_end = asyncio.Event()

    async def wait(_event: OrderPlaced, _context: EffectContext) -> None:
        await may_end.wait()

    world.on_order(wait)
    # A heartbeat that never comes in this test: as if the process had been suspended.
    await world.start(RunnerSetup(heartbeat=timedelta(hours=1)))
    (entry,) = await world.record(1)
    await until(lambda: bool(world.calls))
    in_an_hour = SystemClock().now() + timedelta(hours=1)
    await take(world, entry.id, "elsewhere:1:2:x", in_an_hour, starts=2)
    may_end.set()
    await asyncio.sleep(0.3)
    status = await world.outbox.get_status(entry.id)
    assert (status.state, status.attempts) == (EntryState.RUNNING, 2)


@pytest.mark.parametrize("is_answering", [True, False])
async def test_what_comes_in_a_row_shares_transactions_while_somebody_waits_for_an_answer(
    world: World, *, is_answering: bool
) -> None:
    may_end = asyncio.Event()

    async def wait(_event: OrderPlaced, _context: EffectContext) -> None:
        await may_end.wait()

    world.on_order(wait)
    # A lease's end tells which claim an entry was in; the heartbeat would move it.
    await world.start(RunnerSetup(heartbeat=timedelta(hours=1), is_answering=is_answering))
    for number in range(6):
        await world.record(number)
        if not is_answering:
            await until(lambda: len(world.calls) > number)  # noqa: B023 - awaited here
    await until(lambda: len(world.calls) == 6)
    async with world.database.reading(None) as uow:
        ends = select(OutboxEntry.lease_until).where(OutboxEntry.state == EntryState.RUNNING)
        claims = set((await uow.session.execute(ends)).scalars())
    assert len(claims) <= 3 if is_answering else len(claims) == 6
    may_end.set()


async def test_no_more_effects_run_at_once_than_allowed(world: World) -> None:
    running: list[int] = []
    most = 0

    async def count(event: OrderPlaced, _context: EffectContext) -> None:
        nonlocal most
        running.append(event.number)
        most = max(most, len(running))
        await asyncio.sleep(0.01)
        running.remove(event.number)

    world.on_order(count)
    entries = [entry for number in range(20) for entry in await world.record(number)]
    await world.start(RunnerSetup(concurrency=3))
    await world.settled(entries)
    assert most == 3


async def test_it_outlives_a_database_that_fails_for_a_while(world: World) -> None:
    may_end = asyncio.Event()

    async def wait(_event: OrderPlaced, _context: EffectContext) -> None:
        await may_end.wait()

    world.on_order(wait)
    await world.start()
    (entry,) = await world.record(1)
    await until(lambda: bool(world.calls))
    async with world.database.unit_of_work(None) as uow:
        await uow.session.execute(text("ALTER TABLE outbox_entries RENAME TO away"))
    may_end.set()
    await asyncio.sleep(0.5)
    async with world.database.unit_of_work(None) as uow:
        await uow.session.execute(text("ALTER TABLE away RENAME TO outbox_entries"))
    (status,) = await world.settled([entry])
    assert (status.state, status.attempts, len(world.calls)) == (EntryState.DONE, 1, 1)


async def test_it_can_be_stopped_while_the_database_fails(world: World) -> None:
    world.on_order()
    runner = await world.start(RunnerSetup(lease=timedelta(seconds=1)))
    async with world.database.unit_of_work(None) as uow:
        await uow.session.execute(text("ALTER TABLE outbox_entries RENAME TO away"))
    await asyncio.sleep(0.3)
    async with asyncio.timeout(SOON.total_seconds()):
        await runner.stop(timedelta(milliseconds=100))


def test_a_living_process_is_not_gone() -> None:
    assert not is_gone(str(current_owner("x")))


def test_a_process_that_ended_or_whose_number_was_given_again_is_gone() -> None:
    assert is_gone(str(dead_process()))
    assert is_gone(str(current_owner("x")._replace(started="1")))


def test_of_other_machines_and_of_nonsense_nothing_is_known() -> None:
    for owner in ("elsewhere:1:2:x", ":1:2:x", "", "a:b:c:d", "nonsense"):
        assert not is_gone(owner)
