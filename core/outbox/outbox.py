"""Recording what has to happen, and waiting for it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select

from core.clock import Clock
from core.db import Database, UnitOfWork
from core.errors import BugError
from core.ids import new_id
from core.outbox.events import Event
from core.outbox.models import EntryState, OutboxEntry, Priority
from core.outbox.queue import insert_entries
from core.outbox.registry import EffectRegistry
from core.outbox.runner import OutboxRunner

_FIRST_LOOK = 0.01
_SLOWEST_LOOK = 0.2


class RecordedEntry(NamedTuple):
    """An effect that will happen, and the entry that promises it."""

    id: int
    effect: str


class EntryStatus(NamedTuple):
    """Where an entry stands."""

    state: EntryState
    attempts: int
    last_error: str | None
    available_at: datetime

    @property
    def is_settled(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state in (EntryState.DONE, EntryState.DEAD)


class Outbox:
    """Writes promises. The runner keeps them."""

    def __init__(
        self, database: Database, registry: EffectRegistry, clock: Clock, runner: OutboxRunner
    ) -> None:
        self._database, self._registry, self._clock = database, registry, clock
        self._runner = runner

    async def record(
        self,
        uow: UnitOfWork,
        event: Event,
        *,
        once: str | None = None,
        not_before: datetime | None = None,
        priority: Priority | None = None,
    ) -> list[RecordedEntry]:
        """Promise every effect of `event` in the caller's transaction.

        Args:
            uow: the transaction that makes the event true; the promise stands or falls with it.
            event: what happened.
            once: names this occurrence, where the same one might be recorded twice: the second
                time changes nothing and returns the entries of the first.
            not_before: the earliest moment for the effects.
            priority: who goes first; else as each effect was registered.
        """
        now = self._clock.now()
        written = await insert_entries(
            uow,
            uow.tenant_id,
            event,
            self._registry.effects_of(event),
            occurrence=f"{event.event_type()} {new_id() if once is None else once}",
            now=now,
            not_before=not_before,
            priority=priority,
        )
        # What is for later is seen when its time comes: a look now would be for nothing.
        if not_before is None or not_before <= now:
            self._runner.announce(uow, [entry_id for entry_id, _ in written])
        return [RecordedEntry(*entry) for entry in written]

    async def get_status(self, entry_id: int) -> EntryStatus:
        """Where the entry stands now.

        Raises:
            BugError: there is no such entry.
        """
        async with self._database.reading(None) as uow:
            found = await uow.session.execute(
                select(
                    OutboxEntry.state,
                    OutboxEntry.attempts,
                    OutboxEntry.last_error,
                    OutboxEntry.available_at,
                ).where(OutboxEntry.id == entry_id)
            )
            row = found.one_or_none()
        if row is None:
            raise BugError(f"there is no outbox entry {entry_id}")
        return EntryStatus(EntryState(row.state), row.attempts, row.last_error, row.available_at)

    async def wait_for(self, entry_id: int, timeout: timedelta) -> EntryStatus:  # noqa: ASYNC109
        """Wait until the entry is settled, at most `timeout`; then where it stands.

        For what somebody waits for with us. It looks at the table, so it does not matter
        which process does the work.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout.total_seconds()
        pause = _FIRST_LOOK
        while True:
            status = await self.get_status(entry_id)
            left = deadline - loop.time()
            if status.is_settled or left <= 0:
                return status
            await asyncio.sleep(min(pause, left))
            pause = min(pause * 1.5, _SLOWEST_LOOK)
