"""What every `Calendar` promises. A vendor's tests subclass this and give the calendar;
`tests/integrations/local/test_calendar.py` is the first."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Protocol

import pytest

from core.ids import new_id
from core.protocols.calendar import Calendar, CalendarMeeting, CalendarOwner, SeenMeeting

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


class RepsHand(Protocol):
    """What a rep does to one of our meetings in the vendor's own calendar."""

    def move(self, meeting_id: str, start: datetime) -> None: ...

    def delete(self, meeting_id: str) -> None: ...

    def decline(self, meeting_id: str) -> None: ...


class CalendarContract:
    """Subclasses give `calendar` and `hand`. A vendor that cannot keep one of the promises names
    the test and the reason in `deviations`; the test must fail then."""

    deviations: ClassVar[Mapping[str, str]] = {}

    @pytest.fixture
    def calendar(self) -> Calendar:
        raise NotImplementedError

    @pytest.fixture
    def hand(self) -> RepsHand:
        raise NotImplementedError

    @pytest.fixture(autouse=True)
    def _expect_deviations(self, request: pytest.FixtureRequest) -> None:
        reason = self.deviations.get(request.node.originalname)
        if reason:
            request.applymarker(pytest.mark.xfail(reason=reason, strict=True))

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

    async def test_either_it_offers_starts_or_it_tells_when_its_owner_is_busy(
        self, calendar: Calendar
    ) -> None:
        starts = await calendar.list_starts(OWNER, START, START + timedelta(days=1), HALF_HOUR)
        if starts is None:
            assert await list_times(calendar) == []
            return
        assert list(starts) == sorted(starts)
        assert START in starts
        await calendar.put_meeting(OWNER, make_meeting())
        left = await calendar.list_starts(OWNER, START, START + timedelta(days=1), HALF_HOUR)
        assert START not in (left or ())

    async def test_what_a_rep_moves_by_hand_comes_back(
        self, calendar: Calendar, hand: RepsHand
    ) -> None:
        meeting, later = make_meeting(), START + timedelta(hours=4)
        await calendar.put_meeting(OWNER, meeting)
        before = await calendar.list_changes(OWNER, "")
        assert [_shown(one) for one in before.seen if one.id == meeting.id][-1:] in (
            [],
            [(meeting.id, 0, START, False)],
        )
        hand.move(meeting.id, later)
        after = await calendar.list_changes(OWNER, before.cursor)
        assert [_shown(one) for one in after.seen] == [(meeting.id, 0, later, False)]

    async def test_what_a_rep_deletes_by_hand_comes_back(
        self, calendar: Calendar, hand: RepsHand
    ) -> None:
        meeting = make_meeting()
        await calendar.put_meeting(OWNER, meeting)
        cursor = (await calendar.list_changes(OWNER, "")).cursor
        hand.delete(meeting.id)
        after = await calendar.list_changes(OWNER, cursor)
        assert [(one.id, one.is_cancelled) for one in after.seen] == [(meeting.id, True)]
        assert after.seen[0].reason

    async def test_what_a_rep_declines_comes_back(self, calendar: Calendar, hand: RepsHand) -> None:
        meeting = make_meeting()
        await calendar.put_meeting(OWNER, meeting)
        cursor = (await calendar.list_changes(OWNER, "")).cursor
        hand.decline(meeting.id)
        after = await calendar.list_changes(OWNER, cursor)
        assert [(one.id, one.is_cancelled) for one in after.seen] == [(meeting.id, True)]

    async def test_reading_changes_again_from_the_beginning_leaves_nothing_out(
        self, calendar: Calendar, hand: RepsHand
    ) -> None:
        kept, gone = make_meeting(), make_meeting(START + timedelta(hours=1))
        for meeting in (kept, gone):
            await calendar.put_meeting(OWNER, meeting)
        await calendar.list_changes(OWNER, "")
        hand.delete(gone.id)
        hand.move(kept.id, START + timedelta(hours=3))
        seen = {one.id: one for one in (await calendar.list_changes(OWNER, "")).seen}
        assert seen[gone.id].is_cancelled
        assert seen[kept.id].starts_at == START + timedelta(hours=3)


def _shown(seen: SeenMeeting) -> tuple[str, int, datetime, bool]:
    return seen.id, seen.sequence, seen.starts_at, seen.is_cancelled
