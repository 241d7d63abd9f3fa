"""What vendors' folders remember between calls: `core.protocols.vendor.VendorMemory` as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import CursorResult, String, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from core.db.database import Database
from core.db.tables import Base, Id, TenantRow
from core.protocols.vendor import Note


class VendorNote(TenantRow, Base):
    """One value of one vendor's folder."""

    __tablename__ = "vendor_notes"

    tenant_id: Mapped[str] = mapped_column(Id, primary_key=True)
    vendor: Mapped[str] = mapped_column(String(40), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    value: Mapped[dict[str, Any]]
    revision: Mapped[int]


class DatabaseMemory:
    """The notes of one vendor. Safe over tasks and processes: a note is written only in place of
    the very one that was read."""

    def __init__(self, database: Database, vendor: str) -> None:
        self._database, self._vendor = database, vendor

    async def find_note(self, tenant_id: str, key: str) -> Note | None:
        """What is kept under a key."""
        query = select(VendorNote).where(VendorNote.vendor == self._vendor, VendorNote.key == key)
        async with self._database.reading(tenant_id) as uow:
            row = (await uow.session.execute(query)).scalar()
        return _describe(row) if row else None

    async def list_notes(self, tenant_id: str, prefix: str) -> Sequence[Note]:
        """What is kept under keys that begin so, by key."""
        query = (
            select(VendorNote)
            .where(
                VendorNote.vendor == self._vendor,
                VendorNote.key.startswith(prefix, autoescape=True),
            )
            .order_by(VendorNote.key)
        )
        async with self._database.reading(tenant_id) as uow:
            return [_describe(row) for row in (await uow.session.execute(query)).scalars()]

    async def write_note(
        self, tenant_id: str, key: str, value: Mapping[str, Any], revision: int = 0
    ) -> bool:
        """Keep a value in place of the one of `revision`; False when there is another now."""
        try:
            async with self._database.unit_of_work(tenant_id) as uow:
                if revision:
                    done = await uow.session.execute(
                        update(VendorNote)
                        .where(
                            VendorNote.vendor == self._vendor,
                            VendorNote.key == key,
                            VendorNote.revision == revision,
                        )
                        .values(value=dict(value), revision=revision + 1)
                    )
                    return isinstance(done, CursorResult) and done.rowcount == 1
                uow.session.add(
                    VendorNote(
                        tenant_id=tenant_id,
                        vendor=self._vendor,
                        key=key,
                        value=dict(value),
                        revision=1,
                    )
                )
        except IntegrityError:
            return False
        return True


def _describe(row: VendorNote) -> Note:
    return Note(row.key, row.value, row.revision)
