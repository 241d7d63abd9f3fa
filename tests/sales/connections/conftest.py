"""Two tenants, a cipher, and credentials of one vendor over a fresh database of each kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from core.clock import FixedClock
from core.db import Database
from core.encryption import Cipher
from core.protocols.vendor import CredentialField, Manifest, VendorContext
from core.settings import Section
from sales.connections.credential_store import StoredCredentials
from sales.connections.schemas import Vendor
from sales.connections.service import ConnectionService
from sales.organization.schemas import Principal
from sales.organization.service import OrganizationService
from sales.organization.settings import TenantSettings
from tests.support.acme import API_KEY

KEY = b"k" * 32


@dataclass
class World:
    """What tests of connections need. `in_file` is what app.yaml has."""

    database: Database
    clock: FixedClock
    tenant_id: str
    other_id: str
    in_file: dict[str, str] = field(default_factory=dict)
    cipher: Cipher = field(default_factory=lambda: Cipher([KEY]))

    @property
    def admin(self) -> Principal:
        return Principal(self.tenant_id, "staff", "s1", "Ada", "admin")

    @property
    def credentials(self) -> StoredCredentials:
        return StoredCredentials(
            self.database, self.clock, self.cipher, "acme", lambda _tenant: self.in_file
        )

    def service(self, manifest: Manifest) -> ConnectionService:
        context = VendorContext(manifest.settings(), self.credentials, self.clock)
        vendor = Vendor(manifest, context, (), (), lambda _tenant: self.in_file, lambda name: name)
        return ConnectionService(
            self.database, self.clock, self.cipher, lambda: {manifest.key: vendor}
        )

    async def connect(self, values: Mapping[str, str] | None = None) -> None:
        given = {"api_key": API_KEY, "refresh_token": "first"} if values is None else values
        await self.service(build_manifest(*given)).connect(self.admin, "acme", given)


def build_manifest(*names: str) -> Manifest:
    return Manifest(
        key="acme",
        name="Acme",
        summary="",
        needs="",
        build={"email": "nowhere:nothing"},
        settings=Section,
        credentials=tuple(CredentialField(name, name) for name in names),
    )


@pytest.fixture
async def world(database: Database) -> World:
    clock = FixedClock(datetime(2026, 3, 2, 9, tzinfo=UTC))
    organization = OrganizationService(database, clock)
    await organization.apply_settings((TenantSettings(), TenantSettings(key="other")), ())
    here, other = (tenant.id for tenant in organization.list_tenants())
    return World(database, clock, here, other)
