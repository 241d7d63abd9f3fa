"""The calendar file of an appointment: invitation, change and cancellation (RFC 5545, RFC 5546).

A mail program takes a change for an update of the same event when the UID stays the same and
the SEQUENCE grows; a cancellation needs a SEQUENCE not below the last one sent.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from icalendar import Event, vCalAddress

PRODUCT = "-//Sales Agent//Appointments//EN"
_MAX_TEXT = 4000


class Method(StrEnum):
    """What the file asks of the mail program (RFC 5546, 3.2)."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class Person:
    """An organizer or attendee."""

    email: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """One state of an appointment as its calendar file tells it."""

    uid: str
    sequence: int
    """0 for the first invitation, one more with every change and with the cancellation."""
    starts_at: datetime
    ends_at: datetime
    stamped_at: datetime
    """When this state came about (DTSTAMP and LAST-MODIFIED)."""
    organizer: Person
    attendees: tuple[Person, ...]
    summary: str
    description: str = ""
    location: str = ""
    url: str = ""


def make_uid(appointment_id: str, host: str) -> str:
    """The UID of an appointment, the same for all its states (RFC 7986, 5.3)."""
    return f"{appointment_id}@{host}"


def build_calendar_file(event: CalendarEvent, method: Method) -> bytes:
    """The `.ics` of one state, in UTF-8 with CRLF and folded lines.

    To be sent as `text/calendar; method=REQUEST; charset=utf-8`, with the method given here.
    Raises ValueError when the event ends before it starts, a time is naive, the sequence is
    negative, or an address is none.
    """
    # Loaded with the first meeting, not with each start.
    from icalendar import Calendar  # noqa: PLC0415

    _check(event)
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method.value)
    calendar.add_component(_build_event(event, cancelled=method is Method.CANCEL))
    return bytes(calendar.to_ical())


def _build_event(event: CalendarEvent, *, cancelled: bool) -> Event:
    from icalendar import Event, vText  # noqa: PLC0415

    entry = Event()
    entry.add("uid", event.uid)
    entry.add("sequence", event.sequence)
    entry.add("dtstamp", event.stamped_at.astimezone(UTC))
    entry.add("last-modified", event.stamped_at.astimezone(UTC))
    entry.add("dtstart", event.starts_at.astimezone(UTC))
    entry.add("dtend", event.ends_at.astimezone(UTC))
    entry.add("summary", _clean(event.summary))
    for name, text in (("description", event.description), ("location", event.location)):
        if text:
            entry.add(name, _clean(text))
    if event.url:
        entry.add("url", _one_line(event.url))
    entry.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    entry.add("transp", "TRANSPARENT" if cancelled else "OPAQUE")
    entry["organizer"] = _address(event.organizer)
    for person in event.attendees:
        attendee = _address(person)
        attendee.params["ROLE"] = vText("REQ-PARTICIPANT")
        # The visitor chose and confirmed the slot, so there is nothing left to answer.
        attendee.params["PARTSTAT"] = vText("ACCEPTED")
        attendee.params["RSVP"] = vText("FALSE")
        entry.add("attendee", attendee, encode=False)
    return entry


def _address(person: Person) -> vCalAddress:
    from icalendar import vCalAddress, vText  # noqa: PLC0415

    address = vCalAddress(f"mailto:{person.email}")
    name = _one_line(person.name).replace('"', "'")
    if name:
        address.params["CN"] = vText(name)
    return address


def _clean(text: str) -> str:
    """Text without control characters but for line ends, which the format escapes."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")[:_MAX_TEXT]
    return "".join(
        char for char in lines if char in "\n\t" or not unicodedata.category(char).startswith("C")
    )


def _one_line(text: str) -> str:
    return " ".join(_clean(text).split())


def _check(event: CalendarEvent) -> None:
    times = (event.starts_at, event.ends_at, event.stamped_at)
    if any(at.tzinfo is None for at in times):
        raise ValueError("times of a calendar file must be aware")
    if event.ends_at <= event.starts_at:
        raise ValueError("an event must end after its start")
    if event.sequence < 0:
        raise ValueError("a sequence is not negative")
    for person in (event.organizer, *event.attendees):
        local, _, host = person.email.partition("@")
        odd = any(char.isspace() or not char.isprintable() for char in person.email)
        if odd or not local or not host:
            raise ValueError("an organizer or attendee needs an e-mail address")
    if not event.uid or any(not char.isprintable() for char in event.uid):
        raise ValueError("an event needs a printable uid")
