"""The embedded runner: works through the outbox inside the server process.

One loop does all the writing. Each turn of it is one transaction that settles everything that
ended since the last turn and claims as much as there is room for, so under load the cost of a
commit is shared by many entries, and an entry that ends alone does not wait for others.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from core.clock import Clock
from core.db import Database, UnitOfWork
from core.ids import new_id
from core.outbox import queue
from core.outbox.delivery import ClaimedEntry, Deliverer, Outcome, describe_error
from core.outbox.models import EntryState
from core.outbox.owners import current_owner, is_gone
from core.outbox.registry import EffectRegistry
from core.outbox.runner import NoObserver, OutboxObserver

_log = structlog.get_logger(__name__)
_LONGEST_LINGER = 0.1
# A wait up to this ends to the moment; a longer one, or another process's, at the next poll.
_REMEMBERED = timedelta(seconds=30)


@dataclass(frozen=True)
class RunnerOptions:
    """How the embedded runner works.

    `lease` is how long an entry stays taken when its machine vanishes; a process that died on
    this machine is noticed within `heartbeat`, which also renews leases. `poll` is how late
    an entry that another process wrote, or that was delayed, may be seen. `linger` is the
    least time between two transactions: an entry that comes alone starts at once, entries
    that come or end in a row share a commit, and the writers of the rest of the product get
    their turn. `linger_behind`: the same while somebody waits for an answer; what is done behind
    conversations then shares more commits and takes less of the machine.
    """

    concurrency: int = 64
    lease: timedelta = timedelta(seconds=30)
    heartbeat: timedelta = timedelta(seconds=3)
    poll: timedelta = timedelta(seconds=1)
    linger: timedelta = timedelta(milliseconds=20)
    linger_behind: timedelta = timedelta(milliseconds=250)
    pause_after_error: timedelta = timedelta(seconds=1)


class EmbeddedRunner:
    """Carries out entries as tasks of this process's event loop."""

    def __init__(
        self,
        database: Database,
        registry: EffectRegistry,
        clock: Clock,
        *,
        options: RunnerOptions | None = None,
        observer: OutboxObserver | None = None,
        dice: random.Random | None = None,
        is_answering: Callable[[], bool] = lambda: False,
    ) -> None:
        """`is_answering`: whether somebody waits for an answer of this process just now."""
        self._database, self._registry, self._clock = database, registry, clock
        self._options = options or RunnerOptions()
        self._observer = observer or NoObserver()
        self._is_answering = is_answering
        self._deliverer = Deliverer(registry, clock, dice or random.Random())  # noqa: S311 - jitter
        self._owner = str(current_owner(new_id()))
        self._running: dict[int, asyncio.Task[None]] = {}
        self._ended: list[Outcome] = []
        self._signal = asyncio.Event()
        self._stopping = False
        self._loop_task: asyncio.Task[None] | None = None
        self._heart_task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take up the work, beginning with what a process that died left behind."""
        self._stopping = False
        self._loop_task = asyncio.create_task(self._work(), name="outbox")
        self._heart_task = asyncio.create_task(self._beat(), name="outbox-heartbeat")

    async def stop(self, grace: timedelta) -> None:
        """Take no more; finish what runs within `grace`, then give the rest back."""
        if self._loop_task is None or self._heart_task is None:
            return
        self._stopping = True
        self._signal.set()
        _, late = await asyncio.wait([self._loop_task], timeout=grace.total_seconds())
        if late:
            for task in self._running.values():
                task.cancel()
            # The database may be what holds us up. Leases run out by themselves.
            await asyncio.wait([self._loop_task], timeout=self._options.lease.total_seconds() / 2)
        for task in (self._loop_task, self._heart_task):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._loop_task = self._heart_task = None

    def announce(self, uow: UnitOfWork, entry_ids: Sequence[int]) -> None:
        """Look at new entries as soon as `uow` has been committed."""
        if entry_ids:
            uow.after_commit(self._signal.set)

    async def _work(self) -> None:
        hinted = True
        loop = asyncio.get_running_loop()
        while self._running or self._ended or not self._stopping:
            self._signal.clear()
            begun_at = loop.time()
            try:
                await self._turn(hinted=hinted)
            except Exception as error:  # noqa: BLE001 - nothing may end this loop but `stop`
                _log_failure("outbox_turn_failed", error)
                await asyncio.sleep(self._options.pause_after_error.total_seconds())
                continue
            # Where commits are slow or writers queue, turns become rarer and do more each.
            took = min(loop.time() - begun_at, _LONGEST_LINGER)
            free_at = loop.time() + max(self._choose_linger().total_seconds(), took)
            if self._stopping and not self._running:
                continue
            hinted = await self._wait_for_signal(self._options.poll)
            await asyncio.sleep(max(0.0, free_at - loop.time()))

    def _choose_linger(self) -> timedelta:
        behind = self._is_answering() and not self._stopping
        return self._options.linger_behind if behind else self._options.linger

    async def _wait_for_signal(self, limit: timedelta) -> bool:
        try:
            async with asyncio.timeout(limit.total_seconds()):
                await self._signal.wait()
        except TimeoutError:
            return False
        return True

    async def _turn(self, *, hinted: bool) -> None:
        """Settle what ended and claim what there is room for, in one transaction."""
        room = 0 if self._stopping else self._options.concurrency - len(self._running)
        if not self._ended and not (room and (hinted or await self._sees_work())):
            return
        outcomes, self._ended = self._ended, []
        entries: list[ClaimedEntry] = []
        try:
            async with self._database.unit_of_work(None) as uow:
                now = self._clock.now()
                notices = await queue.settle(
                    uow, self._registry, outcomes, owner=self._owner, now=now
                )
                if room:
                    entries = await queue.claim(
                        uow,
                        self._registry.names,
                        owner=self._owner,
                        now=now,
                        lease=self._options.lease,
                        limit=room,
                    )
                self.announce(uow, notices)
        except BaseException:
            # Not written, so still to be written. What was claimed was not.
            self._ended = outcomes + self._ended
            raise
        self._report(outcomes)
        for entry in entries:
            self._running[entry.id] = asyncio.create_task(self._carry_out(entry))

    async def _sees_work(self) -> bool:
        async with self._database.reading(None) as uow:
            return await queue.has_claimable(uow, self._registry.names, self._clock.now())

    async def _carry_out(self, entry: ClaimedEntry) -> None:
        started_at = self._clock.now()
        try:
            outcome = await self._deliverer.deliver(entry)
        except asyncio.CancelledError:
            outcome = self._deliverer.give_back(entry)
        # Before anything can interrupt: from here on the loop will write it.
        self._running.pop(entry.id, None)
        self._ended.append(outcome)
        self._signal.set()
        self._observer.attempted(
            entry.effect,
            outcome.result,
            took=self._clock.now() - started_at,
            waited=max(started_at - entry.available_at, timedelta(0)),
        )

    def _report(self, outcomes: Sequence[Outcome]) -> None:
        loop = asyncio.get_running_loop()
        for outcome in outcomes:
            entry = outcome.entry
            if outcome.state is EntryState.DONE:
                continue
            details = {"entry_id": entry.id, "effect": entry.effect, "error": outcome.error}
            if outcome.state is EntryState.DEAD:
                _log.error("outbox_effect_given_up", attempts=outcome.attempts, **details)
                continue
            _log.info("outbox_effect_put_back", attempts=outcome.attempts, **details)
            delay = outcome.available_at - self._clock.now()
            if delay < _REMEMBERED:
                loop.call_later(max(delay.total_seconds(), 0), self._signal.set)

    async def _beat(self) -> None:
        while True:
            try:
                await self._keep_leases()
            except Exception as error:  # noqa: BLE001 - nothing may end this loop but `stop`
                _log_failure("outbox_heartbeat_failed", error)
            await asyncio.sleep(self._options.heartbeat.total_seconds())

    async def _keep_leases(self) -> None:
        """Renew our leases, and free those of processes that are gone."""
        held = {*self._running, *(outcome.entry.id for outcome in self._ended)}
        now = self._clock.now()
        async with self._database.reading(None) as uow:
            owners = await queue.list_lease_owners(uow)
        gone = [owner for owner in owners if owner != self._owner and is_gone(owner)]
        if not held and not gone and all(until >= now for until in owners.values()):
            return
        async with self._database.unit_of_work(None) as uow:
            until = self._clock.now() + self._options.lease
            kept = await queue.renew(uow, held, owner=self._owner, until=until)
            freed = await queue.recover(uow, gone=gone, now=now)
        lost = {entry_id for entry_id in held if entry_id in self._running} - kept
        if lost:
            _log.warning("outbox_leases_lost", entry_ids=sorted(lost))
        if freed:
            _log.info("outbox_entries_recovered", count=freed)
            self._signal.set()


def _log_failure(what: str, error: Exception) -> None:
    # A database that is away says enough in one line, every second until it is back.
    with_traceback = not isinstance(error, SQLAlchemyError)
    _log.error(what, error=describe_error(error), exc_info=error if with_traceback else None)
