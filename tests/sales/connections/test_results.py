"""What the page tells of a vendor's last success and last error."""

from __future__ import annotations

from datetime import timedelta

from core.errors import Rejected, VendorRateLimited
from tests.sales.connections.conftest import World, build_manifest


async def test_a_sync_shows_its_last_success_and_what_went_wrong_since(world: World) -> None:
    await world.connect()
    service = world.service(build_manifest("api_key"))
    await service.note_result(world.tenant_id, "acme", None)
    first = world.clock.now()
    world.clock.set(first + timedelta(hours=1))
    # Patience is no error.
    limited = VendorRateLimited("acme", "upsert", "429")
    await service.note_result(world.tenant_id, "acme", limited)
    known = (await service.list_connections(world.tenant_id))["acme"]
    assert (known.last_sync, known.last_error) == (first, "")
    said = Rejected("acme", "upsert", "no field Phone2")
    await service.note_result(world.tenant_id, "acme", said)
    known = (await service.list_connections(world.tenant_id))["acme"]
    assert known.last_error == "It says no. Its words: no field Phone2"
    assert (known.last_success_at, known.last_error_at) == (first, world.clock.now())
    await service.note_result(world.tenant_id, "acme", None)
    assert (await service.list_connections(world.tenant_id))["acme"].last_error == ""
    assert (await service.list_changes(world.tenant_id))[0].kind == "connected"
