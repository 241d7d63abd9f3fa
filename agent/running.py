"""Runs turns beside the connections that wait for them.

A turn goes on when the visitor's connection breaks, so that asking again finds the answer. The
same message sent twice joins the turn that is under way; two messages of one conversation are
answered one after the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from agent.booking import Action
from agent.events import TurnEvent
from agent.turn import Turn
from sales.conversations.service import Pass
from sales.organization.settings import SiteSettings


class _Running:
    """A turn under way: what it has said so far, and who waits for more."""

    def __init__(self) -> None:
        self.events: list[TurnEvent] = []
        self.error: Exception | None = None
        self.finished = False
        self.more = asyncio.Condition()

    async def follow(self) -> AsyncIterator[TurnEvent]:
        """Every event from the first on.

        Raises:
            Exception: what the turn failed with, after the events that came before.
        """
        seen = 0
        while True:
            async with self.more:
                while not self.finished and len(self.events) == seen:
                    await self.more.wait()
            while seen < len(self.events):
                yield self.events[seen]
                seen += 1
            if self.finished and seen == len(self.events):
                break
        if self.error is not None:
            raise self.error


class TurnRunner:
    """Turns of this process."""

    def __init__(self) -> None:
        self._running: dict[tuple[str, str], _Running] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(
        self,
        turn: Turn,
        ticket: Pass,
        site: SiteSettings,
        message_id: str,
        text: str,
        action: Action | None = None,
    ) -> AsyncIterator[TurnEvent]:
        """The events of the turn of this message: begun now, or joined."""
        key = (ticket.conversation_id, message_id)
        running = self._running.get(key)
        if running is None:
            running = self._running[key] = _Running()
            work = self._run(key, running, turn.run(ticket, site, message_id, text, action))
            task = asyncio.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return running.follow()

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
            if not any(conversation == key[0] for conversation, _ in self._running):
                self._locks.pop(key[0], None)
            async with running.more:
                running.finished = True
                running.more.notify_all()

    async def drain(self) -> None:
        """Wait for the turns that are under way: for a graceful stop."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=10)
