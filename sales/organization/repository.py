"""Reads and writes tenants and sites."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from core.db import UnitOfWork
from core.ids import new_id
from sales.organization.models import Site, Tenant


class OrganizationRepository:
    """Tenants and what belongs to them. Sites are looked up across tenants by public key."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._session = uow.session

    async def find_tenant(self, key: str) -> Tenant | None:
        """The tenant of that key."""
        return (await self._session.execute(select(Tenant).where(Tenant.key == key))).scalar()

    async def add_tenant(self, key: str, name: str, at: datetime) -> Tenant:
        """A new tenant."""
        tenant = Tenant(id=new_id(), key=key, name=name, created_at=at)
        self._session.add(tenant)
        await self._session.flush()
        return tenant

    async def find_site(self, key: str) -> Site | None:
        """The site of that public key."""
        return (await self._session.execute(select(Site).where(Site.key == key))).scalar()

    async def list_sites(self) -> list[Site]:
        """Every site, by key."""
        return list((await self._session.execute(select(Site).order_by(Site.key))).scalars())

    async def add_site(
        self, tenant_id: str, key: str, name: str, origins: list[str], at: datetime
    ) -> Site:
        """A new site."""
        site = Site(
            id=new_id(),
            tenant_id=tenant_id,
            key=key,
            name=name,
            allowed_origins=list(origins),
            created_at=at,
        )
        self._session.add(site)
        await self._session.flush()
        return site
