"""A process to be killed between a booking's row and the calendar's knowledge of it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta

from core.db import Database
from core.protocols.calendar import (
    BusyTime,
    Calendar,
    CalendarChanges,
    CalendarMeeting,
    CalendarOwner,
    MeetingLinks,
)
from tests.sales.appointments.desk import Desk


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class DeadlyCalendar:
    """Kills the process just before, or just after, a meeting is written."""

    def __init__(self, inner: Calendar, point: str) -> None:
        self._inner, self._point = inner, point

    async def list_busy(
        self, owner: CalendarOwner, since: datetime, until: datetime
    ) -> Sequence[BusyTime]:
        return await self._inner.list_busy(owner, since, until)

    async def list_starts(
        self, owner: CalendarOwner, since: datetime, until: datetime, duration: timedelta
    ) -> Sequence[datetime] | None:
        return await self._inner.list_starts(owner, since, until, duration)

    async def list_changes(self, owner: CalendarOwner, cursor: str) -> CalendarChanges:
        return await self._inner.list_changes(owner, cursor)

    async def put_meeting(self, owner: CalendarOwner, meeting: CalendarMeeting) -> MeetingLinks:
        if self._point == "before":
            die()
        links = await self._inner.put_meeting(owner, meeting)
        if self._point == "after":
            die()
        return links

    async def remove_meeting(self, owner: CalendarOwner, meeting_id: str, sequence: int) -> None:
        await self._inner.remove_meeting(owner, meeting_id, sequence)


async def main(url: str, point: str, starts_at: str, conversation_id: str) -> None:
    desk = await Desk.open(
        Database(url), wrap=lambda calendar: DeadlyCalendar(calendar, point), wait_seconds=10
    )
    if point != "row":
        await desk.runner.start()
    start = datetime.fromisoformat(starts_at)
    await desk.book(start, conversation_id=conversation_id, visitor_id=conversation_id)
    if point == "row":
        die()
    await desk.runner.stop(timedelta(seconds=5))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))
