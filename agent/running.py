"""Runs turns beside the connections that wait for them.

A turn goes on when the visitor's connection breaks, so that asking again finds the answer. The
same message sent twice joins the turn that is under way; two messages of one conversation are
answered one after the other.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator

from agent.booking import Action
from agent.events import TurnEvent
from agent.turn import Turn
from sales.conversations.service import Pass
from sales.organization.settings import SiteSettings

# Seconds after an answer: where many ask, the next question is under way.
_MOMENT = 0.25


class _Running:
    """A turn under way: what it has said so far, and who waits for more."""

    def __init__(self) -> None:
        self.events: list[TurnEvent] = []
        self.error: Exception | None = None
        self.finished = False
        self.more = asyncio.Condition()


class Following:
    """Every event of a turn from the first on. Raises what the turn failed with, after the
    events that came before."""

    def __init__(self, running: _Running) -> None:
        self._running = running
        self._seen = 0

    @property
    def has_more_now(self) -> bool:
        """Whether the next event is there already: a writer may wait with sending."""
        return self._seen < len(self._running.events)

    def __aiter__(self) -> Following:
        """An iterator of itself."""
        return self

    async def __anext__(self) -> TurnEvent:
        """The next event, once it is there."""
        running = self._running
        if not self.has_more_now and not running.finished:
            async with running.more:
                while not self.has_more_now and not running.finished:
                    await running.more.wait()
        if self.has_more_now:
            self._seen += 1
            return running.events[self._seen - 1]
        if running.error is not None:
            raise running.error
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Whoever followed is gone; the turn goes on without them."""
        self._seen = len(self._running.events)


class TurnRunner:
    """Turns of this process."""

    def __init__(self) -> None:
        self._running: dict[tuple[str, str], _Running] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._answered_at = -math.inf

    def is_answering(self) -> bool:
        """Whether somebody waits for an answer, or got one a moment ago and may ask on."""
        return bool(self._running) or time.monotonic() - self._answered_at < _MOMENT

    def start(
        self,
        turn: Turn,
        ticket: Pass,
        site: SiteSettings,
        message_id: str,
        text: str,
        action: Action | None = None,
    ) -> Following:
        """The events of the turn of this message: begun now, or joined."""
        key = (ticket.conversation_id, message_id)
        running = self._running.get(key)
        if running is None:
            running = self._running[key] = _Running()
            work = self._run(key, running, turn.run(ticket, site, message_id, text, action))
            task = asyncio.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return Following(running)

    async def _run(
        self, key: tuple[str, str], running: _Running, events: AsyncIterator[TurnEvent]
    ) -> None:
        lock = self._locks.setdefault(key[0], asyncio.Lock())
        try:
            async with lock:
                async for event in events:
                    async with running.more:
                        running.events.append(event)
                        running.more.notify_all()
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for the turn
            running.error = error
        finally:
            del self._running[key]
            self._answered_at = time.monotonic()
            if not any(conversation == key[0] for conversation, _ in self._running):
                self._locks.pop(key[0], None)
            async with running.more:
                running.finished = True
                running.more.notify_all()

    async def drain(self) -> None:
        """Wait for the turns that are under way: for a graceful stop."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=10)
