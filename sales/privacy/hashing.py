"""A person as a keyed hash: to be recognised, never read."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.db import Database
from core.encryption import Cipher
from core.ids import new_id
from sales.privacy.models import HashKey

COLUMN = "privacy_keys.sealed"
_BYTES = 32


@dataclass(frozen=True, slots=True)
class PersonHasher:
    """HMAC-SHA-256 (RFC 2104) under a key of each tenant, kept encrypted: who has the database
    alone cannot try addresses out. The key stays when the keys of encryption rotate."""

    database: Database
    clock: Clock
    cipher: Cipher
    _keys: dict[str, bytes] = field(default_factory=dict)

    async def hash(self, tenant_id: str, value: str) -> str:
        """The hash of an address or a number, as `hmac-sha256:` and hex."""
        key = self._keys.get(tenant_id)
        if key is None:
            key = self._keys[tenant_id] = await self._load(tenant_id)
        digest = hmac.new(key, value.encode(errors="surrogatepass"), hashlib.sha256)
        return f"hmac-sha256:{digest.hexdigest()}"

    async def _load(self, tenant_id: str) -> bytes:
        found = await self._find(tenant_id)
        if found is None:
            made = base64.b64encode(secrets.token_bytes(_BYTES)).decode()
            sealed = self.cipher.encrypt(made, tenant_id=tenant_id, column=COLUMN)
            row = HashKey(
                tenant_id=tenant_id, id=new_id(), sealed=sealed, created_at=self.clock.now()
            )
            try:
                async with self.database.unit_of_work(tenant_id) as uow:
                    uow.session.add(row)
            except IntegrityError:
                # Another process was first: its key is the one.
                pass
            found = await self._find(tenant_id) or sealed
        opened = self.cipher.decrypt(found, tenant_id=tenant_id, column=COLUMN)
        return base64.b64decode(opened)

    async def _find(self, tenant_id: str) -> str | None:
        async with self.database.reading(tenant_id) as uow:
            return (await uow.session.execute(select(HashKey.sealed))).scalar()
