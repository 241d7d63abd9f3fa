"""What vendors' folders remember, in memory: for tests of one folder without a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.protocols.vendor import Note


class DictMemory:
    """`core.protocols.vendor.VendorMemory`, for one process."""

    def __init__(self) -> None:
        self.notes: dict[tuple[str, str], Note] = {}

    async def find_note(self, tenant_id: str, key: str) -> Note | None:
        return self.notes.get((tenant_id, key))

    async def list_notes(self, tenant_id: str, prefix: str) -> Sequence[Note]:
        listed = [
            note
            for (tenant, key), note in self.notes.items()
            if tenant == tenant_id and key.startswith(prefix)
        ]
        return sorted(listed, key=lambda note: note.key)

    async def write_note(
        self, tenant_id: str, key: str, value: Mapping[str, Any], revision: int = 0
    ) -> bool:
        found = self.notes.get((tenant_id, key))
        if (found.revision if found else 0) != revision:
            return False
        self.notes[tenant_id, key] = Note(key, dict(value), revision + 1)
        return True
