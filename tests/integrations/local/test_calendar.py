"""The embedded calendar keeps the contract, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

import pytest

from core.db import Database
from core.protocols.calendar import Calendar, CalendarOwner
from integrations.local.calendar import LocalCalendar
from tests.contracts.calendar import (
    OWNER,
    SINCE,
    START,
    UNTIL,
    CalendarContract,
    RepsHand,
    make_meeting,
)

_NOBODY = "Nobody but us writes meetings into the embedded calendar: staff move them in the portal"


class _NoHand:
    def move(self, meeting_id: str, start: datetime) -> None: ...

    def delete(self, meeting_id: str) -> None: ...

    def decline(self, meeting_id: str) -> None: ...


class TestLocalCalendar(CalendarContract):
    deviations: ClassVar = {
        "test_what_a_rep_moves_by_hand_comes_back": _NOBODY,
        "test_what_a_rep_deletes_by_hand_comes_back": _NOBODY,
        "test_what_a_rep_declines_comes_back": _NOBODY,
        "test_reading_changes_again_from_the_beginning_leaves_nothing_out": _NOBODY,
    }

    @pytest.fixture
    def hand(self) -> RepsHand:
        return _NoHand()

    @pytest.fixture
    def calendar(self, database: Database) -> Calendar:
        return LocalCalendar(database)

    async def test_it_tells_which_entries_are_ours(self, database: Database) -> None:
        calendar, meeting = LocalCalendar(database), make_meeting()
        await calendar.put_meeting(OWNER, meeting)
        later = START + timedelta(hours=2)
        await calendar.block_time(OWNER, later, later + timedelta(hours=1), "Dentist")
        listed = await calendar.list_busy(OWNER, SINCE, UNTIL)
        assert [one.event_id for one in listed] == [meeting.id, None]

    async def test_tenants_do_not_see_each_other(self, database: Database) -> None:
        calendar = LocalCalendar(database)
        await calendar.put_meeting(OWNER, make_meeting())
        stranger = CalendarOwner("22222222-2222-7222-8222-222222222222", OWNER.email)
        assert await calendar.list_busy(stranger, SINCE, UNTIL) == []
