"""Calls to language models: reserved, settled, counted."""

from __future__ import annotations

from datetime import date

from core.clock import Clock
from core.db import Database
from sales.usage.errors import BudgetSpent
from sales.usage.repository import UsageRepository
from sales.usage.rules import find_cap
from sales.usage.schemas import (
    CallRequest,
    CallUsage,
    CostlyConversation,
    RefusedTurn,
    UsageDay,
)
from sales.usage.settings import BudgetSettings


class UsageService:
    """The ledger of all tenants, and the caps of `app.yaml`."""

    def __init__(self, database: Database, clock: Clock, settings: BudgetSettings) -> None:
        self._database, self._clock = database, clock
        self.settings = settings

    async def reserve(self, request: CallRequest) -> str:
        """Set aside what a call may cost; its id in the ledger. Two calls at the same time
        cannot share what is left under a cap.

        Raises:
            BudgetSpent: it would pass a cap; that is written down too, so that staff see it.
        """
        now = self._clock.now()
        async with self._database.unit_of_work(request.tenant_id) as uow:
            repository = UsageRepository(uow)
            await repository.lock()
            spent = await repository.measure(request, now.date())
            cap = find_cap(self.settings, request, spent)
            call_id = repository.add(request, "refused" if cap else "reserved", cap or "", now)
        if cap is not None:
            raise BudgetSpent(cap)
        return call_id

    async def settle(self, tenant_id: str, call_id: str, usage: CallUsage) -> None:
        """Say what the call cost. Saying it twice counts once."""
        async with self._database.unit_of_work(tenant_id) as uow:
            await UsageRepository(uow).settle(call_id, usage, self._clock.now())

    async def list_days(self, tenant_id: str, since: date, until: date) -> list[UsageDay]:
        """Use by day, site and model in [since, until], the latest first."""
        async with self._database.reading(tenant_id) as uow:
            return await UsageRepository(uow).list_days(since, until)

    async def list_refused(self, tenant_id: str, since: date) -> list[RefusedTurn]:
        """The latest turns that met a cap, at most 20."""
        async with self._database.reading(tenant_id) as uow:
            return await UsageRepository(uow).list_refused(since, 20)

    async def list_costly(self, tenant_id: str, since: date) -> list[CostlyConversation]:
        """The ten conversations that cost most."""
        async with self._database.reading(tenant_id) as uow:
            return await UsageRepository(uow).list_costly(since, 10)
