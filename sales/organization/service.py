"""Keeps tenants, sites and keys in step with `app.yaml`, and answers who may do what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.clock import Clock
from core.db import Database
from core.errors import Forbidden, NotFound, Unauthorized
from core.security import hash_key, new_api_key
from sales.organization.models import ApiKey, Site, SiteRef
from sales.organization.repository import OrganizationRepository
from sales.organization.rules import allows_origin
from sales.organization.settings import SiteSettings, TenantSettings


@dataclass(frozen=True, slots=True)
class KnownSite:
    """A site as calls see it: where its rows are, and its settings."""

    ref: SiteRef
    settings: SiteSettings


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Who calls a staff endpoint."""

    tenant_id: str
    name: str
    role: str


class OrganizationService:
    """Tenants, sites and API keys. Sites are few and read on every call: they are kept here."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._sites: dict[str, KnownSite] = {}

    async def apply_settings(
        self, tenants: Sequence[TenantSettings], sites: Sequence[SiteSettings]
    ) -> None:
        """Create what `app.yaml` names and is not there yet, and take over what it says.

        A site that left the file stops being served; its rows stay.
        """
        known: dict[str, KnownSite] = {}
        async with self._database.unit_of_work(None) as uow:
            repository = OrganizationRepository(uow)
            tenant_ids = {}
            for tenant in tenants:
                row = await repository.find_tenant(tenant.key)
                if row is None:
                    row = await repository.add_tenant(tenant.key, tenant.name, self._clock.now())
                elif row.name != tenant.name:
                    row.name = tenant.name
                tenant_ids[tenant.key] = row.id
            for settings in sites:
                site = await self._take_over(repository, tenant_ids[settings.tenant], settings)
                known[settings.key] = KnownSite(site.ref, settings)
        self._sites = known

    async def _take_over(
        self, repository: OrganizationRepository, tenant_id: str, settings: SiteSettings
    ) -> Site:
        origins = list(settings.allowed_origins)
        site = await repository.find_site(settings.key)
        if site is None:
            now = self._clock.now()
            return await repository.add_site(tenant_id, settings.key, settings.name, origins, now)
        if site.name != settings.name:
            site.name = settings.name
        if site.allowed_origins != origins:
            site.allowed_origins = origins
        return site

    def list_sites(self) -> list[KnownSite]:
        """Every site of `app.yaml`, in its order."""
        return list(self._sites.values())

    def get_site(self, key: str) -> KnownSite:
        """The site of a public key.

        Raises:
            NotFound: no site of `app.yaml` has that key.
        """
        try:
            return self._sites[key]
        except KeyError:
            raise NotFound(
                "There is no site with this key. Check data-site in the script tag.",
                {"site_key": key[:64]},
            ) from None

    def get_site_of(self, ref: SiteRef) -> KnownSite:
        """The site whose rows are at `ref`.

        Raises:
            NotFound: it is no longer in `app.yaml`.
        """
        for site in self._sites.values():
            if site.ref == ref:
                return site
        raise NotFound("This website is no longer served here.")

    def knows_origin(self, origin: str, own_origin: str) -> bool:
        """Whether any site may be used from `origin`: what a browser asks before it sends."""
        return any(
            allows_origin(site.settings.allowed_origins, origin, own_origin)
            for site in self._sites.values()
        )

    def check_origin(self, site: KnownSite, origin: str | None, own_origin: str) -> None:
        """Refuse pages that the site did not name.

        Raises:
            Forbidden: the origin is not in the site's `allowed_origins`.
        """
        if not allows_origin(site.settings.allowed_origins, origin, own_origin):
            raise Forbidden(
                "This website may not use the site key. Add its origin to allowed_origins.",
                {"origin": (origin or "")[:200]},
            )

    async def create_api_key(self, tenant_key: str, name: str, role: str) -> str:
        """Make a key and return it: the only time it can be seen.

        Raises:
            NotFound: no such tenant.
        """
        key = new_api_key()
        async with self._database.unit_of_work(None) as uow:
            repository = OrganizationRepository(uow)
            tenant = await repository.find_tenant(tenant_key)
            if tenant is None:
                raise NotFound(f"There is no tenant {tenant_key!r} in app.yaml.")
            await repository.add_api_key(tenant.id, name, role, hash_key(key), self._clock.now())
        return key

    async def identify(self, key: str) -> StaffMember:
        """Who an API key belongs to.

        Raises:
            Unauthorized: unknown or revoked.
        """
        async with self._database.reading(None) as uow:
            row: ApiKey | None = await OrganizationRepository(uow).find_api_key(hash_key(key))
        if row is None:
            raise Unauthorized("The API key is not known. Make one with: sales-agent api-key.")
        return StaffMember(row.tenant_id, row.name, row.role)
