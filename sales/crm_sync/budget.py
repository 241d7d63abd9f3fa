"""How many calls may go to a CRM now: counted in a row, so that all processes share one budget."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from core.clock import Clock
from core.db import Database
from core.outbox import NotBefore
from core.protocols.crm import CrmLimits, NamesLimits
from sales.crm_sync.repository import CrmSyncRepository
from sales.crm_sync.rules import count_room
from sales.crm_sync.schemas import CrmAccount

# For a CRM that names no limits of its own.
_CAUTIOUS = CrmLimits(100, timedelta(minutes=1))
_DAY_IS_FULL = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class CallBudget:
    """Grants calls, and remembers when a CRM asked for patience."""

    database: Database
    clock: Clock

    async def take(self, tenant_id: str, account: CrmAccount, calls: int) -> None:
        """Count `calls` that will be made now.

        Raises:
            NotBefore: there is no room for them, or the CRM asked for patience.
        """
        limits = _CAUTIOUS
        if isinstance(account.crm, NamesLimits):
            limits = account.crm.get_limits(tenant_id)
        allowed = max(1, int(limits.calls * account.settings.budget_share))
        # A budget that is smaller than one batch still lets one batch through at a time.
        calls = min(calls, allowed)
        async with self.database.unit_of_work(tenant_id) as uow:
            place = await CrmSyncRepository(uow).lock_place(account.key)
            now = self.clock.now()
            if place.blocked_until is not None and place.blocked_until > now:
                raise NotBefore(place.blocked_until, place.blocked_reason)
            if limits.left_today is not None and limits.left_today < calls:
                raise NotBefore(now + _DAY_IS_FULL, f"{account.name}: today's calls are used up")
            started = place.span_started_at or now
            room, began, ends = count_room(
                place.calls_used, started, now, calls=allowed, per=limits.per
            )
            if room < calls:
                raise NotBefore(ends, f"{account.name} allows {limits.calls} calls in {limits.per}")
            place.calls_used = allowed - room + calls
            place.span_started_at = began

    async def block(self, tenant_id: str, crm: str, wait: timedelta | None, reason: str) -> None:
        """The CRM asked for patience: nobody calls it before."""
        async with self.database.unit_of_work(tenant_id) as uow:
            place = await CrmSyncRepository(uow).lock_place(crm)
            until = self.clock.now() + (wait or timedelta(seconds=10))
            if place.blocked_until is None or place.blocked_until < until:
                place.blocked_until, place.blocked_reason = until, reason[:500]
