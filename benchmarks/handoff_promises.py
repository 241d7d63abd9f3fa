"""Enters leads, and promises to hand them over, in an installation whose server does not run.

A process of its own, as `run_json` runs it: JSON in, JSON out. What it writes is what the API
writes; the promises wait in the outbox until a server starts. It measures what building, checking
and storing a package costs, and gives the packages out as other senders are to send them.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

from app.places import Places
from app.settings import load_app_settings
from app.wiring import build_resources, build_services
from core.ids import new_id
from sales.handoffs.rules import build_key
from sales.handoffs.service import PACKAGE_COLUMN
from sales.leads.schemas import NewLead
from sales.organization.schemas import Principal


async def enter(request: dict[str, Any]) -> dict[str, Any]:
    """`leads` new leads, the first `promised` of them handed over."""
    config, data = Path(request["config"]), Path(request["data"])
    settings = load_app_settings(config)
    resources = await build_resources(settings, Places(config, data), None)
    services = build_services(resources, settings)
    tenant_id = resources.organization.list_tenants()[0].id
    machine = Principal(tenant_id, "client", new_id(), "benchmark", "admin")
    try:
        leads = [
            await services.leads.create_lead(machine, describe_person(number))
            for number in range(request["leads"])
        ]
        wall, cpu = time.perf_counter(), time.process_time()
        promised = [
            await services.handoffs.workflow.hand_over(machine, made.lead.id)
            for made in leads[: request["promised"]]
        ]
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        packages = []
        for handoff_id in promised:
            unsent = await services.handoffs.service.find_unsent(tenant_id, handoff_id, 1, ())
            assert unsent is not None
            packages.append(
                {
                    "key": build_key(handoff_id, 1),
                    "transaction": unsent.package.transaction_id,
                    "hash": unsent.package.body_hash,
                    "body": unsent.package.body.decode(),
                }
            )
    finally:
        await resources.close()
    return {
        "lead_ids": [made.lead.id for made in leads],
        "packages": packages,
        "seconds": wall,
        "cpu_seconds": cpu,
        "column": PACKAGE_COLUMN,
    }


def describe_person(number: int) -> NewLead:
    """Somebody like a real lead, and nobody twice."""
    mark = hashlib.sha256(str(number).encode()).hexdigest()[:10]
    return NewLead(
        source="benchmark",
        first_name="Ada",
        last_name=mark,
        email=f"{mark}@acme.example",
        company="Acme",
        title="Head of Operations",
        industry="Manufacturing",
    )


if __name__ == "__main__":
    json.dump(asyncio.run(enter(json.load(sys.stdin))), sys.stdout)
