"""Dead letters: what could not be done, for staff to see, replay or drop."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, select, update

from core.clock import Clock
from core.db import UnitOfWork
from core.errors import NotFound
from core.outbox.models import EntryState, OutboxEntry
from core.outbox.runner import OutboxRunner


class DeadLetter(NamedTuple):
    """An effect that was given up, and why."""

    id: int
    tenant_id: str
    event_type: str
    effect: str
    payload: dict[str, Any]
    attempts: int
    last_error: str | None
    created_at: datetime
    done_at: datetime | None


class DeadLetters:
    """Works within the unit of work's tenant, or on all where it was opened for all."""

    def __init__(self, clock: Clock, runner: OutboxRunner) -> None:
        self._clock, self._runner = clock, runner

    async def list_dead_letters(
        self,
        uow: UnitOfWork,
        *,
        effect: str | None = None,
        before_id: int | None = None,
        limit: int = 50,
    ) -> list[DeadLetter]:
        """The newest first; `before_id` continues a list."""
        statement = (
            select(*(getattr(OutboxEntry, name) for name in DeadLetter._fields))
            .where(OutboxEntry.state == EntryState.DEAD)
            .order_by(OutboxEntry.id.desc())
            .limit(limit)
        )
        if effect is not None:
            statement = statement.where(OutboxEntry.effect == effect)
        if before_id is not None:
            statement = statement.where(OutboxEntry.id < before_id)
        return [DeadLetter(*row) for row in await uow.session.execute(statement)]

    async def replay_dead_letter(self, uow: UnitOfWork, entry_id: int) -> None:
        """Try again, with the same idempotency key and all attempts.

        Raises:
            NotFound: there is no such dead letter here.
        """
        if not await self._replay(uow, OutboxEntry.id == entry_id):
            raise NotFound(f"There is no dead letter {entry_id}.")

    async def replay_dead_letters(self, uow: UnitOfWork, effect: str) -> int:
        """Try all dead letters of one effect again, for when its vendor is mended. How many."""
        return len(await self._replay(uow, OutboxEntry.effect == effect))

    async def _replay(self, uow: UnitOfWork, which: Any) -> list[int]:
        replayed = await uow.session.execute(
            update(OutboxEntry)
            .where(which, OutboxEntry.state == EntryState.DEAD)
            .values(
                state=EntryState.PENDING,
                attempts=0,
                available_at=self._clock.now(),
                done_at=None,
            )
            .returning(OutboxEntry.id)
            .execution_options(synchronize_session=False)
        )
        ids = list(replayed.scalars())
        self._runner.announce(uow, ids)
        return ids

    async def drop_dead_letter(self, uow: UnitOfWork, entry_id: int) -> None:
        """Forget it for good.

        Raises:
            NotFound: there is no such dead letter here.
        """
        dropped = await uow.session.execute(
            delete(OutboxEntry)
            .where(OutboxEntry.id == entry_id, OutboxEntry.state == EntryState.DEAD)
            .returning(OutboxEntry.id)
            .execution_options(synchronize_session=False)
        )
        if dropped.first() is None:
            raise NotFound(f"There is no dead letter {entry_id}.")
