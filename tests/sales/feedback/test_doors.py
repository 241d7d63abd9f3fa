"""The doors that others wait at: feedback within 2 s, a handed over lead within 1 s. What takes
long is no part of them: they write once, and do no more when there is more to look through."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, update

from core.clock import FixedClock
from core.db import Database
from core.ids import new_id
from sales.handoffs.receiving import Arrival
from sales.leads.handing import HandedLead, take_in
from sales.leads.models import Lead
from sales.leads.open_leads import OpenLeads
from tests.contracts.sales_system import build_package
from tests.sales.feedback.test_feedback import FeedbackDesk


class Meter:
    """Counts what a piece of work asks of the database."""

    def __init__(self, database: Database) -> None:
        self.commits = self.statements = 0
        engine = database.engine.sync_engine
        event.listen(engine, "commit", self._note_commit)
        event.listen(engine, "before_cursor_execute", self._note_statement)

    def _note_commit(self, _connection: Any) -> None:
        self.commits += 1

    def _note_statement(self, *_parts: Any) -> None:
        self.statements += 1

    async def count(self, work: Callable[[], Awaitable[object]]) -> tuple[int, int]:
        """Commits and statements."""
        self.commits = self.statements = 0
        await work()
        return self.commits, self.statements


@pytest.fixture
async def desk(database: Database) -> FeedbackDesk:
    opened = await FeedbackDesk.open(database)
    assert isinstance(opened, FeedbackDesk)
    return opened


async def test_the_receivers_door_writes_once_however_many_leads_there_are(
    desk: FeedbackDesk, database: Database
) -> None:
    meter = Meter(database)

    async def receive(number: int) -> None:
        package = build_package()
        arrival = Arrival(package.body, f"key {number}", f"t{number}", package.body_hash)
        await desk.reception.receive(desk.machine(), arrival)

    await receive(-1)
    first = await meter.count(lambda: receive(0))
    for number in range(1, 25):
        await receive(number)
    last = await meter.count(lambda: receive(99))
    assert last == first
    assert first[0] == 1
    assert first[1] <= 40


async def test_the_feedback_door_writes_once_however_much_was_said_before(
    desk: FeedbackDesk, database: Database
) -> None:
    meter = Meter(database)
    leads = [await desk.accepted(f"{number}@acme.example") for number in range(2)]

    async def tell(lead_id: str, number: int) -> None:
        said = {"revenue": 10 + number, "caseCompleted": True, "completedAt": desk.ago(seconds=9)}
        await desk.tell(lead_id, source="webhook", key=f"{lead_id} {number}", **said)

    await tell(leads[0], 0)
    first = await meter.count(lambda: tell(leads[0], 1))
    for number in range(20):
        await tell(leads[1], number)
    last = await meter.count(lambda: tell(leads[1], 99))
    assert last == first
    assert first[0] == 1
    assert first[1] <= 40


def _is_walk(detail: str) -> bool:
    """Whether a step of a plan reads all rows of a tenant, or all there are. The latest position
    is the end of its index; open leads are counted, and staff are few."""
    growing = detail.startswith("SCAN") or detail.endswith("(tenant_id=?)")
    allowed = ("received_leads_tenant_id_position", "staff", "CONSTANT ROW")
    return growing and not any(name in detail for name in allowed)


async def test_no_door_reads_all_rows_of_a_tenant(desk: FeedbackDesk, database: Database) -> None:
    """SQLite has no statistics: an index that names more of what is asked must serve each."""
    if database.dialect != "sqlite":
        pytest.skip("PostgreSQL knows how many rows there are, and chooses by that")
    sent: list[str] = []
    async with database.engine.connect() as connection:
        # The one that was given back last is taken first: it is the same for all that follows.
        driver: Any = (await connection.get_raw_connection()).driver_connection
    await desk.leads_desk.hire("Rita")
    lead_id = await desk.accepted()
    package = build_package()
    await driver.call(lambda connection: connection.set_trace_callback(sent.append))
    arrival = Arrival(package.body, "key", "t", package.body_hash)
    await desk.reception.receive(desk.machine(), arrival)
    said = {"revenue": 10, "caseCompleted": True, "completedAt": desk.ago(seconds=9)}
    await desk.tell(lead_id, source="webhook", key="one", **said)
    await driver.call(lambda connection: connection.set_trace_callback(None))
    asked = [one for one in sent if one.startswith(("SELECT", "DELETE", "UPDATE"))]
    assert {"received_requests", "sales_leads", "feedback_reports", "lead_revenues"} <= {
        name for one in asked for name in one.replace("\n", " ").split(" ")
    }
    async with database.engine.connect() as connection:
        for statement in asked:
            plan = await connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement)
            assert [row[3] for row in map(tuple, plan) if _is_walk(row[3])] == [], statement


async def test_where_many_leads_are_open_they_are_shared_out_without_counting_each_time(
    desk: FeedbackDesk, database: Database
) -> None:
    clock = FixedClock(desk.clock.now())
    reps = {(await desk.leads_desk.hire(name)).id: name for name in ("Rita", "Sam")}
    open_leads = OpenLeads(clock, many=0)

    async def take(number: int) -> str:
        handed = HandedLead(new_id(), "handoff", email=f"{number}@acme.example")
        async with database.unit_of_work(desk.tenant_id) as uow:
            taken = await take_in(
                uow,
                handed,
                team_id=None,
                actor="x",
                at=clock.now(),
                open_leads=open_leads,
            )
        assert taken.owner is not None
        return reps[taken.owner.id]

    assert [await take(number) for number in range(4)] == ["Rita", "Sam"] * 2
    async with database.unit_of_work(desk.tenant_id) as uow:
        sams = Lead.assigned_to == next(one for one, name in reps.items() if name == "Sam")
        await uow.session.execute(update(Lead).where(sams).values(status="lost"))
    # What was closed is seen when the count is made anew.
    assert await take(4) == "Rita"
    clock.set(clock.now() + timedelta(seconds=6))
    assert [await take(number) for number in (5, 6, 7)] == ["Sam"] * 3
