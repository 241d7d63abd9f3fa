"""The section `sales_agent.appointment_scheduling` of `app.yaml`."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from core.settings import Section

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_KEY = re.compile(r"^[a-z0-9][a-z0-9_-]{0,62}$")
_EMAIL = re.compile(r"^[^\s@<>\"',;]+@[^\s@<>\"',;]+\.[^\s@.<>\"',;]+$")
_CLOCK = r"(\d{1,2}):(\d{2})"
_HOURS = re.compile(rf"^\s*{_CLOCK}\s*[-–]\s*{_CLOCK}\s*$")
_MINUTE = timedelta(minutes=1)

Weekly = dict[int, tuple[tuple[time, time], ...]]


class RepSettings(Section):
    """Somebody who takes meetings."""

    key: str
    """A short name in small letters; appointments are kept under it, so it must stay."""
    name: str = Field(min_length=1, max_length=120)
    """The name that visitors see."""
    email: str
    """Where invitations come from and replies go. Also the owner of the calendar, and the
    member of staff, of the same address."""
    timezone: str
    """The zone of the working hours, e.g. Europe/Berlin."""
    working_hours: dict[str, str | tuple[str, ...]] = Field(default={})
    """Days and hours, e.g. `mon-fri: 9:00-17:00` or `sat: [9:00-12:00, 13:00-15:00]`."""
    holidays: tuple[date, ...] = ()
    """Days on which this rep does not work, e.g. 2026-12-25."""
    serves: tuple[str, ...] = ()
    """Beginnings of time zones whose visitors meet this rep, e.g. America/. Empty: everybody.
    Visitors whom nobody serves may meet anybody."""
    tenant: str = "default"
    """The key of the tenant whose visitors meet this rep."""

    @field_validator("key")
    @classmethod
    def _check_key(cls, value: str) -> str:
        if not _KEY.match(value):
            raise ValueError("use small letters, digits, - and _, at most 63")
        return value

    @field_validator("email")
    @classmethod
    def _check_email(cls, value: str) -> str:
        if not _EMAIL.match(value):
            raise ValueError("this is no e-mail address. Write one like ada@acme.example")
        return value.lower()

    @field_validator("timezone")
    @classmethod
    def _check_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ValueError, OSError, KeyError):
            raise ValueError("there is no such time zone. Write one like Europe/Berlin") from None
        return value

    @field_validator("working_hours")
    @classmethod
    def _check_hours(
        cls, value: dict[str, str | tuple[str, ...]]
    ) -> dict[str, str | tuple[str, ...]]:
        if not any(stretches for stretches in value.values()):
            raise ValueError(
                "this rep has no working hours and could never be met. "
                "Write e.g. {mon-fri: 9:00-17:00}, or remove the rep"
            )
        read_hours(value)
        return value

    # A rep without the key is as wrong as one with empty hours.
    @model_validator(mode="after")
    def _require_hours(self) -> RepSettings:
        self._check_hours(self.working_hours)
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the working hours."""
        return ZoneInfo(self.timezone)

    @property
    def weekly(self) -> Weekly:
        """Working hours by weekday; Monday is 0."""
        return read_hours(self.working_hours)


class AppointmentSettings(Section):
    """Meetings that visitors book (S1-004)."""

    enabled: bool = False
    """Whether the agent offers meetings."""
    calendar_provider: str = "local"
    """Where the reps' calendars are. local: in our own database; else a vendor of
    `integrations`."""
    default_duration: int = Field(default=30, ge=5, le=480)
    """Minutes of a meeting when the visitor names no length."""
    durations: tuple[int, ...] = ()
    """Other lengths in minutes that a visitor may ask for. Empty: the default only."""
    advance_booking_days: int = Field(default=14, ge=1, le=365)
    """The last bookable day, counted from today."""
    timezone_handling: Literal["auto_detect"] = "auto_detect"
    """auto_detect: the visitor's browser says the zone, and the visitor may name another."""
    minimum_notice_hours: float = Field(default=2, ge=0, le=336)
    """A meeting begins this many hours from now at the earliest."""
    notice_in_working_hours: bool = False
    """Whether those hours are counted in the rep's working time only."""
    step_minutes: int = Field(default=30, ge=5, le=240)
    """How far apart the starts of offered slots are."""
    buffer_before_minutes: int = Field(default=0, ge=0, le=240)
    """Free time a rep keeps before each meeting."""
    buffer_after_minutes: int = Field(default=0, ge=0, le=240)
    """Free time a rep keeps after each meeting."""
    offered_slots: int = Field(default=3, ge=1, le=8)
    """How many slots the agent shows at once."""
    upcoming_per_visitor: int = Field(default=3, ge=1, le=50)
    """How many coming meetings one visitor may have."""
    wait_seconds: float = Field(default=3, ge=0, le=20)
    """How long a booking waits for the calendar to have it. It is booked in any case."""
    calendar_poll_seconds: float = Field(default=60, ge=2, le=3600)
    """How often a vendor's calendar is asked what reps moved, declined or deleted in it. Where
    the vendor tells us by webhook, that comes first."""
    holidays: tuple[date, ...] = ()
    """Days on which nobody works."""
    reps: tuple[RepSettings, ...] = ()
    """Who takes meetings."""

    @field_validator("durations")
    @classmethod
    def _check_durations(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if any(not 5 <= minutes <= 480 for minutes in value):
            raise ValueError("a meeting has 5 to 480 minutes")
        return value

    @field_validator("reps")
    @classmethod
    def _check_keys(cls, reps: tuple[RepSettings, ...]) -> tuple[RepSettings, ...]:
        for what in ("key", "email"):
            names = [getattr(rep, what) for rep in reps]
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"two reps have the {what} {twice[0]}. Give each its own")
        return reps

    @model_validator(mode="after")
    def _check_somebody(self) -> AppointmentSettings:
        if self.enabled and not self.reps:
            raise ValueError("there is nobody to meet. Add reps, or write enabled: false")
        return self

    @property
    def duration(self) -> timedelta:
        """The usual length of a meeting."""
        return _MINUTE * self.default_duration

    def choose_duration(self, wished: timedelta | None) -> timedelta:
        """The wished length where it may be had; else the nearest of those that may, the
        longer of two as near."""
        lengths = {_MINUTE * minutes for minutes in (*self.durations, self.default_duration)}
        if wished is None:
            return self.duration
        return min(lengths, key=lambda length: (abs(length - wished), -length))


def read_hours(hours: dict[str, str | tuple[str, ...]]) -> Weekly:
    """Working hours by weekday, of days like "mon" or "mon-fri" and times like "9:00-17:30".

    Raises:
        ValueError: what cannot be read, and how to write it.
    """
    weekly: dict[int, list[tuple[time, time]]] = {}
    for days, stretches in hours.items():
        read = [_read_stretch(text) for text in _as_tuple(stretches)]
        for day in _read_days(days):
            weekly.setdefault(day, []).extend(read)
    for day, found in weekly.items():
        found.sort()
        for (_, ended), (begun, _) in pairwise(found):
            if begun < ended:
                raise ValueError(f"the hours of {_DAYS[day]} overlap. Join them")
    return {day: tuple(found) for day, found in sorted(weekly.items()) if found}


def _as_tuple(stretches: str | tuple[str, ...]) -> tuple[str, ...]:
    return (stretches,) if isinstance(stretches, str) else stretches


def _read_days(text: str) -> list[int]:
    first, dash, last = (part.strip().lower() for part in text.partition("-"))
    begin = _read_day(first)
    end = _read_day(last) if dash else begin
    return [(begin + step) % 7 for step in range((end - begin) % 7 + 1)]


def _read_day(text: str) -> int:
    for number, (short, name) in enumerate(zip(_DAYS, _NAMES, strict=True)):
        if text in (short, name):
            return number
    raise ValueError(f"{text or 'nothing'} is no weekday. Write mon, tue … or mon-fri")


def _read_stretch(text: str) -> tuple[time, time]:
    match = _HOURS.match(str(text))
    if match is None:
        raise ValueError(f"{text} are no hours. Write 9:00-17:30")
    hour, minute, end_hour, end_minute = map(int, match.groups())
    try:
        # 24:00 is midnight, when the next day begins.
        return time(hour, minute), time(end_hour % 24 if end_hour == 24 else end_hour, end_minute)
    except ValueError:
        raise ValueError(f"{text} are no hours of a day. Write 9:00-17:30") from None
