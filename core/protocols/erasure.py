"""Beside its capability a vendor may be able to forget people by their addresses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class AddressErasure:
    """What a vendor did. `words` say it, without the addresses; `left`: what it keeps although
    asked, empty where nothing is known. `count`: how many entries it deleted, or addresses it
    took the order for."""

    count: int
    words: str
    left: str = ""


@runtime_checkable
class AddressEraser(Protocol):
    """A vendor that offers to delete what it holds of an address."""

    async def erase_addresses(self, tenant_id: str, addresses: Sequence[str]) -> AddressErasure:
        """Delete it, or order that. Safe to repeat; an address that is not known is no error.

        Raises:
            TransientError: it does not answer.
            PermanentError: it refuses.
        """
        ...
