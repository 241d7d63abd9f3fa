"""Tables of tenants, sites, staff and the credentials of machines."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
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
    team_id: Mapped[str | None] = mapped_column(Id)
    key_hash: Mapped[str]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class OAuthClient(TenantRow, Base):
    """A machine that asks for access tokens (RFC 6749, 4.4). `id` is its client_id."""

    __tablename__ = "oauth_clients"
    __table_args__ = (Index("ix_oauth_clients_tenant_id", "tenant_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    name: Mapped[str]
    role: Mapped[str]
    team_id: Mapped[str | None] = mapped_column(Id)
    secret_hash: Mapped[str]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Team(TenantRow, Base):
    """Staff who share their leads."""

    __tablename__ = "teams"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    name: Mapped[str]
    created_at: Mapped[datetime]


class Staff(TenantRow, Base):
    """Somebody who signs in to the portal. Never deleted: leads and history name them."""

    __tablename__ = "staff"
    # One account per address in the whole installation: who signs in names no tenant.
    __table_args__ = (
        UniqueConstraint("email"),
        Index("ix_staff_tenant_id_name", "tenant_id", "name"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    email: Mapped[str]
    name: Mapped[str]
    role: Mapped[str]
    team_id: Mapped[str | None] = mapped_column(ForeignKey("teams.id"))
    phone: Mapped[str]
    timezone: Mapped[str]
    password_hash: Mapped[str]
    active: Mapped[bool]
    created_at: Mapped[datetime]


class StaffSession(TenantRow, Base):
    """One device that is signed in. `id` is the hash of its token, so that who reads the
    table cannot sign in with it."""

    __tablename__ = "staff_sessions"
    __table_args__ = (
        Index("ix_staff_sessions_staff_id", "staff_id"),
        Index("ix_staff_sessions_last_seen_at", "last_seen_at"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    device: Mapped[str]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
