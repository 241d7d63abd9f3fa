"""Booking, moving and cancelling on real databases, one visitor or two hundred at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from core.db import Database
from core.errors import Conflict, Invalid, NotFound, Unauthorized
from core.ids import new_id
from core.protocols.calendar import CalendarOwner
from sales.appointments.errors import SlotRefused, SlotTaken, TooManyAppointments
from sales.appointments.schemas import Actor, AppointmentFilter
from sales.appointments.slots import Refusal
from tests.sales.appointments.desk import NOW, Desk

THURSDAY = datetime(2026, 12, 3, 13, tzinfo=UTC)
VISITOR = Actor("visitor", "v")


@pytest.fixture
async def desk(database: Database) -> Desk:
    return await Desk.open(database)


async def test_a_booked_slot_is_no_longer_offered(desk: Desk) -> None:
    booked = await desk.book(THURSDAY)
    assert (booked.rep_id, booked.status, booked.sequence) == ("hannah", "booked", 0)
    assert booked.ends_at - booked.starts_at == timedelta(minutes=30)
    left = await desk.service.slots.list_slots(desk.site, "Europe/Berlin", limit=500)
    assert THURSDAY not in [slot.starts_at for slot in left]


async def test_two_hundred_visitors_want_one_slot_and_one_gets_it(desk: Desk) -> None:
    wishes = [desk.book(THURSDAY, email=f"v{n}@example.com") for n in range(200)]
    ends = await asyncio.gather(*wishes, return_exceptions=True)
    booked = [end for end in ends if not isinstance(end, BaseException)]
    taken = [end for end in ends if isinstance(end, SlotTaken)]
    assert (len(booked), len(taken)) == (1, 199), [end for end in ends if end not in taken][:3]
    for refusal in taken:
        starts = [slot.starts_at for slot in refusal.alternatives]
        assert starts
        assert THURSDAY not in starts
    rows, total = await desk.service.list_appointments(desk.site.tenant_id, AppointmentFilter())
    assert total == len(rows) == 1


async def test_overlapping_meetings_of_other_lengths_are_kept_apart(desk: Desk) -> None:
    starts = [THURSDAY + timedelta(minutes=30) * step for step in range(-1, 2)]
    hour = timedelta(minutes=60)
    wishes = [desk.book(start, duration=hour) for start in starts for _ in range(10)]
    ends = await asyncio.gather(*wishes, return_exceptions=True)
    booked = sorted(end.starts_at for end in ends if not isinstance(end, BaseException))
    assert booked
    assert all(b - a >= hour for a, b in pairwise(booked))
    assert all(isinstance(end, SlotTaken) for end in ends if isinstance(end, BaseException))


async def test_the_same_request_again_books_nothing_more(desk: Desk) -> None:
    wanted = desk.request(THURSDAY)
    first, *rest = await asyncio.gather(*[desk.service.book(wanted) for _ in range(10)])
    assert {one.id for one in rest} == {first.id}
    rows, _ = await desk.service.list_appointments(desk.site.tenant_id, AppointmentFilter())
    assert [row.id for row in rows] == [first.id]


@pytest.mark.parametrize(
    ("starts_at", "refusal"),
    [
        (NOW - timedelta(days=1), Refusal.PAST),
        (NOW + timedelta(hours=3), Refusal.TOO_SOON),
        (NOW + timedelta(days=60), Refusal.BEYOND_WINDOW),
        (datetime(2026, 12, 5, 13, tzinfo=UTC), Refusal.OUTSIDE_HOURS),
        (datetime(2026, 12, 3, 13, 7, tzinfo=UTC), Refusal.NO_SUCH_TIME),
        (datetime(2026, 12, 4, 13, tzinfo=UTC), Refusal.HOLIDAY),
    ],
)
async def test_what_can_never_be_booked_is_refused_with_a_reason_and_alternatives(
    database: Database, starts_at: datetime, refusal: Refusal
) -> None:
    desk = await Desk.open(database, holidays=["2026-12-04"])
    with pytest.raises(SlotRefused) as refused:
        await desk.book(starts_at)
    assert refused.value.refusal is refusal
    assert refused.value.alternatives


async def test_four_business_hours_of_notice_end_on_the_next_working_day(
    database: Database,
) -> None:
    friday_evening = datetime(2026, 12, 4, 16, tzinfo=UTC)
    desk = await Desk.open(database, now=friday_evening)
    [first] = await desk.service.slots.list_slots(desk.site, "Europe/London", limit=1)
    assert first.starts_at == datetime(2026, 12, 7, 12, tzinfo=UTC)


async def test_each_visitor_meets_the_rep_of_their_part_of_the_world(desk: Desk) -> None:
    for zone, rep in (("America/Chicago", "marcus"), ("Europe/Paris", "hannah")):
        slots = await desk.service.slots.list_slots(desk.site, zone, limit=500)
        assert {rep_id for slot in slots for rep_id in slot.rep_ids} == {rep}
    slots = await desk.service.slots.list_slots(desk.site, "Asia/Tokyo", limit=500)
    assert {rep_id for slot in slots for rep_id in slot.rep_ids} == {"marcus", "hannah"}


async def test_the_calendar_of_a_rep_takes_slots_away(desk: Desk) -> None:
    owner = CalendarOwner(desk.site.tenant_id, "hannah@larkmere.example")
    end = THURSDAY + timedelta(hours=1)
    await desk.calendar.block_time(owner, THURSDAY, end, "Dentist")
    with pytest.raises(SlotTaken):
        await desk.book(THURSDAY)
    await desk.book(end)


async def test_buffers_are_kept_between_meetings(database: Database) -> None:
    desk = await Desk.open(database, buffer_after_minutes=15)
    await desk.book(THURSDAY)
    with pytest.raises(SlotTaken):
        await desk.book(THURSDAY + timedelta(minutes=30))
    await desk.book(THURSDAY + timedelta(minutes=60))


async def test_moving_keeps_the_rep_and_counts_the_changes(desk: Desk) -> None:
    booked = await desk.book(THURSDAY)
    later = THURSDAY + timedelta(days=1)
    moved = await desk.service.reschedule(booked, later, VISITOR)
    assert (moved.id, moved.rep_id, moved.starts_at) == (booked.id, booked.rep_id, later)
    assert moved.sequence == 1
    again = await desk.service.reschedule(moved, later, VISITOR)
    assert again.sequence == 1
    # Half an hour later overlaps the appointment's own time, which is no hindrance.
    hour = await desk.book(datetime(2026, 12, 8, 10, tzinfo=UTC), duration=timedelta(hours=1))
    shifted = hour.starts_at + timedelta(minutes=30)
    assert (await desk.service.reschedule(hour, shifted, VISITOR)).starts_at == shifted
    await desk.book(THURSDAY)
    changes = await desk.service.list_changes(moved)
    assert [(change.sequence, change.kind) for change in changes] == [
        (0, "booked"),
        (1, "rescheduled"),
    ]


async def test_an_appointment_cannot_be_moved_onto_another(desk: Desk) -> None:
    first = await desk.book(THURSDAY)
    second = await desk.book(THURSDAY + timedelta(hours=1))
    with pytest.raises(SlotTaken) as taken:
        await desk.service.reschedule(second, THURSDAY, VISITOR)
    assert first.starts_at not in [slot.starts_at for slot in taken.value.alternatives]


async def test_a_cancelled_slot_is_free_again_and_cancelling_twice_is_no_error(desk: Desk) -> None:
    booked = await desk.book(THURSDAY)
    cancelled = await desk.service.cancel(booked, VISITOR, "Changed plans")
    assert (cancelled.status, cancelled.sequence) == ("cancelled", 1)
    assert (await desk.service.cancel(booked, VISITOR)).sequence == 1
    with pytest.raises(Conflict):
        await desk.service.reschedule(cancelled, THURSDAY + timedelta(days=1), VISITOR)
    assert (await desk.book(THURSDAY)).status == "booked"


async def test_what_is_over_cannot_be_changed(desk: Desk) -> None:
    booked = await desk.book(THURSDAY)
    desk.clock.set(THURSDAY + timedelta(hours=1))
    for change in (
        desk.service.cancel(booked, VISITOR),
        desk.service.reschedule(booked, THURSDAY + timedelta(days=1), VISITOR),
    ):
        with pytest.raises(Conflict):
            await change


async def test_a_visitor_has_only_so_many_meetings_ahead(database: Database) -> None:
    desk = await Desk.open(database, upcoming_per_visitor=2)
    visitor = new_id()
    for hours in (0, 1):
        await desk.book(THURSDAY + timedelta(hours=hours), visitor_id=visitor)
    with pytest.raises(TooManyAppointments):
        await desk.book(THURSDAY + timedelta(hours=2), visitor_id=visitor)


@pytest.mark.parametrize(
    "changes",
    [
        {"email": "", "phone": ""},
        {"email": "ada at nowhere"},
        {"name": "x" * 200},
        {"timezone": "Europe/Atlantis"},
        {"request_key": ""},
    ],
)
async def test_a_request_that_cannot_be_used_says_why(desk: Desk, changes: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        await desk.book(THURSDAY, **changes)
    assert refused.value.details["field"]


async def test_appointments_of_another_tenant_do_not_exist(desk: Desk) -> None:
    booked = await desk.book(THURSDAY)
    for tenant_id, appointment_id in ((new_id(), booked.id), (desk.site.tenant_id, "x")):
        with pytest.raises(NotFound):
            await desk.service.get_appointment(tenant_id, appointment_id)


async def test_a_link_opens_one_appointment_until_it_is_over(desk: Desk) -> None:
    booked = await desk.book(THURSDAY)
    token = desk.service.sign_link(booked)
    assert (await desk.service.read_link(token)).id == booked.id
    forged = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")
    with pytest.raises(Unauthorized):
        await desk.service.read_link(forged)
    desk.clock.set(booked.ends_at + timedelta(seconds=1))
    with pytest.raises(Unauthorized):
        await desk.service.read_link(token)


async def test_a_booking_waits_until_the_calendar_has_it(database: Database) -> None:
    desk = await Desk.open(database, wait_seconds=10)
    owner = CalendarOwner(desk.site.tenant_id, "hannah@larkmere.example")
    await desk.runner.start()
    try:
        booked = await desk.book(THURSDAY)
        [busy] = await desk.calendar.list_busy(owner, NOW, NOW + timedelta(days=30))
        assert busy[:3] == (booked.starts_at, booked.ends_at, booked.id)
        moved = await desk.service.reschedule(booked, THURSDAY + timedelta(days=1), VISITOR)
        [busy] = await desk.calendar.list_busy(owner, NOW, NOW + timedelta(days=30))
        assert busy.starts_at == moved.starts_at
        await desk.service.cancel(moved, VISITOR)
        assert await desk.calendar.list_busy(owner, NOW, NOW + timedelta(days=30)) == []
    finally:
        await desk.runner.stop(timedelta(seconds=5))


async def test_slots_are_right_while_two_continents_change_their_clocks(database: Database) -> None:
    # Europe went back on 25 October 2026, the United States follow on 1 November.
    desk = await Desk.open(database, now=datetime(2026, 10, 22, 6, tzinfo=UTC))
    zone = ZoneInfo("Europe/Berlin")
    slots = await desk.service.slots.list_slots(desk.site, "America/New_York", limit=500)
    opening: dict[date, int] = {}
    for slot in slots:
        day = slot.starts_at.astimezone(zone).date()
        opening.setdefault(day, slot.starts_at.astimezone(zone).hour)
    first_hours = {day.isoformat(): opening[day] for day in sorted(opening)}
    assert first_hours["2026-10-23"] == 15  # both in summer
    assert first_hours["2026-10-28"] == 14  # only Berlin in winter
    assert first_hours["2026-11-03"] == 15  # both in winter
    assert all((slot.ends_at - slot.starts_at) == timedelta(minutes=30) for slot in slots)
