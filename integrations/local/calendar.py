"""The embedded calendar: reps' entries in our own database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from core.db import Database, UnitOfWork
from core.ids import new_id
from core.protocols.calendar import (
    BusyTime,
    CalendarChanges,
    CalendarMeeting,
    CalendarOwner,
    MeetingLinks,
)
from integrations.local.models import LocalCalendarEvent


class LocalCalendar:
    """Implements `Calendar`. Reps without another calendar note here when they are away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_busy(
        self, owner: CalendarOwner, since: datetime, until: datetime
    ) -> Sequence[BusyTime]:
        """What overlaps [since, until), ascending."""
        entry = LocalCalendarEvent
        query = (
            select(entry.starts_at, entry.ends_at, entry.id, entry.is_meeting)
            .where(
                entry.owner_email == owner.email,
                entry.starts_at < until,
                entry.ends_at > since,
                entry.cancelled.is_(False),
            )
            .order_by(entry.starts_at, entry.id)
        )
        async with self._database.reading(owner.tenant_id) as uow:
            rows = (await uow.session.execute(query)).all()
        return [
            BusyTime(row.starts_at, row.ends_at, row.id if row.is_meeting else None) for row in rows
        ]

    async def put_meeting(self, owner: CalendarOwner, meeting: CalendarMeeting) -> MeetingLinks:
        """Make the calendar show this state; a later one that is there already stays."""
        async with self._database.unit_of_work(owner.tenant_id) as uow:
            present = await _find(uow, meeting.id)
            if present is not None and present.sequence >= meeting.sequence:
                return MeetingLinks()
            entry = present or _add(uow, owner, meeting.id, is_meeting=True)
            entry.owner_email = owner.email
            entry.sequence = meeting.sequence
            entry.starts_at, entry.ends_at = meeting.starts_at, meeting.ends_at
            entry.title, entry.description = meeting.title, meeting.description
            entry.attendee_name = meeting.attendee_name
            entry.attendee_email = meeting.attendee_email
            entry.cancelled = False
        return MeetingLinks()

    async def remove_meeting(self, owner: CalendarOwner, meeting_id: str, sequence: int) -> None:
        """Take the meeting out, for good."""
        async with self._database.unit_of_work(owner.tenant_id) as uow:
            entry = await _find(uow, meeting_id)
            if entry is None:
                # A mark for states that are still on their way; it lies at no time.
                entry = _add(uow, owner, meeting_id, is_meeting=True)
                entry.starts_at = entry.ends_at = datetime.fromisoformat("1970-01-01T00:00:00Z")
                entry.sequence = sequence
            entry.sequence = max(entry.sequence, sequence)
            entry.cancelled = True

    async def list_starts(
        self,
        owner: CalendarOwner,  # noqa: ARG002 - the protocol's names
        since: datetime,  # noqa: ARG002
        until: datetime,  # noqa: ARG002
        duration: timedelta,  # noqa: ARG002
    ) -> None:
        """It knows only when its owner is busy."""
        return

    async def list_changes(
        self,
        owner: CalendarOwner,  # noqa: ARG002 - the protocol's names
        cursor: str,
    ) -> CalendarChanges:
        """Nobody but us writes meetings here: there is never anything to tell."""
        return CalendarChanges((), cursor)

    async def block_time(
        self, owner: CalendarOwner, starts_at: datetime, ends_at: datetime, title: str
    ) -> str:
        """Note that the owner is away; the id of the entry."""
        async with self._database.unit_of_work(owner.tenant_id) as uow:
            entry = _add(uow, owner, new_id(), is_meeting=False)
            entry.starts_at, entry.ends_at, entry.title = starts_at, ends_at, title
            return entry.id


async def _find(uow: UnitOfWork, entry_id: str) -> LocalCalendarEvent | None:
    query = select(LocalCalendarEvent).where(LocalCalendarEvent.id == entry_id).with_for_update()
    return (await uow.session.execute(query)).scalar()


def _add(
    uow: UnitOfWork, owner: CalendarOwner, entry_id: str, *, is_meeting: bool
) -> LocalCalendarEvent:
    entry = LocalCalendarEvent(
        tenant_id=owner.tenant_id,
        id=entry_id,
        owner_email=owner.email,
        sequence=0,
        title="",
        description="",
        attendee_name="",
        attendee_email="",
        is_meeting=is_meeting,
        cancelled=False,
    )
    uow.session.add(entry)
    return entry
