"""The embedded calendar keeps the contract, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.db import Database
from core.protocols.calendar import Calendar, CalendarOwner
from integrations.local.calendar import LocalCalendar
from tests.contracts.calendar import OWNER, SINCE, START, UNTIL, CalendarContract, make_meeting


class TestLocalCalendar(CalendarContract):
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
