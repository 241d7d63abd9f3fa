"""The services over a fresh database of each kind, with a clock that is set by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from core.clock import FixedClock
from core.db import Database
from core.security import TokenSigner
from sales.organization.access_service import AccessService
from sales.organization.passwords import PasswordVault
from sales.organization.schemas import NewStaff, OpenedSession, Role, StaffSummary
from sales.organization.service import OrganizationService
from sales.organization.session_service import SessionService
from sales.organization.settings import TenantSettings
from sales.organization.staff_service import StaffService
from sales.organization.throttling import SignInThrottle

PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True)
class Office:
    """Two tenants and the services for their staff."""

    database: Database
    clock: FixedClock
    staff: StaffService
    sessions: SessionService
    access: AccessService
    tenant_id: str
    other_id: str

    async def hire(
        self, name: str = "ada", role: Role = "rep", tenant_id: str = "", team_id: str | None = None
    ) -> StaffSummary:
        new = NewStaff(f"{name}@acme.example", name.title(), role, team_id)
        return await self.staff.create_staff(tenant_id or self.tenant_id, new, PASSWORD)

    async def sign_in(
        self, name: str = "ada", password: str = PASSWORD, **more: str
    ) -> OpenedSession:
        values = {"address": "203.0.113.7", "device": "Firefox", **more}
        return await self.sessions.sign_in(f"{name}@acme.example", password, **values)

    def wait(self, **time: float) -> None:
        self.clock.set(self.clock.now() + timedelta(**time))


def build_office(
    database: Database, clock: FixedClock, tenants: tuple[str, str], throttle: SignInThrottle
) -> Office:
    vault = PasswordVault(memory_kib=64, passes=1)
    return Office(
        database,
        clock,
        StaffService(database, clock, vault),
        SessionService(database, clock, vault, throttle),
        AccessService(database, clock, TokenSigner(b"x" * 32)),
        *tenants,
    )


@pytest.fixture
async def office(database: Database) -> Office:
    clock = FixedClock(datetime(2026, 3, 2, 9, tzinfo=UTC))
    organization = OrganizationService(database, clock)
    await organization.apply_settings([TenantSettings(), TenantSettings(key="other")], [])
    tenants = (organization.get_tenant("default").id, organization.get_tenant("other").id)
    return build_office(database, clock, tenants, SignInThrottle())
