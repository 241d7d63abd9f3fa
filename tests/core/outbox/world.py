"""What a test of the outbox needs at hand: events, a runner of each kind, patience."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from core.clock import SystemClock
from core.db import Database
from core.outbox import (
    EffectContext,
    EffectOptions,
    EffectRegistry,
    EmbeddedRunner,
    EntryStatus,
    Event,
    NoRunner,
    Outbox,
    OutboxRunner,
    Priority,
    RecordedEntry,
    RetryPolicy,
    RunnerOptions,
)

TENANT = "11111111-1111-7111-8111-111111111111"
OTHER_TENANT = "22222222-2222-7222-8222-222222222222"
SOON = timedelta(seconds=10)
QUICK = EffectOptions(retry=RetryPolicy(delays=(timedelta(milliseconds=20),), max_attempts=3))


class OrderPlaced(Event):
    number: int
    customer: str | None = None

    @property
    def ordering_key(self) -> str | None:
        return self.customer


@dataclass(frozen=True)
class RunnerSetup:
    """How a contract test wants its runner; kinds translate it to their own terms."""

    concurrency: int = 8
    lease: timedelta = timedelta(seconds=30)
    heartbeat: timedelta = timedelta(milliseconds=200)
    is_answering: bool = False


RunnerMaker = Callable[[Database, EffectRegistry, RunnerSetup], OutboxRunner]


def make_embedded(database: Database, registry: EffectRegistry, setup: RunnerSetup) -> OutboxRunner:
    options = RunnerOptions(
        concurrency=setup.concurrency,
        lease=setup.lease,
        heartbeat=setup.heartbeat,
        poll=timedelta(milliseconds=100),
        pause_after_error=timedelta(milliseconds=100),
        linger_behind=timedelta(seconds=1),
    )
    return EmbeddedRunner(
        database,
        registry,
        SystemClock(),
        options=options,
        dice=random.Random(1),
        is_answering=lambda: setup.is_answering,
    )


RUNNERS: dict[str, RunnerMaker] = {"embedded": make_embedded}
"""Another runner joins here, and every test of the contract holds for it."""


@dataclass
class World:
    """One database, one registry, any number of runners."""

    database: Database
    make: RunnerMaker
    registry: EffectRegistry = field(default_factory=EffectRegistry)
    calls: list[tuple[int, EffectContext]] = field(default_factory=list)
    runners: list[OutboxRunner] = field(default_factory=list)

    @property
    def numbers(self) -> list[int]:
        """The orders whose effects ran, in the order of running."""
        return [number for number, _ in self.calls]

    @property
    def keys(self) -> list[str]:
        return [context.idempotency_key for _, context in self.calls]

    def on_order(
        self,
        then: Callable[[OrderPlaced, EffectContext], Awaitable[None]] | None = None,
        *,
        name: str = "test.ship",
        options: EffectOptions = QUICK,
    ) -> None:
        """Register an effect that notes that it was called and then does `then`."""

        async def note(event: OrderPlaced, context: EffectContext) -> None:
            self.calls.append((event.number, context))
            if then is not None:
                await then(event, context)

        self.registry.register(OrderPlaced, name, note, options)

    async def start(self, setup: RunnerSetup | None = None) -> OutboxRunner:
        runner = self.make(self.database, self.registry, setup or RunnerSetup())
        self.runners.append(runner)
        await runner.start()
        return runner

    @property
    def outbox(self) -> Outbox:
        runner = self.runners[-1] if self.runners else NoRunner()
        return Outbox(self.database, self.registry, SystemClock(), runner)

    async def record(
        self,
        number: int,
        customer: str | None = None,
        *,
        once: str | None = None,
        delay: timedelta | None = None,
        priority: Priority | None = None,
        tenant: str = TENANT,
    ) -> list[RecordedEntry]:
        async with self.database.unit_of_work(tenant) as uow:
            return await self.outbox.record(
                uow,
                OrderPlaced(number=number, customer=customer),
                once=once,
                not_before=SystemClock().now() + delay if delay else None,
                priority=priority,
            )

    async def settled(self, entries: list[RecordedEntry]) -> list[EntryStatus]:
        """The entries' ends, awaited."""
        found = [await self.outbox.wait_for(entry.id, SOON) for entry in entries]
        assert all(status.is_settled for status in found), found
        return found

    async def close(self) -> None:
        for runner in self.runners:
            await runner.stop(timedelta(seconds=5))


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something has come about; a test that waits in vain fails here."""
    async with asyncio.timeout(SOON.total_seconds()):
        while not condition():  # noqa: ASYNC110 - the condition is the test's, it has no event
            await asyncio.sleep(0.005)
