"""Sending something to a vendor that knows no idempotency key: once, as far as that can be.

What was handed over is remembered under its key, so that a repeat sends nothing. What remains: a
process killed, or an answer lost, between the vendor's taking it and our remembering. Then a
repeat sends it a second time; each vendor's README says so.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

from core.protocols.vendor import VendorMemory

# How the keys of these notes begin.
SENT = "sent:"


class OnceSender:
    """Remembers what was handed over to one vendor."""

    def __init__(self, memory: VendorMemory) -> None:
        self._memory = memory
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def send(self, tenant_id: str, key: str, hand_over: Callable[[], Awaitable[str]]) -> str:
        """The vendor's id of what was handed over under `key`: now, or before.

        Raises:
            ProviderError: what `hand_over` raises; nothing is remembered then.
        """
        place = f"{SENT}{hashlib.sha256(key.encode()).hexdigest()}"
        lock = self._locks.setdefault((tenant_id, place), asyncio.Lock())
        async with lock:
            note = await self._memory.find_note(tenant_id, place)
            if note is not None:
                return str(note.value["id"])
            given = await hand_over()
            await self._memory.write_note(tenant_id, place, {"id": given})
            return given
