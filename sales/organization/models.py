"""Tables of tenants, sites and API keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db.tables import Base, Id, TenantRow


class SiteRef(NamedTuple):
    """Which website, of which tenant: what every call about a site's data needs."""

    tenant_id: str
    site_id: str


class Tenant(Base):
    """An organisation that uses the product; the outermost border of every row."""

    __tablename__ = "tenants"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    created_at: Mapped[datetime]


class Site(TenantRow, Base):
    """A website that carries the widget. Its `key` is public; its origins say who may use it."""

    __tablename__ = "sites"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    allowed_origins: Mapped[list[Any]]
    created_at: Mapped[datetime]

    @property
    def ref(self) -> SiteRef:
        """The site's address in the database."""
        return SiteRef(self.tenant_id, self.id)


class ApiKey(TenantRow, Base):
    """A key for machines and staff. Only its SHA-256 is stored: it cannot be shown again."""

    __tablename__ = "api_keys"
    __table_args__ = (UniqueConstraint("key_hash"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    name: Mapped[str]
    role: Mapped[str]
    key_hash: Mapped[str]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
