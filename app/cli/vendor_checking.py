"""`sales-agent check`, the part that asks vendors; and `sales-agent rotate-keys`."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from app.cli.console import console
from app.migrations.run import current_revision, newest_revision
from app.places import Places
from app.settings import AppSettings
from app.vendor_settings import LOCAL, MANIFESTS, read_credentials
from app.vendors import VendorShelf, build_vendors, choose_vendors
from app.wiring import build_resources, prepare_database
from core.clock import SystemClock
from core.db import Database
from core.errors import ConfigurationError
from sales.connections.schemas import Vendor
from sales.connections.service import ConnectionService, try_vendor
from sales.organization.service import KnownTenant, OrganizationService
from sales.privacy.rekeying import renew_sealed_rows

Say = Callable[[str], bool]


async def check_vendors(settings: AppSettings, places: Places, good: Say, bad: Say) -> bool:
    """Try each vendor that is switched on or connected, for each tenant, all at once; one line
    each. Whether all of them work."""
    async with _open_database(settings, places) as database:
        if database is None:
            return True
        clock = SystemClock()
        organization = OrganizationService(database, clock)
        await organization.apply_settings(settings.tenants, settings.sites)
        try:
            shelf = build_vendors(settings, places, database, clock, organization)
        except ConfigurationError as error:
            for problem in error.problems:
                bad(f"vendors: {problem}")
            return False
        connections = ConnectionService(database, clock, shelf.cipher, shelf.get_vendors)
        tries = await _list_tries(shelf, connections, organization)
        several = len(organization.list_tenants()) > 1
        lines = await asyncio.gather(*(_try(one, tenant, several) for one, tenant in tries))
    for works, words in lines:
        (good if works else bad)(words)
    return all(works for works, _ in lines)


async def _try(vendor: Vendor, tenant: KnownTenant, several: bool) -> tuple[bool, str]:
    result = await try_vendor(vendor, tenant.id)
    whose = f" for {tenant.key}" if several else ""
    uses = ", ".join(vendor.uses) or "connected, not used"
    return result.works, f"{vendor.manifest.name}{whose} ({uses}): {result.words}"


async def _list_tries(
    shelf: VendorShelf, connections: ConnectionService, organization: OrganizationService
) -> list[tuple[Vendor, KnownTenant]]:
    """Who is to be tried for whom. A vendor in use that no tenant has connected is tried for the
    first one, so that its absence is told."""
    found: list[tuple[Vendor, KnownTenant]] = []
    tenants = organization.list_tenants()
    stored = {tenant.id: await connections.list_connections(tenant.id) for tenant in tenants}
    for key, vendor in shelf.get_vendors().items():
        having = [
            tenant for tenant in tenants if vendor.configured(tenant.id) or key in stored[tenant.id]
        ]
        if vendor.uses and not having:
            having = tenants[:1]
        found += [(vendor, tenant) for tenant in having]
    return found


@contextlib.asynccontextmanager
async def _open_database(settings: AppSettings, places: Places) -> AsyncIterator[Database | None]:
    """The installation's database; before the first start, and where it cannot be used (which
    another line of the check tells), an empty one that is thrown away, or none where app.yaml
    names no vendor either."""
    database = Database(places.database_url(settings))
    try:
        usable = await current_revision(database) == newest_revision()
    except Exception:  # noqa: BLE001 - whatever is wrong with it, vendors can be tried
        usable = False
    if usable:
        try:
            yield database
        finally:
            await database.close()
        return
    await database.close()
    if not names_vendors(settings):
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        empty = Database(f"sqlite:///{Path(folder) / 'check.sqlite'}")
        try:
            await prepare_database(empty)
            yield empty
        finally:
            await empty.close()


def names_vendors(settings: AppSettings) -> bool:
    """Whether app.yaml switches a vendor on, or has credentials of one."""
    chosen = {key for keys in choose_vendors(settings).values() for key in keys}
    return chosen - {LOCAL} != set() or any(
        read_credentials(manifest, getattr(settings.integrations, key))
        for key, manifest in MANIFESTS.items()
    )


async def rotate_keys(settings: AppSettings, places: Places) -> int:
    """Encrypt with the newest key what older ones encrypted; servers may run meanwhile."""
    resources = await build_resources(settings, places, None)
    try:
        count = await resources.connections.rotate_keys()
        count += await renew_sealed_rows(resources.database, resources.vendors.cipher)
        newest = resources.vendors.cipher.newest_key
    finally:
        await resources.close()
    console.print(
        f"{count} encrypted anew; all are under the key {newest} now. Older keys can be taken out "
        "of server.encryption_keys.",
        highlight=False,
    )
    return 0
