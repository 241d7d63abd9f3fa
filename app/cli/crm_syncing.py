"""`sales-agent crm`: where leads stand in CRMs, and bringing those there that were before."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime

from rich.markup import escape
from rich.table import Table

from app.cli.console import console, notes
from app.places import Places
from app.settings import AppSettings
from app.wiring import Resources, build_resources, build_services
from core.errors import Invalid, ProviderError
from core.outbox import NoRunner, Outbox
from sales.crm_sync.service import CrmSyncService


async def show_crm_status(settings: AppSettings, places: Places, *, as_json: bool) -> int:
    """Print how each CRM does, for each tenant."""
    resources = await build_resources(settings, places, None)
    try:
        sync = _open(resources, settings)
        found = {
            tenant.key: await sync.get_health(tenant.id)
            for tenant in resources.organization.list_tenants()
        }
    finally:
        await resources.close()
    if as_json:
        content = {key: [asdict(one) for one in health] for key, health in found.items()}
        console.out(json.dumps(content, indent=2, default=str), highlight=False)
        return 0
    if not any(found.values()):
        notes.print("No CRM is switched on: sales_agent.crm_integration in app.yaml.")
        return 0
    table = Table("Tenant", "CRM", "Connected", "In step", "Waiting", "Failed", "Success rate")
    for key, health in found.items():
        for one in health:
            rate = "-" if one.success_rate is None else f"{one.success_rate:.1%}"
            counts = [str(one.leads.get(state, 0)) for state in ("in_step", "waiting", "failed")]
            table.add_row(key, one.crm_name, "yes" if one.connected else "no", *counts, rate)
    console.print(table)
    for health in found.values():
        for one in health:
            for words, count in one.errors:
                notes.print(f"{one.crm_name}, {count} times: {escape(words)}")
    return 0


async def backfill_crm(
    settings: AppSettings, places: Places, *, crm: str, since: str, dry_run: bool
) -> int:
    """Let every lead that belongs to a CRM and is not there wait to be sent.

    Raises:
        Invalid: `since` is no date, or the CRM is not switched on.
    """
    moment = _read_date(since)
    resources = await build_resources(settings, places, None)
    try:
        sync = _open(resources, settings)
        if crm and crm not in sync.get_accounts():
            known = ", ".join(sync.get_accounts()) or "none"
            raise Invalid(f"{crm} is not switched on; switched on: {known}.")
        total = 0
        for tenant in resources.organization.list_tenants():
            total += await sync.backfill(tenant.id, crm=crm, since=moment, dry_run=dry_run)
    finally:
        await resources.close()
    if dry_run:
        console.print(f"{total} leads would be sent.", highlight=False)
    else:
        console.print(
            f"{total} leads wait. The running server sends them, inside the CRM's limits; broken "
            "off, it goes on where it was. Watch it: sales-agent crm status",
            highlight=False,
        )
    return 0


async def check_crm_mappings(settings: AppSettings, places: Places) -> list[str]:
    """Every problem of the field mappings with the CRMs' own lists of fields, and of CRMs that
    are switched on and cannot be asked."""
    resources = await build_resources(settings, places, None)
    problems: list[str] = []
    try:
        sync = _open(resources, settings)
        for tenant in resources.organization.list_tenants():
            for account in await sync.list_accounts(tenant.id):
                try:
                    problems += await sync.check_mapping(tenant.id, account.key)
                except ProviderError as error:
                    problems.append(f"{account.name}: {error}")
    finally:
        await resources.close()
    return problems


def _open(resources: Resources, settings: AppSettings) -> CrmSyncService:
    """The sync of a process that only records: the server sends."""
    outbox = Outbox(resources.database, resources.effects, resources.clock, NoRunner())
    return build_services(replace(resources, outbox=outbox), settings).crms.sync


def _read_date(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("--since takes a date, e.g. 2026-11-01.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
