"""Mails of meetings: invitation, change and cancellation, to visitor and rep."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from icalendar import Calendar

from sales.appointments.schemas import Actor, BookedAppointment, BookingRequest
from tests.sales.followups.world import World, body_of

AT = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
VISITOR = Actor("visitor", "v")


async def book(
    world: World, locale: str = "en", email: str = "ana@nordlicht.example"
) -> BookedAppointment:
    ticket = await world.talk()
    return await world.services.appointments.book(
        BookingRequest(
            site=ticket.site,
            conversation_id=ticket.conversation_id,
            visitor_id=ticket.visitor_id,
            request_key="1",
            starts_at=AT,
            timezone="America/New_York",
            locale=locale,
            name="Ana <b>Silva</b>",
            email=email,
            phone="" if email else "+4930123456",
            topic="Prices & sensors",
        )
    )


def read_event(mail: EmailMessage) -> dict[str, object]:
    part = next(part for part in mail.walk() if part.get_content_type() == "text/calendar")
    calendar = Calendar.from_ical(part.get_content())
    (event,) = calendar.events
    assert str(calendar["METHOD"]) == part["Content-Type"].params["method"]
    return {
        "method": str(calendar["METHOD"]),
        "uid": str(event["UID"]),
        "sequence": int(str(event["SEQUENCE"])),
        "starts_at": event.start,
        "status": str(event["STATUS"]),
    }


async def test_the_life_of_a_meeting_is_one_event_in_calendars(world: World) -> None:
    appointments = world.services.appointments
    booked = await book(world)
    moved = await appointments.reschedule(booked, AT + timedelta(hours=1), VISITOR)
    await appointments.cancel(moved, VISITOR)
    # All three are written after the fact, and each still tells its own state.
    await world.settle()
    mails = world.read_mails()
    assert len(mails) == 6
    for who in ("visitor", "rep"):
        states = [
            read_event(mails[f"appointment-{who}.{booked.id}.{sequence}.eml"])
            for sequence in range(3)
        ]
        assert {state["uid"] for state in states} == {f"{booked.id}@chat.acme.example"}
        assert [state["sequence"] for state in states] == [0, 1, 2]
        assert [state["method"] for state in states] == ["REQUEST", "REQUEST", "CANCEL"]
        assert [state["status"] for state in states] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
        assert [state["starts_at"] for state in states] == [AT, *[AT + timedelta(hours=1)] * 2]


async def test_the_visitor_reads_their_own_time_and_can_change_it(world: World) -> None:
    booked = await book(world)
    await world.settle()
    mail = world.read_mails()[f"appointment-visitor.{booked.id}.0.eml"]
    for kind in ("html", "plain"):
        body = body_of(mail, kind)
        assert "Tuesday 24 November, 08:00–08:30 (America/New_York, UTC-5)" in body
        assert "https://chat.acme.example/a/" in body
        assert "Rosa Lind" in body
    assert "<b>" not in body_of(mail, "html")
    assert mail["Reply-To"].addresses[0].addr_spec == "rosa@acme.example"
    assert mail["List-Unsubscribe"] is None
    link = body_of(mail, "plain").partition("https://chat.acme.example/a/")[2].split()[0]
    assert (await world.services.appointments.read_link(link)).id == booked.id


async def test_the_rep_reads_both_times(world: World) -> None:
    booked = await book(world)
    await world.services.appointments.reschedule(booked, AT + timedelta(hours=1), VISITOR)
    await world.settle()
    mail = world.read_mails()[f"appointment-rep.{booked.id}.1.eml"]
    body = body_of(mail, "plain")
    assert "15:00–15:30 (Europe/Berlin, UTC+1)" in body
    assert "Before: Tuesday 24 November, 14:00–14:30 (Europe/Berlin, UTC+1)" in body
    assert "09:00–09:30 (America/New_York, UTC-5)" in body
    assert "Prices & sensors" in body
    assert mail["To"].addresses[0].addr_spec == "rosa@acme.example"


async def test_the_visitors_language_is_kept(world: World) -> None:
    booked = await book(world, locale="de-AT")
    await world.settle()
    mail = world.read_mails()[f"appointment-visitor.{booked.id}.0.eml"]
    assert mail["Subject"].startswith("Ihr Termin mit Acme Cooling: Dienstag, 24. November")


async def test_without_an_address_only_the_rep_is_written_to(world: World) -> None:
    booked = await book(world, email="")
    await world.settle()
    assert set(world.read_mails()) == {f"appointment-rep.{booked.id}.0.eml"}


async def test_the_summary_names_the_meeting(world: World) -> None:
    booked = await book(world)
    followups = world.services.followups
    await followups.summarise_conversation(world.tenant_id, booked.conversation_id)
    await world.settle()
    mails = world.read_mails()
    for who in ("visitor", "sales"):
        body = body_of(mails[f"summary-{who}.{booked.conversation_id}.eml"], "plain")
        assert "Tuesday 24 November, 08:00–08:30" in body
        assert "Rosa Lind" in body
