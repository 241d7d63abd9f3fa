"""A process to be killed: takes orders and ships them through the outbox.

Each order is a row and a promise in one transaction; shipping appends a line to a journal.
`tests/crash/outbox_campaign.py` starts it and says where it kills itself.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from core.clock import SystemClock
from core.db import Database
from core.errors import Unavailable
from core.outbox import (
    EffectContext,
    EffectOptions,
    EffectRegistry,
    EmbeddedRunner,
    Event,
    Outbox,
    RetryPolicy,
    RunnerOptions,
    measure_depth,
)

TENANT = "11111111-1111-7111-8111-111111111111"
CUSTOMERS = 7
CONCURRENCY = 8
FAILURES = 0.3
TIRELESS = RetryPolicy(
    delays=(timedelta(milliseconds=10),), ceiling=timedelta(milliseconds=50), max_attempts=None
)


class OrderPlaced(Event):
    """An order of one of a few customers, each of whom is served in order."""

    number: int

    @property
    def ordering_key(self) -> str:
        return str(self.number % CUSTOMERS)


class CrashPoint:
    """`name:count`: the process kills itself the count-th time it passes the point `name`."""

    def __init__(self, spec: str) -> None:
        self._name, _, count = spec.partition(":")
        self._left = int(count or 0)

    def passing(self, name: str) -> None:
        if name != self._name:
            return
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def append(path: Path, line: dict[str, object]) -> None:
    """One line, on the disk when this returns."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(handle, json.dumps(line).encode() + b"\n")
    os.fsync(handle)
    os.close(handle)


async def place_orders(
    database: Database, outbox: Outbox, total: int, told: Path, crash: CrashPoint
) -> None:
    async with database.reading(None) as uow:
        last = (await uow.session.execute(text("SELECT max(number) FROM orders"))).scalar()
    for number in range((last or 0) + 1, total + 1):
        async with database.unit_of_work(TENANT) as uow:
            await uow.session.execute(
                text("INSERT INTO orders (number) VALUES (:number)"), {"number": number}
            )
            await outbox.record(uow, OrderPlaced(number=number))
            crash.passing("recorded")
        crash.passing("committed")
        append(told, {"number": number})
        await asyncio.sleep(0.001)


async def work(url: str, folder: Path, total: int, crash: CrashPoint, ready: int) -> None:
    """Take and ship orders until there are `total`, all shipped."""
    database, clock, registry = Database(url), SystemClock(), EffectRegistry()
    dice = random.Random()

    async def ship(event: OrderPlaced, context: EffectContext) -> None:
        crash.passing("claimed")
        await asyncio.sleep(dice.random() * 0.005)
        if dice.random() < FAILURES:
            raise Unavailable("carrier", "ship", "503")
        line = {"number": event.number, "key": context.idempotency_key, "try": context.attempt}
        append(folder / "shipped", line)
        crash.passing("shipped")

    registry.register(OrderPlaced, "test.ship", ship, EffectOptions(retry=TIRELESS))
    options = RunnerOptions(concurrency=CONCURRENCY, poll=timedelta(milliseconds=50))
    runner = EmbeddedRunner(database, registry, clock, options=options)
    await runner.start()
    os.write(ready, b"1")
    outbox = Outbox(database, registry, clock, runner)
    await place_orders(database, outbox, total, folder / "told", crash)
    while True:
        async with database.reading(None) as uow:
            if not await measure_depth(uow, clock.now()):
                break
        await asyncio.sleep(0.05)
    await runner.stop(timedelta(seconds=5))
    await database.close()
