"""When reps can be met: working hours of `app.yaml`, their calendars, and what is booked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.db import Database
from core.protocols.calendar import BusyTime, Calendar, CalendarOwner
from sales.appointments.repository import AppointmentRepository
from sales.appointments.settings import AppointmentSettings, RepSettings
from sales.appointments.slots import Busy, RepHours, Schedule, Slot, SlotRules, find_notice_end

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)


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
            booked = await AppointmentRepository(uow).list_booked(
                [rep.key for rep in reps], since, until, leave_out=moving
            )
        owners = [CalendarOwner(tenant_id, rep.email, rep.name) for rep in reps]
        asked = [self._calendar.list_busy(owner, since, until) for owner in owners]
        busy = await asyncio.gather(*asked)
        hours = [
            self._build_hours(rep, booked.get(rep.key, ()), entries, now)
            for rep, entries in zip(reps, busy, strict=True)
        ]
        return Schedule(tuple(hours), self.build_rules(duration))

    def _build_hours(
        self, rep: RepSettings, booked: Sequence[Slot], entries: Sequence[BusyTime], now: datetime
    ) -> RepHours:
        own = [Busy(one.starts_at, one.ends_at, is_appointment=True) for one in booked]
        # Entries that we put there are known from our rows, and there as they are now.
        others = [Busy(one.starts_at, one.ends_at) for one in entries if one.event_id is None]
        hours = RepHours(
            rep_id=rep.key,
            zone=ZoneInfo(rep.timezone),
            weekly=rep.weekly,
            holidays=frozenset((*rep.holidays, *self._settings.holidays)),
            busy=(*own, *others),
        )
        if not self._settings.notice_in_working_hours:
            return hours
        notice = _HOUR * self._settings.minimum_notice_hours
        return RepHours(
            hours.rep_id,
            hours.zone,
            hours.weekly,
            hours.holidays,
            hours.busy,
            not_before=find_notice_end(hours, notice, now),
        )
