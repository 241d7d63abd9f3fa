"""Alarms over a real database: each told once, cleared by itself, to those who are named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from core.db import Database
from sales.handoffs.settings import AlarmSettings, HandoffSettings
from sales.handoffs.sight import HandoffSight
from tests.sales.handoffs.test_sending import GONE, open_desk
from tests.sales.handoffs.world import HandoffDesk


def look(desk: HandoffDesk, **rules: Any) -> HandoffSight:
    names = desk.workflow.sender.names
    return HandoffSight(desk.database, desk.clock, desk.outbox, AlarmSettings(**rules), names)


def told(desk: HandoffDesk) -> list[tuple[str, str]]:
    return [(one.kind, one.audience) for one in desk.told]


async def test_an_outage_is_told_once_and_that_it_is_over_once(database: Database) -> None:
    desk, primary, backup = await open_desk(database)
    sight = look(desk, queue_depth=0)
    healthy = await sight.measure(desk.tenant_id)
    assert (healthy.colour, healthy.last_success_at) == ("green", None)
    primary.broken = backup.broken = GONE
    handoff_id = await desk.hand_over(await desk.enter())
    for _ in range(8):
        await desk.work()
        await sight.watch(desk.tenant_id)
        await sight.watch(desk.tenant_id)
        desk.clock.at += timedelta(seconds=20)
    await desk.work()
    raised = [
        ("consecutive_failures", "integration"),
        ("queue_depth", "marketing"),
        ("unavailable", "integration"),
    ]
    assert sorted(told(desk)) == raised
    sick = await sight.measure(desk.tenant_id)
    assert (sick.colour, sick.depth) == ("red", 1)
    assert set(sick.alarms) == {kind for kind, _ in raised}
    assert sick.errors[0].error.startswith("Unavailable")
    desk.told.clear()
    primary.broken = backup.broken = None
    desk.clock.at += timedelta(minutes=3)
    await desk.work()
    for _ in range(3):
        await sight.watch(desk.tenant_id)
    await desk.work()
    assert sorted(told(desk)) == [(f"{kind}_cleared", audience) for kind, audience in raised]
    well = await sight.measure(desk.tenant_id)
    assert (well.colour, well.depth, well.alarms) == ("green", 0, {})
    assert well.last_success_at == (await desk.row(handoff_id)).sent_at
    assert well.rates.first_attempt == 0
    assert well.rates.eventual == 1


async def test_an_alarm_that_comes_back_is_news_again(database: Database) -> None:
    desk = await HandoffDesk.open(database, settings=HandoffSettings())
    sight = look(desk, queue_depth=0)
    for number in range(2):
        await desk.hand_over(await desk.enter(f"{number}@acme.example"))
        await sight.watch(desk.tenant_id)
        await desk.work()
        await sight.watch(desk.tenant_id)
    await desk.work()
    once = [("queue_depth", "marketing"), ("queue_depth_cleared", "marketing")]
    assert sorted(told(desk)) == sorted(once * 2)


async def test_slow_answers_are_told_once_and_that_they_are_fast_again_once(
    database: Database,
) -> None:
    desk, primary, _ = await open_desk(database)
    # How long a call takes is measured: what counts as slow is little here.
    sight, patient = look(desk, slow_seconds=0.001), look(desk, slow_seconds=60)
    primary.seconds = 0.01
    for number in range(4):
        await desk.hand_over(await desk.enter(f"{number}@acme.example"))
        await desk.work()
        await sight.watch(desk.tenant_id)
        await sight.watch(desk.tenant_id)
        desk.clock.at += timedelta(minutes=2)
    await desk.work()
    assert told(desk) == [("slow", "integration")]
    assert (await sight.measure(desk.tenant_id)).colour == "yellow"
    desk.told.clear()
    await desk.hand_over(await desk.enter("fast@acme.example"))
    await desk.work()
    for _ in range(2):
        await patient.watch(desk.tenant_id)
    await desk.work()
    assert told(desk) == [("slow_cleared", "integration")]


async def test_silence_in_business_hours_is_told_once_to_sales_and_ends_with_the_next_lead(
    database: Database,
) -> None:
    desk, _, _ = await open_desk(database)
    sight = look(desk)
    # A Wednesday morning.
    desk.clock.at = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
    await desk.hand_over(await desk.enter("early@acme.example"))
    await desk.work()
    for minutes in (60, 59, 2, 60):
        desk.clock.at += timedelta(minutes=minutes)
        await sight.watch(desk.tenant_id)
        await sight.watch(desk.tenant_id)
    await desk.work()
    assert told(desk) == [("silence", "sales")]
    desk.told.clear()
    await desk.hand_over(await desk.enter("late@acme.example"))
    await desk.work()
    for _ in range(2):
        await sight.watch(desk.tenant_id)
    await desk.work()
    assert told(desk) == [("silence_cleared", "sales")]
