"""What an appointment changes outside: the rep's calendar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.outbox import EffectContext, EffectOptions, Priority, effect
from core.protocols.calendar import Calendar, CalendarMeeting, CalendarOwner
from sales.appointments.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentRescheduled,
)
from sales.appointments.schemas import BookedAppointment
from sales.appointments.service import CALENDAR, AppointmentService

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
        await self._bring(event.appointment_id, context)

    @effect(AppointmentRescheduled, f"{CALENDAR}.move", _OPTIONS)
    async def move(self, event: AppointmentRescheduled, context: EffectContext) -> None:
        """Another time."""
        await self._bring(event.appointment_id, context)

    @effect(AppointmentCancelled, f"{CALENDAR}.remove", _OPTIONS)
    async def remove(self, event: AppointmentCancelled, context: EffectContext) -> None:
        """It does not take place."""
        await self._bring(event.appointment_id, context)

    async def _bring(self, appointment_id: str, context: EffectContext) -> None:
        appointment = await self.get_service().get_appointment(context.tenant_id, appointment_id)
        owner = CalendarOwner(context.tenant_id, appointment.rep_email, appointment.rep_name)
        if appointment.status == "cancelled":
            await self.calendar.remove_meeting(owner, appointment.id, appointment.sequence)
        else:
            await self.calendar.put_meeting(owner, build_meeting(appointment))


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
    )
