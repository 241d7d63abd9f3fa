"""Finds slots: for a wish, in a range of time, or instead of one that cannot be had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from core.clock import Clock
from core.errors import Conflict
from sales.appointments.availability import Availability
from sales.appointments.errors import SlotRefused, SlotTaken
from sales.appointments.offers import choose_offers
from sales.appointments.rules import choose_reps, make_exact_wish, read_zone
from sales.appointments.schemas import BookedAppointment, FoundSlots
from sales.appointments.settings import AppointmentSettings, RepSettings
from sales.appointments.slots import Refusal, Schedule, Slot, build_slots
from sales.appointments.time_wish import TimeWish
from sales.organization.models import SiteRef
from sales.organization.service import OrganizationService

_ALTERNATIVES = 3


@dataclass(frozen=True, slots=True)
class SlotFinder:
    """Knows when the reps of a site can be met."""

    organization: OrganizationService
    availability: Availability
    settings: AppointmentSettings
    clock: Clock

    def check_enabled(self) -> None:
        """Refuse where nobody takes meetings.

        Raises:
            Conflict: `app.yaml` says so.
        """
        if not self.settings.enabled:
            raise Conflict("Meetings cannot be booked here.")

    def list_reps(self, site: SiteRef, zone_name: str) -> list[RepSettings]:
        """Who meets visitors of a time zone."""
        tenant = self.organization.get_site_of(site).settings.tenant
        return choose_reps(self.settings.reps, tenant, zone_name)

    def find_rep(self, rep_id: str) -> RepSettings | None:
        """The rep of a key, if `app.yaml` still has them."""
        return next((rep for rep in self.settings.reps if rep.key == rep_id), None)

    async def find(
        self,
        site: SiteRef,
        zone_name: str,
        wish: TimeWish | None = None,
        *,
        shown: Sequence[Slot] = (),
        moving: BookedAppointment | None = None,
        limit: int | None = None,
    ) -> FoundSlots:
        """Slots to offer for a wish; the next ones where there is none.

        `shown` are offers on the table. `moving` is the appointment to find another time for:
        with the same rep, and as long.

        Raises:
            Conflict: nobody takes meetings.
            Invalid: there is no such time zone.
        """
        self.check_enabled()
        wish, zone, now = wish or TimeWish(), read_zone(zone_name), self.clock.now()
        duration = self.settings.choose_duration(wish.duration)
        if moving is not None:
            duration = moving.ends_at - moving.starts_at
        schedule = await self.load(site, zone_name, duration, moving=moving)
        slots = build_slots(schedule, now)
        if moving is not None:
            slots = [slot for slot in slots if slot.starts_at != moving.starts_at]
        count = limit or self.settings.offered_slots
        offers = choose_offers(wish, slots, zone, schedule, now, limit=count, shown=shown)
        return FoundSlots(offers.slots, offers.is_met, offers.refusal, zone_name, duration)

    async def list_slots(
        self,
        site: SiteRef,
        zone_name: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        duration: timedelta | None = None,
        limit: int = 50,
    ) -> list[Slot]:
        """Every bookable slot that starts in [since, until), ascending.

        Raises:
            Conflict: nobody takes meetings.
        """
        self.check_enabled()
        length = self.settings.choose_duration(duration)
        schedule = await self.load(site, zone_name, length)
        found = [
            slot
            for slot in build_slots(schedule, self.clock.now())
            if (since is None or slot.starts_at >= since)
            and (until is None or slot.starts_at < until)
        ]
        return found[:limit]

    async def load(
        self,
        site: SiteRef,
        zone_name: str,
        duration: timedelta,
        *,
        moving: BookedAppointment | None = None,
    ) -> Schedule:
        """The schedule of everybody who may meet this visitor.

        Raises:
            Conflict: the rep of the appointment that is moved takes no meetings any more.
        """
        if moving is None:
            reps = self.list_reps(site, zone_name)
        else:
            reps = [rep for rep in self.settings.reps if rep.key == moving.rep_id]
            if not reps:
                raise Conflict(
                    f"{moving.rep_name} no longer takes meetings here. Cancel, and book anew."
                )
        return await self.availability.load_schedule(
            site.tenant_id,
            reps,
            self.clock.now(),
            duration,
            moving=moving.id if moving else None,
        )

    async def refuse(
        self,
        refusal: Refusal,
        site: SiteRef,
        zone_name: str,
        starts_at: datetime,
        duration: timedelta,
        *,
        moving: BookedAppointment | None = None,
    ) -> NoReturn:
        """Say why a time cannot be had, with the nearest ones that can.

        Raises:
            SlotTaken: it was free before.
            SlotRefused: it never was.
        """
        zone = read_zone(zone_name)
        wish = make_exact_wish(Slot(starts_at, starts_at + duration, ()), zone)
        found = await self.find(site, zone_name, wish, moving=moving, limit=_ALTERNATIVES)
        if refusal is Refusal.TAKEN:
            raise SlotTaken(found.slots, zone)
        raise SlotRefused(refusal, found.slots, zone)
