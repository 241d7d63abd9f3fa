"""Both sides drift apart, and are brought together again; once, whoever runs it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from core.clock import Clock
from core.db import Database
from core.protocols.sales_system import Acknowledgement, LeadPackage, LeadStanding, Standings
from sales.feedback.leasing import SyncLeases
from sales.feedback.models import Conflict
from sales.feedback.returning import HandOverAgain
from sales.feedback.syncing import SyncService
from tests.sales.feedback.test_feedback import FeedbackDesk


class FarSystem:
    """A sales system elsewhere, with a memory of its own that tests change."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.leads: dict[str, LeadStanding] = {}
        self.changes: list[str] = []
        self.keys: set[str] = set()

    async def push(self, _tenant_id: str, package: LeadPackage) -> Acknowledgement:
        at = self.clock.now()
        known = self.leads.get(package.lead_id)
        self.keys.add(package.idempotency_key)
        self.put(
            LeadStanding(
                lead_id=package.lead_id,
                sales_lead_id=f"far-{package.lead_id}",
                acknowledgement="accepted",
                acknowledged_at=at,
                status=known.status if known else "accepted",
                changed_at=known.changed_at if known else at,
                body_hash=package.body_hash,
            )
        )
        return Acknowledgement(
            lead_id=package.lead_id,
            status="accepted",
            acknowledged_at=at,
            sales_lead_id=f"far-{package.lead_id}",
            body_hash=package.body_hash,
        )

    def put(self, standing: LeadStanding) -> None:
        self.leads[standing.lead_id] = standing
        self.changes.append(standing.lead_id)

    def say(self, lead_id: str, status: str, **more: Any) -> None:
        at = self.clock.now()
        self.put(replace(self.leads[lead_id], status=status, changed_at=at, **more))

    async def find_standing(self, _tenant_id: str, lead_id: str) -> LeadStanding | None:
        return self.leads.get(lead_id)

    async def list_standings(self, _tenant_id: str, cursor: str, limit: int = 200) -> Standings:
        start = int(cursor or 0)
        part = self.changes[start : start + limit]
        leads = tuple(self.leads[one] for one in part if one in self.leads)
        end = start + len(part)
        return Standings(leads, str(end), has_more=end < len(self.changes))

    async def erase(self, _tenant_id: str, lead_id: str) -> bool:
        return self.leads.pop(lead_id, None) is not None


class SyncDesk(FeedbackDesk):
    """Feedback, and a sales system far away."""

    far_kind = FarSystem

    def __init__(self, database: Database) -> None:
        self.far = self.far_kind(None)  # type: ignore[arg-type]
        super().__init__(database, systems={"primary": self.far})
        self.far.clock = self.clock
        self.sync = self.build()

    def build(self) -> SyncService:
        async def choose(_tenant_id: str) -> FarSystem:
            return self.far

        return SyncService(
            database=self.database,
            clock=self.clock,
            leases=SyncLeases(self.database, self.clock),
            feedback=self.feedback,
            choose_system=choose,
            hear=self.workflow.hear,
            resend=HandOverAgain(self.workflow.hand_over),
        )

    async def conflicts(self) -> list[tuple[str, str | None, str | None]]:
        async with self.database.reading(self.tenant_id) as uow:
            rows = (await uow.session.execute(select(Conflict).order_by(Conflict.id))).scalars()
            return [(row.kind, row.here, row.there) for row in rows]

    async def change(self, sql: str) -> None:
        async with self.database.unit_of_work(None) as uow:
            await uow.session.execute(text(sql))


@pytest.fixture
async def desk(database: Database) -> SyncDesk:
    opened = await SyncDesk.open(database)
    assert isinstance(opened, SyncDesk)
    return opened


async def test_a_status_of_the_sales_system_is_taken_over_within_a_quarter_of_an_hour(
    desk: SyncDesk,
) -> None:
    lead_id = await desk.accepted()
    assert await desk.sync.poll(desk.tenant_id) == 1
    desk.far.say(lead_id, "contacted")
    assert await desk.sync.poll(desk.tenant_id) is None
    desk.clock.at += timedelta(minutes=15)
    assert await desk.sync.poll(desk.tenant_id) == 1
    assert (await desk.lead(lead_id)).lead.status == "contacted"
    desk.far.say(lead_id, "accepted", outcome={"caseCompleted": True, "revenue": 12})
    desk.clock.at += timedelta(minutes=15)
    await desk.sync.poll(desk.tenant_id)
    assert (await desk.lead(lead_id)).lead.status == "converted"
    desk.clock.at += timedelta(minutes=15)
    assert await desk.sync.poll(desk.tenant_id) == 0


async def test_what_is_the_same_on_both_sides_is_no_difference(desk: SyncDesk) -> None:
    lead_id = await desk.accepted()
    desk.far.say(lead_id, "qualified")
    await desk.sync.poll(desk.tenant_id)
    done = await desk.sync.reconcile(desk.tenant_id)
    assert done is not None
    assert done.differences == ()
    assert (done.here, done.there) == ({"accepted": 1}, {"qualified": 1})


async def test_every_injected_difference_is_found_named_and_mended(desk: SyncDesk) -> None:
    lost_ack, lost_there, told_there, told_here, other_package = [
        await desk.accepted(f"p{number}@acme.example") for number in range(5)
    ]
    await desk.change(
        "UPDATE handoffs SET state='queued', acknowledged_at=NULL, acknowledgement=NULL, "  # noqa: S608
        f"acknowledged_revision=0 WHERE lead_id='{lost_ack}'"
    )
    await desk.far.erase("", lost_there)
    desk.far.say(told_there, "nurture")
    desk.far.say(told_here, "qualified")
    await desk.sync.poll(desk.tenant_id)
    await desk.change(f"UPDATE sales_leads SET status='lost' WHERE id='{told_here}'")  # noqa: S608
    desk.far.put(replace(desk.far.leads[other_package], body_hash="sha256:else"))
    desk.far.say(told_there, "contacted")
    desk.far.put(replace(desk.far.leads[told_there], lead_id="of-nobody-here"))
    # The poll took the lost acknowledgement over already: lose it once more.
    await desk.change(
        "UPDATE handoffs SET state='queued', acknowledged_at=NULL, acknowledgement=NULL, "  # noqa: S608
        f"acknowledged_revision=0 WHERE lead_id='{lost_ack}'"
    )
    dry = await desk.sync.reconcile(desk.tenant_id, dry_run=True)
    assert dry is not None
    found = {(one.kind, one.lead_id) for one in dry.differences}
    assert found == {
        ("lost_acknowledgement", lost_ack),
        ("missing_there", lost_there),
        ("status", told_there),
        ("lead_status", told_here),
        ("package", other_package),
        ("missing_here", "of-nobody-here"),
    }
    assert dry.mended == 0
    assert (await desk.lead(told_here)).lead.status == "lost"
    done = await desk.sync.reconcile(desk.tenant_id)
    assert done is not None
    assert done.mended == 5
    await desk.work()
    assert lost_there in desk.far.leads
    assert (await desk.lead(told_there)).lead.status == "contacted"
    assert (await desk.lead(told_here)).lead.status == "qualified"
    assert ("lead_status", "lost", "qualified") in await desk.conflicts()
    assert ("status", "nurture", "contacted") in await desk.conflicts()
    again = await desk.sync.reconcile(desk.tenant_id)
    assert again is not None
    assert [one.kind for one in again.differences] == ["missing_here"]


async def test_of_many_processes_one_does_the_work(desk: SyncDesk) -> None:
    await desk.accepted()
    others = [desk.build() for _ in range(4)]
    done = await asyncio.gather(*(one.poll(desk.tenant_id) for one in others))
    assert [one for one in done if one is not None] == [1]


async def test_the_turn_of_a_process_that_died_is_given_to_another(desk: SyncDesk) -> None:
    leases = SyncLeases(desk.database, desk.clock)
    first = await leases.take(desk.tenant_id, "poll")
    assert first is not None
    assert await leases.take(desk.tenant_id, "poll") is None
    desk.clock.at += timedelta(minutes=11)
    second = await leases.take(desk.tenant_id, "poll")
    assert second is not None
    assert not await leases.advance(first, "late")
    assert await leases.advance(second, "7")
    await leases.end(second, timedelta(0))
    third = await leases.take(desk.tenant_id, "poll")
    assert third is not None
    assert third.cursor == "7"
