"""Keeps tenants and sites in step with `app.yaml`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.clock import Clock
from core.db import Database
from core.errors import Forbidden, NotFound
from sales.organization.models import Site, SiteRef
from sales.organization.repository import OrganizationRepository
from sales.organization.rules import allows_origin
from sales.organization.settings import SiteSettings, TenantSettings


@dataclass(frozen=True, slots=True)
class KnownSite:
    """A site as calls see it: where its rows are, and its settings."""

    ref: SiteRef
    settings: SiteSettings


@dataclass(frozen=True, slots=True)
class KnownTenant:
    """An organisation of `app.yaml`."""

    id: str
    key: str
    name: str


class OrganizationService:
    """Tenants and sites. They are few and read on every call: they are kept here."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._sites: dict[str, KnownSite] = {}
        self._tenants: dict[str, KnownTenant] = {}

    async def apply_settings(
        self, tenants: Sequence[TenantSettings], sites: Sequence[SiteSettings]
    ) -> None:
        """Create what `app.yaml` names and is not there yet, and take over what it says.

        A site that left the file stops being served; its rows stay.
        """
        known: dict[str, KnownSite] = {}
        known_tenants: dict[str, KnownTenant] = {}
        async with self._database.unit_of_work(None) as uow:
            repository = OrganizationRepository(uow)
            for tenant in tenants:
                row = await repository.find_tenant(tenant.key)
                if row is None:
                    row = await repository.add_tenant(tenant.key, tenant.name, self._clock.now())
                elif row.name != tenant.name:
                    row.name = tenant.name
                known_tenants[tenant.key] = KnownTenant(row.id, tenant.key, tenant.name)
            for settings in sites:
                tenant_id = known_tenants[settings.tenant].id
                site = await self._take_over(repository, tenant_id, settings)
                known[settings.key] = KnownSite(site.ref, settings)
        self._sites, self._tenants = known, known_tenants

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

    def get_tenant(self, key: str) -> KnownTenant:
        """The tenant of a key.

        Raises:
            NotFound: `app.yaml` has no such tenant.
        """
        try:
            return self._tenants[key]
        except KeyError:
            raise NotFound(f"There is no tenant {key[:64]!r} in app.yaml.") from None

    def list_tenants(self) -> list[KnownTenant]:
        """Every tenant of `app.yaml`, in its order."""
        return list(self._tenants.values())

    def get_tenant_key(self, tenant_id: str) -> str:
        """The key of a tenant.

        Raises:
            NotFound: `app.yaml` has it no longer.
        """
        for tenant in self._tenants.values():
            if tenant.id == tenant_id:
                return tenant.key
        raise NotFound("This tenant is no longer in app.yaml.")

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
