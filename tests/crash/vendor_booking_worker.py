"""A process to be killed when a vendor has a meeting and we have not written that down yet."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
from datetime import datetime, timedelta
from typing import Any

from core.db import Database
from core.db.vendor_memory import DatabaseMemory
from core.protocols.calendar import Calendar
from core.protocols.vendor import VendorContext
from tests.crash.booking_worker import DeadlyCalendar, die
from tests.sales.appointments.desk import Desk
from tests.vendors.credentials import MemoryCredentials

# Handed over by the test: the stand-in's settings and credentials.
VARIABLE = "CRASH_TEST_VENDOR"


class _DeadlyMemory(DatabaseMemory):
    """Kills the process in place of the note that comes after the call: the vendor has it."""

    def __init__(self, database: Database, vendor: str) -> None:
        super().__init__(database, vendor)
        self._written = 0

    async def write_note(self, tenant_id: str, key: str, value: Any, revision: int = 0) -> bool:
        if key.startswith(("event:", "meeting:")):
            self._written += 1
            if self._written == 2:
                die()
        return await super().write_note(tenant_id, key, value, revision)


def make_vendor(desk: Desk, vendor: str, given: dict[str, Any], *, deadly: bool) -> Calendar:
    """The vendor's folder before its stand-in."""
    manifest = importlib.import_module(f"integrations.{vendor}.manifest").MANIFEST
    build = importlib.import_module(f"integrations.{vendor}.calendar").build_calendar
    memory = (_DeadlyMemory if deadly else DatabaseMemory)(desk.database, vendor)
    context = VendorContext(
        manifest.settings.model_validate(given["settings"]),
        MemoryCredentials({desk.site.tenant_id: given["credentials"]}),
        desk.clock,
        memory=memory,
    )
    calendar: Calendar = build(context)
    return calendar


async def main(url: str, vendor: str, starts_at: str, conversation_id: str) -> None:
    given = json.loads(os.environ[VARIABLE])
    database = Database(url)
    first = await Desk.open(database)
    calendar = make_vendor(first, vendor, given, deadly=True)
    desk = await Desk.open(
        database,
        vendor=calendar,
        # Google needs no notes: there the process dies when the calendar has answered.
        wrap=lambda one: DeadlyCalendar(one, "after"),
        wait_seconds=10,
    )
    await desk.runner.start()
    start = datetime.fromisoformat(starts_at)
    await desk.book(start, conversation_id=conversation_id, visitor_id=conversation_id)
    await desk.runner.stop(timedelta(seconds=5))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))
