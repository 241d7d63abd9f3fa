"""Our own sales system: takes packages in, answers for each at once, and keeps the SLA clock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from core.clock import Clock
from core.db import Database, UnitOfWork
from core.encryption import Cipher
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.ids import new_id
from core.outbox import Outbox
from core.protocols.sales_system import (
    Acknowledgement,
    AckStatus,
    LeadStanding,
    Standings,
)
from sales.handoffs.audit import SALES_SYSTEM, Trail
from sales.handoffs.canonical import NotCanonical, hash_canonical, read_strict, write_canonical
from sales.handoffs.events import HandoffAlerted, LeadReceived, ReceivedAgain, SlaBreached, SlaDue
from sales.handoffs.models import ReceivedLead
from sales.handoffs.package_reading import read_deadline, read_handed_lead, read_returns
from sales.handoffs.package_schema import check_package, read_moment, write_moment
from sales.handoffs.received_repository import ReceivedRepository
from sales.handoffs.repository import HandoffRepository
from sales.handoffs.rules import PRIORITIES, build_sla, is_breached
from sales.handoffs.schemas import ReceivedView
from sales.handoffs.settings import HandoffSettings
from sales.leads.handed_again import update_handed
from sales.leads.handing import HandedLead, TakenIn, find_contacted_at, note_breach, take_in
from sales.leads.open_leads import OpenLeads
from sales.organization.rules import check_may
from sales.organization.schemas import Principal

COLUMN = "received_leads.package"
_KEY_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Arrival:
    """A package as it came over the wire. `claimed_hash` is what the sender says its hash is;
    empty where it says nothing."""

    body: bytes
    idempotency_key: str
    transaction_id: str
    claimed_hash: str = ""


@dataclass(frozen=True, slots=True)
class _Checked:
    package: Mapping[str, Any]
    body: bytes
    body_hash: str


class ReceptionService:
    """Takes leads in for every tenant, from machines that may hand them over."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        outbox: Outbox,
        cipher: Cipher,
        settings: HandoffSettings,
    ) -> None:
        self._database, self._clock, self._outbox = database, clock, outbox
        self._cipher, self._settings = cipher, settings
        self._sla = build_sla(settings)
        self._open_leads = OpenLeads(clock)

    async def receive(self, principal: Principal, arrival: Arrival) -> Acknowledgement:
        """Take a package in. The same key again gives the same answer; the same lead under
        another key replaces the package and stays one lead.

        Raises:
            Forbidden: this caller may not, or the receiver is switched off.
            Invalid: no JSON, another hash than claimed, or not of the schema: `problems`.
            Conflict: the key was used for another package.
        """
        check_may(principal, "receive_leads")
        if not self._settings.receiver.enabled:
            raise Forbidden("This installation takes no leads over: handoff.receiver.enabled.")
        checked = check_arrival(arrival)
        async with self._database.unit_of_work(principal.tenant_id) as uow:
            repository = ReceivedRepository(uow)
            lead_id = str(checked.package["leadId"])
            await repository.lock_lead(lead_id, arrival.idempotency_key)
            before, is_known = await repository.find_before(arrival.idempotency_key, lead_id)
            if before is not None:
                package_hash, answered = before
                if package_hash != checked.body_hash:
                    raise Conflict("This Idempotency-Key was used for another package.")
                return _read_answer(answered, package_hash)
            known = await repository.find_by_lead(lead_id, lock=True) if is_known else None
            if known is None:
                row, step = await self._add(uow, principal, arrival, checked), "received"
            else:
                row, step = await self._renew(uow, known, arrival, checked), "received_again"
            answer = _describe_answer(row)
            await repository.add_request(
                received_id=row.id,
                idempotency_key=arrival.idempotency_key,
                package_hash=checked.body_hash,
                answer=answer,
                created_at=row.changed_at,
            )
            data = {"hash": checked.body_hash, "key": arrival.idempotency_key}
            said = {"status": row.acknowledgement, "reason": row.rejection_reason}
            said |= {"assigned_to": row.assigned_to, "due_at": write_moment(row.sla_due_at)}
            trail = self._trail(uow, row, arrival.transaction_id)
            steps = trail.build([(step, data)], principal)
            steps += trail.build([("acknowledged", said)], SALES_SYSTEM)
            await HandoffRepository(uow).add_audit(steps)
            return _read_answer(answer, checked.body_hash)

    async def _add(
        self, uow: UnitOfWork, principal: Principal, arrival: Arrival, checked: _Checked
    ) -> ReceivedLead:
        now = self._now()
        due_at = read_deadline(checked.package, self._sla, now)
        handed = read_handed_lead(checked.package, due_at)
        taken = await take_in(
            uow,
            handed,
            team_id=principal.team_id,
            actor=principal.name,
            at=now,
            open_leads=self._open_leads,
        )
        repository = ReceivedRepository(uow)
        other = None if taken.is_new else await repository.find_by_own(taken.lead_id)
        is_double = other is not None and self._settings.receiver.duplicates == "reject"
        row = await repository.add(
            id=new_id(),
            lead_id=handed.lead_id,
            own_lead_id=taken.lead_id,
            client_id=principal.id,
            acknowledgement="rejected" if is_double else "accepted",
            rejection_reason="duplicate" if is_double else None,
            status="rejected" if is_double else "accepted",
            estimated_contact_at=None if is_double else due_at,
            acknowledged_at=now,
            received_at=now,
            changed_at=now,
            sla_due_at=due_at,
            position=await repository.next_position(),
            **self._describe(uow.tenant_id, arrival, checked, taken),
        )
        if not is_double:
            await self._start_clock(uow, row)
        return row

    async def _renew(
        self, uow: UnitOfWork, row: ReceivedLead, arrival: Arrival, checked: _Checked
    ) -> ReceivedLead:
        """The lead is here: it comes again, corrected or because the person returned."""
        now = self._now()
        due_at = read_deadline(checked.package, self._sla, now)
        handed = read_handed_lead(checked.package, due_at)
        own = row.own_lead_id if row.acknowledgement != "rejected" else None
        repository = ReceivedRepository(uow)
        known = replace(handed, lead_id=own or handed.lead_id)
        taken = await take_in(
            uow, known, team_id=None, actor=SALES_SYSTEM, at=now, open_leads=self._open_leads
        )
        if own is None:
            # The double is corrected, or the person was erased and comes of their own will.
            other = await repository.find_by_own(taken.lead_id)
            is_double = other is not None and self._settings.receiver.duplicates == "reject"
            row.acknowledgement = row.status = "rejected" if is_double else "accepted"
            row.rejection_reason = "duplicate" if is_double else None
        row.own_lead_id = taken.lead_id
        if own is not None and taken.lead_id != handed.lead_id:
            await self._take_news(uow, row, checked.package, handed)
        for name, value in self._describe(uow.tenant_id, arrival, checked, taken).items():
            setattr(row, name, value)
        row.acknowledged_at = row.changed_at = now
        row.sla_due_at, row.breached_at = due_at, None
        row.estimated_contact_at = due_at if row.acknowledgement == "accepted" else None
        if row.acknowledgement == "accepted":
            await self._start_clock(uow, row)
        row.position = await repository.next_position()
        await uow.flush()
        return row

    async def _take_news(
        self, uow: UnitOfWork, row: ReceivedLead, package: Mapping[str, Any], handed: HandedLead
    ) -> None:
        """What the sender says anew of a lead of our list; of a return its rep is told."""
        now, before = self._now(), None
        if row.package:
            text = self._cipher.decrypt(row.package, tenant_id=uow.tenant_id, column=COLUMN)
            before = json.loads(text)
        known = read_handed_lead(before, row.sla_due_at) if before else None
        flag, returns = read_returns(package)
        lead_id = row.own_lead_id or ""
        await update_handed(uow, lead_id, known, handed, flag=flag, actor=SALES_SYSTEM, at=now)
        if before and returns > read_returns(before)[1]:
            event = ReceivedAgain(received_id=row.id, lead_id=lead_id, flag=flag, returned_at=now)
            await self._outbox.record(uow, event, once=f"{row.id} {returns}")

    def _describe(
        self, tenant_id: str, arrival: Arrival, checked: _Checked, taken: TakenIn
    ) -> dict[str, Any]:
        text = checked.body.decode()
        sla = checked.package["sla"]
        return {
            "transaction_id": arrival.transaction_id,
            "assigned_to": taken.owner.id if taken.owner else self._settings.receiver.queue,
            "priority": sla["priorityLevel"],
            "escalation_policy": sla["escalationPolicy"],
            "package": self._cipher.encrypt(text, tenant_id=tenant_id, column=COLUMN),
            "package_hash": checked.body_hash,
        }

    async def _start_clock(self, uow: UnitOfWork, row: ReceivedLead) -> None:
        received = LeadReceived(received_id=row.id, lead_id=row.own_lead_id or "")
        once = f"{row.id} {row.acknowledged_at.isoformat()}"
        await self._outbox.record(uow, received, once=once)
        due = SlaDue(received_id=row.id, due_at=row.sla_due_at)
        await self._outbox.record(
            uow, due, once=once, not_before=row.sla_due_at, priority=PRIORITIES[row.priority]
        )

    async def check_sla(self, tenant_id: str, received_id: str, due_at: datetime) -> bool:
        """The deadline has come: escalate where nobody contacted the lead. Whether it was
        breached."""
        async with self._database.unit_of_work(tenant_id) as uow:
            row = await ReceivedRepository(uow).find(received_id, lock=True)
            if row is None or row.sla_due_at != due_at or row.own_lead_id is None:
                return False
            now = self._now()
            contacted_at = await find_contacted_at(uow, row.own_lead_id)
            if row.breached_at is not None or not is_breached(due_at, contacted_at, now):
                return False
            await note_breach(uow, row.own_lead_id, due_at, now)
            row.breached_at = row.changed_at = now
            row.position = await ReceivedRepository(uow).next_position()
            data = {"due_at": write_moment(due_at), "policy": row.escalation_policy}
            trail = self._trail(uow, row, row.transaction_id)
            await trail.note_all([("sla_breached", data)], SALES_SYSTEM)
            once = f"{row.id} {due_at.isoformat()}"
            breach = SlaBreached(received_id=row.id, lead_id=row.own_lead_id, due_at=due_at)
            await self._outbox.record(uow, breach, once=once)
            alert = HandoffAlerted(
                kind="sla_breached",
                audience="sales",
                about=row.id,
                lead_id=row.own_lead_id,
                text=row.escalation_policy,
            )
            await self._outbox.record(uow, alert, once=once)
            return True

    async def find_standing(self, tenant_id: str, lead_id: str) -> LeadStanding | None:
        """Where a lead of the sender's id stands; None when it never came."""
        async with self._database.reading(tenant_id) as uow:
            row = await ReceivedRepository(uow).find_by_lead(lead_id)
        return _describe_standing(row) if row else None

    async def list_standings(self, tenant_id: str, cursor: str, limit: int) -> Standings:
        """What changed since `cursor`; "" begins with the first.

        Raises:
            Invalid: the cursor is none of ours.
        """
        if cursor and not (cursor.isdecimal() and len(cursor) < 16):
            raise Invalid("This cursor is not one that was given here.", {"field": "cursor"})
        async with self._database.reading(tenant_id) as uow:
            rows = await ReceivedRepository(uow).list_changed(int(cursor or 0), limit + 1)
        shown = rows[:limit]
        following = str(shown[-1].position) if shown else cursor
        leads = tuple(_describe_standing(row) for row in shown)
        return Standings(leads, following, has_more=len(rows) > limit)

    async def find_by_own_lead(self, tenant_id: str, own_lead_id: str) -> ReceivedView | None:
        """What was received as this lead of our own list."""
        async with self._database.reading(tenant_id) as uow:
            row = await ReceivedRepository(uow).find_by_own(own_lead_id)
        return _describe_received(row) if row else None

    async def find_received(self, tenant_id: str, lead_id: str) -> ReceivedView | None:
        """What was received under the sender's id of a lead."""
        async with self._database.reading(tenant_id) as uow:
            row = await ReceivedRepository(uow).find_by_lead(lead_id)
        return _describe_received(row) if row else None

    async def erase(self, tenant_id: str, lead_id: str) -> bool:
        """Forget what the package told; the entry stays, with its hash and times (X-22). The
        lead of our own list is erased by whoever erases leads. False: it never came."""
        async with self._database.unit_of_work(tenant_id) as uow:
            repository = ReceivedRepository(uow)
            row = await repository.find_by_lead(lead_id, lock=True)
            if row is None:
                return False
            if row.package:
                row.package, row.status = "", "erased"
                row.changed_at, row.own_lead_id = self._now(), None
                row.position = await repository.next_position()
                await self._trail(uow, row, row.transaction_id).note("erased", SALES_SYSTEM)
            return True

    def _now(self) -> datetime:
        """To the millisecond, as answers are written: a poll must tell the same moment."""
        now = self._clock.now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def _trail(self, uow: UnitOfWork, row: ReceivedLead, transaction_id: str) -> Trail:
        now = self._now()
        return Trail(uow, "receiver", row.id, row.lead_id, transaction_id, now)


def check_arrival(arrival: Arrival) -> _Checked:
    """The package of an arrival, if it is whole and of the schema.

    Raises:
        Invalid: the first thing that is wrong, with codes for each field.
    """
    if not 0 < len(arrival.idempotency_key) <= _KEY_LIMIT:
        raise _refuse("Idempotency-Key", "MISSING_FIELD", "send one of 1 to 200 characters")
    try:
        package = read_strict(arrival.body)
        body = write_canonical(package)
    except NotCanonical as error:
        raise _refuse("", "NOT_JSON", str(error)) from None
    body_hash = hash_canonical(body)
    if arrival.claimed_hash and arrival.claimed_hash != body_hash:
        problem = "the package was changed on its way: its hash is another one"
        raise _refuse("X-Payload-Hash", "HASH_MISMATCH", problem)
    problems = check_package(package)
    if problems:
        first = problems[0]
        raise Invalid(
            f"The package does not fit the schema. {first['field']}: {first['problem']}.",
            {"problems": problems, "code": first["code"]},
        )
    return _Checked(package, body, body_hash)


def _refuse(field: str, code: str, problem: str) -> Invalid:
    details = {"problems": [{"field": field, "code": code, "problem": problem}], "code": code}
    return Invalid(f"The package is refused. {problem[0].upper()}{problem[1:]}.", details)


def _describe_answer(row: ReceivedLead) -> dict[str, Any]:
    """S0 3.2, every field."""
    estimated = row.estimated_contact_at
    return {
        "leadId": row.lead_id,
        "status": row.acknowledgement,
        "salesAgentLeadId": row.id,
        "acknowledgedAt": write_moment(row.acknowledged_at),
        "assignedTo": row.assigned_to,
        "estimatedContactTime": write_moment(estimated) if estimated else None,
        "rejectionReason": row.rejection_reason,
    }


def _read_answer(answer: Mapping[str, Any], body_hash: str) -> Acknowledgement:
    at = read_moment(answer["acknowledgedAt"])
    if at is None:
        raise NotFound("The stored answer cannot be read.")
    return Acknowledgement(
        lead_id=answer["leadId"],
        status=cast(AckStatus, answer["status"]),
        acknowledged_at=at,
        sales_lead_id=answer["salesAgentLeadId"],
        assigned_to=answer["assignedTo"],
        estimated_contact_at=read_moment(answer["estimatedContactTime"]),
        rejection_reason=answer["rejectionReason"],
        body_hash=body_hash,
    )


def _describe_standing(row: ReceivedLead) -> LeadStanding:
    return LeadStanding(
        lead_id=row.lead_id,
        sales_lead_id=row.id,
        acknowledgement=cast(AckStatus, row.acknowledgement),
        acknowledged_at=row.acknowledged_at,
        status=row.status,
        changed_at=row.changed_at,
        assigned_to=row.assigned_to,
        estimated_contact_at=row.estimated_contact_at,
        rejection_reason=row.rejection_reason,
        body_hash=row.package_hash,
    )


def _describe_received(row: ReceivedLead) -> ReceivedView:
    return ReceivedView(**{name: getattr(row, name) for name in ReceivedView.__slots__})
