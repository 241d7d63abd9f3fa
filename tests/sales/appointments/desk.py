"""An office with two reps, a calendar and a clock that stands still, for tests of booking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from core.clock import FixedClock
from core.db import Database
from core.ids import new_id
from core.outbox import EffectRegistry, EmbeddedRunner, Outbox, RunnerOptions
from core.protocols.calendar import Calendar
from core.security import TokenSigner
from integrations.local.calendar import LocalCalendar
from sales.appointments.availability import Availability
from sales.appointments.effects import CalendarEffects
from sales.appointments.finding import SlotFinder
from sales.appointments.schemas import BookedAppointment, BookingRequest
from sales.appointments.service import AppointmentService
from sales.appointments.settings import AppointmentSettings
from sales.organization.models import SiteRef
from sales.organization.service import OrganizationService
from sales.organization.settings import SiteSettings, TenantSettings

# A Monday, 9:00 in Berlin.
NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
BERLIN = "Europe/Berlin"
REPS: list[dict[str, Any]] = [
    {
        "key": "marcus",
        "name": "Marcus Delacroix",
        "email": "marcus@larkmere.example",
        "timezone": "America/New_York",
        "working_hours": {"mon-fri": "9:00-17:30"},
        "serves": ["America/"],
    },
    {
        "key": "hannah",
        "name": "Hannah Braithwaite",
        "email": "hannah@larkmere.example",
        "timezone": "Europe/London",
        "working_hours": {"mon-fri": "9:00-17:00"},
        "serves": ["Europe/"],
    },
]
DEFAULTS: dict[str, Any] = {
    "enabled": True,
    "advance_booking_days": 30,
    "minimum_notice_hours": 4,
    "notice_in_working_hours": True,
    "durations": [15, 60],
    "reps": REPS,
    "wait_seconds": 0,
}


@dataclass
class Desk:
    """The service and what it stands on."""

    database: Database
    clock: FixedClock
    calendar: LocalCalendar
    registry: EffectRegistry
    runner: EmbeddedRunner
    service: AppointmentService
    site: SiteRef
    keys: list[str] = field(default_factory=list)

    @classmethod
    async def open(
        cls,
        database: Database,
        now: datetime = NOW,
        tenant: str = "default",
        wrap: Callable[[Calendar], Calendar] = lambda calendar: calendar,
        vendor: Calendar | None = None,
        **changes: Any,
    ) -> Desk:
        """`wrap` stands before the calendar that effects write to; `vendor` in place of ours."""
        clock = FixedClock(now)
        settings = AppointmentSettings.model_validate({**DEFAULTS, **changes})
        organization = OrganizationService(database, clock)
        site = SiteSettings(key="demo", name="Larkmere", allowed_origins=("self",), tenant=tenant)
        await organization.apply_settings([TenantSettings(key=tenant)], [site])
        calendar = LocalCalendar(database)
        registry = EffectRegistry()
        holder: list[AppointmentService] = []
        registry.add(CalendarEffects(lambda: holder[0], wrap(vendor or calendar)))
        options = RunnerOptions(
            poll=timedelta(milliseconds=50), heartbeat=timedelta(milliseconds=200)
        )
        runner = EmbeddedRunner(database, registry, clock, options=options)
        availability = Availability(database, vendor or calendar, settings)
        service = AppointmentService(
            database,
            clock,
            TokenSigner(b"k" * 32),
            Outbox(database, registry, clock, runner),
            SlotFinder(organization, availability, settings, clock),
        )
        holder.append(service)
        ref = organization.get_site("demo").ref
        return cls(database, clock, calendar, registry, runner, service, ref)

    def request(self, starts_at: datetime, **changes: Any) -> BookingRequest:
        """What a visitor who is new here asks for."""
        values: dict[str, Any] = {
            "site": self.site,
            "conversation_id": new_id(),
            "visitor_id": new_id(),
            "request_key": "r1",
            "starts_at": starts_at,
            "timezone": BERLIN,
            "name": "Ada Lovelace",
            "email": "ada@example.com",
            **changes,
        }
        return BookingRequest(**values)

    async def book(self, starts_at: datetime, **changes: Any) -> BookedAppointment:
        return await self.service.book(self.request(starts_at, **changes))
