"""What vendors tell us: stored once, promised to those who act on it, then acknowledged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from core.clock import Clock
from core.db import Database, UnitOfWork
from core.errors import BugError, NotFound
from core.outbox import Outbox
from core.protocols.vendor import Capability, VendorEvent
from sales.connections.events import EVENT_OF
from sales.connections.models import ReceivedEvent
from sales.connections.repository import EventRepository
from sales.connections.schemas import StoredEvent


class EventInbox:
    """Takes events in, by webhook or by asking, and gives them to effects."""

    def __init__(self, database: Database, clock: Clock, outbox: Outbox) -> None:
        self._database, self._clock, self._outbox = database, clock, outbox

    async def receive(self, tenant_id: str, vendor: str, events: Sequence[VendorEvent]) -> int:
        """Store events whose signature was checked, and promise their effects, in one commit.
        Returns how many were new: one that came before changes nothing."""
        if not events:
            return 0
        async with self._database.unit_of_work(tenant_id) as uow:
            return await self.store(uow, vendor, events)

    async def store(self, uow: UnitOfWork, vendor: str, events: Sequence[VendorEvent]) -> int:
        """The same in the caller's transaction, e.g. together with the place up to which a
        vendor was asked."""
        added = await EventRepository(uow).add_new(vendor, events, self._clock.now())
        for row in added:
            kind = EVENT_OF[_read_capability(row.capability)]
            event = kind(vendor=vendor, kind=row.kind, event_id=row.id, subject=row.subject)
            await self._outbox.record(uow, event, once=row.id)
        return len(added)

    async def get_event(self, tenant_id: str, event_id: str) -> StoredEvent:
        """What an effect acts on.

        Raises:
            NotFound: it was forgotten, or is another tenant's.
        """
        async with self._database.reading(tenant_id) as uow:
            row = await EventRepository(uow).find(event_id)
        if row is None:
            raise NotFound("There is no such event.")
        return _describe(row)

    async def prune(self, before: datetime) -> int:
        """Forget events that came before a moment: their effects are long done. How many."""
        async with self._database.unit_of_work(None) as uow:
            return await EventRepository(uow).delete_before(before)


def _describe(row: ReceivedEvent) -> StoredEvent:
    return StoredEvent(
        id=row.id,
        vendor=row.vendor,
        key=row.event_key,
        capability=_read_capability(row.capability),
        kind=row.kind,
        subject=row.subject,
        payload=row.payload,
        happened_at=row.happened_at,
        received_at=row.received_at,
    )


def _read_capability(text: str) -> Capability:
    for capability in EVENT_OF:
        if capability == text:
            return capability
    raise BugError(f"an event about {text}")
