"""Whether two texts mean about the same, by an embedding model; used only in doubt."""

from __future__ import annotations

from typing import Protocol


class Semantics(Protocol):
    """Compares meanings. It cannot tell one number or name from another: rules do that first."""

    async def is_close(self, sentence: str, source: str) -> bool:
        """Whether `sentence` says nothing that `source` does not; False when it cannot be told."""
        ...
