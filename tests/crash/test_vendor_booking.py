"""kill -9 between "created there" and "recorded here": one appointment, one event at the vendor."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.db import Database
from core.ids import new_id
from tests.crash.vendor_booking_worker import VARIABLE, make_vendor
from tests.sales.appointments.desk import NOW, Desk
from tests.vendors.calendly import CalendlyStandIn
from tests.vendors.google_calendar import GoogleCalendarStandIn
from tests.vendors.outlook import OutlookStandIn

ROOT = Path(__file__).parents[2]
START = datetime(2026, 12, 3, 13, tzinfo=UTC)
REP = "hannah@larkmere.example"


def make_stand_in(vendor: str) -> Any:
    if vendor == "calendly":
        return CalendlyStandIn(now=lambda: NOW)
    return GoogleCalendarStandIn() if vendor == "google" else OutlookStandIn()


def list_events(stand_in: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        stand_in.list_active()
        if isinstance(stand_in, CalendlyStandIn)
        else stand_in.list_shown(REP)
    )
    return found


@pytest.mark.parametrize("vendor", ["google", "outlook", "calendly"])
async def test_a_killed_booking_is_at_the_vendor_once(database: Database, vendor: str) -> None:
    with make_stand_in(vendor) as stand_in:
        given = {"settings": stand_in.settings(), "credentials": dict(stand_in.credentials())}
        url = database.url.set(drivername=database.dialect).render_as_string(hide_password=False)
        conversation = new_id()
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.crash.vendor_booking_worker",
            url,
            vendor,
            START.isoformat(),
            conversation,
            cwd=ROOT,
            env={**os.environ, VARIABLE: json.dumps(given)},
        )
        assert await worker.wait() == -signal.SIGKILL
        assert len(list_events(stand_in)) == 1
        first = await Desk.open(database)
        calendar = make_vendor(first, vendor, given, deadly=False)
        desk = await Desk.open(database, vendor=calendar, wait_seconds=10)
        # The dead process's claim on a booking has run out.
        for clock in (first.clock, desk.clock):
            clock.set(NOW + timedelta(minutes=1))
        await desk.runner.start()
        try:
            booked = await desk.book(START, conversation_id=conversation, visitor_id=conversation)
            for _ in range(200):
                booked = await desk.service.get_appointment(desk.site.tenant_id, booked.id)
                if booked.is_placed:
                    break
                await asyncio.sleep(0.05)
            assert booked.is_placed
        finally:
            await desk.runner.stop(timedelta(seconds=5))
        assert len(list_events(stand_in)) == 1
        assert stand_in.errors == []
