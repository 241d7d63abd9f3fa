"""What vendors tell is stored once, promised in the same commit, and given to effects."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core.errors import NotFound
from core.outbox import EffectContext, EffectRegistry, NoRunner, Outbox, OutboxEntry
from core.protocols.vendor import VendorEvent
from sales.connections.events import CrmEventReceived, EmailEventReceived, VendorEventReceived
from sales.connections.inbox import EventInbox
from tests.sales.connections.conftest import World

BOUNCE = VendorEvent("e1", "email", "bounced", {"reason": "full"}, "mail-1")


def open_inbox(world: World) -> EventInbox:
    """With one effect for mails and none for calendars."""
    registry = EffectRegistry()

    async def note(event: VendorEventReceived, context: EffectContext) -> None:
        raise AssertionError("no runner runs here")

    registry.register(EmailEventReceived, "mails.note", note)
    registry.register(CrmEventReceived, "crms.note", note)
    outbox = Outbox(world.database, registry, world.clock, NoRunner())
    return EventInbox(world.database, world.clock, outbox)


async def list_promises(world: World) -> list[OutboxEntry]:
    async with world.database.reading(None) as uow:
        return list((await uow.session.execute(select(OutboxEntry))).scalars())


async def test_the_same_event_is_stored_and_promised_once_however_often_it_comes(
    world: World,
) -> None:
    inbox = open_inbox(world)
    assert await inbox.receive(world.tenant_id, "acme", [BOUNCE, BOUNCE]) == 1
    again = [inbox.receive(world.tenant_id, "acme", [BOUNCE]) for _ in range(4)]
    assert await asyncio.gather(*again) == [0, 0, 0, 0]
    (promise,) = await list_promises(world)
    assert (promise.effect, promise.tenant_id) == ("mails.note", world.tenant_id)
    event = EmailEventReceived.from_payload(promise.payload)
    assert (event.vendor, event.kind, event.ordering_key) == ("acme", "bounced", "acme:mail-1")
    # The reason is in the event's own row, not in the queue.
    assert "full" not in str(promise.payload)
    stored = await inbox.get_event(world.tenant_id, event.event_id)
    assert (stored.payload, stored.key, stored.capability) == ({"reason": "full"}, "e1", "email")
    with pytest.raises(NotFound):
        await inbox.get_event(world.other_id, event.event_id)


async def test_the_same_id_of_another_vendor_or_tenant_is_another_event(world: World) -> None:
    inbox = open_inbox(world)
    for tenant_id, vendor in (
        (world.tenant_id, "acme"),
        (world.tenant_id, "other"),
        (world.other_id, "acme"),
    ):
        assert await inbox.receive(tenant_id, vendor, [BOUNCE]) == 1
    assert len(await list_promises(world)) == 3


async def test_what_is_stored_with_the_callers_rows_stands_or_falls_with_them(
    world: World,
) -> None:
    inbox = open_inbox(world)
    with pytest.raises(RuntimeError):
        async with world.database.unit_of_work(world.tenant_id) as uow:
            await inbox.store(uow, "acme", [BOUNCE])
            raise RuntimeError
    assert await list_promises(world) == []
    assert await inbox.receive(world.tenant_id, "acme", [BOUNCE]) == 1


async def test_old_events_are_forgotten(world: World) -> None:
    inbox = open_inbox(world)
    await inbox.receive(world.tenant_id, "acme", [BOUNCE])
    world.clock.set(world.clock.now() + timedelta(days=31))
    assert await inbox.prune(world.clock.now() - timedelta(days=30)) == 1
    async with world.database.reading(None) as uow:
        left = select(func.count()).select_from(OutboxEntry)
        assert (await uow.session.execute(left)).scalar_one() == 1
