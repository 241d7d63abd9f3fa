"""A process to be killed: ends a conversation and sends what follows from it.

A crash point is a number: the process kills itself at that step, where a step is a statement
that writes, the moment before a commit, the moment after one, or one of the mailer's. So counting
up passes every moment between the last message and both mails.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event

from app.effects import build_effects
from app.wiring import build_services
from core.clock import SystemClock
from core.db import Database
from core.outbox import EmbeddedRunner, Outbox, RunnerOptions, measure_depth
from core.protocols.email import OutgoingMail
from integrations.local.email import LocalEmailSender
from sales.conversations.service import Pass
from tests.sales.followups.world import SOON, World, open_world

QUICK = RunnerOptions(
    concurrency=4, heartbeat=timedelta(milliseconds=100), poll=timedelta(milliseconds=50)
)


class Steps:
    """Counts, and ends the process at the chosen step."""

    def __init__(self, last: int) -> None:
        self._last, self.passed = last, 0

    def passing(self) -> None:
        self.passed += 1
        if self.passed == self._last:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, database: Database) -> None:
        """Every statement that writes, and both sides of every commit that follows one."""
        engine, wrote = database.engine.sync_engine, set[int]()

        def on_statement(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if statement.lstrip()[:6].upper() in {"INSERT", "UPDATE", "DELETE"}:
                wrote.add(id(connection))
                self.passing()

        def on_commit(connection: Any) -> None:
            if id(connection) in wrote:
                wrote.discard(id(connection))
                self.passing()
                # What runs next, once the rows are safe.
                asyncio.get_running_loop().call_soon(self.passing)

        event.listen(engine, "after_cursor_execute", on_statement)
        event.listen(engine, "commit", on_commit)


class WatchedSender:
    """The real mailer, with a step before and after each mail."""

    def __init__(self, folder: Path, steps: Steps) -> None:
        self._sender, self._steps = LocalEmailSender(folder), steps

    async def send(self, mail: OutgoingMail) -> str:
        self._steps.passing()
        message_id = await self._sender.send(mail)
        self._steps.passing()
        return message_id


async def work(url: str, folder: Path, tickets: Sequence[Pass], steps: Steps) -> int:
    """End the conversations of `tickets`, and work until nothing is left. The steps it took."""
    world = await open_world(url, folder)
    resources = world.resources
    sender = WatchedSender(resources.places.mail, steps)
    effects = build_effects(
        resources.services.get, resources.calendar, sender, resources.vendors.open
    )
    clock = SystemClock()
    runner = EmbeddedRunner(resources.database, effects, clock, options=QUICK)
    outbox = Outbox(resources.database, effects, clock, runner)
    watched = replace(resources, effects=effects, outbox=outbox, outbox_runner=runner, clock=clock)
    services = build_services(watched, world.settings)
    steps.watch(resources.database)
    await runner.start()
    for ticket in tickets:
        await services.conversations.end(ticket)
    await _wait_until_done(world)
    await runner.stop(timedelta(seconds=5))
    await resources.close()
    return steps.passed


async def _wait_until_done(world: World) -> None:
    """What is due tomorrow, e.g. the look at a handoff's SLA, is nobody's to wait for."""
    while True:
        async with world.resources.database.reading(None) as uow:
            depths = await measure_depth(uow, SystemClock().now() + SOON)
        if not any(depth.due or depth.running for depth in depths):
            return
        await asyncio.sleep(0.02)
