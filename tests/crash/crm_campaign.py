"""A burst of leads into each CRM whose limits are enforced, and what became of it.

    python -m tests.crash.crm_campaign [leads, 1000 by default] [CRMs, all by default]

Time is made: each request takes 0.2 seconds of it, and what waits is waited for at once, so that
a day's limits are met in a minute. Each stand-in refuses what is beyond its limit with a 429.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from app.migrations.run import migrate
from app.vendor_settings import MANIFESTS
from core.db import Database
from core.errors import VendorRateLimited
from core.outbox import NotBefore
from sales.crm_sync.repository import CrmSyncRepository
from sales.leads.schemas import NewLead
from sales.organization.schemas import Principal
from tests.integrations.hubspot.harness import make_stand_in as make_hubspot
from tests.integrations.zoho.harness import make_stand_in as make_zoho
from tests.sales.followups.world import World, open_world
from tests.vendors.salesforce import SalesforceStandIn
from tests.vendors.standin import Answer, HttpStandIn, SeenRequest

STEP = timedelta(seconds=0.2)
_ROUNDS = 2_000
SETTINGS = """
  crm_integration:
    VENDOR: {enabled: true, only_qualified: false}
integrations:
  VENDOR:
"""


@dataclass(frozen=True)
class Limit:
    """What a CRM allows: `calls` in any span of `per`. `headers`: how it says so; `patience`:
    the Retry-After of a refusal."""

    calls: int
    per: timedelta
    patience: int
    headers: Callable[[int], Mapping[str, str]]


def _say_hubspot(left: int) -> Mapping[str, str]:
    return {
        "x-hubspot-ratelimit-max": "60",
        "x-hubspot-ratelimit-interval-milliseconds": "10000",
        "x-hubspot-ratelimit-remaining": str(max(0, left)),
    }


# HubSpot's is rolling, and here less than a third of the smallest account's; the others' are of
# the day, and so small that the burst takes several days.
LIMITS = {
    "hubspot": Limit(60, timedelta(seconds=10), 10, _say_hubspot),
    "salesforce": Limit(
        60, timedelta(days=1), 3600, lambda left: {"Sforce-Limit-Info": f"api-usage={60 - left}/60"}
    ),
    "zoho": Limit(
        100, timedelta(days=1), 3600, lambda left: {"X-API-CREDITS-REMAINING": str(max(0, left))}
    ),
}


class Gate:
    """Stands before a stand-in's `answer`, and counts."""

    def __init__(self, stand_in: HttpStandIn, limit: Limit) -> None:
        self._answer, self._limit = stand_in.answer, limit
        self._times: deque[datetime] = deque()
        self.world: World | None = None
        self.passed = self.refused = self.most = 0
        stand_in.answer = self.answer  # type: ignore[method-assign]

    def answer(self, request: SeenRequest) -> Answer:
        """As the CRM, while there is room; a token is always given."""
        if self.world is None or "oauth" in request.path:
            return self._answer(request)
        clock = self.world.clock
        now = clock.now()
        clock.set(now + STEP)
        while self._times and self._times[0] <= now - self._limit.per:
            self._times.popleft()
        if len(self._times) >= self._limit.calls:
            self.refused += 1
            wait = {"retry-after": str(self._limit.patience)}
            return Answer(429, {"message": "too many requests"}, wait)
        self._times.append(now)
        self.passed += 1
        self.most = max(self.most, len(self._times))
        found = self._answer(request)
        left = self._limit.calls - len(self._times)
        return Answer(found.status, found.body, {**found.headers, **self._limit.headers(left)})


@dataclass(frozen=True)
class Outcome:
    """What a burst came to. `most`: the most requests in any span of the limit; `took`: in made
    time; `cpu`: seconds, the stand-in's included."""

    vendor: str
    leads: int
    people: int
    in_step: int
    requests: int
    refused: int
    most: int
    allowed: int
    took: timedelta
    cpu: float


def _list_people(vendor: str, stand_in: Any) -> Sequence[str]:
    if vendor == "hubspot":
        store = stand_in.store
        kept = store.objects["contacts"]
        return [kept[one]["properties"]["email"] for one in store.list_ids("contacts")]
    module = {"salesforce": "Lead", "zoho": "Leads"}[vendor]
    return [str(row["Email"]) for row in stand_in.store.list_rows(module)]


async def run_burst(vendor: str, leads: int, database_url: str, folder: Path) -> Outcome:
    """`leads` leads at once into one CRM.

    Raises:
        AssertionError: it does not come to an end, or the stand-in saw a wrong request.
    """
    makers: dict[str, Callable[[], Any]] = {
        "hubspot": make_hubspot, "salesforce": SalesforceStandIn, "zoho": make_zoho,
    }  # fmt: skip
    stand_in = makers[vendor]()
    gate = Gate(stand_in, LIMITS[vendor])
    with stand_in:
        known = {one.name for one in MANIFESTS[vendor].credentials}
        keys = {name: one for name, one in stand_in.credentials().items() if name in known}
        secrets = {f"BURST_{name.upper()}": str(value) for name, value in keys.items()}
        values = {**stand_in.settings(), **{name: f"${{BURST_{name.upper()}}}" for name in keys}}
        if vendor == "zoho":
            values["daily_credits"] = LIMITS[vendor].calls
        lines = [f"    {name}: {value!r}" for name, value in values.items()]
        changes = SETTINGS.replace("VENDOR", vendor) + "\n".join(lines) + "\n"
        world = await open_world(database_url, folder, changes=changes, secrets=secrets)
        try:
            boss = Principal(world.tenant_id, "staff", world.tenant_id, "Rosa", "admin")
            for n in range(leads):
                await world.services.leads.create_lead(boss, NewLead(
                    first_name="Ana", last_name=f"Silva {n}",
                    email=f"ana{n}@burst.example", company=f"Company {n % 40}",
                ))  # fmt: skip
            gate.world = world
            return await _push_all(world, vendor, stand_in, gate)
        finally:
            gate.world = None
            await world.close()


async def _push_all(world: World, vendor: str, stand_in: Any, gate: Gate) -> Outcome:
    parts, began, cpu = world.services.crms, world.clock.now(), time.process_time()
    planned = await parts.sync.backfill(world.tenant_id)
    for _ in range(_ROUNDS):
        try:
            await parts.pusher.push(world.tenant_id, vendor)
        except NotBefore as wait:
            world.clock.set(max(wait.until, world.clock.now() + STEP))
        except VendorRateLimited as wait:
            world.clock.set(world.clock.now() + (wait.retry_after or timedelta(seconds=10)))
        if not await parts.sync.list_in_state(world.tenant_id, "waiting"):
            break
    else:
        raise AssertionError(f"{vendor}: the burst does not come to an end")
    assert stand_in.errors == [], stand_in.errors[:3]
    people = _list_people(vendor, stand_in)
    took, spent = world.clock.now() - began, time.process_time() - cpu
    async with world.resources.database.reading(world.tenant_id) as uow:
        rows = await CrmSyncRepository(uow).count_states()
    in_step = sum(row[3] for row in rows if row[1:3] == ("person", "in_step"))
    return Outcome(
        vendor, planned, len(set(people)), in_step, gate.passed, gate.refused,
        gate.most, LIMITS[vendor].calls, took, spent,
    )  # fmt: skip


async def _run(leads: int, vendors: Sequence[str], folder: Path) -> None:
    for vendor in vendors:
        url = f"sqlite:///{folder / f'{vendor}.sqlite'}"
        database = Database(url)
        await migrate(database)
        await database.close()
        found = await run_burst(vendor, leads, url, folder / vendor)
        sys.stdout.write(
            f"{found.vendor}: {found.leads} leads, {found.people} records, {found.in_step} in "
            f"step; {found.requests} requests in {found.took}, at most {found.most} of "
            f"{found.allowed} in a span; {found.refused} refused; {found.cpu:.0f} s CPU\n"
        )
        sys.stdout.flush()


def main() -> None:
    """From the command line."""
    leads = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    folder = Path(tempfile.mkdtemp())
    try:
        asyncio.run(_run(leads, sys.argv[2:] or list(LIMITS), folder))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
