"""What a rep's calendar says to an appointment: that it has it, that it will not take it, or that
somebody changed it there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.db import Database, UnitOfWork
from core.outbox import Outbox
from core.protocols.calendar import CalendarOwner, MeetingLinks, SeenMeeting
from sales.appointments.events import (
    AppointmentCancelled,
    AppointmentRefused,
    AppointmentRescheduled,
)
from sales.appointments.models import Appointment
from sales.appointments.repository import AppointmentRepository, describe_row
from sales.appointments.schemas import Actor, BookedAppointment, RecordedChange

# Longer than anybody waits for a booking (`wait_seconds`): whoever waits tells the visitor first.
_PATIENCE = timedelta(seconds=30)
_REFUSED = "The rep's calendar did not take it"


class Adopted(StrEnum):
    """What became of a meeting that was seen in a calendar."""

    UNKNOWN = "unknown"
    """No appointment of ours, or another rep's."""
    SAME = "same"
    OVER = "over"
    """It has begun or is cancelled: nothing changes it any more."""
    OURS_IS_NEWER = "ours_is_newer"
    """A change of ours is on its way there and will hold."""
    MOVED = "moved"
    CANCELLED = "cancelled"
    CLASH = "clash"
    """It was moved onto another meeting of the same rep, which we cannot keep."""


@dataclass(frozen=True, slots=True)
class CalendarAnswers:
    """Writes them down: each is one commit, and safe to repeat."""

    database: Database
    clock: Clock
    outbox: Outbox

    async def note_placed(
        self, tenant_id: str, appointment_id: str, sequence: int, links: MeetingLinks
    ) -> None:
        """The calendar has this state."""
        async with self.database.unit_of_work(tenant_id) as uow:
            row = await AppointmentRepository(uow).find(appointment_id, lock=True)
            if row is None or row.placed_sequence >= sequence:
                return
            row.placed_sequence = sequence
            row.join_url, row.change_url, row.cancel_url = (
                links.join_url,
                links.change_url,
                links.cancel_url,
            )

    async def note_refused(self, tenant_id: str, appointment_id: str, sequence: int) -> None:
        """The calendar will not take this state. Whoever waits for it takes it back at once
        (`take_back`); if nobody does, that follows by itself, with a mail."""
        async with self.database.unit_of_work(tenant_id) as uow:
            event = AppointmentRefused(appointment_id=appointment_id, sequence=sequence)
            await self.outbox.record(
                uow,
                event,
                once=f"{appointment_id} {sequence}",
                not_before=self.clock.now() + _PATIENCE,
            )

    async def take_back(
        self, tenant_id: str, appointment_id: str, sequence: int, *, is_told: bool
    ) -> BookedAppointment | None:
        """Undo a state that the calendar refused: a booking is cancelled, a move goes back to
        the time before. None when it is no longer the state of the appointment.

        `is_told`: the visitor hears of it in the chat, so no mail is written.
        """
        async with self.database.unit_of_work(tenant_id) as uow:
            repository = AppointmentRepository(uow)
            row = await repository.find(appointment_id, lock=True)
            if row is None or row.status != "booked" or row.sequence != sequence:
                return None
            if row.placed_sequence >= sequence:
                return None
            changes = {one.sequence: one for one in await repository.list_changes(row.id)}
            before = changes.get(sequence - 1)
            actor = Actor("refusal", row.rep_email)
            row.changed_at = self.clock.now()
            row.sequence += 1
            event: AppointmentCancelled | AppointmentRescheduled
            if before is None:
                row.status = "cancelled"
                await repository.add_change(row, "cancelled", actor, _REFUSED)
                # The calendar never had it: there is nothing to take out.
                event = AppointmentCancelled(
                    appointment_id=row.id, sequence=row.sequence, by_calendar=True, is_told=is_told
                )
            else:
                row.starts_at, row.ends_at = before.starts_at, before.ends_at
                await repository.add_change(row, "rescheduled", actor, _REFUSED)
                event = AppointmentRescheduled(
                    appointment_id=row.id, sequence=row.sequence, is_told=is_told
                )
            await self.outbox.record(uow, event)
            return describe_row(row)

    async def adopt(self, owner: CalendarOwner, seen: SeenMeeting) -> Adopted:
        """Take over what was changed in a calendar by hand: the row, its history and the mail
        to the visitor follow. A change of ours that the calendar has not got yet holds."""
        try:
            async with self.database.unit_of_work(owner.tenant_id) as uow:
                return await self._adopt(uow, owner, seen)
        except IntegrityError:
            return Adopted.CLASH

    async def _adopt(self, uow: UnitOfWork, owner: CalendarOwner, seen: SeenMeeting) -> Adopted:
        repository = AppointmentRepository(uow)
        row = await repository.find(seen.id, lock=True)
        if row is None or row.rep_email != owner.email:
            return Adopted.UNKNOWN
        if row.status == "cancelled" or row.starts_at <= self.clock.now():
            return Adopted.OVER
        if seen.sequence < _find_newest_own(await repository.list_changes(row.id)):
            return Adopted.OURS_IS_NEWER
        actor = Actor("calendar", owner.email)
        if seen.is_cancelled:
            row.status = "cancelled"
            self._count(row)
            await repository.add_change(row, "cancelled", actor, seen.reason[:500])
            cancelled = AppointmentCancelled(
                appointment_id=row.id, sequence=row.sequence, by_calendar=True
            )
            await self.outbox.record(uow, cancelled)
            return Adopted.CANCELLED
        if (row.starts_at, row.ends_at) == (seen.starts_at, seen.ends_at):
            return Adopted.SAME
        row.starts_at, row.ends_at = seen.starts_at, seen.ends_at
        self._count(row)
        await repository.add_change(row, "rescheduled", actor, seen.reason[:500])
        moved = AppointmentRescheduled(
            appointment_id=row.id, sequence=row.sequence, by_calendar=True
        )
        await self.outbox.record(uow, moved)
        return Adopted.MOVED

    def _count(self, row: Appointment) -> None:
        row.sequence += 1
        # The calendar is where the change comes from: it has it.
        row.placed_sequence = row.sequence
        row.changed_at = self.clock.now()


def _find_newest_own(changes: list[RecordedChange]) -> int:
    """The sequence of the newest change that did not come from the calendar. One that the
    calendar has not seen is on its way there, and will overwrite what somebody did meanwhile."""
    return max((one.sequence for one in changes if one.changed_by != "calendar"), default=0)
