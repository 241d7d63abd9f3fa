"""Endpoints of a sales system: their budget of packages a minute, and how they do."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.clock import Clock
from core.db import Database, UnitOfWork
from core.outbox import NotBefore
from sales.handoffs.repository import HandoffRepository
from sales.handoffs.rules import WINDOW, EndpointState, note_failure, note_success

_BLOCKS = 20
_SUCCESS_PAUSE = timedelta(seconds=5)


@dataclass(slots=True)
class _Grant:
    until: datetime
    left: int


@dataclass(slots=True)
class SharedBudget:
    """A minute's budget of each endpoint as a row. Processes take it in blocks, so that not
    every package costs a write; a block dies with its process, never the other way. That
    a budget is used up is remembered: thousands may wait for the next minute."""

    database: Database
    clock: Clock
    per_minute: int
    _grants: dict[tuple[str, str], _Grant] = field(default_factory=dict)
    _spent_until: dict[tuple[str, str], datetime] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def take(self, tenant_id: str, endpoint: str) -> None:
        """One package is about to leave.

        Raises:
            NotBefore: the minute's budget is used up; until the next minute.
        """
        if self._draw(tenant_id, endpoint):
            return
        async with self._lock:
            if self._draw(tenant_id, endpoint):
                return
            self._check_unspent(tenant_id, endpoint)
            self._grants[tenant_id, endpoint] = await self._reserve(tenant_id, endpoint)
            self._draw(tenant_id, endpoint)

    def _draw(self, tenant_id: str, endpoint: str) -> bool:
        grant = self._grants.get((tenant_id, endpoint))
        if grant is None or grant.left <= 0 or self.clock.now() >= grant.until:
            return False
        grant.left -= 1
        return True

    def _check_unspent(self, tenant_id: str, endpoint: str) -> None:
        until = self._spent_until.get((tenant_id, endpoint))
        # No window ends later than its length from now, whatever became of the clock.
        if until is not None and until - WINDOW <= self.clock.now() < until:
            raise _spent(until)

    async def _reserve(self, tenant_id: str, endpoint: str) -> _Grant:
        now = self.clock.now()
        async with self.database.unit_of_work(tenant_id) as uow:
            row = await HandoffRepository(uow).get_endpoint(endpoint, now)
            if now >= row.window_at + WINDOW or row.window_at > now:
                row.window_at, row.window_used = now, 0
            until = row.window_at + WINDOW
            granted = min(max(1, self.per_minute // _BLOCKS), self.per_minute - row.window_used)
            if granted <= 0:
                self._spent_until[tenant_id, endpoint] = until
                raise _spent(until)
            row.window_used += granted
        return _Grant(until, granted)


def _spent(until: datetime) -> NotBefore:
    return NotBefore(until, "the minute's budget of packages is used up")


@dataclass(slots=True)
class EndpointHealth:
    """Writes down how endpoints do, in the transaction that keeps what they answered."""

    breaker_after: int
    _succeeded: dict[tuple[str, str], datetime] = field(default_factory=dict)

    async def note_answer(self, uow: UnitOfWork, name: str, now: datetime) -> None:
        """That an endpoint answers; written when it is news, and every few seconds."""
        key = (uow.tenant_id, name)
        last = self._succeeded.get(key)
        repository = HandoffRepository(uow)
        state = (await repository.list_endpoints((name,)))[0]
        if state == note_success(state) and last and now - last < _SUCCESS_PAUSE:
            return
        row = await repository.get_endpoint(name, now)
        row.failures, row.openings, row.open_until = 0, 0, None
        row.last_success_at = now
        self._succeeded[key] = now

    async def note_failures(
        self, uow: UnitOfWork, name: str, count: int, told: str, now: datetime
    ) -> bool:
        """That calls failed, `count` in a row. True: the endpoint is left alone from now on,
        and was not before."""
        row = await HandoffRepository(uow).get_endpoint(name, now)
        was_open = row.openings
        state = EndpointState(name, row.failures, row.openings, row.open_until)
        for _ in range(count):
            state = note_failure(state, self.breaker_after, now)
            if state.openings > was_open:
                break
        row.failures, row.openings, row.open_until = (
            state.failures,
            state.openings,
            state.open_until,
        )
        row.last_failure_at, row.last_error = now, told
        return was_open == 0 and state.openings > 0
