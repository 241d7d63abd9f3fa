"""When reps can be met: working hours of `app.yaml`, their calendars, and what is booked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from core.db import Database
from core.protocols.calendar import BusyTime, Calendar, CalendarOwner
from sales.appointments.repository import AppointmentRepository, BookedTime
from sales.appointments.settings import AppointmentSettings, RepSettings
from sales.appointments.slots import Busy, RepHours, Schedule, SlotRules, find_notice_end

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)


class _Answer(NamedTuple):
    busy: Sequence[BusyTime]
    starts: frozenset[datetime] | None


class Availability:
    """Asks calendars for busy times. Our own bookings come from our own rows, which are the
    promise: a calendar may not have heard of the latest yet."""

    def __init__(
        self, database: Database, calendar: Calendar, settings: AppointmentSettings
    ) -> None:
        self._database, self._calendar, self._settings = database, calendar, settings

    def build_rules(self, duration: timedelta) -> SlotRules:
        """The rules of `app.yaml` for meetings of a length."""
        settings = self._settings
        in_working_time = settings.notice_in_working_hours
        notice = timedelta() if in_working_time else _HOUR * settings.minimum_notice_hours
        return SlotRules(
            duration=duration,
            step=_MINUTE * settings.step_minutes,
            buffer_before=_MINUTE * settings.buffer_before_minutes,
            buffer_after=_MINUTE * settings.buffer_after_minutes,
            minimum_notice=notice,
            advance_booking_days=settings.advance_booking_days,
        )

    async def load_schedule(
        self,
        tenant_id: str,
        reps: Sequence[RepSettings],
        now: datetime,
        duration: timedelta,
        *,
        moving: str | None = None,
    ) -> Schedule:
        """Hours and busy times of reps; `moving` is the appointment whose time will be free.

        Raises:
            ProviderError: a calendar cannot be asked.
        """
        until = now + timedelta(days=self._settings.advance_booking_days + 2)
        since = now - timedelta(days=1)
        async with self._database.reading(tenant_id) as uow:
            booked = await AppointmentRepository(uow).list_times(
                [rep.key for rep in reps], since, until
            )
        owners = [CalendarOwner(tenant_id, rep.email, rep.name) for rep in reps]
        asked = await asyncio.gather(
            *(self._ask(owner, since, until, duration) for owner in owners)
        )
        hours = [
            self._build_hours(rep, booked.get(rep.key, ()), answer, now, moving)
            for rep, answer in zip(reps, asked, strict=True)
        ]
        return Schedule(tuple(hours), self.build_rules(duration))

    async def _ask(
        self, owner: CalendarOwner, since: datetime, until: datetime, duration: timedelta
    ) -> _Answer:
        """When an owner is busy, or the starts that their calendar offers."""
        starts = await self._calendar.list_starts(owner, since, until, duration)
        if starts is not None:
            return _Answer((), frozenset(start.astimezone(UTC) for start in starts))
        return _Answer(await self._calendar.list_busy(owner, since, until), None)

    def _build_hours(
        self,
        rep: RepSettings,
        booked: Sequence[BookedTime],
        answer: _Answer,
        now: datetime,
        moving: str | None,
    ) -> RepHours:
        own = [
            Busy(one.starts_at, one.ends_at, is_appointment=True)
            for one in booked
            if one.appointment_id != moving
        ]
        # Entries that we put there are known from our rows, and there as they are now.
        others = [
            Busy(begin, end)
            for one in answer.busy
            if one.event_id is None
            for begin, end in (
                leave_out(one.starts_at, one.ends_at, booked)
                if one.is_anonymous
                else ((one.starts_at, one.ends_at),)
            )
        ]
        hours = RepHours(
            rep_id=rep.key,
            zone=ZoneInfo(rep.timezone),
            weekly=rep.weekly,
            holidays=frozenset((*rep.holidays, *self._settings.holidays)),
            busy=(*own, *others),
            starts=answer.starts,
        )
        if not self._settings.notice_in_working_hours:
            return hours
        notice = _HOUR * self._settings.minimum_notice_hours
        return replace(hours, not_before=find_notice_end(hours, notice, now))


def leave_out(
    begin: datetime, end: datetime, booked: Sequence[BookedTime]
) -> list[tuple[datetime, datetime]]:
    """What is left of [begin, end) without our own meetings: a calendar that does not tell
    whose its entries are shows ours among them."""
    left = []
    for one in sorted(booked, key=lambda meeting: meeting.starts_at):
        if one.starts_at >= end or one.ends_at <= begin:
            continue
        if begin < one.starts_at:
            left.append((begin, one.starts_at))
        begin = max(begin, one.ends_at)
    if begin < end:
        left.append((begin, end))
    return left
