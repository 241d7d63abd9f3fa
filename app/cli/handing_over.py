"""`sales-agent handoffs reconcile`: both sides compared, and what differs mended."""

from __future__ import annotations

import json
from dataclasses import asdict

from rich.table import Table

from app.cli.console import console, notes
from app.places import Places
from app.settings import AppSettings
from app.wiring import build_resources, build_services
from core.errors import ProviderError


async def reconcile_handoffs(
    settings: AppSettings, places: Places, *, dry_run: bool, as_json: bool
) -> int:
    """Print every difference of each tenant; 1 where a sales system did not answer."""
    resources = await build_resources(settings, places, None)
    failed = False
    try:
        sync = build_services(resources, settings).feedback.sync
        found = {}
        for tenant in resources.organization.list_tenants():
            try:
                found[tenant.key] = await sync.reconcile(tenant.id, dry_run=dry_run)
            except ProviderError as error:
                notes.print(f"{tenant.key}: the sales system does not answer: {error.operation}")
                failed = True
    finally:
        await resources.close()
    if as_json:
        content = {key: done and asdict(done) for key, done in found.items()}
        console.out(json.dumps(content, indent=2, default=str), highlight=False)
        return int(failed)
    table = Table("Tenant", "Lead", "Difference", "Here", "There", "To mend it")
    for key, done in found.items():
        if done is None:
            notes.print(f"{key}: another process compares just now, or no endpoint is well.")
            continue
        for one in done.differences:
            table.add_row(key, one.lead_id, one.kind, one.here, one.there, one.mend)
        notes.print(f"{key}: {len(done.differences)} differences, {done.mended} mended.")
    if table.row_count:
        console.print(table)
    return int(failed)
