"""What a vendor's folder remembers, in memory, for tests of one folder (the stored one:
core/db/vendor_memory.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.protocols.vendor import Note


class Memory:
    """`core.protocols.vendor.VendorMemory`, for one process."""

    def __init__(self) -> None:
        self._notes: dict[tuple[str, str], Note] = {}

    async def find_note(self, tenant_id: str, key: str) -> Note | None:
        """What is kept under a key."""
        return self._notes.get((tenant_id, key))

    async def list_notes(self, tenant_id: str, prefix: str) -> Sequence[Note]:
        """What is kept under keys that begin so, by key."""
        found = [note for (owner, _), note in self._notes.items() if owner == tenant_id]
        return sorted((note for note in found if note.key.startswith(prefix)), key=_by_key)

    async def write_note(
        self, tenant_id: str, key: str, value: Mapping[str, Any], revision: int = 0
    ) -> bool:
        """Keep a value in place of the one of `revision`; False when there is another now."""
        note = self._notes.get((tenant_id, key))
        if (note.revision if note else 0) != revision:
            return False
        self._notes[tenant_id, key] = Note(key, value, revision + 1)
        return True


def _by_key(note: Note) -> str:
    return note.key
