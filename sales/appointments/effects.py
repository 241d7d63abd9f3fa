"""What an appointment changes outside: the rep's calendar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.outbox import EffectContext, EffectOptions, Priority, effect
from core.protocols.calendar import Calendar, CalendarMeeting, CalendarOwner, TimeTaken
from sales.appointments.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentRefused,
    AppointmentRescheduled,
)
from sales.appointments.schemas import BookedAppointment
from sales.appointments.service import CALENDAR, AppointmentService

_Change = AppointmentBooked | AppointmentRescheduled | AppointmentCancelled

# Somebody waits for it. One lane: changes of one appointment reach the calendar in order.
_OPTIONS = EffectOptions(priority=Priority.CRITICAL, lane=CALENDAR)


@dataclass(frozen=True, slots=True)
class CalendarEffects:
    """Keeps calendars in step with our rows, whatever was missed: each effect brings the
    calendar to the present state, under our own id, so that repeating it changes nothing."""

    get_service: Callable[[], AppointmentService]
    calendar: Calendar

    @effect(AppointmentBooked, f"{CALENDAR}.put", _OPTIONS)
    async def put(self, event: AppointmentBooked, context: EffectContext) -> None:
        """A new meeting."""
        await self._bring(event, context)

    @effect(AppointmentRescheduled, f"{CALENDAR}.move", _OPTIONS)
    async def move(self, event: AppointmentRescheduled, context: EffectContext) -> None:
        """Another time."""
        await self._bring(event, context)

    @effect(AppointmentCancelled, f"{CALENDAR}.remove", _OPTIONS)
    async def remove(self, event: AppointmentCancelled, context: EffectContext) -> None:
        """It does not take place."""
        await self._bring(event, context)

    @effect(AppointmentRefused, f"{CALENDAR}.take_back")
    async def take_back(self, event: AppointmentRefused, context: EffectContext) -> None:
        """The calendar would not take it, and nobody waited to hear that."""
        answers = self.get_service().answers
        await answers.take_back(
            context.tenant_id, event.appointment_id, event.sequence, is_told=False
        )

    async def _bring(self, event: _Change, context: EffectContext) -> None:
        if event.by_calendar:
            # It comes from there: writing it back could only undo what was done there since.
            return
        service, tenant_id = self.get_service(), context.tenant_id
        appointment = await service.get_appointment(tenant_id, event.appointment_id)
        owner = CalendarOwner(tenant_id, appointment.rep_email, appointment.rep_name)
        if appointment.status == "cancelled":
            await self.calendar.remove_meeting(owner, appointment.id, appointment.sequence)
            links = appointment.links
        else:
            try:
                links = await self.calendar.put_meeting(owner, build_meeting(appointment))
            except TimeTaken:
                sequence = appointment.sequence
                await service.answers.note_refused(tenant_id, appointment.id, sequence)
                raise
        await service.answers.note_placed(tenant_id, appointment.id, appointment.sequence, links)


def build_meeting(appointment: BookedAppointment) -> CalendarMeeting:
    """An appointment as the rep's calendar shows it."""
    who = appointment.name or appointment.email or appointment.phone
    lines = (appointment.topic, appointment.name, appointment.email, appointment.phone)
    return CalendarMeeting(
        id=appointment.id,
        sequence=appointment.sequence,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        title=f"Meeting with {who}",
        description="\n".join(line for line in lines if line),
        attendee_name=appointment.name,
        attendee_email=appointment.email,
        timezone=appointment.timezone,
    )
