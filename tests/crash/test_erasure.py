"""kill -9 in every step of an erasure: it goes on where it was, and ends with one certificate."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from core.outbox import OutboxEntry
from sales.privacy.models import Erasure
from sales.privacy.schemas import Wish
from tests.app.erasure_stuffing import stuff
from tests.app.erasure_world import ANN, fill, find_anything, open_world, reopen_world

ROOT = Path(__file__).parents[2]
# In which step and before which of its commits each process dies: before anything of it is written,
# between what was done and its answer, and when mails' files are gone and their rows are not.
POINTS = (
    *("queue:1", "queue:2", "sales_system:2", "crm:1", "calendar:1", "calendar:2"),
    *("own:2", "own:3", "storage:1", "read_back:1", "never:1"),
)


async def test_an_erasure_that_is_killed_in_every_step_ends_with_one_certificate(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(sqlite_template, tmp_path / "test.sqlite")
    monkeypatch.setenv("TEST_URL", f"sqlite:///{tmp_path / 'test.sqlite'}")
    world = await open_world(tmp_path)
    ticket = await fill(world)
    lead = await world.find_lead(ANN)
    assert lead is not None
    await stuff(world, ticket, lead)
    erasure_id = await world.services.privacy.request(world.admin, Wish(email=ANN))
    await world.resources.close()

    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.crash.erasure_worker", str(tmp_path), erasure_id),
        *POINTS,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    output, errors = await running.communicate()
    assert running.returncode == 0, errors.decode()[-2000:]
    died = output.decode().split()
    assert died == [*(point.partition(":")[0] for point in POINTS[:-1]), "over"]

    world = await reopen_world(tmp_path)
    certificate = await world.services.privacy.get_certificate(world.admin, erasure_id)
    assert certificate["state"] == "done", certificate
    async with world.resources.database.reading(world.tenant_id) as uow:
        (row,) = (await uow.session.execute(select(Erasure))).scalars()
        assert (row.state, row.subject, row.round) == ("done", "", 1)
        entries = (await uow.session.execute(select(OutboxEntry.payload))).scalars().all()
    promised = [json.dumps(one["step"]) for one in entries if "step" in one]
    assert len(promised) == len(set(promised))
    assert await find_anything(world) == []
    await world.resources.close()
