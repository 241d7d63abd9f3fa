"""Reps' calendars at vendors, followed: what changes in them reaches appointments and visitors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from core.errors import ConfigurationError, NotFound
from core.outbox import EffectContext, effect
from core.protocols.calendar import Calendar, CalendarOwner
from sales.appointments.calendar_sync import CalendarSync
from sales.appointments.events import AppointmentCancelled
from sales.appointments.service import AppointmentService
from sales.connections.events import CalendarEventReceived
from sales.organization.service import OrganizationService

if TYPE_CHECKING:
    from app.services import Services

log = structlog.get_logger(__name__)

_LOCAL = "local"
# How often it is looked whether a calendar is due; `calendar_poll_seconds` says how often one is.
_PAUSE_SECONDS = 2.0


def build_calendar_sync(
    organization: OrganizationService, calendar: Calendar, appointments: AppointmentService
) -> CalendarSync:
    """Follows the calendars of the reps of `app.yaml`."""
    settings = appointments.slots.settings

    def list_owners() -> list[CalendarOwner]:
        found = []
        for rep in settings.reps:
            try:
                tenant = organization.get_tenant(rep.tenant)
            except NotFound:
                continue
            found.append(CalendarOwner(tenant.id, rep.email, rep.name))
        # Nobody but us writes meetings into the embedded calendar.
        return found if settings.enabled and settings.calendar_provider != _LOCAL else []

    return CalendarSync(
        database=appointments.database,
        clock=appointments.clock,
        calendar=calendar,
        answers=appointments.answers,
        provider=settings.calendar_provider,
        list_owners=list_owners,
        pause=timedelta(seconds=settings.calendar_poll_seconds),
    )


@dataclass(frozen=True, slots=True)
class CalendarWebhooks:
    """What follows when something happened in a rep's calendar."""

    get_services: Callable[[], Services]

    @effect(CalendarEventReceived, "appointments.look")
    async def look(self, _event: CalendarEventReceived, context: EffectContext) -> None:
        """What holds is what the calendar shows, so the event says no more than when."""
        sync = self.get_services().calendar_sync
        await sync.hurry(context.tenant_id)
        await sync.look_due()

    @effect(AppointmentCancelled, "leads.judge_cancelled")
    async def judge(self, event: AppointmentCancelled, context: EffectContext) -> None:
        """A meeting that a rep took out of their calendar no longer speaks for the lead."""
        if not event.by_calendar:
            return
        services, tenant_id = self.get_services(), context.tenant_id
        one = await services.appointments.get_appointment(tenant_id, event.appointment_id)
        await services.leads.qualify_conversation(tenant_id, one.conversation_id)


async def follow_calendars(get_services: Callable[[], Services]) -> None:
    """Read what changed in reps' calendars, for ever."""
    while True:
        try:
            await get_services().calendar_sync.look_due()
        except (SQLAlchemyError, ConfigurationError) as error:
            log.warning("calendars_not_followed", kind=type(error).__name__)
        except Exception:
            # The chat must go on; the next round tries again.
            log.exception("calendars_not_followed")
        await asyncio.sleep(_PAUSE_SECONDS)
