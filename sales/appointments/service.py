"""Books, moves and cancels. A booking is a committed row; the calendar and the mails follow."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.db import Database, UnitOfWork, keep
from core.errors import Conflict, NotFound
from core.ids import is_id, new_id
from core.outbox import EntryState, Outbox, RecordedEntry
from core.security import TokenSigner
from sales.appointments.calendar_answers import CalendarAnswers
from sales.appointments.errors import TooManyAppointments
from sales.appointments.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentRescheduled,
)
from sales.appointments.finding import SlotFinder
from sales.appointments.models import Appointment
from sales.appointments.repository import AppointmentRepository, build_asked_starts, describe_row
from sales.appointments.rules import check_booking, overlaps
from sales.appointments.schemas import (
    Actor,
    AppointmentFilter,
    BookedAppointment,
    BookingRequest,
    RecordedChange,
)
from sales.appointments.settings import RepSettings
from sales.appointments.slots import Refusal, Schedule, Slot, build_slots, check_start, choose_rep

FOR_APPOINTMENT = "appointment"
# The effects that somebody waits for: those that put the meeting into the rep's calendar.
CALENDAR = "appointments.calendar"

_BOOKED = keep(
    select(Appointment.conversation_id, func.count(Appointment.id))
    .where(
        Appointment.conversation_id.in_(bindparam("ids", expanding=True)),
        Appointment.status == "booked",
    )
    .group_by(Appointment.conversation_id)
)


@dataclass(frozen=True, slots=True)
class AppointmentService:
    """Meetings of all sites, as `app.yaml` says now. `slots` finds what can be booked."""

    database: Database
    clock: Clock
    signer: TokenSigner
    outbox: Outbox
    slots: SlotFinder

    @property
    def answers(self) -> CalendarAnswers:
        """Takes note of what calendars say."""
        return CalendarAnswers(self.database, self.clock, self.outbox)

    async def choose_rep(self, tenant_id: str, slot: Slot) -> RepSettings | None:
        """Who would take a slot, so that it can be said before it is confirmed; None when
        nobody of them is left."""
        if not slot.rep_ids:
            return None
        async with self.database.reading(tenant_id) as uow:
            repository = AppointmentRepository(uow)
            counts = await repository.count_coming(slot.rep_ids, self.clock.now())
        return self.slots.find_rep(choose_rep(slot, counts))

    async def book(self, wanted: BookingRequest) -> BookedAppointment:
        """Book a slot, and wait a little for the calendar to have it.

        Raises:
            SlotTaken: somebody was quicker; with alternatives.
            SlotRefused: it can never be booked; with alternatives.
            TooManyAppointments: the visitor has enough of them.
            Invalid: a detail of the request cannot be used.
            Conflict: nobody takes meetings.
        """
        self.slots.check_enabled()
        wanted = check_booking(wanted)
        present = await self._find_request(wanted)
        duration = self.slots.settings.choose_duration(wanted.duration)
        if present is not None:
            if await self._was_refused(present):
                await self.slots.refuse(
                    Refusal.TAKEN, wanted.site, wanted.timezone, wanted.starts_at, duration
                )
            return present
        schedule = await self.slots.load(wanted.site, wanted.timezone, duration)
        if wanted.rep_id is not None:
            chosen = tuple(rep for rep in schedule.reps if rep.rep_id == wanted.rep_id)
            schedule = Schedule(chosen, schedule.rules)
        booked, entries = None, list[RecordedEntry]()
        refusal = check_start(schedule, self.clock.now(), wanted.starts_at)
        if refusal is None:
            booked, entries = await self._try_booking(wanted, schedule)
        # The same request, sent twice at once, may have been what took the slot.
        booked = booked or await self._find_request(wanted)
        if booked is None:
            await self.slots.refuse(
                refusal or Refusal.TAKEN, wanted.site, wanted.timezone, wanted.starts_at, duration
            )
        settled = await self._wait_for_calendar(booked, entries)
        if settled is None:
            await self.slots.refuse(
                Refusal.TAKEN, wanted.site, wanted.timezone, wanted.starts_at, duration
            )
        return settled

    async def reschedule(
        self, appointment: BookedAppointment, starts_at: datetime, actor: Actor
    ) -> BookedAppointment:
        """Move an appointment to another time of the same rep. The same time changes nothing.

        Raises:
            SlotTaken, SlotRefused: it cannot be moved there; with alternatives.
            Conflict: it is cancelled or over, or its rep no longer takes meetings.
        """
        self._check_changeable(appointment)
        starts_at = starts_at.astimezone(UTC)
        if starts_at == appointment.starts_at:
            return appointment
        site, zone = appointment.site, appointment.timezone
        duration = appointment.ends_at - appointment.starts_at
        schedule = await self.slots.load(site, zone, duration, moving=appointment)
        refusal = check_start(schedule, self.clock.now(), starts_at)
        moved, entries = None, list[RecordedEntry]()
        if refusal is None:
            moved, entries = await self._write_move(appointment, starts_at, actor)
        if moved is None:
            await self.slots.refuse(
                refusal or Refusal.TAKEN, site, zone, starts_at, duration, moving=appointment
            )
        settled = await self._wait_for_calendar(moved, entries)
        if settled is None:
            back = await self.get_appointment(site.tenant_id, appointment.id)
            await self.slots.refuse(Refusal.TAKEN, site, zone, starts_at, duration, moving=back)
        return settled

    async def cancel(
        self, appointment: BookedAppointment, actor: Actor, reason: str = ""
    ) -> BookedAppointment:
        """Cancel an appointment. Cancelling twice is no error.

        Raises:
            Conflict: it is over.
        """
        if appointment.status == "cancelled":
            return appointment
        self._check_changeable(appointment)
        async with self.database.unit_of_work(appointment.site.tenant_id) as uow:
            repository = AppointmentRepository(uow)
            row = await self._get_row(repository, appointment.id)
            if row.status == "cancelled":
                return describe_row(row)
            row.status, row.changed_at = "cancelled", self.clock.now()
            row.sequence += 1
            await repository.add_change(row, "cancelled", actor, reason[:500])
            event = AppointmentCancelled(appointment_id=row.id, sequence=row.sequence)
            entries = await self.outbox.record(uow, event)
            cancelled = describe_row(row)
        return await self._wait_for_calendar(cancelled, entries) or cancelled

    async def get_appointment(self, tenant_id: str, appointment_id: str) -> BookedAppointment:
        """An appointment of the tenant.

        Raises:
            NotFound: there is none of that id.
        """
        if is_id(appointment_id):
            async with self.database.reading(tenant_id) as uow:
                row = await AppointmentRepository(uow).find(appointment_id)
            if row is not None:
                return describe_row(row)
        raise NotFound("There is no such appointment.")

    async def list_upcoming(self, tenant_id: str, visitor_id: str) -> list[BookedAppointment]:
        """A visitor's meetings that have not ended, the next first."""
        async with self.database.reading(tenant_id) as uow:
            rows = await AppointmentRepository(uow).list_upcoming(visitor_id, self.clock.now())
        return [describe_row(row) for row in rows]

    async def list_appointments(
        self, tenant_id: str, wanted: AppointmentFilter
    ) -> tuple[list[BookedAppointment], int]:
        """Appointments for staff, the earliest first, and how many there are in all."""
        async with self.database.reading(tenant_id) as uow:
            repository = AppointmentRepository(uow)
            rows = await repository.list_matching(wanted)
            total = await repository.count_matching(wanted)
        return [describe_row(row) for row in rows], total

    async def list_booked_starts(
        self, tenant_id: str, conversation_ids: Sequence[str]
    ) -> list[datetime]:
        """When the meetings begin that were agreed in these conversations, the earliest first."""
        asked = [build_asked_starts(conversation_id) for conversation_id in conversation_ids]
        found = await self.database.fetch(tenant_id, *asked) if asked else []
        return sorted(row[0] for rows in found for row in rows)

    async def count_booked_conversations(
        self, tenant_id: str, start: datetime, end: datetime
    ) -> int:
        """Conversations that led to a meeting in [start, end), cancelled ones left out."""
        async with self.database.reading(tenant_id) as uow:
            return await AppointmentRepository(uow).count_booked_conversations(start, end)

    async def list_changes(self, appointment: BookedAppointment) -> list[RecordedChange]:
        """The history of an appointment, oldest first."""
        async with self.database.reading(appointment.site.tenant_id) as uow:
            return await AppointmentRepository(uow).list_changes(appointment.id)

    def sign_link(self, appointment: BookedAppointment) -> str:
        """The token of the page where the visitor moves or cancels it: `/a/{token}`. It holds
        until the appointment is over."""
        now = self.clock.now()
        subject = f"{appointment.site.tenant_id}|{appointment.id}"
        lifetime = max(appointment.ends_at - now, timedelta(minutes=1))
        return self.signer.sign(FOR_APPOINTMENT, subject, now=now, lifetime=lifetime)

    async def read_link(self, token: str) -> BookedAppointment:
        """The appointment of a link.

        Raises:
            Unauthorized: forged, or the appointment is over.
            NotFound: it was deleted.
        """
        subject = self.signer.read(FOR_APPOINTMENT, token, now=self.clock.now())
        tenant_id, _, appointment_id = subject.partition("|")
        return await self.get_appointment(tenant_id, appointment_id)

    async def _try_booking(
        self, wanted: BookingRequest, schedule: Schedule
    ) -> tuple[BookedAppointment | None, list[RecordedEntry]]:
        """Book what the schedule says is free; None when somebody was quicker."""
        start = wanted.starts_at.astimezone(UTC)
        open_slots = build_slots(schedule, self.clock.now())
        slot = next((one for one in open_slots if one.starts_at == start), None)
        if slot is None:
            return None, []
        try:
            return await self._write_booking(wanted, slot)
        except IntegrityError:
            # The indexes guarded the slot, or the key of the request.
            return None, []

    async def _write_booking(
        self, wanted: BookingRequest, slot: Slot
    ) -> tuple[BookedAppointment | None, list[RecordedEntry]]:
        """The row, its history and its promise, in one commit; None when no rep is free now."""
        now = self.clock.now()
        async with self.database.unit_of_work(wanted.site.tenant_id) as uow:
            repository = AppointmentRepository(uow)
            await repository.lock_reps(slot.rep_ids)
            upcoming = await repository.list_upcoming(wanted.visitor_id, now)
            if len(upcoming) >= self.slots.settings.upcoming_per_visitor:
                raise TooManyAppointments(
                    "You have several meetings booked already. Move or cancel one of them first."
                )
            free = await self._list_free(repository, slot)
            counts = await repository.count_coming(free, now)
            chosen = choose_rep(replace(slot, rep_ids=free), counts) if free else ""
            rep = self.slots.find_rep(chosen)
            if rep is None:
                return None, []
            row = _build_row(wanted, slot, rep, now)
            await repository.add(row)
            await repository.add_change(row, "booked", Actor("visitor", wanted.visitor_id), "")
            event = AppointmentBooked(appointment_id=row.id, sequence=row.sequence)
            return describe_row(row), await self.outbox.record(uow, event)

    async def _write_move(
        self, appointment: BookedAppointment, starts_at: datetime, actor: Actor
    ) -> tuple[BookedAppointment | None, list[RecordedEntry]]:
        length = appointment.ends_at - appointment.starts_at
        slot = Slot(starts_at, starts_at + length, (appointment.rep_id,))
        async with self.database.unit_of_work(appointment.site.tenant_id) as uow:
            repository = AppointmentRepository(uow)
            await repository.lock_reps(slot.rep_ids)
            row = await self._get_row(repository, appointment.id)
            self._check_changeable(describe_row(row))
            if row.starts_at == starts_at:
                return describe_row(row), []
            if not await self._list_free(repository, slot, leave_out=row.id):
                return None, []
            row.starts_at, row.ends_at = slot.starts_at, slot.ends_at
            row.changed_at = self.clock.now()
            row.sequence += 1
            await repository.add_change(row, "rescheduled", actor, "")
            event = AppointmentRescheduled(appointment_id=row.id, sequence=row.sequence)
            return describe_row(row), await self.outbox.record(uow, event)

    async def _list_free(
        self, repository: AppointmentRepository, slot: Slot, leave_out: str | None = None
    ) -> tuple[str, ...]:
        """The slot's reps who have no other meeting then, as the rows say within the lock."""
        settings = self.slots.settings
        minutes = max(settings.buffer_before_minutes, settings.buffer_after_minutes)
        gap = timedelta(minutes=minutes)
        booked = await repository.list_booked(
            slot.rep_ids, slot.starts_at - gap, slot.ends_at + gap, leave_out=leave_out
        )
        return tuple(
            rep_id for rep_id in slot.rep_ids if not overlaps(slot, booked.get(rep_id, ()), gap)
        )

    async def _find_request(self, wanted: BookingRequest) -> BookedAppointment | None:
        async with self.database.reading(wanted.site.tenant_id) as uow:
            repository = AppointmentRepository(uow)
            row = await repository.find_request(wanted.conversation_id, wanted.request_key)
        return describe_row(row) if row else None

    async def _was_refused(self, appointment: BookedAppointment) -> bool:
        """Whether the rep's calendar would not take the booking, and it was taken back."""
        if appointment.status != "cancelled":
            return False
        return (await self.list_changes(appointment))[-1].changed_by == "refusal"

    async def _get_row(self, repository: AppointmentRepository, appointment_id: str) -> Appointment:
        row = await repository.find(appointment_id, lock=True)
        if row is None:
            raise NotFound("There is no such appointment.")
        return row

    def _check_changeable(self, appointment: BookedAppointment) -> None:
        if appointment.status == "cancelled":
            raise Conflict("This appointment is cancelled. Book a new one.")
        if appointment.starts_at <= self.clock.now():
            raise Conflict("This appointment has begun or is over: it cannot be changed.")

    async def _wait_for_calendar(
        self, appointment: BookedAppointment, entries: Collection[RecordedEntry]
    ) -> BookedAppointment | None:
        """Let the calendar have it before the visitor is told; but not for long, because the
        row is the promise and the outbox keeps it. The appointment with what the calendar made
        of it; None when the calendar refused, and the change was taken back."""
        limit = timedelta(seconds=self.slots.settings.wait_seconds)
        tenant_id = appointment.site.tenant_id
        waited = [entry for entry in entries if entry.effect.startswith(CALENDAR)]
        for entry in waited:
            status = await self.outbox.wait_for(entry.id, limit)
            if status.state is EntryState.DEAD and appointment.status == "booked":
                taken_back = await self.answers.take_back(
                    tenant_id, appointment.id, appointment.sequence, is_told=True
                )
                if taken_back is not None:
                    return None
        return await self.get_appointment(tenant_id, appointment.id) if waited else appointment


def _build_row(wanted: BookingRequest, slot: Slot, rep: RepSettings, now: datetime) -> Appointment:
    return Appointment(
        tenant_id=wanted.site.tenant_id,
        id=new_id(),
        site_id=wanted.site.site_id,
        conversation_id=wanted.conversation_id,
        visitor_id=wanted.visitor_id,
        request_key=wanted.request_key,
        rep_id=rep.key,
        rep_name=rep.name,
        rep_email=rep.email,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        timezone=wanted.timezone,
        locale=wanted.locale,
        name=wanted.name,
        email=wanted.email,
        phone=wanted.phone,
        topic=wanted.topic,
        status="booked",
        sequence=0,
        created_at=now,
        changed_at=now,
    )


async def count_booked(uow: UnitOfWork, conversation_ids: Sequence[str]) -> dict[str, int]:
    """How many meetings conversations led to that still stand; those without are left out."""
    rows = await uow.session.execute(_BOOKED, {"ids": list(conversation_ids)})
    return {row[0]: int(row[1]) for row in rows}
