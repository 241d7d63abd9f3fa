"""Tells open pages that something changed, so that they fetch themselves anew."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)

# Which tenants changed since the last call. Pages watch what other processes write by it.
ReadChanges = Callable[[], Awaitable[set[str]]]
POLL_SECONDS = 3.0


class ChangeNotifier:
    """Wakes the listeners of a tenant: at once for what this process did and announced, within
    seconds for what is found in the database. It asks the database only while a page listens.
    """

    def __init__(self, read_changes: ReadChanges, *, poll_seconds: float = POLL_SECONDS) -> None:
        self._read_changes = read_changes
        self._poll_seconds = poll_seconds
        self._listeners: dict[str, set[asyncio.Event]] = {}
        self._polling: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether the server is going down."""
        return self._closed

    def notify(self, tenant_id: str) -> None:
        """Something that staff of this tenant see has changed."""
        for event in self._listeners.get(tenant_id, ()):
            event.set()

    def close(self) -> None:
        """End every listener: open streams would keep the server from going down."""
        self._closed = True
        for tenant_id in self._listeners:
            self.notify(tenant_id)
        if self._polling is not None:
            self._polling.cancel()

    @contextlib.asynccontextmanager
    async def listen(self, tenant_id: str) -> AsyncIterator[asyncio.Event]:
        """An event that is set on each change, for the listener to clear."""
        event = asyncio.Event()
        self._listeners.setdefault(tenant_id, set()).add(event)
        if self._polling is None or self._polling.done():
            self._polling = asyncio.create_task(self._poll())
        try:
            yield event
        finally:
            self._listeners[tenant_id].discard(event)
            if not self._listeners[tenant_id]:
                del self._listeners[tenant_id]

    async def _poll(self) -> None:
        while self._listeners and not self._closed:
            try:
                for tenant_id in await self._read_changes():
                    self.notify(tenant_id)
            except Exception:
                # Pages are then brought up to date later; the next round tries again.
                log.exception("changes_not_read")
            await asyncio.sleep(self._poll_seconds)
