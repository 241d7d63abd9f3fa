"""Alarms over a real database: each told once, cleared by itself, to those who are named."""

from __future__ import annotations

from datetime import timedelta

from core.db import Database
from sales.handoffs.settings import AlarmSettings, HandoffSettings
from sales.handoffs.sight import HandoffSight
from tests.sales.handoffs.test_sending import GONE, open_desk
from tests.sales.handoffs.world import HandoffDesk


def look(desk: HandoffDesk, **rules: int) -> HandoffSight:
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
