"""Credentials in memory, kept the way the product keeps them: one renewal at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from core.errors import AuthenticationFailed
from core.protocols.vendor import Values


class KeptCredentials:
    """Secrets of tenants. `renewals` counts how often new ones were fetched."""

    def __init__(self, values: dict[str, Values]) -> None:
        self.values = values
        self.renewals = 0
        self._lock = asyncio.Lock()

    async def get(self, tenant_id: str) -> Values:
        """What is known now."""
        if tenant_id not in self.values:
            raise AuthenticationFailed("tests", "get credentials", "not connected")
        return self.values[tenant_id]

    async def refresh(
        self, tenant_id: str, stale: Values, renew: Callable[[Values], Awaitable[Values]]
    ) -> Values:
        """New secrets in place of `stale`; who comes second is given what the first stored."""
        async with self._lock:
            stored = self.values[tenant_id]
            if dict(stored) != dict(stale):
                return stored
            self.values[tenant_id] = await renew(stored)
            self.renewals += 1
            return self.values[tenant_id]
