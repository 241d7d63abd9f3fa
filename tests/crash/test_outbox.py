"""kill -9, again and again: nothing is lost, nothing happens under two keys, order is kept.

`SALES_AGENT_CRASH_KILLS` sets how many kills each database gets (15 if it is not set).
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from sqlalchemy import text

from core.db import Database
from tests.crash.checker import find_disorder, find_faults
from tests.crash.outbox_worker import CONCURRENCY, CUSTOMERS

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("SALES_AGENT_CRASH_KILLS", "15"))
ORDERS_PER_KILL = 12


async def test_no_kill_loses_or_doubles_a_promise(database: Database, tmp_path: Path) -> None:
    url = database.url.set(drivername=database.dialect).render_as_string(hide_password=False)
    async with database.unit_of_work(None) as uow:
        await uow.session.execute(text("CREATE TABLE orders (number INTEGER PRIMARY KEY)"))
    await database.close()
    campaign = [sys.executable, "-m", "tests.crash.outbox_campaign"]
    arguments = [url, str(tmp_path), str(KILLS), str(ORDERS_PER_KILL)]
    running = await asyncio.create_subprocess_exec(
        *campaign, *arguments, stderr=asyncio.subprocess.PIPE, cwd=ROOT
    )
    _, errors = await running.communicate()
    assert running.returncode == 0, errors.decode()[-2000:]
    total = KILLS * ORDERS_PER_KILL
    faults = find_faults(url, tmp_path, total, kills=KILLS, concurrency=CONCURRENCY)
    assert faults == []
    assert find_disorder(tmp_path, CUSTOMERS) == []
