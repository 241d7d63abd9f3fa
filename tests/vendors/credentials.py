"""Credentials in memory, for tests of one vendor's folder (the stored ones: sales/connections)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from core.errors import AuthenticationFailed


class MemoryCredentials:
    """`core.protocols.vendor.Credentials`, for one process. `renewals` counts calls of `renew`."""

    def __init__(self, stored: Mapping[str, Mapping[str, str]]) -> None:
        """`stored`: secrets by tenant."""
        self.stored = {tenant_id: dict(values) for tenant_id, values in stored.items()}
        self.renewals = 0
        self._lock = asyncio.Lock()

    async def get(self, tenant_id: str) -> Mapping[str, str]:
        """What is known now."""
        if tenant_id not in self.stored:
            raise AuthenticationFailed("vendor", "connect", "not connected")
        return dict(self.stored[tenant_id])

    async def refresh(
        self,
        tenant_id: str,
        stale: Mapping[str, str],
        renew: Callable[[Mapping[str, str]], Awaitable[Mapping[str, str]]],
    ) -> Mapping[str, str]:
        """New secrets in place of `stale`, renewed by one caller at a time."""
        async with self._lock:
            now = await self.get(tenant_id)
            if now == dict(stale):
                self.renewals += 1
                now = {**now, **await renew(now)}
                self.stored[tenant_id] = dict(now)
            return dict(now)
