"""Calendar files parse back, and a change is an update of the same event."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar
from icalendar.cal import Component

from sales.appointments.calendar_file import (
    CalendarEvent,
    Method,
    Person,
    build_calendar_file,
    make_uid,
)

START = datetime(2026, 3, 5, 15, tzinfo=ZoneInfo("Europe/Berlin"))
EVENT = CalendarEvent(
    uid=make_uid("0195-aa", "demo.example"),
    sequence=0,
    starts_at=START,
    ends_at=START + timedelta(minutes=30),
    stamped_at=datetime(2026, 3, 4, 9, tzinfo=UTC),
    organizer=Person("anna@demo.example", "Anna Öz"),
    attendees=(Person("visitor@example.org", 'Bob; "the" builder, Jr.'),),
    summary="Demo: fridges; freezers, and more",
    description="Line one\nChange it: https://demo.example/a?b=c&d\nBackslash \\ and comma,",
    location="Video call",
    url="https://demo.example/appointments/0195-aa",
)


def parse(data: bytes) -> tuple[Component, Component]:
    calendar = Calendar.from_ical(data)
    (entry,) = calendar.walk("VEVENT")
    return calendar, entry


def test_an_invitation_parses_back() -> None:
    calendar, entry = parse(build_calendar_file(EVENT, Method.REQUEST))
    assert calendar["METHOD"] == "REQUEST"
    assert calendar["VERSION"] == "2.0"
    assert entry["UID"] == "0195-aa@demo.example"
    assert entry["SEQUENCE"] == 0
    assert entry["STATUS"] == "CONFIRMED"
    assert entry.decoded("DTSTART") == datetime(2026, 3, 5, 14, tzinfo=UTC)
    assert entry.decoded("DTEND") == datetime(2026, 3, 5, 14, 30, tzinfo=UTC)
    assert entry.decoded("DTSTAMP") == EVENT.stamped_at
    assert str(entry["SUMMARY"]) == EVENT.summary
    assert str(entry["DESCRIPTION"]) == EVENT.description
    assert entry["ORGANIZER"] == "mailto:anna@demo.example"
    assert entry["ORGANIZER"].params["CN"] == "Anna Öz"
    assert entry["ATTENDEE"] == "mailto:visitor@example.org"
    assert entry["ATTENDEE"].params["CN"] == "Bob; 'the' builder, Jr."


def test_times_are_written_in_utc() -> None:
    data = build_calendar_file(EVENT, Method.REQUEST)
    assert b"DTSTART:20260305T140000Z\r\n" in data
    assert b"VTIMEZONE" not in data


def test_a_change_and_a_cancellation_are_updates_of_the_same_event() -> None:
    later = replace(
        EVENT,
        sequence=1,
        starts_at=START + timedelta(days=1),
        ends_at=START + timedelta(days=1, hours=1),
    )
    _, first = parse(build_calendar_file(EVENT, Method.REQUEST))
    _, second = parse(build_calendar_file(later, Method.REQUEST))
    calendar, third = parse(build_calendar_file(replace(later, sequence=2), Method.CANCEL))
    assert first["UID"] == second["UID"] == third["UID"]
    assert [one["SEQUENCE"] for one in (first, second, third)] == [0, 1, 2]
    assert calendar["METHOD"] == "CANCEL"
    assert third["STATUS"] == "CANCELLED"
    assert third["ORGANIZER"] == first["ORGANIZER"]
    assert third["ATTENDEE"] == first["ATTENDEE"]


def test_lines_are_folded_and_end_with_crlf() -> None:
    data = build_calendar_file(replace(EVENT, description="ä" * 300), Method.REQUEST)
    assert data.endswith(b"\r\n")
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    _, entry = parse(data)
    assert str(entry["DESCRIPTION"]) == "ä" * 300


def test_the_same_state_gives_the_same_bytes() -> None:
    first = build_calendar_file(EVENT, Method.REQUEST)
    assert first == build_calendar_file(EVENT, Method.REQUEST)


def test_a_visitors_text_cannot_add_properties() -> None:
    evil = Person("v@example.org", 'x"\r\nATTENDEE:mailto:evil@example.org')
    data = build_calendar_file(
        replace(
            EVENT, attendees=(evil,), summary="a\r\nEND:VEVENT\r\nBEGIN:VEVENT", url="x\r\nX-A:1"
        ),
        Method.REQUEST,
    )
    _, entry = parse(data)
    assert entry["ATTENDEE"] == "mailto:v@example.org"
    assert "X-A" not in entry
    assert str(entry["SUMMARY"]).startswith("a\nEND:VEVENT")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200), st.text(max_size=60))
def test_any_text_parses_back_as_one_event(text: str, name: str) -> None:
    event = replace(
        EVENT, summary=text, description=text, location=name, attendees=(Person("v@e.org", name),)
    )
    data = build_calendar_file(event, Method.REQUEST)
    _, entry = parse(data)
    assert entry["UID"] == EVENT.uid
    assert entry["ATTENDEE"] == "mailto:v@e.org"


@pytest.mark.parametrize(
    "changes",
    [
        {"ends_at": START},
        {"sequence": -1},
        {"starts_at": datetime(2026, 3, 5, 15)},  # noqa: DTZ001
        {"attendees": (Person("no address"),)},
        {"attendees": (Person("a@b.c\r\nX:1"),)},
        {"organizer": Person("@")},
        {"uid": ""},
    ],
)
def test_an_impossible_event_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        build_calendar_file(replace(EVENT, **changes), Method.REQUEST)  # type: ignore[arg-type]
