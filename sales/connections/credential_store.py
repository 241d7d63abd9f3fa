"""A vendor's credentials as rows: encrypted, and renewed by one caller at a time."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from core.batching import Batcher
from core.clock import Clock
from core.db import Database, UnitOfWork
from core.encryption import Cipher
from core.errors import AuthenticationFailed, BugError, ProviderError, Unavailable
from core.ids import new_id
from core.outbox.owners import current_owner, is_gone
from core.protocols.vendor import Values
from sales.connections.models import Connection
from sales.connections.repository import ConnectionRepository, SealedCredentials, find_sealed
from sales.connections.rules import describe_error, merge_credentials
from sales.connections.schemas import Method

COLUMN = "crm_integrations.api_credentials"
# Longer than any renewal may take: who holds the lease has given up when it runs out.
LEASE = timedelta(seconds=40)
RENEWAL_LIMIT = timedelta(seconds=30)
_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 0.5
# Beside the credentials: of which ones in app.yaml they were renewed.
_ORIGIN = "_renewed_from"


def seal(cipher: Cipher, tenant_id: str, values: Mapping[str, str]) -> str:
    """Credentials as one text that may be stored."""
    return cipher.encrypt(json.dumps(dict(values)), tenant_id=tenant_id, column=COLUMN)


def unseal(cipher: Cipher, tenant_id: str, sealed: str) -> dict[str, str]:
    """The credentials behind what was stored; none behind nothing.

    Raises:
        ConfigurationError: the key that encrypted them is not known (any more).
    """
    if not sealed:
        return {}
    read: dict[str, str] = json.loads(cipher.decrypt(sealed, tenant_id=tenant_id, column=COLUMN))
    return read


class StoredCredentials:
    """`core.protocols.vendor.Credentials` of one vendor: the portal's before those of app.yaml."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        cipher: Cipher,
        vendor: str,
        configured: Callable[[str], Values],
    ) -> None:
        """`configured(tenant_id)`: what app.yaml has for that tenant; empty: nothing."""
        self._database, self._clock, self._cipher = database, clock, cipher
        self._vendor, self._configured = vendor, configured
        self._reads: Batcher[None, dict[str, str]] = Batcher(self._read_for_all)

    async def get(self, tenant_id: str) -> Values:
        """What is known now.

        Raises:
            AuthenticationFailed: nothing at all: not connected.
        """
        return self._require(await self._reads.ask(tenant_id, None))

    async def _read_for_all(self, tenant_id: str, asked: list[None]) -> list[dict[str, str]]:
        sealed = await find_sealed(self._database, tenant_id, self._vendor)
        return [self._read(tenant_id, sealed)] * len(asked)

    async def refresh(
        self, tenant_id: str, stale: Values, renew: Callable[[Values], Awaitable[Values]]
    ) -> Values:
        """New credentials in place of `stale`; `renew` is called by one caller at a time over
        all tasks and processes. A renewal may take 30 seconds; who dies in it is waited for no
        longer than the operating system, or else a lease of 40 seconds, says that it may live.

        Raises:
            AuthenticationFailed: not connected (any more).
            ProviderError: `renew` failed, or took too long; what was stored stays.
        """
        owner = str(current_owner(new_id()))
        loop = asyncio.get_running_loop()
        deadline = loop.time() + 2 * LEASE.total_seconds()
        pause = _FIRST_PAUSE
        while True:
            known, leased = await self._try_lease(tenant_id, stale, owner)
            if known != dict(stale):
                return known
            if leased:
                return await self._renew(tenant_id, known, owner, renew)
            if loop.time() > deadline:
                raise Unavailable(self._vendor, "renew the credentials", "others renew them")
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _try_lease(
        self, tenant_id: str, stale: Values, owner: str
    ) -> tuple[dict[str, str], bool]:
        """What is stored now, and whether it is for us to renew it."""
        now = self._clock.now()
        async with self._database.unit_of_work(tenant_id) as uow:
            row = await ConnectionRepository(uow).get_or_add(self._vendor, "config", now)
            known = self._require(self._read(tenant_id, row))
            free = row.lease_until is None or row.lease_until <= now or is_gone(row.lease_owner)
            if known != dict(stale) or not free:
                return known, False
            row.lease_owner, row.lease_until = owner, now + LEASE
            return known, True

    async def _renew(
        self,
        tenant_id: str,
        known: dict[str, str],
        owner: str,
        renew: Callable[[Values], Awaitable[Values]],
    ) -> Values:
        try:
            async with asyncio.timeout(RENEWAL_LIMIT.total_seconds()):
                fresh = await renew(dict(known))
        except TimeoutError:
            error = Unavailable(self._vendor, "renew the credentials", "no answer in time")
            await self._end_lease(tenant_id, owner, error)
            raise error from None
        except BaseException as error:
            # Also when the task is cancelled: nobody shall wait for a lease without a holder.
            await asyncio.shield(self._end_lease(tenant_id, owner, error))
            raise
        return await asyncio.shield(self._store(tenant_id, owner, {**known, **fresh}))

    async def _store(self, tenant_id: str, owner: str, values: dict[str, str]) -> Values:
        now = self._clock.now()
        async with self._database.unit_of_work(tenant_id) as uow:
            row = await _find_leased(uow, self._vendor, owner)
            if row is None:
                # Disconnected meanwhile, or connected anew: what holds now is not ours to replace.
                row = await ConnectionRepository(uow).find(self._vendor)
                return self._require(self._read(tenant_id, row))
            kept = dict(values)
            if row.method == "config":
                configured = self._configured(tenant_id)
                kept = {key: v for key, v in values.items() if configured.get(key) != v}
                kept[_ORIGIN] = _fingerprint(configured)
            row.api_credentials = seal(self._cipher, tenant_id, kept)
            row.revision += 1
            row.changed_at = row.last_success_at = now
            row.last_error = ""
            row.lease_owner, row.lease_until = "", None
        return values

    async def _end_lease(self, tenant_id: str, owner: str, error: BaseException) -> None:
        async with self._database.unit_of_work(tenant_id) as uow:
            row = await _find_leased(uow, self._vendor, owner)
            if row is None:
                return
            row.lease_owner, row.lease_until = "", None
            if isinstance(error, ProviderError):
                row.last_error, row.last_error_at = describe_error(error), self._clock.now()

    def _read(self, tenant_id: str, row: Connection | SealedCredentials | None) -> dict[str, str]:
        configured = self._configured(tenant_id)
        if row is None:
            return dict(configured)
        stored = unseal(self._cipher, tenant_id, row.api_credentials)
        origin = stored.pop(_ORIGIN, None)
        method = read_method(row.method)
        if method == "config" and origin != _fingerprint(configured):
            # app.yaml has other credentials now: what was renewed from the old ones is void.
            return dict(configured)
        return merge_credentials(method, configured, stored)

    def _require(self, values: dict[str, str]) -> dict[str, str]:
        if not values:
            raise AuthenticationFailed(
                self._vendor, "connect", "not connected: connect it on the page Integrations"
            )
        return values


async def _find_leased(uow: UnitOfWork, vendor: str, owner: str) -> Connection | None:
    row = await ConnectionRepository(uow).find(vendor, lock=True)
    return row if row is not None and row.lease_owner == owner else None


def _fingerprint(values: Values) -> str:
    """Which credentials of app.yaml these were; they cannot be read from it."""
    return hashlib.sha256(json.dumps(sorted(values.items())).encode()).hexdigest()


def read_method(text: str) -> Method:
    """A stored method.

    Raises:
        BugError: there is no such one.
    """
    for method in ("key", "oauth", "config"):
        if text == method:
            return method
    raise BugError(f"a connection by {text}")
