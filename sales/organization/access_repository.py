"""Reads and writes the credentials of machines: API keys and clients."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, cast

from sqlalchemy import bindparam, select, update

from core.db import Database, UnitOfWork, keep
from core.ids import new_id
from sales.organization.models import ApiKey, OAuthClient


class KnownClient(NamedTuple):
    """A client in force, as each call with a token of its looks it up."""

    tenant_id: str
    id: str
    name: str
    role: str
    team_id: str | None
    last_used_at: datetime | None


_CLIENT = keep(
    select(*(getattr(OAuthClient, name) for name in KnownClient._fields)).where(
        OAuthClient.id == bindparam("client_id"), OAuthClient.revoked_at.is_(None)
    )
)


_API_KEY = keep(
    select(ApiKey).where(ApiKey.key_hash == bindparam("key_hash"), ApiKey.revoked_at.is_(None))
)


async def find_known_client(
    database: Database, tenant_id: str, client_id: str
) -> KnownClient | None:
    """The client of that id, unless it was revoked; without a session, for every call."""
    [found] = await database.fetch(tenant_id, (_CLIENT, {"client_id": client_id}))
    return KnownClient(*found[0]) if found else None


class AccessRepository:
    """Rows of the unit of work's tenant; of all where it was opened for none, which only the
    check of a credential needs."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._session = uow.session

    async def add_api_key(
        self, tenant_id: str, name: str, role: str, team_id: str | None, key_hash: str, at: datetime
    ) -> ApiKey:
        """A new API key, known only by its hash."""
        row = ApiKey(
            id=new_id(),
            tenant_id=tenant_id,
            name=name,
            role=role,
            team_id=team_id,
            key_hash=key_hash,
            created_at=at,
        )
        self._session.add(row)
        await self._uow.flush()
        return row

    async def add_client(
        self,
        tenant_id: str,
        name: str,
        role: str,
        team_id: str | None,
        secret_hash: str,
        at: datetime,
    ) -> OAuthClient:
        """A new client, its secret known only by its hash."""
        row = OAuthClient(
            id=new_id(),
            tenant_id=tenant_id,
            name=name,
            role=role,
            team_id=team_id,
            secret_hash=secret_hash,
            created_at=at,
        )
        self._session.add(row)
        await self._uow.flush()
        return row

    async def find_api_key(self, key_hash: str) -> ApiKey | None:
        """The key of that hash, unless it was revoked."""
        return (await self._session.execute(_API_KEY, {"key_hash": key_hash})).scalar()

    async def find_client(self, client_id: str) -> OAuthClient | None:
        """The client of that id, unless it was revoked."""
        query = select(OAuthClient).where(
            OAuthClient.id == client_id, OAuthClient.revoked_at.is_(None)
        )
        return (await self._session.execute(query)).scalar()

    async def list_api_keys(self) -> list[ApiKey]:
        """Every key, the newest first."""
        query = select(ApiKey).order_by(ApiKey.created_at.desc(), ApiKey.id)
        return list((await self._session.execute(query)).scalars())

    async def list_clients(self) -> list[OAuthClient]:
        """Every client, the newest first."""
        query = select(OAuthClient).order_by(OAuthClient.created_at.desc(), OAuthClient.id)
        return list((await self._session.execute(query)).scalars())

    async def find_one(
        self, table: type[ApiKey | OAuthClient], row_id: str
    ) -> ApiKey | OAuthClient | None:
        """A key or a client by its id, also a revoked one."""
        found = await self._session.scalar(select(table).where(table.id == row_id))
        return cast("ApiKey | OAuthClient | None", found)

    async def note_use(self, table: type[ApiKey | OAuthClient], row_id: str, at: datetime) -> None:
        """It was used."""
        await self._session.execute(update(table).where(table.id == row_id).values(last_used_at=at))
