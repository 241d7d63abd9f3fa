"""One attempt at one effect, and what follows from how it ended."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from core.clock import Clock
from core.errors import TransientError
from core.logging import redact
from core.outbox.models import EntryState
from core.outbox.registry import Effect, EffectContext, EffectRegistry
from core.outbox.retry import NotBefore, choose_delay

_LONGEST_ERROR = 1000


class ClaimedEntry(NamedTuple):
    """An entry that a runner holds a lease on. `attempts` counts this one already."""

    id: int
    tenant_id: str
    event_type: str
    effect: str
    payload: dict[str, Any]
    idempotency_key: str
    priority: int
    attempts: int
    available_at: datetime
    created_at: datetime


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended, as it will be written."""

    entry: ClaimedEntry
    state: EntryState
    attempts: int
    available_at: datetime
    error: str | None = None

    @property
    def result(self) -> str:
        """One word, for metrics."""
        if self.state is not EntryState.PENDING:
            return self.state.value
        return "retry" if self.attempts == self.entry.attempts else "put_back"


def describe_error(error: BaseException) -> str:
    """An error in one line that may be stored and shown to staff: no personal data."""
    return redact(f"{type(error).__name__}: {error}")[:_LONGEST_ERROR]


class Deliverer:
    """Runs effects and judges how they ended. Shared by all runners."""

    def __init__(self, registry: EffectRegistry, clock: Clock, dice: random.Random) -> None:
        self._registry, self._clock, self._dice = registry, clock, dice

    async def deliver(self, entry: ClaimedEntry) -> Outcome:
        """Run the effect once. Every failure becomes an outcome; only cancelling passes."""
        effect = self._registry.find(entry.effect)
        if effect is None:
            return self._dead(entry, f"there is no effect called {entry.effect} any more")
        policy = effect.options.retry
        if policy.max_attempts is not None and entry.attempts > policy.max_attempts:
            # Each start was counted, but none came to an end: it takes its process with it.
            return self._dead(entry, f"started {entry.attempts - 1} times without an end")
        try:
            await self._run(effect, entry)
        except NotBefore as wish:
            return self._put_back(entry, wish.until, describe_error(wish))
        except (TransientError, TimeoutError, OperationalError, PoolTimeoutError) as error:
            return self._retry(effect, entry, error)
        except Exception as error:  # noqa: BLE001 - whatever it was, it is kept and reported
            return self._dead(entry, describe_error(error))
        return Outcome(entry, EntryState.DONE, entry.attempts, entry.available_at)

    async def _run(self, effect: Effect, entry: ClaimedEntry) -> None:
        event = effect.event.from_payload(entry.payload)
        context = EffectContext(
            entry_id=entry.id,
            tenant_id=entry.tenant_id,
            idempotency_key=entry.idempotency_key,
            attempt=entry.attempts,
            recorded_at=entry.created_at,
        )
        async with asyncio.timeout(effect.options.timeout.total_seconds()):
            await effect.function(event, context)

    def give_back(self, entry: ClaimedEntry) -> Outcome:
        """What is written when the runner stops before the effect has ended."""
        return self._put_back(entry, self._clock.now(), None)

    def _put_back(self, entry: ClaimedEntry, until: datetime, reason: str | None) -> Outcome:
        return Outcome(entry, EntryState.PENDING, entry.attempts - 1, until, reason)

    def _retry(self, effect: Effect, entry: ClaimedEntry, error: Exception) -> Outcome:
        policy = effect.options.retry
        if policy.is_exhausted(entry.attempts):
            return self._dead(entry, describe_error(error))
        wish: timedelta | None = getattr(error, "retry_after", None)
        delay = choose_delay(policy, entry.attempts, wish, self._dice.random())
        return Outcome(
            entry,
            EntryState.PENDING,
            entry.attempts,
            self._clock.now() + delay,
            describe_error(error),
        )

    @staticmethod
    def _dead(entry: ClaimedEntry, error: str) -> Outcome:
        return Outcome(entry, EntryState.DEAD, entry.attempts, entry.available_at, error)
