"""Feedback taken in: kept as it came, then the lead moves. One transaction.

1. read      the body as facts; what does not fit is refused with a code for each field
2. know      the key: the same again is answered the same, and changes nothing
3. keep      the report and those of its facts that are new
4. tell anew all facts of the lead, in the order of their times
5. move      the lead's status, first contact, history and revenue
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.db import Database, UnitOfWork
from core.encryption import Cipher
from core.errors import Conflict, Invalid, NotFound
from core.ids import is_id, new_id
from core.outbox import Outbox
from sales.feedback.events import FeedbackGiven
from sales.feedback.models import FeedbackReport
from sales.feedback.reading import FeedbackReader
from sales.feedback.repository import FeedbackRepository, KnownReport, read_fact
from sales.feedback.rules import (
    LEAD_STATUSES,
    build_outcome,
    hash_content,
    hash_fact,
    sort_facts,
)
from sales.feedback.schemas import Confirmation, Fact, Outcome, Report
from sales.feedback.settings import FeedbackSettings
from sales.handoffs.audit import Trail
from sales.handoffs.canonical import NotCanonical, hash_canonical, write_canonical
from sales.handoffs.in_house import NAME as IN_HOUSE
from sales.handoffs.ledger import Ends, find_ends, open_received
from sales.handoffs.package_schema import read_moment, write_moment
from sales.leads.outside_changes import (
    KnownLead,
    find_known,
    take_outcome,
)

COLUMN = "feedback_reports.body"
_OURS = ("staff", "status-change")
_LEAD_ID_LIMIT = 100


@dataclass(frozen=True, slots=True)
class _Read:
    lead_id: str
    facts: list[Fact]
    body: bytes
    body_hash: str


@dataclass(frozen=True, slots=True)
class _Moved:
    """A report that was kept, and where the lead stands by it."""

    row: FeedbackReport
    ends: Ends
    outcome: Outcome
    status: str
    new: list[Fact]


class FeedbackService:
    """Takes in what sales says of leads, for every tenant."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        outbox: Outbox,
        cipher: Cipher,
        settings: FeedbackSettings,
    ) -> None:
        self._database, self._clock, self._outbox = database, clock, outbox
        self._cipher, self.settings = cipher, settings

    async def take(self, tenant_id: str, report: Report) -> Confirmation:
        """Take a report in. Twice is no error: by its key, or by what it says.

        Raises:
            Invalid: it does not fit: `problems`, each with a code.
            NotFound: no such lead was handed over.
            Conflict: the key was used for something else, or the message was played again.
        """
        read = self._read(report)
        try:
            return await self._keep(tenant_id, report, read)
        except IntegrityError:
            # The same came twice at one moment: the other one is kept, and now found.
            return await self._keep(tenant_id, report, read)

    def _read(self, report: Report) -> _Read:
        body, now = report.body, self._clock.now()
        lead_id = body.get("leadId")
        if not isinstance(lead_id, str) or not 0 < len(lead_id) <= _LEAD_ID_LIMIT:
            code = "MISSING_FIELD" if lead_id is None else "WRONG_TYPE"
            raise refuse([{"field": "leadId", "code": code, "problem": "the id of the lead"}])
        reader = FeedbackReader(now, self.settings.currency, report.happened_at)
        reader.read(body)
        if reader.problems:
            raise refuse(reader.problems)
        try:
            written = write_canonical(body)
        except NotCanonical as error:
            raise refuse([{"field": "", "code": "NOT_JSON", "problem": str(error)}]) from None
        return _Read(lead_id, reader.facts, written, hash_canonical(written))

    async def _keep(self, tenant_id: str, report: Report, read: _Read) -> Confirmation:
        key = f"{report.source}:{report.key}" if report.key else f"own:{new_id()}"
        async with self._database.unit_of_work(tenant_id) as uow:
            repository = FeedbackRepository(uow)
            await repository.lock_key(key)
            before = await repository.find_report(key)
            if before is not None:
                return _answer_again(before, report, read)
            lead = await self._find_lead(uow, report, read.lead_id)
            stored = await repository.list_known(lead.ids)
            known = [fact for _, fact in stored]
            new = _choose_new(read.facts, known, {digest for digest, _ in stored})
            ends = await find_ends(uow, lead.id)
            outcome = build_outcome([*known, *new], ends.began_at)
            status = LEAD_STATUSES[outcome.lifecycle] or lead.status
            now = self._clock.now()
            row = FeedbackReport(
                tenant_id=tenant_id,
                id=new_id(),
                lead_id=lead.id,
                report_key=key,
                body_hash=read.body_hash,
                body=self._cipher.encrypt(read.body.decode(), tenant_id=tenant_id, column=COLUMN),
                source=report.source,
                actor=report.actor[:200],
                transaction_id=report.transaction_id or new_id(),
                sent_at=report.sent_at,
                received_at=now.replace(microsecond=now.microsecond // 1000 * 1000),
                answer={},
            )
            confirmation = Confirmation(
                feedback_id=row.id,
                lead_id=lead.id,
                is_repeat=not new,
                recorded=len(new),
                known=len(read.facts) - len(new),
                lifecycle=outcome.lifecycle,
                lead_status=status,
                received_at=row.received_at,
                transaction_id=row.transaction_id,
            )
            row.answer = describe_confirmation(confirmation)
            said = [_describe_fact(row, one) for one in new]
            await repository.keep(row, said, lead.ids, outcome)
            await self._move(uow, lead, _Moved(row, ends, outcome, status, new))
            return confirmation

    async def _find_lead(self, uow: UnitOfWork, report: Report, lead_id: str) -> KnownLead:
        lead = await find_known(uow, lead_id, lock=True) if is_id(lead_id) else None
        if lead is None or (report.source not in _OURS and lead.handoff_state is None):
            details = {"field": "leadId", "code": "UNKNOWN_LEAD"}
            raise NotFound("No lead of this id was handed over.", details)
        return lead

    async def _move(self, uow: UnitOfWork, lead: KnownLead, moved: _Moved) -> None:
        """Everything that follows on the lead and in both ledgers."""
        row, outcome, now = moved.row, moved.outcome, moved.row.received_at
        told = [
            {"what": one.kind, "at": write_moment(one.happened_at), **one.data} for one in moved.new
        ]
        # Whoever changed the status here has changed it already.
        status = lead.status if row.source == "status-change" else moved.status
        await take_outcome(
            uow,
            lead,
            told,
            first_at=outcome.first_contact_at,
            status=status,
            actor=row.actor,
            at=now,
        )
        data = {
            "kinds": sorted({one.kind for one in moved.new}),
            "source": row.source,
            "report": row.id,
            "hash": row.body_hash,
            "lifecycle": outcome.lifecycle,
        }
        if moved.ends.handoff is not None:
            handoff_id, transaction_id = moved.ends.handoff
            trail = Trail(uow, "sender", handoff_id, lead.id, transaction_id, now)
            await trail.note_all([("feedback", data)], row.actor)
        if moved.ends.received is not None and moved.new:
            received_id, client_id = moved.ends.received
            if row.source in _OURS and client_id != IN_HOUSE:
                event = FeedbackGiven(report_id=row.id, lead_id=lead.id)
                await self._outbox.record(uow, event, once=row.id)
            await open_received(uow).show_status(received_id, outcome.lifecycle, now)

    async def find_outcome(self, tenant_id: str, lead_id: str) -> Outcome | None:
        """Where a lead stands by what sales said of it; None: sales said nothing."""
        async with self._database.reading(tenant_id) as uow:
            return await FeedbackRepository(uow).find_outcome(lead_id)

    async def read_standing(self, tenant_id: str, lead_id: str) -> tuple[Outcome, tuple[Fact, ...]]:
        """Where a lead stands, with its money, and all that was said of it, the latest first.
        A lead of which nothing was said, or that is not there, stands at the beginning."""
        async with self._database.reading(tenant_id) as uow:
            lead = await find_known(uow, lead_id)
            rows = await FeedbackRepository(uow).list_facts(lead.ids) if lead else []
        facts = [read_fact(row) for row in rows]
        return build_outcome(facts), tuple(reversed(sort_facts(facts)))

    async def get_body(
        self, tenant_id: str, report_id: str
    ) -> tuple[FeedbackReport, dict[str, Any]]:
        """A report and its body, for what follows from it. Never for a caller.

        Raises:
            NotFound: there is none, or its person was erased.
        """
        async with self._database.reading(tenant_id) as uow:
            row = await FeedbackRepository(uow).get_report(report_id)
        if row is None or not row.body:
            raise NotFound("There is no such report.")
        text = self._cipher.decrypt(row.body, tenant_id=tenant_id, column=COLUMN)
        body: dict[str, Any] = json.loads(text)
        return row, body


def refuse(problems: Sequence[Mapping[str, str]]) -> Invalid:
    """The error of a body that does not fit; names each field with a code."""
    first = problems[0]
    where = f"{first['field']}: " if first["field"] else ""
    details = {"problems": list(problems[:20]), "code": first["code"], "field": first["field"]}
    return Invalid(f"The feedback does not fit. {where}{first['problem']}.", details)


def _choose_new(said: Sequence[Fact], known: Sequence[Fact], digests: set[str]) -> list[Fact]:
    """Those of a report's facts that are news; `digests` are those of the known ones. One without
    a time is news where it says another thing than the latest of its kind."""
    latest = {one.kind: one for one in sorted(known, key=lambda one: one.happened_at)}
    new: list[Fact] = []
    for fact in said:
        before = latest.get(fact.kind)
        digest = hash_fact(fact)
        is_known = digest in digests
        if not fact.is_dated and before is not None:
            is_known |= hash_content(before) == hash_content(fact)
        if not is_known:
            digests.add(digest)
            new.append(fact)
    return new


def _describe_fact(row: FeedbackReport, fact: Fact) -> dict[str, Any]:
    return {
        "report_id": row.id,
        "lead_id": row.lead_id,
        "kind": fact.kind,
        "digest": hash_fact(fact),
        "content_hash": hash_content(fact),
        "data": fact.data,
        "is_dated": fact.is_dated,
        "said_at": fact.said_at,
        "happened_at": fact.happened_at,
        "received_at": row.received_at,
    }


def _answer_again(before: KnownReport, report: Report, read: _Read) -> Confirmation:
    if before.body_hash != read.body_hash:
        raise Conflict("This key was used for another report.", {"code": "KEY_REUSED"})
    if report.sent_at is not None and report.sent_at == before.sent_at:
        raise Conflict(
            "This message was taken in already. A repeat is signed anew.", {"code": "REPLAYED"}
        )
    answer = before.answer
    return Confirmation(
        feedback_id=before.id,
        lead_id=before.lead_id,
        is_repeat=True,
        recorded=0,
        known=int(answer["recorded"]) + int(answer["known"]),
        lifecycle=str(answer["lifecycle"]),
        lead_status=str(answer["leadStatus"]),
        received_at=read_moment(answer["receivedAt"]) or before.received_at,
        transaction_id=before.transaction_id,
    )


def describe_confirmation(done: Confirmation) -> dict[str, Any]:
    """A confirmation as JSON values (S0 4.1: 200 with a confirmation)."""
    return {
        "status": "duplicate" if done.is_repeat else "accepted",
        "feedbackId": done.feedback_id,
        "leadId": done.lead_id,
        "recorded": done.recorded,
        "known": done.known,
        "lifecycle": done.lifecycle,
        "leadStatus": done.lead_status,
        "receivedAt": write_moment(done.received_at),
        "transactionId": done.transaction_id,
    }
