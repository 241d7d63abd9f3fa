"""Sight (S0 8): how handing over goes, and alarms that are told once and end by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.db import Database, UnitOfWork
from core.outbox import Outbox
from sales.handoffs.events import HandoffAlerted
from sales.handoffs.models import HandoffAlarm
from sales.handoffs.settings import AlarmSettings
from sales.handoffs.sight_repository import RecentError, SightRepository
from sales.handoffs.sight_rules import (
    AUDIENCES,
    AlarmKind,
    Colour,
    Rates,
    Seen,
    choose_colour,
    count_rates,
    find_alarms,
)
from sales.organization.rules import check_may
from sales.organization.schemas import Principal


@dataclass(frozen=True, slots=True)
class HandoffHealth:
    """How handing over goes for one tenant. `alarms`: what is wrong, and since when."""

    colour: Colour
    depth: int
    last_success_at: datetime | None
    rates: Rates
    counts: Mapping[str, int]
    alarms: Mapping[str, tuple[str, datetime]]
    errors: tuple[RecentError, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class HandoffSight:
    """Looks at the handoffs of a tenant. `endpoints`: those that are in use."""

    database: Database
    clock: Clock
    outbox: Outbox
    rules: AlarmSettings
    endpoints: tuple[str, ...]

    async def get_health(self, principal: Principal) -> HandoffHealth:
        """The same for somebody who asks.

        Raises:
            Forbidden: the role may not see leads.
        """
        check_may(principal, "see_leads")
        return await self.measure(principal.tenant_id)

    async def measure(self, tenant_id: str) -> HandoffHealth:
        """How it goes now."""
        now = self.clock.now()
        async with self.database.reading(tenant_id) as uow:
            repository = SightRepository(uow)
            seen, errors = await repository.look(self.endpoints)
            last = await repository.find_last_sent()
            rows = await repository.list_alarms()
        raised = {kind: row for kind, row in rows.items() if row.cleared_at is None}
        alarms = find_alarms(seen, self.rules, now, frozenset(raised))
        return HandoffHealth(
            colour=choose_colour(seen, alarms),
            depth=seen.depth,
            last_success_at=last or seen.last_success_at,
            rates=count_rates(seen),
            counts=dict(seen.counts or {}),
            alarms={
                kind: (told, raised[kind].raised_at if kind in raised else now)
                for kind, told in alarms.items()
            },
            errors=tuple(errors),
            at=now,
        )

    async def watch(self, tenant_id: str) -> None:
        """Raise what is wrong and was not, clear what is over: each told once, whichever
        process sees it."""
        now = self.clock.now()
        async with self.database.reading(tenant_id) as uow:
            repository = SightRepository(uow)
            seen, _ = await repository.look(self.endpoints)
            rows = await repository.list_alarms()
        raised = frozenset(kind for kind, row in rows.items() if row.cleared_at is None)
        if find_alarms(seen, self.rules, now, raised).keys() == raised:
            return
        try:
            async with self.database.unit_of_work(tenant_id) as uow:
                await self._change(uow, seen, now)
        except IntegrityError:
            # Another process raised it first.
            return

    async def _change(self, uow: UnitOfWork, seen: Seen, now: datetime) -> None:
        repository = SightRepository(uow)
        rows = await repository.list_alarms(lock=True)
        raised = frozenset(kind for kind, row in rows.items() if row.cleared_at is None)
        wrong = find_alarms(seen, self.rules, now, raised)
        for kind, told in wrong.items():
            if kind in raised:
                continue
            row = rows.get(kind)
            if row is None:
                row = await repository.add_alarm(kind, told, now)
            else:
                row.number, row.raised_at, row.told = row.number + 1, now, told
                row.cleared_at = None
            await self._tell(uow, row, kind, told)
        for over in raised - wrong.keys():
            row = rows[over]
            row.number, row.cleared_at = row.number + 1, now
            await self._tell(uow, row, f"{over}_cleared", row.told)

    async def _tell(self, uow: UnitOfWork, row: HandoffAlarm, kind: str, told: str) -> None:
        audience = AUDIENCES[cast(AlarmKind, row.kind)]
        event = HandoffAlerted(kind=kind, audience=audience, about=row.id, text=told)
        await self.outbox.record(uow, event, once=f"{row.id} {row.number}")
