"""What machines prove themselves by: API keys, and access tokens for client credentials."""

from __future__ import annotations

import secrets
from datetime import timedelta

from core.clock import Clock
from core.db import Database
from core.errors import Invalid, NotFound, Unauthorized
from core.ids import is_id
from core.security import TokenSigner, hash_key, new_api_key, same
from sales.organization.access_repository import (
    AccessRepository,
    KnownClient,
    find_known_client,
)
from sales.organization.models import ApiKey, OAuthClient
from sales.organization.rules import read_role
from sales.organization.schemas import (
    AccessToken,
    CredentialSummary,
    Kind,
    NewClient,
    Principal,
    Role,
)
from sales.organization.staff_repository import StaffRepository

FOR_ACCESS = "access"
ACCESS_LIFETIME = timedelta(hours=1)
_USE_PAUSE = timedelta(minutes=1)
_NAME_LIMIT = 120
_TABLES: dict[Kind, type[ApiKey | OAuthClient]] = {"key": ApiKey, "client": OAuthClient}


class AccessService:
    """API keys and clients of every tenant. Who may make them is the caller's to check."""

    def __init__(self, database: Database, clock: Clock, signer: TokenSigner) -> None:
        self._database = database
        self._clock = clock
        self._signer = signer

    async def create_api_key(
        self, tenant_id: str, name: str, role: Role, team_id: str | None = None
    ) -> str:
        """Make a key and return it: the only time it can be seen.

        Raises:
            Invalid: name, role or team cannot be used.
        """
        key = new_api_key()
        name, role = _check_name(name), read_role(role)
        async with self._database.unit_of_work(tenant_id) as uow:
            await _check_team(StaffRepository(uow), team_id)
            await AccessRepository(uow).add_api_key(
                tenant_id, name, role, team_id, hash_key(key), self._clock.now()
            )
        return key

    async def create_client(
        self, tenant_id: str, name: str, role: Role, team_id: str | None = None
    ) -> NewClient:
        """Make a client and return its secret: the only time it can be seen.

        Raises:
            Invalid: name, role or team cannot be used.
        """
        secret = "sas_" + secrets.token_urlsafe(32)
        name, role = _check_name(name), read_role(role)
        async with self._database.unit_of_work(tenant_id) as uow:
            await _check_team(StaffRepository(uow), team_id)
            row = await AccessRepository(uow).add_client(
                tenant_id, name, role, team_id, hash_key(secret), self._clock.now()
            )
        return NewClient(row.id, secret)

    async def list_credentials(self, tenant_id: str) -> list[CredentialSummary]:
        """Every key and client: those in force first, then the newest first."""
        async with self._database.reading(tenant_id) as uow:
            repository = AccessRepository(uow)
            found = [_summary("key", row) for row in await repository.list_api_keys()]
            found += [_summary("client", row) for row in await repository.list_clients()]
        found.sort(key=lambda each: each.created_at, reverse=True)
        return sorted(found, key=lambda each: each.revoked_at is not None)

    async def revoke(self, tenant_id: str, kind: Kind, credential_id: str) -> None:
        """End a key or a client at once, with every token it got. Twice is no error.

        Raises:
            NotFound: not of this tenant.
        """
        async with self._database.unit_of_work(tenant_id) as uow:
            table = _TABLES.get(kind)
            row = table and await AccessRepository(uow).find_one(table, credential_id)
            if row is None:
                raise NotFound("There is no such key or client.")
            if row.revoked_at is None:
                row.revoked_at = self._clock.now()

    async def issue_token(self, client_id: str, secret: str) -> AccessToken:
        """An access token for a client's credentials.

        Raises:
            Unauthorized: unknown client, wrong secret, or revoked: one message.
        """
        client = None
        if is_id(client_id):
            async with self._database.reading(None) as uow:
                client = await AccessRepository(uow).find_client(client_id.lower())
        # Compared also without a client, so that both take the same way.
        right = same(hash_key(secret), client.secret_hash if client else hash_key(""))
        if client is None or not right:
            raise Unauthorized("The client or its secret is not known.")
        await self._note_use(OAuthClient, client)
        token = self._signer.sign(
            FOR_ACCESS,
            f"{client.tenant_id}|{client.id}",
            now=self._clock.now(),
            lifetime=ACCESS_LIFETIME,
        )
        lifetime = int(ACCESS_LIFETIME.total_seconds())
        return AccessToken(token, lifetime, read_role(client.role))

    async def identify_token(self, token: str) -> Principal:
        """Whose access token it is. The client is looked up: a revoked one ends at once.

        Raises:
            Unauthorized: forged, expired, or its client was revoked.
        """
        try:
            subject = self._signer.read(FOR_ACCESS, token, now=self._clock.now())
        except Unauthorized:
            raise Unauthorized(
                "The access token is not valid or has expired. Get one at /oauth/token."
            ) from None
        tenant_id, _, client_id = subject.partition("|")
        client = await find_known_client(self._database, tenant_id, client_id)
        if client is None:
            raise Unauthorized("This client was revoked.")
        await self._note_use(OAuthClient, client)
        return _principal("client", client)

    async def identify_key(self, key: str) -> Principal:
        """Whose API key it is.

        Raises:
            Unauthorized: unknown or revoked.
        """
        async with self._database.reading(None) as uow:
            row = await AccessRepository(uow).find_api_key(hash_key(key))
        if row is None:
            raise Unauthorized("The API key is not known. Make one with: sales-agent api-key.")
        await self._note_use(ApiKey, row)
        return _principal("key", row)

    async def _note_use(
        self, table: type[ApiKey | OAuthClient], row: ApiKey | OAuthClient | KnownClient
    ) -> None:
        now = self._clock.now()
        if row.last_used_at is not None and now - row.last_used_at < _USE_PAUSE:
            return
        async with self._database.unit_of_work(row.tenant_id) as uow:
            await AccessRepository(uow).note_use(table, row.id, now)


async def _check_team(repository: StaffRepository, team_id: str | None) -> None:
    if team_id is not None and await repository.find_team(team_id) is None:
        raise Invalid("There is no such team.", {"field": "team_id"})


def _check_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > _NAME_LIMIT or not name.isprintable():
        raise Invalid(f"Write a name of 1 to {_NAME_LIMIT} characters.", {"field": "name"})
    return name


def _principal(kind: Kind, row: ApiKey | OAuthClient | KnownClient) -> Principal:
    return Principal(row.tenant_id, kind, row.id, row.name, read_role(row.role), row.team_id)


def _summary(kind: Kind, row: ApiKey | OAuthClient) -> CredentialSummary:
    return CredentialSummary(
        id=row.id,
        kind=kind,
        name=row.name,
        role=read_role(row.role),
        team_id=row.team_id,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
