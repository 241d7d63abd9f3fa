"""Slot ids, time zones, and which rep meets whom. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from core.errors import Invalid
from sales.appointments.schemas import BookingRequest
from sales.appointments.settings import RepSettings
from sales.appointments.slots import SLOT_ID_FORM, Slot
from sales.appointments.time_wish import DayWish, TimeWindow, TimeWish
from sales.organization.rules import read_email

_SLOT_ID = re.compile(r"^(\d{8}T\d{4})Z-(\d{1,3})$")
_TEXTS = {"name": 120, "email": 254, "phone": 40, "topic": 200}
_KEY_LIMIT = 200


def read_slot_id(text: str) -> tuple[datetime, timedelta]:
    """Start and length of a slot by its id.

    Raises:
        Invalid: it is no slot's id.
    """
    match = _SLOT_ID.match(text)
    try:
        if match and int(match[2]):
            start = datetime.strptime(match[1], SLOT_ID_FORM).replace(tzinfo=UTC)
            return start, timedelta(minutes=int(match[2]))
    except ValueError:
        pass
    raise Invalid("This is no slot. Send a slot's id as it was listed.", {"field": "slot_id"})


def find_slot(text: str) -> Slot | None:
    """A slot by its id, without its reps; None when it is no slot's id."""
    try:
        starts_at, duration = read_slot_id(text)
    except Invalid:
        return None
    return Slot(starts_at, starts_at + duration, ())


def read_zone(name: str, field: str = "timezone") -> ZoneInfo:
    """A time zone by its name.

    Raises:
        Invalid: there is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise Invalid(
            "There is no such time zone. Send one like Europe/Berlin.", {"field": field}
        ) from None


def find_zone(name: str) -> ZoneInfo | None:
    """The same for what a browser said, which may be nothing."""
    try:
        return read_zone(name) if name else None
    except Invalid:
        return None


def name_of_zone(zone: tzinfo) -> str:
    """The name under which a zone is stored; an offset of whole hours has one too (the signs of
    Etc/GMT are the other way round)."""
    name = str(getattr(zone, "key", ""))
    offset = zone.utcoffset(None) if not name else None
    if offset is None:
        return name or "UTC"
    hours = round(offset / timedelta(hours=1))
    return f"Etc/GMT{-hours:+d}" if hours else "UTC"


def make_exact_wish(slot: Slot, zone: tzinfo) -> TimeWish:
    """The wish for this very slot, on the clock of a zone."""
    local = slot.starts_at.astimezone(zone)
    clock = local.time().replace(tzinfo=None)
    option = DayWish((local.date(),), (TimeWindow(clock, clock, clock),))
    return TimeWish(options=(option,), duration=slot.ends_at - slot.starts_at)


def choose_reps(reps: Iterable[RepSettings], tenant: str, zone_name: str) -> list[RepSettings]:
    """Who meets a visitor of a time zone: those who serve it; if nobody does, everybody."""
    own = [rep for rep in reps if rep.tenant == tenant]
    serving = [
        rep
        for rep in own
        if not rep.serves or any(zone_name.startswith(begin) for begin in rep.serves)
    ]
    return serving or own


def overlaps(slot: Slot, others: Sequence[Slot], gap: timedelta) -> bool:
    """Whether a meeting would touch one of `others`, or the gap kept between meetings."""
    return any(
        slot.starts_at - gap < other.ends_at and other.starts_at < slot.ends_at + gap
        for other in others
    )


def check_booking(wanted: BookingRequest) -> BookingRequest:
    """The request with its texts made plain.

    Raises:
        Invalid: a detail that cannot be used, or nobody could be reached.
    """
    plain = {name: plain_text(getattr(wanted, name), name) for name in _TEXTS}
    email = read_email(plain["email"]) if plain["email"] else ""
    if not email and not plain["phone"]:
        raise Invalid(
            "Give an e-mail address or a phone number, so that we can reach you.",
            {"field": "email"},
        )
    if not 0 < len(wanted.request_key) <= _KEY_LIMIT:
        raise Invalid("Send an id of your own for this request.", {"field": "request_id"})
    read_zone(wanted.timezone)
    return replace(
        wanted, name=plain["name"], email=email, phone=plain["phone"], topic=plain["topic"]
    )


def plain_text(text: str, field: str) -> str:
    """One line without control characters.

    Raises:
        Invalid: it is too long.
    """
    clean = "".join(char for char in text if char.isprintable() or char.isspace())
    line = " ".join(clean.split())
    if len(line) > _TEXTS[field]:
        raise Invalid(f"At most {_TEXTS[field]} characters.", {"field": field})
    return line
