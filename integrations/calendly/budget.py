"""Calendly's limits on bookings, kept by us over all processes before Calendly has to."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.clock import Clock
from core.errors import Unavailable, VendorRateLimited
from core.protocols.vendor import VendorMemory
from integrations.calendly.client import VENDOR
from integrations.calendly.settings import CalendlySettings

_KEY = "bookings"
_MOST_TRIES = 50


def find_wait(
    spent: list[float], now: datetime, limits: tuple[tuple[timedelta, int], ...]
) -> timedelta | None:
    """How long until one more booking fits into every limit; None when it does now. `spent` are
    the moments of bookings in seconds since 1970, ascending."""
    waits = []
    for window, most in limits:
        inside = [at for at in spent if at > (now - window).timestamp()]
        if len(inside) >= most:
            waits.append(inside[-most] + window.total_seconds() - now.timestamp())
    return timedelta(seconds=max(waits)) if waits else None


class BookingBudget:
    """Counts bookings of the last 24 hours, by tenant."""

    def __init__(self, memory: VendorMemory, clock: Clock, settings: CalendlySettings) -> None:
        self._memory, self._clock = memory, clock
        self._limits = (
            (timedelta(minutes=1), settings.bookings_per_minute),
            (timedelta(hours=1), settings.bookings_per_hour),
            (timedelta(days=1), settings.bookings_per_day),
        )

    async def spend(self, tenant_id: str) -> None:
        """Count one booking, before it is made: one that fails counts too, for Calendly as well.

        Raises:
            VendorRateLimited: the budget is spent; `retry_after` says until when.
        """
        for _ in range(_MOST_TRIES):
            note = await self._memory.find_note(tenant_id, _KEY)
            now = self._clock.now()
            day = (now - timedelta(days=1)).timestamp()
            spent = sorted(at for at in (note.value["spent"] if note else ()) if at > day)
            wait = find_wait(spent, now, self._limits)
            if wait is not None:
                until = (now + wait).strftime("%H:%M UTC")
                words = f"the limit on bookings is reached until {until}"
                raise VendorRateLimited(VENDOR, "book", words, wait)
            value = {"spent": [*spent, now.timestamp()]}
            if await self._memory.write_note(tenant_id, _KEY, value, note.revision if note else 0):
                return
        raise Unavailable(VENDOR, "book", "too many bookings at once")
