"""What a vendor's calendar answers, and what reps do in it, on real databases: Google's and
Calendly's folders before their stand-ins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.db import Database
from core.db.vendor_memory import DatabaseMemory
from core.protocols.calendar import CalendarOwner, MeetingLinks, SeenMeeting
from core.protocols.vendor import VendorContext
from integrations.calendly.calendar import CalendlyCalendar
from integrations.calendly.settings import CalendlySettings
from integrations.google.calendar import GoogleCalendar
from integrations.google.settings import GoogleSettings
from sales.appointments.calendar_answers import Adopted
from sales.appointments.calendar_sync import CalendarSync
from sales.appointments.errors import SlotTaken
from sales.appointments.schemas import Actor, BookedAppointment
from tests.sales.appointments.desk import NOW, Desk
from tests.vendors.calendly import CalendlyStandIn
from tests.vendors.credentials import MemoryCredentials
from tests.vendors.google_calendar import GoogleCalendarStandIn
from tests.vendors.standin import Fault

THURSDAY = datetime(2026, 12, 3, 13, tzinfo=UTC)
HANNAH = "hannah@larkmere.example"
VISITOR = Actor("visitor", "v")
LATER = THURSDAY + timedelta(days=1)


@pytest.fixture
def google() -> Iterator[GoogleCalendarStandIn]:
    with GoogleCalendarStandIn() as stand_in:
        yield stand_in
        assert stand_in.errors == []


async def open_desk(database: Database, google: GoogleCalendarStandIn, **more: Any) -> Desk:
    """An office whose calendars are at Google; the runner is started."""
    desk = await Desk.open(database, wait_seconds=10, **more)
    vendor = make_google(desk, google)
    opened = await Desk.open(database, vendor=vendor, wait_seconds=10, **more)
    await opened.runner.start()
    return opened


def make_google(desk: Desk, google: GoogleCalendarStandIn) -> GoogleCalendar:
    settings = GoogleSettings.model_validate({**google.settings(), "conference": True})
    credentials = MemoryCredentials({desk.site.tenant_id: google.credentials()})
    return GoogleCalendar(VendorContext(settings, credentials, desk.clock))


@pytest.fixture
async def desk(database: Database, google: GoogleCalendarStandIn) -> AsyncIterator[Desk]:
    opened = await open_desk(database, google)
    yield opened
    await opened.runner.stop(timedelta(seconds=5))


def make_sync(desk: Desk, google: GoogleCalendarStandIn) -> CalendarSync:
    return CalendarSync(
        desk.database,
        desk.clock,
        make_google(desk, google),
        desk.service.answers,
        "google",
        lambda: [CalendarOwner(desk.site.tenant_id, HANNAH)],
        timedelta(seconds=60),
    )


def owner_of(desk: Desk) -> CalendarOwner:
    return CalendarOwner(desk.site.tenant_id, HANNAH)


def move_by_hand(google: GoogleCalendarStandIn, meeting_id: str, start: datetime) -> None:
    times = {
        key: {"dateTime": at.isoformat()}
        for key, at in (("start", start), ("end", start + timedelta(minutes=30)))
    }
    google.change_by_hand(HANNAH, meeting_id.replace("-", ""), **times)


async def read(desk: Desk, appointment: BookedAppointment) -> BookedAppointment:
    return await desk.service.get_appointment(desk.site.tenant_id, appointment.id)


async def list_kinds(desk: Desk, appointment: BookedAppointment) -> list[tuple[str, str]]:
    changes = await desk.service.list_changes(appointment)
    return [(change.kind, change.changed_by) for change in changes]


async def test_a_booking_comes_back_with_the_room_of_the_calendar(desk: Desk) -> None:
    booked = await desk.book(THURSDAY)
    assert booked.is_placed
    assert booked.links.join_url.startswith("https://meet.example/")


async def test_busy_times_of_the_vendor_take_slots_away_but_our_own_do_not_when_moving(
    desk: Desk, google: GoogleCalendarStandIn
) -> None:
    booked = await desk.book(THURSDAY, duration=timedelta(hours=1))
    google.add_by_hand(HANNAH, LATER, LATER + timedelta(hours=1))
    with pytest.raises(SlotTaken):
        await desk.service.reschedule(booked, LATER, VISITOR)
    half = THURSDAY + timedelta(minutes=30)
    assert (await desk.service.reschedule(booked, half, VISITOR)).starts_at == half


async def test_a_meeting_that_a_rep_moved_is_moved_here_once(
    desk: Desk, google: GoogleCalendarStandIn
) -> None:
    booked, sync = await desk.book(THURSDAY), make_sync(desk, google)
    await sync.look_due()
    move_by_hand(google, booked.id, LATER)
    for minutes in (2, 4):
        desk.clock.set(NOW + timedelta(minutes=minutes))
        assert await sync.look_due() == 1
    moved = await read(desk, booked)
    assert (moved.starts_at, moved.sequence, moved.is_placed) == (LATER, 1, True)
    assert await list_kinds(desk, booked) == [("booked", "visitor"), ("rescheduled", "calendar")]
    # And again, from where the rep put it: what came from there was not written back.
    move_by_hand(google, booked.id, LATER + timedelta(hours=2))
    desk.clock.set(NOW + timedelta(minutes=6))
    await sync.look_due()
    assert (await read(desk, booked)).starts_at == LATER + timedelta(hours=2)
    assert [one.method for one in google.requests if one.method == "PATCH"] == []


async def test_a_meeting_that_a_rep_deleted_or_declined_is_cancelled_here(
    desk: Desk, google: GoogleCalendarStandIn
) -> None:
    first = await desk.book(THURSDAY)
    second = await desk.book(LATER)
    sync = make_sync(desk, google)
    await sync.look_due()
    google.change_by_hand(HANNAH, first.id.replace("-", ""), status="cancelled")
    declined = [{"email": HANNAH, "self": True, "responseStatus": "declined"}]
    google.change_by_hand(HANNAH, second.id.replace("-", ""), attendees=declined)
    desk.clock.set(NOW + timedelta(minutes=2))
    await sync.look_due()
    for appointment, words in ((first, "Deleted"), (second, "Declined by the rep")):
        assert (await read(desk, appointment)).status == "cancelled"
        last = (await desk.service.list_changes(appointment))[-1]
        assert (last.changed_by, last.reason.startswith(words)) == ("calendar", True)
    # The slot is free again.
    assert (await desk.book(THURSDAY)).status == "booked"


async def test_our_own_changes_are_not_taken_for_a_reps(
    desk: Desk, google: GoogleCalendarStandIn
) -> None:
    booked, sync = await desk.book(THURSDAY), make_sync(desk, google)
    moved = await desk.service.reschedule(booked, LATER, VISITOR)
    await sync.look_due()
    await desk.service.cancel(moved, VISITOR)
    desk.clock.set(NOW + timedelta(minutes=2))
    await sync.look_due()
    assert [by for _, by in await list_kinds(desk, booked)] == ["visitor"] * 3


async def test_a_visitors_newer_change_holds_against_what_a_rep_did_before(desk: Desk) -> None:
    booked = await desk.book(THURSDAY)
    await desk.service.reschedule(booked, LATER, VISITOR)
    end = THURSDAY + timedelta(hours=3)
    seen = SeenMeeting(booked.id, 0, end - timedelta(minutes=30), end)
    answers = desk.service.answers
    assert await answers.adopt(owner_of(desk), seen) is Adopted.OURS_IS_NEWER
    gone = SeenMeeting(booked.id, 0, THURSDAY, end, is_cancelled=True)
    assert await answers.adopt(owner_of(desk), gone) is Adopted.OURS_IS_NEWER
    assert (await read(desk, booked)).starts_at == LATER


async def test_a_meeting_moved_onto_another_is_not_taken_over(desk: Desk) -> None:
    first, second = await desk.book(THURSDAY), await desk.book(LATER)
    seen = SeenMeeting(second.id, 0, first.starts_at, first.ends_at)
    assert await desk.service.answers.adopt(owner_of(desk), seen) is Adopted.CLASH
    assert (await read(desk, second)).starts_at == LATER


async def test_meetings_of_others_and_past_ones_are_left_alone(desk: Desk) -> None:
    booked = await desk.book(THURSDAY)
    gone = SeenMeeting(booked.id, 0, THURSDAY, THURSDAY, is_cancelled=True)
    answers, stranger = desk.service.answers, CalendarOwner(desk.site.tenant_id, "x@y.example")
    assert await answers.adopt(stranger, gone) is Adopted.UNKNOWN
    desk.clock.set(THURSDAY + timedelta(minutes=1))
    assert await answers.adopt(owner_of(desk), gone) is Adopted.OVER


async def test_two_workers_never_read_one_calendar_at_once(
    desk: Desk, google: GoogleCalendarStandIn
) -> None:
    await desk.book(THURSDAY)
    workers = [make_sync(desk, google) for _ in range(6)]
    assert sum(await asyncio.gather(*(one.look_due() for one in workers))) == 1
    desk.clock.set(NOW + timedelta(minutes=2))
    assert sum(await asyncio.gather(*(one.look_due() for one in workers))) == 1


async def test_a_webhook_makes_the_next_look_be_now(
    desk: Desk, google: GoogleCalendarStandIn
) -> None:
    sync = make_sync(desk, google)
    assert await sync.look_due() == 1
    assert await sync.look_due() == 0
    for _ in range(2):
        await sync.hurry(desk.site.tenant_id)
    assert await sync.look_due() == 1


async def test_a_look_that_was_overtaken_by_a_webhook_is_made_again_from_the_same_place(
    desk: Desk, google: GoogleCalendarStandIn
) -> None:
    booked, sync = await desk.book(THURSDAY), make_sync(desk, google)
    await sync.look_due()
    desk.clock.set(NOW + timedelta(minutes=2))
    google.faults.order(Fault("slow", seconds=0.5, path="/events"))
    look = asyncio.create_task(sync.look_due())
    await asyncio.sleep(0.2)
    await sync.hurry(desk.site.tenant_id)
    await look
    move_by_hand(google, booked.id, LATER)
    assert await sync.look_due() == 1
    assert (await read(desk, booked)).starts_at == LATER


async def test_a_calendar_that_cannot_be_read_is_read_later(
    desk: Desk, google: GoogleCalendarStandIn
) -> None:
    sync = make_sync(desk, google)
    google.faults.order(Fault("status", status=429, retry_after=300, path="/events"))
    assert await sync.look_due() == 0
    desk.clock.set(NOW + timedelta(minutes=4))
    assert await sync.look_due() == 0
    desk.clock.set(NOW + timedelta(minutes=6))
    assert await sync.look_due() == 1


def make_calendly(desk: Desk, calendly: CalendlyStandIn, **settings: Any) -> CalendlyCalendar:
    section = CalendlySettings.model_validate({**calendly.settings(), **settings})
    credentials = MemoryCredentials({desk.site.tenant_id: calendly.credentials()})
    memory = DatabaseMemory(desk.database, "calendly")
    return CalendlyCalendar(VendorContext(section, credentials, desk.clock, memory=memory))


@pytest.fixture
def calendly() -> Iterator[CalendlyStandIn]:
    with CalendlyStandIn(now=lambda: NOW) as stand_in:
        yield stand_in
        assert stand_in.errors == []


async def open_calendly_desk(
    database: Database, calendly: CalendlyStandIn, **settings: Any
) -> Desk:
    desk = await Desk.open(database)
    vendor = make_calendly(desk, calendly, **settings)
    opened = await Desk.open(database, vendor=vendor, wait_seconds=10, upcoming_per_visitor=50)
    await opened.runner.start()
    return opened


async def test_calendlys_own_times_are_offered_and_one_that_is_taken_there_is_taken_back(
    database: Database, calendly: CalendlyStandIn
) -> None:
    desk = await open_calendly_desk(database, calendly)
    booked = await desk.book(THURSDAY)
    assert "reschedulings" in booked.links.change_url
    slots = await desk.service.slots.list_slots(desk.site, "Europe/Berlin", limit=500)
    starts = [slot.starts_at for slot in slots]
    assert THURSDAY not in starts
    assert LATER in starts
    calendly.taken.add(LATER)
    with pytest.raises(SlotTaken) as taken:
        await desk.book(LATER, conversation_id=booked.conversation_id, request_key="r2")
    assert taken.value.alternatives
    with pytest.raises(SlotTaken):
        await desk.service.reschedule(booked, LATER, VISITOR)
    back = await read(desk, booked)
    assert (back.starts_at, back.status) == (THURSDAY, "booked")
    assert (await list_kinds(desk, booked))[-1] == ("rescheduled", "refusal")
    # The same request again is refused again, not shown as booked.
    with pytest.raises(SlotTaken):
        await desk.book(LATER, conversation_id=booked.conversation_id, request_key="r2")
    await desk.runner.stop(timedelta(seconds=5))
    assert len(calendly.list_active()) == 1


async def test_a_refusal_that_nobody_waited_for_is_taken_back_later_with_a_mail(
    database: Database, calendly: CalendlyStandIn
) -> None:
    desk = await open_calendly_desk(database, calendly)
    await desk.runner.stop(timedelta(seconds=5))
    calendly.taken.add(THURSDAY)
    hasty = await Desk.open(database, vendor=make_calendly(desk, calendly), wait_seconds=0)
    booked = await hasty.book(THURSDAY)
    assert booked.status == "booked"
    assert not booked.is_placed
    await hasty.runner.start()

    async def became(status: str) -> bool:
        return (await read(hasty, booked)).status == status

    for _ in range(100):
        if await became("cancelled"):
            break
        hasty.clock.set(hasty.clock.now() + timedelta(seconds=5))
        await asyncio.sleep(0.05)
    await hasty.runner.stop(timedelta(seconds=5))
    assert await list_kinds(hasty, booked) == [("booked", "visitor"), ("cancelled", "refusal")]


async def test_a_spent_budget_leaves_the_booking_waiting_until_there_is_room(
    database: Database, calendly: CalendlyStandIn
) -> None:
    desk = await open_calendly_desk(database, calendly, bookings_per_minute=1)
    await desk.book(THURSDAY)
    await desk.runner.stop(timedelta(seconds=5))
    hasty = await Desk.open(
        database,
        vendor=make_calendly(desk, calendly, bookings_per_minute=1),
        wait_seconds=1,
    )
    await hasty.runner.start()
    booked = await hasty.book(LATER)
    assert not booked.is_placed
    for clock in (desk.clock, hasty.clock):
        clock.set(NOW + timedelta(minutes=2))
    for _ in range(200):
        if (await read(hasty, booked)).is_placed:
            break
        await asyncio.sleep(0.05)
    await hasty.runner.stop(timedelta(seconds=5))
    assert (await read(hasty, booked)).is_placed
    assert len(calendly.list_active()) == 2


async def test_only_a_state_that_is_newer_counts_as_placed(desk: Desk) -> None:
    booked = await desk.book(THURSDAY)
    tenant_id, answers = desk.site.tenant_id, desk.service.answers
    await answers.note_placed(tenant_id, booked.id, 0, MeetingLinks("https://other.example"))
    assert (await read(desk, booked)).links == booked.links
    assert await answers.take_back(tenant_id, booked.id, 0, is_told=True) is None
