"""How packages leave: which endpoint, in which order, how many in a minute."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from core.db import Database
from core.errors import AuthenticationFailed, Unavailable, VendorRateLimited
from core.outbox import NotBefore
from core.protocols.sales_system import (
    Acknowledgement,
    LeadPackage,
    LeadStanding,
    Standings,
)
from sales.handoffs.endpoints import SharedBudget
from sales.handoffs.settings import HandoffSettings
from tests.sales.handoffs.world import HandoffDesk


class Ordered:
    """A sales system that does what a test orders: raises each of `errors`, then accepts.
    `seconds`: how long each call takes."""

    def __init__(self, desk_clock: object = None) -> None:
        self.errors: list[Exception] = []
        self.broken: Exception | None = None
        self.pushed: list[LeadPackage] = []
        self.calls, self.seconds = 0, 0.0
        self.clock = desk_clock

    async def push(self, _tenant_id: str, package: LeadPackage) -> Acknowledgement:
        self.calls += 1
        await asyncio.sleep(self.seconds)
        if self.broken is not None:
            raise self.broken
        if self.errors:
            raise self.errors.pop(0)
        self.pushed.append(package)
        at = self.clock.now()  # type: ignore[attr-defined]
        return Acknowledgement(package.lead_id, "accepted", at, "S-1", body_hash=package.body_hash)

    async def find_standing(self, _tenant_id: str, _lead_id: str) -> LeadStanding | None:
        return None

    async def list_standings(self, _tenant_id: str, cursor: str, limit: int = 200) -> Standings:  # noqa: ARG002 - a name of the protocol
        return Standings((), cursor)

    async def erase(self, _tenant_id: str, _lead_id: str) -> bool:
        return False


GONE = Unavailable("sales system", "push", "ConnectError")


async def open_desk(database: Database) -> tuple[HandoffDesk, Ordered, Ordered]:
    primary, backup = Ordered(), Ordered()
    desk = await HandoffDesk.open(database, systems={"primary": primary, "backup": backup})
    primary.clock = backup.clock = desk.clock
    return desk, primary, backup


async def test_a_failing_primary_is_left_for_the_backup_and_gone_back_to(
    database: Database,
) -> None:
    desk, primary, backup = await open_desk(database)
    primary.broken = GONE
    first = await desk.hand_over(await desk.enter("a@acme.example"))
    assert "handoffs.push Unavailable" in await desk.work()
    assert (primary.calls, backup.calls) == (3, 0)
    desk.clock.at += timedelta(seconds=2)
    await desk.work()
    desk.clock.at += timedelta(seconds=1)
    # Five failures in a row: from here on the backup. Nothing is lost meanwhile.
    while (await desk.row(first)).state == "queued":
        desk.clock.at += timedelta(seconds=1)
        await desk.work()
    # A probe that fails costs the lead nothing: the same push goes on to the backup.
    assert ((await desk.row(first)).endpoint, backup.calls) == ("backup", 1)
    assert primary.calls >= 6
    primary.broken = None
    desk.clock.at += timedelta(minutes=1)
    second = await desk.hand_over(await desk.enter("b@acme.example"))
    await desk.work()
    assert (await desk.row(second)).endpoint == "primary"


async def test_critical_leads_go_first(database: Database) -> None:
    desk, primary, _ = await open_desk(database)
    leads = {}
    for priority in ("low", "standard", "critical", "high"):
        lead_id = leads[priority] = await desk.enter(f"{priority}@acme.example")
        async with database.unit_of_work(desk.tenant_id) as uow:
            await uow.session.execute(
                text("UPDATE sales_leads SET priority = :p WHERE id = :i"),
                {"p": priority, "i": lead_id},
            )
        await desk.hand_over(lead_id)
    await desk.work()
    order = [package.lead_id for package in primary.pushed]
    assert order == [leads[name] for name in ("critical", "high", "standard", "low")]


async def test_refused_credentials_and_patience_lose_no_lead(database: Database) -> None:
    desk, primary, _ = await open_desk(database)
    wait = timedelta(seconds=30)
    primary.errors = [
        AuthenticationFailed("sales system", "token", "401"),
        VendorRateLimited("sales system", "push", "429", wait),
    ]
    handoff_id = await desk.hand_over(await desk.enter())
    assert "handoffs.push Unavailable" in await desk.work()
    assert [(one.kind, one.audience) for one in desk.told] == [
        ("credentials_refused", "integration")
    ]
    desk.clock.at += timedelta(seconds=2)
    assert await desk.work() == ["handoffs.push put back"]
    desk.clock.at += wait
    await desk.work()
    assert (await desk.row(handoff_id)).state == "accepted"


async def test_an_answer_about_something_else_is_no_answer(database: Database) -> None:
    desk, primary, _ = await open_desk(database)
    handoff_id = await desk.hand_over(await desk.enter())
    true_push = primary.push

    async def push(tenant_id: str, package: LeadPackage) -> Acknowledgement:
        ack = await true_push(tenant_id, package)
        return Acknowledgement("somebody else", ack.status, ack.acknowledged_at)

    primary.push = push  # type: ignore[method-assign, assignment]
    assert "handoffs.push Unavailable" in await desk.work()
    assert (await desk.row(handoff_id)).last_error == "Unavailable OtherLead"


async def test_no_more_leave_in_a_minute_than_is_allowed(database: Database) -> None:
    desk = await HandoffDesk.open(database)
    tenant_id, clock = desk.tenant_id, desk.clock
    # Two processes share the row.
    budgets = [SharedBudget(database, clock, 40) for _ in range(2)]
    taken = 0
    with pytest.raises(NotBefore) as raised:
        for number in range(100):
            clock.at -= timedelta(seconds=1)
            await budgets[number % 2].take(tenant_id, "primary")
            taken += 1
    assert 38 <= taken <= 40
    # Whoever comes after that learns it without a transaction.
    spent = budgets[taken % 2]
    async with asyncio.timeout(10), database.unit_of_work(tenant_id):
        with pytest.raises(NotBefore):
            await spent.take(tenant_id, "primary")
    clock.at = raised.value.until
    await spent.take(tenant_id, "primary")


async def test_a_status_that_a_person_sets_hands_the_lead_over(database: Database) -> None:
    desk = await HandoffDesk.open(database, settings=HandoffSettings())
    lead_id = await desk.enter()
    for _ in range(2):
        await desk.leads.update_lead(desk.principal(), lead_id, {"status": "qualified"})
        await desk.work()
    listed = await desk.service.reader.list_handoffs(desk.principal())
    assert [(one.lead_id, one.state) for one in listed.handoffs] == [(lead_id, "accepted")]
