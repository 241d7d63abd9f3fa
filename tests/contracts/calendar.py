"""What every `Calendar` promises. A vendor's tests subclass this and give the calendar;
`tests/integrations/local/test_calendar.py` is the first."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.ids import new_id
from core.protocols.calendar import Calendar, CalendarMeeting, CalendarOwner

TENANT = "11111111-1111-7111-8111-111111111111"
OWNER = CalendarOwner(TENANT, "hannah@larkmere.example", "Hannah Braithwaite")
COLLEAGUE = CalendarOwner(TENANT, "marcus@larkmere.example", "Marcus Delacroix")
START = datetime(2026, 12, 3, 13, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
SINCE, UNTIL = START - timedelta(days=1), START + timedelta(days=10)


def make_meeting(start: datetime = START, sequence: int = 0) -> CalendarMeeting:
    return CalendarMeeting(
        id=new_id(),
        sequence=sequence,
        starts_at=start,
        ends_at=start + HALF_HOUR,
        title="Meeting with Ana Conceição",
        description="ana@silva.example\n+351 21 000 0000",
        attendee_name="Ana Conceição",
        attendee_email="ana@silva.example",
    )


async def list_times(
    calendar: Calendar, owner: CalendarOwner = OWNER
) -> list[tuple[datetime, datetime]]:
    """Busy times without whose they are: not every vendor tells."""
    return [(one.starts_at, one.ends_at) for one in await calendar.list_busy(owner, SINCE, UNTIL)]


class CalendarContract:
    """Subclasses give `calendar`."""

    @pytest.fixture
    def calendar(self) -> Calendar:
        raise NotImplementedError

    async def test_a_meeting_makes_its_owner_busy_and_nobody_else(self, calendar: Calendar) -> None:
        await calendar.put_meeting(OWNER, make_meeting())
        assert await list_times(calendar) == [(START, START + HALF_HOUR)]
        assert await list_times(calendar, COLLEAGUE) == []

    async def test_busy_times_ascend_and_overlap_the_range(self, calendar: Calendar) -> None:
        starts = [START + timedelta(hours=hours) for hours in (5, 1, 3)]
        for start in starts:
            await calendar.put_meeting(OWNER, make_meeting(start))
        assert [begun for begun, _ in await list_times(calendar)] == sorted(starts)
        within = await calendar.list_busy(
            OWNER, START + timedelta(hours=1, minutes=15), START + timedelta(hours=3)
        )
        assert [one.starts_at for one in within] == [START + timedelta(hours=1)]

    async def test_putting_a_meeting_again_changes_nothing(self, calendar: Calendar) -> None:
        meeting = make_meeting()
        for _ in range(2):
            await calendar.put_meeting(OWNER, meeting)
        await asyncio.gather(*(calendar.put_meeting(OWNER, meeting) for _ in range(4)))
        assert await list_times(calendar) == [(START, START + HALF_HOUR)]

    async def test_a_later_state_moves_the_same_entry(self, calendar: Calendar) -> None:
        meeting = make_meeting()
        later = START + timedelta(days=2)
        await calendar.put_meeting(OWNER, meeting)
        moved = replace(meeting, sequence=1, starts_at=later, ends_at=later + HALF_HOUR)
        await calendar.put_meeting(OWNER, moved)
        assert await list_times(calendar) == [(later, later + HALF_HOUR)]

    async def test_an_older_state_that_comes_late_changes_nothing(self, calendar: Calendar) -> None:
        meeting = make_meeting(sequence=3)
        await calendar.put_meeting(OWNER, meeting)
        early = START - timedelta(hours=2)
        old = replace(meeting, sequence=2, starts_at=early, ends_at=early + HALF_HOUR)
        await calendar.put_meeting(OWNER, old)
        assert await list_times(calendar) == [(START, START + HALF_HOUR)]

    async def test_a_removed_meeting_is_gone_for_good(self, calendar: Calendar) -> None:
        meeting = make_meeting()
        await calendar.put_meeting(OWNER, meeting)
        for _ in range(2):
            await calendar.remove_meeting(OWNER, meeting.id, 1)
        assert await list_times(calendar) == []
        await calendar.put_meeting(OWNER, meeting)
        assert await list_times(calendar) == []

    async def test_removing_what_was_never_there_is_no_error(self, calendar: Calendar) -> None:
        meeting = make_meeting()
        await calendar.remove_meeting(OWNER, meeting.id, 1)
        await calendar.put_meeting(OWNER, meeting)
        assert await list_times(calendar) == []
