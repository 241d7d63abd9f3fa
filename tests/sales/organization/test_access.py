"""API keys and clients: what they open, and that nothing else does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.errors import Invalid, NotFound, Unauthorized
from core.security import TokenSigner
from sales.organization.models import ApiKey, OAuthClient
from sales.organization.schemas import Kind
from tests.sales.organization.conftest import Office


async def test_a_key_proves_tenant_role_and_team(office: Office) -> None:
    team = await office.staff.create_team(office.tenant_id, "North")
    key = await office.access.create_api_key(office.tenant_id, "reporting", "manager", team.id)
    principal = await office.access.identify_key(key)
    assert (principal.tenant_id, principal.kind) == (office.tenant_id, "key")
    assert (principal.role, principal.team_id, principal.staff_id) == ("manager", team.id, None)


async def test_a_client_proves_itself_for_an_hour(office: Office) -> None:
    made = await office.access.create_client(office.tenant_id, "warehouse", "rep")
    issued = await office.access.issue_token(made.client_id, made.secret)
    assert issued.expires_in_seconds == 3600
    principal = await office.access.identify_token(issued.token)
    assert (principal.id, principal.kind, principal.role) == (made.client_id, "client", "rep")
    office.wait(minutes=59)
    assert await office.access.identify_token(issued.token)
    office.wait(minutes=1)
    with pytest.raises(Unauthorized):
        await office.access.identify_token(issued.token)


@pytest.mark.parametrize("secret", ["", "x", "sas_" + "A" * 43])
async def test_a_wrong_secret_gets_no_token(office: Office, secret: str) -> None:
    made = await office.access.create_client(office.tenant_id, "warehouse", "rep")
    for client_id in (made.client_id, "nobody", "", "00000000-0000-7000-8000-000000000000"):
        with pytest.raises(Unauthorized, match="client or its secret"):
            await office.access.issue_token(client_id, secret)


async def test_what_is_revoked_opens_nothing_from_that_moment(office: Office) -> None:
    key = await office.access.create_api_key(office.tenant_id, "reporting", "rep")
    made = await office.access.create_client(office.tenant_id, "warehouse", "rep")
    token = (await office.access.issue_token(made.client_id, made.secret)).token
    for each in await office.access.list_credentials(office.tenant_id):
        for _ in range(2):
            await office.access.revoke(office.tenant_id, each.kind, each.id)
    for attempt in (
        office.access.identify_key(key),
        office.access.identify_token(token),
        office.access.issue_token(made.client_id, made.secret),
    ):
        with pytest.raises(Unauthorized):
            await attempt
    listed = await office.access.list_credentials(office.tenant_id)
    assert [each.revoked_at is not None for each in listed] == [True, True]


@pytest.mark.parametrize("kind", ["key", "client", "staff"])
async def test_another_tenants_credentials_cannot_be_seen_or_revoked(
    office: Office, kind: Kind
) -> None:
    key = await office.access.create_api_key(office.other_id, "theirs", "rep")
    await office.access.create_client(office.other_id, "theirs", "rep")
    assert await office.access.list_credentials(office.tenant_id) == []
    for each in await office.access.list_credentials(office.other_id):
        with pytest.raises(NotFound):
            await office.access.revoke(office.tenant_id, kind, each.id)
    assert await office.access.identify_key(key)


async def test_a_token_of_another_purpose_or_server_opens_nothing(office: Office) -> None:
    made = await office.access.create_client(office.tenant_id, "warehouse", "rep")
    subject, hour = f"{office.tenant_id}|{made.client_id}", timedelta(hours=1)
    now = office.clock.now()
    own, foreign = TokenSigner(b"x" * 32), TokenSigner(b"y" * 32)
    for token in (
        own.sign("conversation", subject, now=now, lifetime=hour),
        foreign.sign("access", subject, now=now, lifetime=hour),
        own.sign("access", f"{office.other_id}|{made.client_id}", now=now, lifetime=hour),
        own.sign("access", "nonsense", now=now, lifetime=hour),
        "a.b.c",
        "",
    ):
        with pytest.raises(Unauthorized):
            await office.access.identify_token(token)


async def test_secrets_cannot_be_read_from_the_database(office: Office) -> None:
    key = await office.access.create_api_key(office.tenant_id, "reporting", "rep")
    made = await office.access.create_client(office.tenant_id, "warehouse", "rep")
    async with office.database.reading(None) as uow:
        rows = [
            (await uow.session.execute(select(table))).scalar_one()
            for table in (ApiKey, OAuthClient)
        ]
    kept = str([vars(row) for row in rows])
    assert key not in kept
    assert made.secret not in kept


async def test_the_last_use_is_noted_about_once_a_minute(office: Office) -> None:
    key = await office.access.create_api_key(office.tenant_id, "reporting", "rep")

    async def last_used() -> object:
        return (await office.access.list_credentials(office.tenant_id))[0].last_used_at

    assert await last_used() is None
    await office.access.identify_key(key)
    first = await last_used()
    assert first == office.clock.now()
    office.wait(seconds=59)
    await office.access.identify_key(key)
    assert await last_used() == first
    office.wait(seconds=1)
    await office.access.identify_key(key)
    assert await last_used() == office.clock.now()


@pytest.mark.parametrize("name", ["", "  ", "x" * 121, "a\x07b"])
async def test_a_credential_needs_a_name(office: Office, name: str) -> None:
    make = (office.access.create_api_key, office.access.create_client)
    for create in make:
        with pytest.raises(Invalid):
            await create(office.tenant_id, name, "rep")
