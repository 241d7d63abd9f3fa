"""The contract of every runner: what is promised happens, once it is true, and as it should."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from core.clock import SystemClock
from core.errors import BugError, Rejected, Unavailable, VendorRateLimited
from core.outbox import (
    EffectContext,
    EffectGivenUp,
    EffectOptions,
    EntryState,
    NotBefore,
    Priority,
    RetryPolicy,
)
from tests.core.outbox.world import (
    OTHER_TENANT,
    QUICK,
    SOON,
    TENANT,
    OrderPlaced,
    RunnerSetup,
    World,
    until,
)


async def test_a_recorded_effect_happens_with_its_event_tenant_and_key(world: World) -> None:
    world.on_order()
    await world.start()
    entries = await world.record(7)
    (status,) = await world.settled(entries)
    assert status.state is EntryState.DONE
    assert status.attempts == 1
    ((number, context),) = world.calls
    assert (number, context.tenant_id, context.attempt) == (7, TENANT, 1)
    assert context.entry_id == entries[0].id
    assert len(context.idempotency_key) == 36


async def test_what_was_recorded_before_the_start_happens_too(world: World) -> None:
    world.on_order()
    entries = await world.record(1)
    await world.start()
    assert (await world.settled(entries))[0].state is EntryState.DONE


async def test_nothing_happens_when_the_transaction_fails(world: World) -> None:
    world.on_order()
    await world.start()
    with pytest.raises(ZeroDivisionError):
        async with world.database.unit_of_work(TENANT) as uow:
            await world.outbox.record(uow, OrderPlaced(number=1))
            raise ZeroDivisionError
    await world.settled(await world.record(2))
    assert world.numbers == [2]


async def test_every_effect_of_an_event_has_its_own_entry_key_and_fate(world: World) -> None:
    async def refuse(_event: OrderPlaced, _context: EffectContext) -> None:
        raise Rejected("carrier", "ship", "no such street")

    world.on_order(refuse, name="test.ship")
    world.on_order(name="test.bill")
    await world.start()
    ship, bill = await world.settled(await world.record(1))
    assert (ship.state, bill.state) == (EntryState.DEAD, EntryState.DONE)
    assert len(set(world.keys)) == 2


async def test_a_transient_error_is_tried_again_with_the_same_key(world: World) -> None:
    async def fail_twice(_event: OrderPlaced, context: EffectContext) -> None:
        if context.attempt < 3:
            raise Unavailable("carrier", "ship", "503")

    world.on_order(fail_twice)
    await world.start()
    (status,) = await world.settled(await world.record(1))
    assert (status.state, status.attempts, status.last_error) == (EntryState.DONE, 3, None)
    assert len(world.calls) == 3
    assert len(set(world.keys)) == 1


async def test_attempts_run_out_where_they_are_counted(world: World) -> None:
    async def fail(_event: OrderPlaced, _context: EffectContext) -> None:
        raise Unavailable("carrier", "ship", "call +44 20 7946 0000")

    world.on_order(fail)
    await world.start()
    (status,) = await world.settled(await world.record(1))
    assert (status.state, status.attempts) == (EntryState.DEAD, 3)
    assert status.last_error == "Unavailable: carrier failed at ship: call [phone]"


async def test_an_effect_without_a_limit_never_gives_up(world: World) -> None:
    async def fail_often(_event: OrderPlaced, context: EffectContext) -> None:
        if context.attempt <= 20:
            raise Unavailable("carrier", "ship")

    tireless = RetryPolicy(
        (timedelta(milliseconds=1),), ceiling=timedelta(milliseconds=5), max_attempts=None
    )
    world.on_order(fail_often, options=EffectOptions(retry=tireless))
    await world.start()
    (status,) = await world.settled(await world.record(1))
    assert (status.state, status.attempts) == (EntryState.DONE, 21)


async def test_a_vendor_that_names_a_time_is_left_alone_until_then(world: World) -> None:
    async def ask_for_patience(_event: OrderPlaced, _context: EffectContext) -> None:
        raise VendorRateLimited("carrier", "ship", retry_after=timedelta(hours=1))

    world.on_order(ask_for_patience)
    await world.start()
    (entry,) = await world.record(1)
    await until(lambda: len(world.calls) == 1)
    status = await world.outbox.wait_for(entry.id, timedelta(milliseconds=300))
    assert status.state is EntryState.PENDING
    assert status.available_at > SystemClock().now() + timedelta(minutes=59)


@pytest.mark.parametrize(
    "error",
    [Rejected("carrier", "ship", "no"), BugError("impossible"), KeyError("x"), ValueError("y")],
    ids=lambda error: type(error).__name__,
)
async def test_other_errors_make_a_dead_letter_and_a_notice(world: World, error: Exception) -> None:
    notices: list[EffectGivenUp] = []

    async def fail(_event: OrderPlaced, _context: EffectContext) -> None:
        raise error

    async def notify(event: EffectGivenUp, _context: EffectContext) -> None:
        notices.append(event)

    world.on_order(fail)
    world.registry.register(EffectGivenUp, "test.notify", notify)
    await world.start()
    (entry,) = await world.record(1)
    (status,) = await world.settled([entry])
    assert (status.state, status.attempts) == (EntryState.DEAD, 1)
    await until(lambda: bool(notices))
    assert notices[0].entry_id == entry.id
    assert notices[0].effect == "test.ship"
    assert notices[0].error == status.last_error


async def test_a_notice_that_fails_causes_no_other_notice(world: World) -> None:
    tried: list[int] = []

    async def fail(event: object, context: EffectContext) -> None:
        tried.append(context.entry_id)
        raise Rejected("mail", "send", "no")

    world.on_order(fail)
    world.registry.register(EffectGivenUp, "test.notify", fail)
    await world.start()
    await world.settled(await world.record(1))
    await until(lambda: len(tried) == 2)
    await world.settled(await world.record(2))
    await until(lambda: len(tried) == 4)
    await asyncio.sleep(0.2)
    assert len(tried) == 4


async def test_an_effect_that_asks_to_wait_is_put_back_without_blame(world: World) -> None:
    async def wait_twice(_event: OrderPlaced, context: EffectContext) -> None:
        assert context.attempt == 1
        if len(world.calls) < 3:
            raise NotBefore(SystemClock().now() + timedelta(milliseconds=20))

    world.on_order(wait_twice)
    await world.start()
    (status,) = await world.settled(await world.record(1))
    assert (status.state, status.attempts, len(world.calls)) == (EntryState.DONE, 1, 3)


async def test_a_delayed_entry_waits_for_its_time(world: World) -> None:
    world.on_order()
    await world.start()
    late = await world.record(1, delay=timedelta(milliseconds=600))
    await world.settled(await world.record(2))
    assert world.numbers == [2]
    await world.settled(late)
    assert world.numbers == [2, 1]


async def test_an_occurrence_is_recorded_once_also_after_it_is_done(world: World) -> None:
    world.on_order()
    await world.start()
    first = await world.record(1, once="order 1")
    await world.settled(first)
    assert await world.record(1, once="order 1") == first
    assert await world.record(2, once="order 2") != first
    await until(lambda: len(world.calls) == 2)
    assert world.numbers == [1, 2]


async def test_two_tenants_do_not_share_occurrences(world: World) -> None:
    world.on_order()
    await world.start()
    mine = await world.record(1, once="order 1")
    theirs = await world.record(1, once="order 1", tenant=OTHER_TENANT)
    await world.settled(mine + theirs)
    assert len(set(world.keys)) == 2


async def test_urgent_entries_overtake_the_queue(world: World) -> None:
    world.on_order()
    entries = [entry for number in range(20) for entry in await world.record(number)]
    entries += await world.record(99, priority=Priority.CRITICAL)
    entries += await world.record(-1, priority=Priority.LOW)
    await world.start(RunnerSetup(concurrency=1))
    await world.settled(entries)
    assert world.numbers == [99, *range(20), -1]


async def test_one_keys_effects_run_in_order_even_when_one_is_tried_again(world: World) -> None:
    running: set[str] = set()

    async def fail_once(event: OrderPlaced, context: EffectContext) -> None:
        customer = event.customer or ""
        assert customer not in running
        running.add(customer)
        await asyncio.sleep(0.005)
        running.discard(customer)
        if context.attempt == 1 and event.number % 3 == 0:
            raise Unavailable("carrier", "ship")

    world.on_order(fail_once)
    await world.start()
    entries = []
    for number in range(24):
        entries += await world.record(number, customer="ab"[number % 2])
    ends = await world.settled(entries)
    assert all(end.state is EntryState.DONE for end in ends)
    done: dict[str, list[int]] = {"a": [], "b": []}
    for number in world.numbers:
        mine = done["ab"[number % 2]]
        if number not in mine:
            assert not mine or mine[-1] < number
            mine.append(number)


async def test_a_key_that_waits_holds_up_neither_other_keys_nor_other_lanes(world: World) -> None:
    async def fail_for_a(event: OrderPlaced, _context: EffectContext) -> None:
        if event.customer == "a":
            raise VendorRateLimited("carrier", "ship", retry_after=timedelta(hours=1))

    world.on_order(fail_for_a, name="test.ship")
    world.on_order(name="test.bill")
    await world.start()
    first = await world.record(1, "a")
    await until(lambda: len(world.calls) == 2)
    second = await world.record(2, "a")
    third = await world.record(3, "b")
    ends = await world.settled([first[1], second[1], *third])
    assert all(end.state is EntryState.DONE for end in ends)
    status = await world.outbox.get_status(second[0].id)
    assert (status.state, status.attempts) == (EntryState.PENDING, 0)


async def test_effects_of_one_lane_run_in_order(world: World) -> None:
    lane = EffectOptions(retry=QUICK.retry, lane="carrier")
    names: list[str] = []

    async def slow(_event: OrderPlaced, _context: EffectContext) -> None:
        await asyncio.sleep(0.05)
        names.append("slow")

    async def fast(_event: OrderPlaced, _context: EffectContext) -> None:
        names.append("fast")

    world.on_order(slow, name="test.slow", options=lane)
    world.on_order(fast, name="test.fast", options=lane)
    await world.start()
    await world.settled(await world.record(1, "a"))
    assert names == ["slow", "fast"]


async def test_a_dead_letter_does_not_block_its_key(world: World) -> None:
    async def refuse_first(event: OrderPlaced, _context: EffectContext) -> None:
        if event.number == 1:
            raise Rejected("carrier", "ship", "no")

    world.on_order(refuse_first)
    await world.start()
    ends = await world.settled([*await world.record(1, "a"), *await world.record(2, "a")])
    assert [end.state for end in ends] == [EntryState.DEAD, EntryState.DONE]


async def test_an_effect_that_hangs_is_ended_and_tried_again(world: World) -> None:
    async def hang_once(_event: OrderPlaced, context: EffectContext) -> None:
        if context.attempt == 1:
            await asyncio.Event().wait()

    world.on_order(
        hang_once, options=EffectOptions(QUICK.retry, timeout=timedelta(milliseconds=100))
    )
    await world.start()
    (status,) = await world.settled(await world.record(1))
    assert (status.state, status.attempts) == (EntryState.DONE, 2)


async def test_stopping_finishes_what_runs(world: World) -> None:
    async def take_a_while(_event: OrderPlaced, _context: EffectContext) -> None:
        await asyncio.sleep(0.3)

    world.on_order(take_a_while)
    runner = await world.start()
    (entry,) = await world.record(1)
    await until(lambda: bool(world.calls))
    await runner.stop(SOON)
    assert (await world.outbox.get_status(entry.id)).state is EntryState.DONE


async def test_stopping_in_a_hurry_gives_back_what_runs(world: World) -> None:
    may_end = asyncio.Event()

    async def wait(_event: OrderPlaced, _context: EffectContext) -> None:
        await may_end.wait()

    world.on_order(wait)
    runner = await world.start()
    (entry,) = await world.record(1)
    await until(lambda: bool(world.calls))
    await runner.stop(timedelta(milliseconds=50))
    status = await world.outbox.get_status(entry.id)
    assert (status.state, status.attempts) == (EntryState.PENDING, 0)
    may_end.set()
    await world.start()
    await world.settled([entry])
    assert len(world.keys) == 2
    assert len(set(world.keys)) == 1


async def test_a_stopped_runner_takes_nothing_more(world: World) -> None:
    world.on_order()
    runner = await world.start()
    await runner.stop(SOON)
    (entry,) = await world.record(1)
    status = await world.outbox.wait_for(entry.id, timedelta(milliseconds=300))
    assert status.state is EntryState.PENDING


async def test_a_long_effect_keeps_its_lease(world: World) -> None:
    async def outlast_the_lease(_event: OrderPlaced, _context: EffectContext) -> None:
        await asyncio.sleep(1.5)

    world.on_order(outlast_the_lease)
    impatient = RunnerSetup(
        lease=timedelta(milliseconds=600), heartbeat=timedelta(milliseconds=100)
    )
    await world.start(impatient)
    await world.start(impatient)
    (status,) = await world.settled(await world.record(1))
    assert (status.attempts, len(world.calls)) == (1, 1)


async def test_two_runners_share_the_work_and_do_nothing_twice(world: World) -> None:
    async def work(_event: OrderPlaced, _context: EffectContext) -> None:
        await asyncio.sleep(0.002)

    world.on_order(work)
    entries = [entry for number in range(100) for entry in await world.record(number)]
    await world.start()
    await world.start()
    await world.settled(entries)
    assert sorted(world.numbers) == list(range(100))


async def test_an_entry_without_an_effect_here_is_left_for_others(world: World) -> None:
    world.on_order()
    (entry,) = await world.record(1)
    world.registry = type(world.registry)()
    world.on_order(name="test.other")
    await world.start()
    await world.settled(await world.record(2))
    status = await world.outbox.get_status(entry.id)
    assert (status.state, status.attempts) == (EntryState.PENDING, 0)


async def test_waiting_ends_when_the_time_is_over(world: World) -> None:
    world.on_order()
    (entry,) = await world.record(1)
    status = await world.outbox.wait_for(entry.id, timedelta(milliseconds=50))
    assert not status.is_settled


async def test_waiting_for_an_unknown_entry_is_a_bug(world: World) -> None:
    with pytest.raises(BugError):
        await world.outbox.wait_for(12345, SOON)
