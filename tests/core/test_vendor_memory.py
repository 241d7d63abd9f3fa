"""What vendors' folders remember, on each database: written once, forgotten when it is old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from core.clock import FixedClock
from core.db import Database
from core.db.vendor_memory import DatabaseMemory, prune_notes
from core.ids import new_id
from core.sending import OnceSender

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


async def test_old_notes_are_forgotten_by_the_age_of_their_last_change(
    database: Database,
) -> None:
    clock, tenant_id = FixedClock(BEGIN), new_id()
    memory = DatabaseMemory(database, "calendly", clock)
    sent = []

    async def hand_over() -> str:
        sent.append(clock.now())
        return f"vendor-{len(sent)}"

    once = OnceSender(memory)
    assert await once.send(tenant_id, "mail", hand_over) == "vendor-1"
    for key in ("m:still", "m:changed"):
        assert await memory.write_note(tenant_id, key, {"uri": "x"})
    clock.set(clock.now() + timedelta(days=89))
    assert await prune_notes(database, clock.now()) == 0
    assert await once.send(tenant_id, "mail", hand_over) == "vendor-1"
    assert await memory.write_note(tenant_id, "m:changed", {"uri": "y"}, 1)
    clock.set(clock.now() + timedelta(days=2))
    assert await prune_notes(database, clock.now()) == 1
    assert len(await memory.list_notes(tenant_id, "sent:")) == 0
    clock.set(clock.now() + timedelta(days=310))
    assert await prune_notes(database, clock.now()) == 1
    assert [note.key for note in await memory.list_notes(tenant_id, "")] == ["m:changed"]
    assert len(sent) == 1
