"""What the sales system said, taken over: those that come together in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from core.batching import Batcher
from core.clock import Clock
from core.db import Database, UnitOfWork
from core.errors import NotFound
from core.outbox import Outbox
from core.protocols.sales_system import Acknowledgement
from sales.handoffs.audit import SALES_SYSTEM
from sales.handoffs.endpoints import EndpointHealth
from sales.handoffs.events import HandoffAcknowledged, HandoffDeferred
from sales.handoffs.locked_rows import LockedHandoff, lock_handoffs, write_handoffs
from sales.handoffs.repository import HandoffRepository, describe
from sales.handoffs.row_changes import build_trail, read_standing, record_alert, write_standing
from sales.handoffs.rules import DEFER_PAUSE, Standing, build_key, hear
from sales.handoffs.schemas import AuditEntry, HandoffView
from sales.handoffs.sending import Sent
from sales.leads.handing import HandoffNote, note_handoffs

_SHOWN = {"accepted": "handed_over", "rejected": "handoff_rejected", "deferred": "handoff_deferred"}


class Word(NamedTuple):
    """An acknowledgement of one package."""

    handoff_id: str
    revision: int
    sent: Sent


@dataclass(slots=True)
class _Written:
    """What follows for tables that are written once for all words."""

    steps: list[AuditEntry] = field(default_factory=list)
    notes: list[HandoffNote] = field(default_factory=list)


class AcknowledgementDesk:
    """Takes over what the sales system said. Words that come at the same time share a commit."""

    def __init__(
        self, database: Database, clock: Clock, outbox: Outbox, health: EndpointHealth
    ) -> None:
        self._database, self._clock, self._outbox = database, clock, outbox
        self._health = health
        self._words: Batcher[Word, HandoffView] = Batcher(self._take_all)

    async def take(self, tenant_id: str, word: Word) -> HandoffView:
        """Take a word over; it is stored when this returns. Late and repeated ones change
        nothing.

        Raises:
            NotFound: there is no such handoff.
        """
        return await self._words.ask(tenant_id, word)

    async def _take_all(self, tenant_id: str, words: list[Word]) -> Sequence[HandoffView]:
        async with self._database.unit_of_work(tenant_id) as uow:
            repository = HandoffRepository(uow)
            rows = await lock_handoffs(uow, {word.handoff_id for word in words})
            now, written = self._clock.now(), _Written()
            await self._note_endpoints(uow, words, now)
            views = []
            for word in words:
                row = rows.get(word.handoff_id)
                if row is None:
                    raise NotFound("There is no such handoff.")
                await self._take(uow, row, word, written, now)
                views.append(describe(row))
            await write_handoffs(uow, rows.values())
            await repository.add_audit(written.steps)
            await note_handoffs(uow, written.notes, now)
            return views

    async def _note_endpoints(self, uow: UnitOfWork, words: list[Word], now: datetime) -> None:
        """How the endpoints did, those that failed first."""
        pushed = [word.sent for word in words if word.sent.attempts]
        for sent in pushed:
            for one in sent.failures:
                await self._health.note_failures(uow, one.endpoint, one.attempts, one.told, now)
        for name in sorted({sent.endpoint for sent in pushed}):
            await self._health.note_answer(uow, name, now)

    async def _take(
        self, uow: UnitOfWork, row: LockedHandoff, word: Word, written: _Written, now: datetime
    ) -> None:
        sent, ack = word.sent, word.sent.acknowledgement
        if row.state == "erased":
            # Forgotten meanwhile: a late word is about nobody, and leaves nothing behind.
            return
        if sent.attempts:
            row.attempts += sent.attempts
            row.failures, row.last_error, row.endpoint = 0, None, sent.endpoint
            row.sent_at = row.sent_at or now
        heard = hear(read_standing(row), ack.status, ack.acknowledged_at, word.revision)
        steps = _describe_steps(row, word, news=heard.news)
        trail = build_trail(uow, row, now)
        # What was sent was sent by us; the word on it is theirs.
        written.steps += [*trail.build(steps[:-1]), *trail.build(steps[-1:], SALES_SYSTEM)]
        if heard.news:
            written.notes.append(await self._apply(uow, row, ack, heard.standing, now))

    async def _apply(
        self,
        uow: UnitOfWork,
        row: LockedHandoff,
        ack: Acknowledgement,
        standing: Standing,
        now: datetime,
    ) -> HandoffNote:
        write_standing(row, standing, now)
        row.problems = [dict(problem) for problem in ack.problems]
        row.sales_lead_id = ack.sales_lead_id or row.sales_lead_id
        row.assigned_to = ack.assigned_to or row.assigned_to
        row.expected_contact_at = ack.estimated_contact_at
        row.rejection_reason = (
            (ack.rejection_reason or "other") if ack.status == "rejected" else None
        )
        once = f"{row.id}.{row.revision} {ack.status} {ack.acknowledged_at.isoformat()}"
        event = HandoffAcknowledged(handoff_id=row.id, lead_id=row.lead_id, status=ack.status)
        await self._outbox.record(uow, event, once=once)
        if row.state == "rejected":
            await record_alert(self._outbox, uow, row, "rejected", "marketing", once)
        if row.state == "deferred":
            expected = max(ack.estimated_contact_at or now + DEFER_PAUSE, now)
            deferred = HandoffDeferred(handoff_id=row.id, expected_at=expected)
            await self._outbox.record(uow, deferred, once=once, not_before=expected)
        told = {"sales_lead_id": row.sales_lead_id, "reason": row.rejection_reason}
        return HandoffNote(row.lead_id, row.state, _SHOWN[ack.status], told, SALES_SYSTEM)


def _describe_steps(
    row: LockedHandoff, word: Word, *, news: bool
) -> list[tuple[str, dict[str, Any]]]:
    """The steps of the trail that a word makes; the last is the word itself."""
    sent, ack = word.sent, word.sent.acknowledgement
    data = {
        "status": ack.status,
        "reason": ack.rejection_reason,
        "sales_lead_id": ack.sales_lead_id,
        "endpoint": sent.endpoint,
        "attempts": sent.attempts,
        "calls": row.attempts,
        "ms": sent.milliseconds,
        "revision": word.revision,
        "hash_returned": bool(ack.body_hash),
        "news": news,
    }
    if not sent.attempts:
        return [("acknowledged", data)]
    pushed = {"hash": row.package_hash, "key": build_key(row.id, word.revision)}
    return [("pushed", pushed), ("acknowledged", data)]
