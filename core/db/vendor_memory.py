"""What vendors' folders remember between calls: `core.protocols.vendor.VendorMemory` as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, String, and_, delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import Clock, SystemClock
from core.db.database import Database
from core.db.tables import Base, Id, TenantRow
from core.protocols.vendor import Note
from core.sending import SENT

# What was sent is remembered for longer than any repeat of it waits in the outbox.
_KEEP_SENT = timedelta(days=90)
# Everything else is about something that is still to come, a meeting at most a year ahead.
_KEEP = timedelta(days=400)


class VendorNote(TenantRow, Base):
    """One value of one vendor's folder."""

    __tablename__ = "vendor_notes"

    tenant_id: Mapped[str] = mapped_column(Id, primary_key=True)
    vendor: Mapped[str] = mapped_column(String(40), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    value: Mapped[dict[str, Any]]
    revision: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(index=True)


class DatabaseMemory:
    """The notes of one vendor. Safe over tasks and processes: a note is written only in place of
    the very one that was read."""

    def __init__(self, database: Database, vendor: str, clock: Clock | None = None) -> None:
        self._database, self._vendor = database, vendor
        self._clock = clock or SystemClock()

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
        now = self._clock.now()
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
                        .values(value=dict(value), revision=revision + 1, changed_at=now)
                    )
                    return isinstance(done, CursorResult) and done.rowcount == 1
                uow.session.add(
                    VendorNote(
                        tenant_id=tenant_id,
                        vendor=self._vendor,
                        key=key,
                        value=dict(value),
                        revision=1,
                        changed_at=now,
                    )
                )
        except IntegrityError:
            return False
        return True


async def prune_notes(database: Database, now: datetime) -> int:
    """Forget notes that nobody needs any more, by the age of their last change. How many."""
    old = or_(
        VendorNote.changed_at < now - _KEEP,
        and_(
            VendorNote.key.startswith(SENT, autoescape=True),
            VendorNote.changed_at < now - _KEEP_SENT,
        ),
    )
    async with database.unit_of_work(None) as uow:
        done = await uow.session.execute(delete(VendorNote).where(old))
        return done.rowcount if isinstance(done, CursorResult) else 0


def _describe(row: VendorNote) -> Note:
    return Note(row.key, row.value, row.revision)
