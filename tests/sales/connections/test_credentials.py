"""Credentials are encrypted, and renewed by one caller at a time, whoever dies meanwhile."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update

from core.db import Database
from core.encryption import Cipher
from core.errors import AuthenticationFailed, BugError, ConfigurationError, Rejected
from sales.connections.credential_store import LEASE
from sales.connections.models import Connection
from tests.sales.connections.conftest import KEY, World, build_manifest
from tests.support.acme import API_KEY

ROOT = Path(__file__).parents[3]


async def read_sealed(database: Database) -> str:
    async with database.reading(None) as uow:
        found = await uow.session.execute(text("SELECT api_credentials FROM crm_integrations"))
        return str(found.scalar_one())


async def test_what_the_portal_stored_goes_before_app_yaml(world: World) -> None:
    with pytest.raises(AuthenticationFailed, match="not connected"):
        await world.credentials.get(world.tenant_id)
    world.in_file = {"api_key": "of the file", "refresh_token": "of another account"}
    assert (await world.credentials.get(world.tenant_id))["api_key"] == "of the file"
    await world.connect({"api_key": API_KEY})
    # Nothing of the file's account is mixed in.
    assert await world.credentials.get(world.tenant_id) == {"api_key": API_KEY}
    world.in_file = {}
    with pytest.raises(AuthenticationFailed):
        await world.credentials.get(world.other_id)


async def test_the_table_holds_no_secret_and_another_tenants_row_opens_nothing(
    world: World,
) -> None:
    await world.connect()
    sealed = await read_sealed(world.database)
    assert API_KEY not in sealed
    async with world.database.unit_of_work(None) as uow:
        await uow.session.execute(update(Connection).values(tenant_id=world.other_id))
    with pytest.raises(BugError):
        await world.credentials.get(world.other_id)


async def test_many_who_find_the_same_token_stale_renew_it_once(world: World) -> None:
    await world.connect()
    stale = await world.credentials.get(world.tenant_id)
    calls = 0

    async def renew(values: Mapping[str, str]) -> Mapping[str, str]:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0.05)
        assert values["refresh_token"] == "first"
        return {"api_key": "new", "expires_at": "1"}

    one_each = [world.credentials for _ in range(8)]
    given = await asyncio.gather(*(c.refresh(world.tenant_id, stale, renew) for c in one_each))
    expected = {"api_key": "new", "expires_at": "1", "refresh_token": "first"}
    assert calls == 1
    assert all(dict(one) == expected for one in given)
    assert await world.credentials.get(world.tenant_id) == expected


async def test_a_renewal_that_fails_leaves_what_was_stored_and_tells_why(world: World) -> None:
    await world.connect()
    stale = await world.credentials.get(world.tenant_id)

    async def refuse(values: Mapping[str, str]) -> Mapping[str, str]:
        raise Rejected("acme", "renew", "invalid_grant for ada@acme.example")

    with pytest.raises(Rejected):
        await world.credentials.refresh(world.tenant_id, stale, refuse)
    assert await world.credentials.get(world.tenant_id) == stale
    known = await world.service(build_manifest()).list_connections(world.tenant_id)
    assert known["acme"].last_error == "It says no. Its words: invalid_grant for [email]"

    async def renew(values: Mapping[str, str]) -> Mapping[str, str]:
        return {"api_key": "new"}

    # Nobody holds the lease any more.
    fresh = await world.credentials.refresh(world.tenant_id, stale, renew)
    assert fresh["api_key"] == "new"


async def test_what_was_disconnected_while_it_was_renewed_stays_disconnected(world: World) -> None:
    await world.connect()
    stale = await world.credentials.get(world.tenant_id)
    service = world.service(build_manifest("api_key"))

    async def renew(values: Mapping[str, str]) -> Mapping[str, str]:
        await service.disconnect(world.admin, "acme")
        return {"api_key": "new"}

    with pytest.raises(AuthenticationFailed):
        await world.credentials.refresh(world.tenant_id, stale, renew)
    assert await service.list_connections(world.tenant_id) == {}


async def test_what_was_renewed_from_app_yaml_is_void_when_the_file_changes(world: World) -> None:
    world.in_file = {"refresh_token": "of the file"}
    stale = await world.credentials.get(world.tenant_id)

    async def renew(values: Mapping[str, str]) -> Mapping[str, str]:
        return {"access_token": f"from {values['refresh_token']}"}

    await world.credentials.refresh(world.tenant_id, stale, renew)
    expected = {"access_token": "from of the file", "refresh_token": "of the file"}
    assert await world.credentials.get(world.tenant_id) == expected
    world.in_file = {"refresh_token": "of another"}
    assert await world.credentials.get(world.tenant_id) == {"refresh_token": "of another"}


async def test_a_lease_without_a_living_holder_runs_out(world: World) -> None:
    await world.connect()
    stale = await world.credentials.get(world.tenant_id)
    async with world.database.unit_of_work(world.tenant_id) as uow:
        # Of a process on another machine: nobody here can know whether it lives.
        await uow.session.execute(
            update(Connection).values(
                lease_owner="elsewhere:1:1:x", lease_until=world.clock.now() + LEASE
            )
        )

    async def renew(values: Mapping[str, str]) -> Mapping[str, str]:
        return {"api_key": "new"}

    waiting = asyncio.create_task(world.credentials.refresh(world.tenant_id, stale, renew))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    world.clock.set(world.clock.now() + LEASE + timedelta(seconds=1))
    assert (await waiting)["api_key"] == "new"


def start_worker(
    url: str, tenant_id: str, counter: Path, mode: str = "renew"
) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.sales.connections.renewing_worker"]
    return subprocess.Popen(
        [*command, url, tenant_id, str(counter), mode],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def read_line(worker: subprocess.Popen[str]) -> str:
    assert worker.stdout is not None
    return worker.stdout.readline().strip()


def let_go(*workers: subprocess.Popen[str]) -> None:
    for worker in workers:
        assert read_line(worker) == "ready"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()


async def test_two_processes_renew_once(world: World, database_url: str, tmp_path: Path) -> None:
    await world.connect()
    counter = tmp_path / "renewals"
    workers = [start_worker(database_url, world.tenant_id, counter) for _ in range(2)]
    let_go(*workers)
    outputs = [worker.communicate(timeout=60)[0].split("\n")[-2] for worker in workers]
    assert outputs == ["new of first", "new of first"]
    assert counter.read_text() == "renewed\n"


async def test_after_a_kill_in_the_midst_of_a_renewal_another_process_goes_on(
    world: World, database_url: str, tmp_path: Path
) -> None:
    await world.connect()
    stale = await world.credentials.get(world.tenant_id)
    counter = tmp_path / "renewals"
    worker = start_worker(database_url, world.tenant_id, counter, "hang")
    let_go(worker)
    assert read_line(worker) == "renewing"
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait(20)

    async def renew(values: Mapping[str, str]) -> Mapping[str, str]:
        return {"api_key": "new", "refresh_token": "second"}

    # At once: the operating system knows that the holder of the lease is gone.
    async with asyncio.timeout(10):
        fresh = await world.credentials.refresh(world.tenant_id, stale, renew)
    assert fresh["api_key"] == "new"


async def test_keys_rotate_while_others_read(world: World) -> None:
    await world.connect()
    newest = b"n" * 32
    old, world.cipher = world.cipher, Cipher([newest, KEY])
    # In the midst of it both are read.
    assert (await world.credentials.get(world.tenant_id))["api_key"] == API_KEY
    service = world.service(build_manifest())
    assert await service.rotate_keys() == 1
    assert await service.rotate_keys() == 0
    world.cipher = Cipher([newest])
    assert (await world.credentials.get(world.tenant_id))["api_key"] == API_KEY
    world.cipher = old
    with pytest.raises(ConfigurationError, match="needs the key"):
        await world.credentials.get(world.tenant_id)
