"""kill -9 between the booking's row and the calendar: one appointment, one calendar entry."""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.db import Database
from core.ids import new_id
from core.protocols.calendar import CalendarOwner
from sales.appointments.schemas import AppointmentFilter
from tests.sales.appointments.desk import NOW, Desk

ROOT = Path(__file__).parents[2]
START = datetime(2026, 12, 3, 13, tzinfo=UTC)


@pytest.mark.parametrize("point", ["row", "before", "after"])
async def test_a_killed_booking_is_in_the_calendar_once(database: Database, point: str) -> None:
    desk = await Desk.open(database, wait_seconds=10)
    url = database.url.set(drivername=database.dialect).render_as_string(hide_password=False)
    conversation = new_id()
    worker = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.crash.booking_worker",
        url,
        point,
        START.isoformat(),
        conversation,
        cwd=ROOT,
    )
    assert await worker.wait() == -signal.SIGKILL
    await desk.runner.start()
    try:
        # The visitor's browser sends the same request again.
        booked = await desk.book(START, conversation_id=conversation, visitor_id=conversation)
        owner = CalendarOwner(desk.site.tenant_id, booked.rep_email)
        for _ in range(100):
            listed = await desk.calendar.list_busy(owner, NOW, NOW + timedelta(days=30))
            if listed:
                break
            await asyncio.sleep(0.1)
        assert [(one.starts_at, one.event_id) for one in listed] == [(START, booked.id)]
    finally:
        await desk.runner.stop(timedelta(seconds=5))
    rows, _ = await desk.service.list_appointments(desk.site.tenant_id, AppointmentFilter())
    assert [row.id for row in rows] == [booked.id]
