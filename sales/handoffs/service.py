"""Handoffs as rows: kept before anything is sent, changed by what is heard, settled by people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.exc import IntegrityError

from core.batching import Batcher
from core.clock import Clock
from core.db import Database, UnitOfWork
from core.encryption import Cipher
from core.errors import BugError, NotFound
from core.ids import new_id
from core.outbox import Outbox
from core.protocols.sales_system import LeadPackage
from sales.handoffs.acknowledging import AcknowledgementDesk, Word
from sales.handoffs.audit import AGENT
from sales.handoffs.endpoints import EndpointHealth
from sales.handoffs.events import Audience, HandoffQueued
from sales.handoffs.looking import HandoffReader
from sales.handoffs.models import Handoff
from sales.handoffs.package import Packed
from sales.handoffs.package_schema import VERSION
from sales.handoffs.repository import (
    HandoffRepository,
    StoredPackage,
    build_asked_latest,
    describe,
)
from sales.handoffs.row_changes import (
    build_trail,
    get_row,
    get_seen,
    read_standing,
    record_alert,
    write_standing,
)
from sales.handoffs.rules import (
    PRIORITIES,
    EndpointState,
    build_key,
    override,
)
from sales.handoffs.schemas import HandoffView, OverrideAction
from sales.handoffs.sending import PushFailed, Sent
from sales.leads.handing import note_handoff
from sales.organization.rules import check_may
from sales.organization.schemas import Principal

PACKAGE_COLUMN = "handoffs.package"


@dataclass(frozen=True, slots=True)
class Unsent:
    """A package that waits to be sent, and how the endpoints do."""

    package: LeadPackage
    endpoints: tuple[EndpointState, ...]


class _Wanted(NamedTuple):
    handoff_id: str
    revision: int
    endpoints: tuple[str, ...]


class HandoffService:
    """The handoffs of all tenants. People and machines come with their `Principal` and see the
    handoffs of the leads that they see."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        outbox: Outbox,
        cipher: Cipher,
        breaker_after: int = 5,
    ) -> None:
        self._database, self._clock, self._outbox = database, clock, outbox
        self._cipher = cipher
        self._health = EndpointHealth(breaker_after)
        self._desk = AcknowledgementDesk(database, clock, outbox, self._health)
        self._unsent: Batcher[_Wanted, Unsent | None] = Batcher(self._find_all_unsent)
        self.reader = HandoffReader(database)

    async def keep(
        self,
        tenant_id: str,
        lead_id: str,
        site_id: str | None,
        packed: Packed,
        who: Principal | str = AGENT,
        *,
        again: bool = False,
    ) -> str | None:
        """Store a package, encrypted, and promise to send it: one transaction. Its handoff's id;
        None where the lead was handed over before, unless it is to be handed over `again`."""
        try:
            async with self._database.unit_of_work(tenant_id) as uow:
                [before] = await uow.fetch(build_asked_latest(lead_id))
                if before and not again:
                    return None
                number = before[0][1] + 1 if before else 1
                return await self._add(uow, lead_id, site_id, packed, number, who)
        except IntegrityError:
            # Somebody else was quicker.
            return None

    async def _add(
        self,
        uow: UnitOfWork,
        lead_id: str,
        site_id: str | None,
        packed: Packed,
        number: int,
        who: Principal | str,
    ) -> str:
        now, handoff_id = self._clock.now(), new_id()
        row = await HandoffRepository(uow).add(
            id=handoff_id,
            lead_id=lead_id,
            site_id=site_id,
            number=number,
            revision=1,
            transaction_id=new_id(),
            attempts=0,
            failures=0,
            acknowledged_revision=0,
            created_at=now,
            updated_at=now,
            **self._columns(uow.tenant_id, packed),
        )
        await self._announce(uow, row, packed, who, "package_built")
        return handoff_id

    def _columns(self, tenant_id: str, packed: Packed) -> dict[str, Any]:
        text = packed.body.decode()
        return {
            "package": self._cipher.encrypt(text, tenant_id=tenant_id, column=PACKAGE_COLUMN),
            "package_hash": packed.body_hash,
            "problems": packed.problems,
            "state": "invalid" if packed.problems else "queued",
            "priority": packed.priority,
            "vertical": packed.vertical,
            "schema_version": VERSION,
            "sla_due_at": packed.sla_due_at,
        }

    async def _announce(
        self, uow: UnitOfWork, row: Handoff, packed: Packed, who: Principal | str, step: str
    ) -> None:
        """Queue the row's package, or put it before a person where it does not fit."""
        built = {
            "hash": row.package_hash,
            "schema": row.schema_version,
            "vertical": row.vertical,
            "revision": row.revision,
            "problems": packed.problems or None,
        }
        trail = build_trail(uow, row, self._clock.now())
        if packed.problems:
            await trail.note_all([(step, built), ("validation_failed", {})], who)
            await note_handoff(uow, row.lead_id, "invalid", None, {}, AGENT, row.updated_at)
            await record_alert(
                self._outbox, uow, row, "invalid", "marketing", f"{row.id}.{row.revision}"
            )
            return
        await trail.note_all([(step, built), ("queued", {"priority": row.priority})], who)
        await note_handoff(uow, row.lead_id, "queued", None, {}, AGENT, row.updated_at)
        await self._queue(uow, row, build_key(row.id, row.revision))

    async def _queue(self, uow: UnitOfWork, row: Handoff, once: str) -> None:
        event = HandoffQueued(handoff_id=row.id, revision=row.revision)
        await self._outbox.record(uow, event, once=once, priority=PRIORITIES[row.priority])

    async def was_handed_over(self, tenant_id: str, lead_id: str) -> bool:
        """Whether a lead has a handoff."""
        [found] = await self._database.fetch(tenant_id, build_asked_latest(lead_id))
        return bool(found)

    async def get_latest_id(self, tenant_id: str, lead_id: str) -> str:
        """The id of a lead's latest handoff.

        Raises:
            NotFound: it has none.
        """
        [found] = await self._database.fetch(tenant_id, build_asked_latest(lead_id))
        if not found:
            raise NotFound("This lead has no handoff.")
        return str(found[0][0])

    async def get_for_effects(self, tenant_id: str, handoff_id: str) -> HandoffView:
        """A handoff for what follows an event. Never for a caller.

        Raises:
            NotFound: there is none.
        """
        async with self._database.reading(tenant_id) as uow:
            return describe(await get_row(uow, handoff_id))

    async def find_unsent(
        self, tenant_id: str, handoff_id: str, revision: int, endpoints: tuple[str, ...]
    ) -> Unsent | None:
        """The stored package, if it is still to be sent."""
        return await self._unsent.ask(tenant_id, _Wanted(handoff_id, revision, endpoints))

    async def is_unsent(self, tenant_id: str, handoff_id: str, revision: int) -> bool:
        """Whether it is still to be sent."""
        return await self.find_unsent(tenant_id, handoff_id, revision, ()) is not None

    async def _find_all_unsent(
        self, tenant_id: str, wanted: list[_Wanted]
    ) -> Sequence[Unsent | None]:
        async with self._database.reading(tenant_id) as uow:
            repository = HandoffRepository(uow)
            stored = await repository.list_unsent({one.handoff_id for one in wanted})
            states = {
                names: await repository.list_endpoints(names)
                for names in {one.endpoints for one in wanted}
            }
        return [
            Unsent(self._open(tenant_id, row), states[one.endpoints])
            if (row := stored.get(one.handoff_id)) and row.revision == one.revision
            else None
            for one in wanted
        ]

    def _open(self, tenant_id: str, row: StoredPackage) -> LeadPackage:
        text = self._cipher.decrypt(row.package, tenant_id=tenant_id, column=PACKAGE_COLUMN)
        return LeadPackage(
            lead_id=row.lead_id,
            transaction_id=row.transaction_id,
            idempotency_key=build_key(row.id, row.revision),
            body=text.encode(),
            body_hash=row.package_hash,
            schema_version=row.schema_version,
        )

    async def find_endpoints(
        self, tenant_id: str, names: tuple[str, ...]
    ) -> tuple[EndpointState, ...]:
        """How the endpoints do."""
        async with self._database.reading(tenant_id) as uow:
            return await HandoffRepository(uow).list_endpoints(names)

    async def acknowledge(
        self, tenant_id: str, handoff_id: str, revision: int, sent: Sent
    ) -> HandoffView:
        """Take over what the sales system said. Late and repeated words change nothing.

        Raises:
            NotFound: there is no such handoff.
        """
        return await self._desk.take(tenant_id, Word(handoff_id, revision, sent))

    async def note_failed(self, tenant_id: str, handoff_id: str, failed: PushFailed) -> None:
        """A push ended without an acknowledgement: counted, and told where somebody must know."""
        async with self._database.unit_of_work(tenant_id) as uow:
            row = await get_row(uow, handoff_id, lock=True)
            if row.state == "erased":
                return
            now = self._clock.now()
            row.attempts += failed.attempts
            row.failures += failed.attempts
            row.last_error, row.updated_at = failed.told, now
            for one in failed.failures:
                await self._health.note_failures(uow, one.endpoint, one.attempts, one.told, now)
            data = {"kind": failed.kind, "error": failed.told, "endpoint": failed.endpoint}
            counted = {"attempts": failed.attempts, "ms": failed.milliseconds}
            await build_trail(uow, row, now).note_all([("push_failed", {**data, **counted})])
            await self._tell_of_failure(uow, row, failed, now)

    async def _tell_of_failure(
        self, uow: UnitOfWork, row: Handoff, failed: PushFailed, now: datetime
    ) -> None:
        """Failures in a row are an alarm of their own (sight.py)."""
        hour = f"{failed.endpoint} {now:%Y-%m-%dT%H}"
        timed_out = failed.told.endswith("Timeout")
        alerts: list[tuple[str, Audience, str]] = []
        if timed_out or failed.kind in ("credentials_refused", "refused"):
            kind = "no_acknowledgement" if timed_out else failed.kind
            alerts.append((kind, "integration", hour))
        if now >= row.sla_due_at:
            alerts.append(("unsent_past_deadline", "sales", row.id))
        for kind, audience, once in alerts:
            await record_alert(self._outbox, uow, row, kind, audience, once)

    async def override(
        self,
        principal: Principal,
        handoff_id: str,
        action: OverrideAction,
        reason: str,
        repacked: Packed | None,
    ) -> HandoffView:
        """What a person decides. With `repacked`, a re-sent package is made anew.

        Raises:
            NotFound: there is no such handoff for them.
            Forbidden: the role may not.
            Conflict: it does not apply in this state.
        """
        check_may(principal, "override_handoffs")
        async with self._database.unit_of_work(principal.tenant_id) as uow:
            row = await get_seen(uow, principal, handoff_id)
            now = self._clock.now()
            before, standing = row.state, override(read_standing(row), action)
            data = {"action": action, "reason": reason[:500], "was": before}
            await build_trail(uow, row, now).note("override", principal, **data)
            renewed = standing.revision != row.revision
            write_standing(row, standing, now)
            if action != "resend":
                row.settled_reason = f"{action}: {reason}"[:500]
                shown = "accepted" if action == "mark_sent" else "settled"
                told = {"reason": reason[:500]}
                await note_handoff(
                    uow, row.lead_id, shown, "handoff_settled", told, principal.name, now
                )
                return describe(row)
            row.settled_reason = row.rejection_reason = None
            if not renewed:
                # The package itself stays: it may have arrived under its key.
                await self._queue(uow, row, f"{build_key(row.id, row.revision)} {new_id()}")
                return describe(row)
            if repacked is None:
                raise BugError("a new revision needs a package")
            for name, value in self._columns(uow.tenant_id, repacked).items():
                setattr(row, name, value)
            await self._announce(uow, row, repacked, principal, "package_rebuilt")
            return describe(row)
