"""Reads and writes appointments of one tenant, in the caller's unit of work."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, distinct, func, select, text

from core.db import Ask, UnitOfWork, keep
from core.ids import new_id
from core.protocols.calendar import MeetingLinks
from sales.appointments.models import Appointment, AppointmentChange
from sales.appointments.schemas import (
    Actor,
    AppointmentFilter,
    BookedAppointment,
    RecordedChange,
)
from sales.appointments.slots import Slot
from sales.organization.models import SiteRef

# waiver: a lock names no rows; its name begins with the tenant
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


_BOOKED_STARTS = keep(
    select(Appointment.starts_at).where(
        Appointment.status == "booked", Appointment.conversation_id == bindparam("conversation_id")
    )
)


def build_asked_starts(conversation_id: str) -> Ask:
    """When the meetings begin that were agreed in a conversation."""
    return _BOOKED_STARTS, {"conversation_id": conversation_id}


class BookedTime(NamedTuple):
    """When an appointment takes place."""

    appointment_id: str
    starts_at: datetime
    ends_at: datetime


def describe_row(row: Appointment) -> BookedAppointment:
    """A row as a value."""
    return BookedAppointment(
        id=row.id,
        site=SiteRef(row.tenant_id, row.site_id),
        conversation_id=row.conversation_id,
        visitor_id=row.visitor_id,
        rep_id=row.rep_id,
        rep_name=row.rep_name,
        rep_email=row.rep_email,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        timezone=row.timezone,
        locale=row.locale,
        name=row.name,
        email=row.email,
        phone=row.phone,
        topic=row.topic,
        status="booked" if row.status == "booked" else "cancelled",
        sequence=row.sequence,
        created_at=row.created_at,
        changed_at=row.changed_at,
        links=MeetingLinks(row.join_url, row.change_url, row.cancel_url),
        placed_sequence=row.placed_sequence,
    )


class AppointmentRepository:
    """Appointments and their history."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._session = uow.session

    async def lock_reps(self, rep_ids: Collection[str]) -> None:
        """Let nobody else book these reps until this transaction ends.

        SQLite has one writer at a time anyway. In one order, so that two bookings never wait
        for each other.
        """
        if self._uow.dialect == "postgresql":
            for rep_id in sorted(rep_ids):
                name = f"appointments {self._uow.tenant_id} {rep_id}"
                await self._session.execute(_LOCK, {"name": name})

    async def add(self, row: Appointment) -> None:
        """A new appointment; constraints speak at once."""
        self._session.add(row)
        await self._uow.flush()

    async def find(self, appointment_id: str, *, lock: bool = False) -> Appointment | None:
        """The appointment of that id; locked until the end of the transaction if it will change."""
        query = select(Appointment).where(Appointment.id == appointment_id)
        if lock:
            query = query.with_for_update()
        return (await self._session.execute(query)).scalar()

    async def find_request(self, conversation_id: str, request_key: str) -> Appointment | None:
        """What an earlier request of the same key booked."""
        query = select(Appointment).where(
            Appointment.conversation_id == conversation_id, Appointment.request_key == request_key
        )
        return (await self._session.execute(query)).scalar()

    async def list_booked(
        self,
        rep_ids: Collection[str],
        since: datetime,
        until: datetime,
        *,
        leave_out: str | None = None,
    ) -> dict[str, list[Slot]]:
        """The times of reps' meetings that overlap [since, until), by rep."""
        times = await self.list_times(rep_ids, since, until)
        return {
            rep_id: [
                Slot(one.starts_at, one.ends_at, (rep_id,))
                for one in booked
                if one.appointment_id != leave_out
            ]
            for rep_id, booked in times.items()
        }

    async def list_times(
        self, rep_ids: Collection[str], since: datetime, until: datetime
    ) -> dict[str, list[BookedTime]]:
        """The same, with whose they are."""
        row = Appointment
        query = select(row.rep_id, row.id, row.starts_at, row.ends_at).where(
            row.rep_id.in_(rep_ids),
            row.status == "booked",
            row.starts_at < until,
            row.ends_at > since,
        )
        found: dict[str, list[BookedTime]] = {}
        for rep_id, appointment_id, starts_at, ends_at in await self._session.execute(query):
            found.setdefault(rep_id, []).append(BookedTime(appointment_id, starts_at, ends_at))
        return found

    async def count_booked_conversations(self, start: datetime, end: datetime) -> int:
        """Conversations in which a meeting was booked in [start, end) that was not cancelled."""
        query = select(func.count(distinct(Appointment.conversation_id))).where(
            Appointment.created_at >= start,
            Appointment.created_at < end,
            Appointment.status == "booked",
        )
        return int((await self._session.execute(query)).scalar_one())

    async def count_coming(self, rep_ids: Collection[str], now: datetime) -> dict[str, int]:
        """How many coming meetings each rep has."""
        query = (
            select(Appointment.rep_id, func.count())
            .where(
                Appointment.rep_id.in_(rep_ids),
                Appointment.status == "booked",
                Appointment.starts_at >= now,
            )
            .group_by(Appointment.rep_id)
        )
        return {row[0]: row[1] for row in await self._session.execute(query)}

    async def list_upcoming(self, visitor_id: str, now: datetime) -> list[Appointment]:
        """A visitor's meetings that have not ended, the next first."""
        query = (
            select(Appointment)
            .where(
                Appointment.visitor_id == visitor_id,
                Appointment.status == "booked",
                Appointment.ends_at > now,
            )
            .order_by(Appointment.starts_at, Appointment.id)
        )
        return list((await self._session.execute(query)).scalars())

    async def list_matching(self, wanted: AppointmentFilter) -> list[Appointment]:
        """Appointments for staff, the earliest first."""
        query = _narrow(select(Appointment), wanted)
        query = query.order_by(Appointment.starts_at, Appointment.id)
        query = query.limit(wanted.limit).offset(wanted.offset)
        return list((await self._session.execute(query)).scalars())

    async def count_matching(self, wanted: AppointmentFilter) -> int:
        """How many there are in all."""
        query = _narrow(select(func.count()).select_from(Appointment), wanted)
        return int((await self._session.execute(query)).scalar_one())

    async def add_change(self, row: Appointment, kind: str, actor: Actor, reason: str) -> None:
        """Write down what the appointment became. Once for each sequence."""
        self._session.add(
            AppointmentChange(
                tenant_id=self._uow.tenant_id,
                id=new_id(),
                appointment_id=row.id,
                sequence=row.sequence,
                kind=kind,
                changed_by=actor.kind,
                starts_at=row.starts_at,
                ends_at=row.ends_at,
                reason=reason,
                happened_at=row.changed_at,
            )
        )
        await self._uow.flush()

    async def list_changes(self, appointment_id: str) -> list[RecordedChange]:
        """The history of an appointment, oldest first."""
        change = AppointmentChange
        query = (
            select(
                change.sequence,
                change.kind,
                change.changed_by,
                change.starts_at,
                change.ends_at,
                change.reason,
                change.happened_at,
            )
            .where(change.appointment_id == appointment_id)
            .order_by(change.sequence)
        )
        return [RecordedChange(*row) for row in await self._session.execute(query)]


def _narrow(query: Select[Any], wanted: AppointmentFilter) -> Select[Any]:
    if wanted.since is not None:
        query = query.where(Appointment.starts_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(Appointment.starts_at < wanted.until)
    if wanted.status is not None:
        query = query.where(Appointment.status == wanted.status)
    if wanted.conversation_id is not None:
        query = query.where(Appointment.conversation_id == wanted.conversation_id)
    if wanted.only_reps is not None:
        query = query.where(Appointment.rep_email.in_(wanted.only_reps))
    if wanted.not_reps is not None:
        query = query.where(Appointment.rep_email.not_in(wanted.not_reps))
    return query
