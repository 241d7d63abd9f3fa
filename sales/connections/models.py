"""Tables of the accounts at vendors, how they came about, and what vendors told us."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db.tables import Base, Id, TenantRow


class Connection(TenantRow, Base):
    """A tenant's account at a vendor. Table and columns have the names of S1's `crm_integrations`,
    which also holds vendors that are no CRM (docs/decisions/0005-connections.md).

    `api_credentials` is one ciphertext of a JSON object. `revision` grows with each writing of
    it. `lease_*`: who renews it now, and until when nobody else may.
    """

    __tablename__ = "crm_integrations"
    __table_args__ = (UniqueConstraint("tenant_id", "crm_type"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    vendor: Mapped[str] = mapped_column("crm_type", String(40))
    api_credentials: Mapped[str]
    field_mappings: Mapped[dict[str, Any]]
    sync_settings: Mapped[dict[str, Any]]
    last_sync: Mapped[datetime | None]
    method: Mapped[str] = mapped_column(String(10))
    account: Mapped[str]
    revision: Mapped[int]
    lease_owner: Mapped[str]
    lease_until: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    last_error_at: Mapped[datetime | None]
    last_error: Mapped[str]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class SignIn(TenantRow, Base):
    """A sign-in at a vendor that an admin has begun. `id` is the hash of its state. Used once."""

    __tablename__ = "connection_sign_ins"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    vendor: Mapped[str] = mapped_column(String(40))
    session_id: Mapped[str] = mapped_column(String(64))
    sealed: Mapped[str]
    expires_at: Mapped[datetime]


class ConnectionChange(TenantRow, Base):
    """What was done to a connection, and by whom: kept for good, without any secret."""

    __tablename__ = "connection_changes"
    __table_args__ = (
        Index("ix_connection_changes_tenant_id_happened_at", "tenant_id", "happened_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    vendor: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(20))
    changed_by: Mapped[str]
    note: Mapped[str]
    happened_at: Mapped[datetime]


class ReceivedEvent(TenantRow, Base):
    """An event that a vendor told us, its signature checked. `event_key` is the vendor's id of
    it: the same one is stored once."""

    __tablename__ = "vendor_events"
    __table_args__ = (
        UniqueConstraint("tenant_id", "vendor", "event_key"),
        Index("ix_vendor_events_received_at", "received_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    vendor: Mapped[str] = mapped_column(String(40))
    event_key: Mapped[str] = mapped_column(String(200))
    capability: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(100))
    subject: Mapped[str]
    payload: Mapped[dict[str, Any]]
    happened_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
