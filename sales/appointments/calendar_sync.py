"""Reads what changed in reps' calendars, again and again, and hands it to the appointments.

A webhook of the vendor only says "look now": what holds is what the calendar shows when it is
asked, so webhooks that come twice, late, in any order or not at all do no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import CursorResult, select, update
from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.db import Database
from core.errors import ProviderError, TransientError
from core.logging import redact
from core.protocols.calendar import Calendar, CalendarChanges, CalendarOwner
from sales.appointments.calendar_answers import Adopted, CalendarAnswers
from sales.appointments.models import CalendarCursor

log = structlog.get_logger(__name__)

# Who looks has so long before another may: a process that died is followed by the next.
_LEASE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class CalendarSync:
    """Follows the calendars of one provider. Any number of processes may: each look is claimed
    by comparing the row's revision."""

    database: Database
    clock: Clock
    calendar: Calendar
    answers: CalendarAnswers
    provider: str
    list_owners: Callable[[], Sequence[CalendarOwner]]
    pause: timedelta

    async def look_due(self) -> int:
        """Look into every calendar whose time has come; how many were looked into."""
        looked = 0
        for owner in self.list_owners():
            looked += await self.look(owner)
        return looked

    async def look(self, owner: CalendarOwner) -> bool:
        """Read one calendar's changes if it is due and nobody else does; whether it was read."""
        claim = await self._claim(owner)
        if claim is None:
            return False
        cursor, revision = claim
        try:
            changes = await self.calendar.list_changes(owner, cursor)
        except ProviderError as error:
            wait = error.retry_after if isinstance(error, TransientError) else None
            log.warning("calendar_not_read", vendor=error.vendor, operation=error.operation)
            await self._settle(owner, revision, max(self.pause, wait or self.pause), error=error)
            return False
        for seen in changes.seen:
            adopted = await self.answers.adopt(owner, seen)
            if adopted in (Adopted.MOVED, Adopted.CANCELLED, Adopted.CLASH):
                log.info("calendar_changed", appointment=seen.id, became=str(adopted))
        await self._settle(owner, revision, self.pause, changes)
        return True

    async def hurry(self, tenant_id: str) -> None:
        """Let the next look at the tenant's calendars be now. One that is under way counts as
        too early, and is made again."""
        async with self.database.unit_of_work(tenant_id) as uow:
            await uow.session.execute(
                update(CalendarCursor)
                .where(CalendarCursor.provider == self.provider)
                .values(due_at=self.clock.now(), revision=CalendarCursor.revision + 1)
            )

    async def _claim(self, owner: CalendarOwner) -> tuple[str, int] | None:
        """The cursor of a calendar that is due, and the revision under which it is ours."""
        now, row = self.clock.now(), CalendarCursor
        try:
            async with self.database.unit_of_work(owner.tenant_id) as uow:
                query = select(row).where(
                    row.provider == self.provider, row.owner_email == owner.email
                )
                found = (await uow.session.execute(query)).scalar()
                if found is None:
                    uow.session.add(
                        CalendarCursor(
                            tenant_id=owner.tenant_id,
                            provider=self.provider,
                            owner_email=owner.email,
                            cursor="",
                            revision=1,
                            due_at=now + _LEASE,
                            failure="",
                            read_at=None,
                        )
                    )
                    return "", 1
                if found.due_at > now:
                    return None
                cursor, revision = found.cursor, found.revision
                claimed = await uow.session.execute(
                    update(row)
                    .where(
                        row.provider == self.provider,
                        row.owner_email == owner.email,
                        row.revision == revision,
                    )
                    .values(revision=revision + 1, due_at=now + _LEASE)
                )
                is_ours = isinstance(claimed, CursorResult) and claimed.rowcount == 1
                return (cursor, revision + 1) if is_ours else None
        except IntegrityError:
            # Another process wrote the first row just now.
            return None

    async def _settle(
        self,
        owner: CalendarOwner,
        revision: int,
        pause: timedelta,
        changes: CalendarChanges | None = None,
        error: ProviderError | None = None,
    ) -> None:
        """Write down how far it was read, unless somebody else has the row by now."""
        now, row = self.clock.now(), CalendarCursor
        values = {"failure": redact(str(error))[:500] if error else "", "due_at": now + pause}
        if changes is not None:
            values |= {"cursor": changes.cursor, "read_at": now}
        async with self.database.unit_of_work(owner.tenant_id) as uow:
            await uow.session.execute(
                update(row)
                .where(
                    row.provider == self.provider,
                    row.owner_email == owner.email,
                    row.revision == revision,
                )
                .values(**values)
            )
