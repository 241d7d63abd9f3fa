"""Requests and responses of the appointments API, as OpenAPI describes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, tzinfo
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sales.appointments.rules import read_zone
from sales.appointments.schemas import BookedAppointment
from sales.appointments.slot_words import build_offer, describe_moment, describe_slot
from sales.appointments.slots import Refusal, Slot
from sales.appointments.time_wish import DAY_END, DAY_START, DayWish, TimeWindow, TimeWish

_Zone = Annotated[str, Field(max_length=64)]
_Locale = Annotated[str, Field(max_length=64)]
_Time = Annotated[str, Field(max_length=40)]


class _Request(BaseModel):
    # An unknown field is ignored: a newer client may talk to an older server.
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class WishFields(_Request):
    """Days and a part of the day that would suit; empty means any."""

    days: Annotated[tuple[date, ...], Field(max_length=62)] = ()
    earliest: time | None = None
    latest: time | None = None

    @model_validator(mode="after")
    def _check_order(self) -> WishFields:
        if self.earliest and self.latest and self.latest < self.earliest:
            raise ValueError("latest must not be before earliest")
        return self

    def read(self) -> TimeWish:
        """As a wish."""
        window = TimeWindow(self.earliest or DAY_START, self.latest or DAY_END)
        windows = (window,) if self.earliest or self.latest else ()
        return TimeWish(options=(DayWish(self.days, windows),) if self.days or windows else ())


class WishRequest(_Request):
    """A wish: `text` in the visitor's words, or `wish` in fields."""

    text: Annotated[str, Field(max_length=2000)] = ""
    wish: WishFields | None = None
    timezone: _Zone = ""
    locale: _Locale = ""
    limit: Annotated[int, Field(ge=1, le=20)] = 3

    @model_validator(mode="after")
    def _check_wish(self) -> WishRequest:
        if not self.text.strip() and self.wish is None:
            raise ValueError("send text or wish")
        return self


class BookRequest(_Request):
    """A slot to book: `slot_id` as it was listed, or `starts_at` in ISO 8601."""

    slot_id: _Time = ""
    starts_at: _Time = ""
    duration: Annotated[int | None, Field(ge=5, le=480)] = None
    timezone: _Zone = ""
    locale: _Locale = ""
    name: Annotated[str, Field(max_length=500)] = ""
    email: Annotated[str, Field(max_length=500)] = ""
    phone: Annotated[str, Field(max_length=100)] = ""
    topic: Annotated[str, Field(max_length=1000)] = ""
    request_id: Annotated[str, Field(max_length=200)] = ""


class MoveRequest(_Request):
    """Where to: `slot_id` as it was listed, or `starts_at` in ISO 8601."""

    slot_id: _Time = ""
    starts_at: _Time = ""


class SlotOut(BaseModel):
    """A bookable time. `label` names it in words, with the time zone."""

    id: str
    starts_at: str
    ends_at: str
    label: str


class SlotsOut(BaseModel):
    """Bookable slots, ascending; `label` is on the clock of `timezone`."""

    timezone: str
    slots: list[SlotOut]


class FoundSlotsOut(SlotsOut):
    """Slots for a wish. `understood`: the words that were read as a time."""

    duration_minutes: int
    understood: list[str]
    is_met: bool
    refusal: Refusal | None


class RepOut(BaseModel):
    """Who the meeting is with."""

    name: str
    email: str


class AppointmentOut(BaseModel):
    """An appointment. `manage_url` is the page where its visitor moves or cancels it; `join_url`
    the room of an online meeting. `change_url` and `cancel_url` are the vendor's own pages for
    that, where the calendar makes such."""

    id: str
    status: Literal["booked", "cancelled"]
    starts_at: str
    ends_at: str
    timezone: str
    label: str
    rep: RepOut
    name: str
    email: str
    phone: str
    topic: str
    sequence: int
    conversation_id: str
    created_at: str
    manage_url: str = ""
    join_url: str = ""
    change_url: str = ""
    cancel_url: str = ""


class AppointmentsOut(BaseModel):
    """A visitor's coming meetings."""

    appointments: list[AppointmentOut]


class AppointmentListOut(AppointmentsOut):
    """A page of appointments, and how many there are in all."""

    total: int


def describe_slots(slots: Sequence[Slot], zone: tzinfo, locale: str = "") -> list[dict[str, str]]:
    """Slots as they go over the wire."""
    return [build_offer(slot, zone, locale) for slot in slots]


def describe_appointment(appointment: BookedAppointment) -> dict[str, Any]:
    """An appointment as it goes over the wire."""
    zone = read_zone(appointment.timezone)
    return {
        "id": appointment.id,
        "status": appointment.status,
        "starts_at": describe_moment(appointment.starts_at),
        "ends_at": describe_moment(appointment.ends_at),
        "timezone": appointment.timezone,
        "label": describe_slot(appointment.slot, zone, appointment.locale),
        "rep": {"name": appointment.rep_name, "email": appointment.rep_email},
        "name": appointment.name,
        "email": appointment.email,
        "phone": appointment.phone,
        "topic": appointment.topic,
        "sequence": appointment.sequence,
        "conversation_id": appointment.conversation_id,
        "created_at": describe_moment(appointment.created_at),
        "join_url": appointment.links.join_url,
        "change_url": appointment.links.change_url,
        "cancel_url": appointment.links.cancel_url,
    }
