"""The doors that others wait at: feedback within 2 s, a handed over lead within 1 s. What takes
long is no part of them: they write once, and do no more when there is more to look through."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import event

from core.db import Database
from sales.handoffs.receiving import Arrival
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
