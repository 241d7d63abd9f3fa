"""Statuses asked for every 15 minutes, and both sides compared every day (S0 4.2).

One process at a time does either (`leasing`). What the sales system says of a status counts; each
conflict is kept with both values.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import select

from core.clock import Clock
from core.db import Database
from core.errors import NotFound, ProviderError, TransientError, UserError
from core.ids import new_id
from core.protocols.sales_system import Acknowledgement, LeadStanding, SalesSystem
from sales.feedback.differences import (
    Difference,
    Here,
    count_here,
    count_there,
    find_differences,
)
from sales.feedback.leasing import Lease, SyncLeases
from sales.feedback.models import Conflict, LeadOutcome, Reconciliation
from sales.feedback.schemas import Report
from sales.feedback.service import FeedbackService
from sales.handoffs.ledger import HandoffRow, open_handoffs
from sales.handoffs.package_schema import write_moment
from sales.handoffs.rules import as_acknowledgement
from sales.leads.outside_changes import list_statuses

POLL: Literal["poll"] = "poll"
RECONCILE: Literal["reconcile"] = "reconcile"
_PAGE = 200
_TICK = timedelta(milliseconds=1)
_RETRY = timedelta(minutes=1)
# Our states that no sales system knows of.
_UNSENT = ("erased",)
_RESOLUTIONS = {
    "send_again": "sent again",
    "take_acknowledgement": "their acknowledgement was taken over",
    "take_status": "their status was taken over",
    "none": "nobody here knows this lead: for a person to look at",
}
Hear = Callable[[str, str, Acknowledgement, str], Awaitable[Any]]
Resend = Callable[[str, str], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How a comparison ended."""

    id: str
    here: dict[str, int]
    there: dict[str, int]
    differences: tuple[Difference, ...]
    mended: int


@dataclass(frozen=True, slots=True)
class SyncService:
    """Keeps both sides the same. `choose_system` gives the endpoint that is well just now; None
    where none is. `hear` and `resend` are the story's (`sales.handoffs.workflow`)."""

    database: Database
    clock: Clock
    leases: SyncLeases
    feedback: FeedbackService
    choose_system: Callable[[str], Awaitable[SalesSystem | None]]
    hear: Hear
    resend: Resend

    async def poll(self, tenant_id: str) -> int | None:
        """Ask what changed, if it is time; how many leads were told of, None if it is not."""
        lease = await self.leases.take(tenant_id, POLL)
        if lease is None:
            return None
        pause = timedelta(minutes=self.feedback.settings.sync_minutes)
        cursor, count = lease.cursor, 0
        try:
            system = await self.choose_system(tenant_id)
            while system is not None:
                page = await system.list_standings(tenant_id, cursor, _PAGE)
                for standing in page.leads:
                    await self._take(tenant_id, standing)
                count += len(page.leads)
                cursor = page.cursor
                if not await self.leases.advance(lease, cursor) or not page.has_more:
                    break
        except ProviderError as error:
            await self.leases.end(
                lease, _choose_pause(error), f"{error.operation}: {error.excerpt}"
            )
            return count
        await self.leases.end(lease, pause)
        return count

    async def _take(self, tenant_id: str, standing: LeadStanding) -> None:
        """One lead's news: its acknowledgement, what sales reports, and its status."""
        here = await self._find_here(tenant_id, standing.lead_id)
        if here is None:
            return
        if here.acknowledged_at is None or standing.acknowledged_at > here.acknowledged_at:
            same = standing.body_hash in ("", here.package_hash)
            if same and here.state != "settled":
                word = as_acknowledgement(standing)
                await self.hear(tenant_id, here.handoff_id, word, "sync")
        if standing.outcome:
            await self._report(tenant_id, {**standing.outcome, "leadId": standing.lead_id})
        for one in find_differences([here], {standing.lead_id: standing}):
            if one.kind == "status":
                resolution = await self._mend(tenant_id, one, here, standing)
                await self._note(tenant_id, None, one, resolution)

    async def reconcile(self, tenant_id: str, *, dry_run: bool = False) -> Reconciled | None:
        """Compare both sides and mend what differs. None: another process is at it, or no
        endpoint is well.

        Raises:
            ProviderError: the sales system does not answer.
        """
        lease = await self.leases.take(tenant_id, RECONCILE, now_or_due=True)
        return await self._reconcile(tenant_id, lease, dry_run=dry_run) if lease else None

    async def reconcile_due(self, tenant_id: str) -> Reconciled | None:
        """The same, once a day."""
        lease = await self.leases.take(tenant_id, RECONCILE)
        return await self._reconcile(tenant_id, lease, dry_run=False) if lease else None

    async def _reconcile(self, tenant_id: str, lease: Lease, *, dry_run: bool) -> Reconciled | None:
        pause = timedelta(hours=self.feedback.settings.reconcile_hours)
        began = self.clock.now()
        try:
            system = await self.choose_system(tenant_id)
            if system is None:
                await self.leases.end(lease, _RETRY, "no endpoint is well")
                return None
            there = await self._list_there(tenant_id, system)
            here = await self._list_here(tenant_id)
            found = find_differences(here.values(), there)
            # What arrived there after its page was read is not missing.
            found = [
                one
                for one in found
                if one.kind != "missing_there"
                or await system.find_standing(tenant_id, one.lead_id) is None
            ]
        except ProviderError as error:
            await self.leases.end(
                lease, _choose_pause(error), f"{error.operation}: {error.excerpt}"
            )
            raise
        run_id, mended = new_id(), 0
        for one in found:
            resolution = "not mended: dry run"
            if not dry_run:
                mine = here.get(one.lead_id)
                resolution = await self._mend(tenant_id, one, mine, there.get(one.lead_id))
                mended += one.mend != "none" and not resolution.startswith("not mended")
            await self._note(tenant_id, run_id, one, resolution)
        counts = count_here(here.values()), count_there(there)
        async with self.database.unit_of_work(tenant_id) as uow:
            uow.session.add(
                Reconciliation(
                    tenant_id=tenant_id,
                    id=run_id,
                    is_dry_run=dry_run,
                    started_at=began,
                    finished_at=self.clock.now(),
                    here=counts[0],
                    there=counts[1],
                    differences=len(found),
                    mended=mended,
                )
            )
        await self.leases.end(lease, pause)
        return Reconciled(run_id, *counts, tuple(found), mended)

    async def _mend(
        self, tenant_id: str, one: Difference, here: Here | None, there: LeadStanding | None
    ) -> str:
        """Make both sides the same; what was done, in words."""
        try:
            if one.mend == "send_again":
                await self.resend(tenant_id, one.lead_id)
            elif one.mend == "take_acknowledgement" and here and there:
                word = as_acknowledgement(there)
                await self.hear(tenant_id, here.handoff_id, word, "reconciliation")
            elif one.mend == "take_status" and here and there:
                # After all that is known here, or it would be outranked by what is older there.
                at = max(there.changed_at, (here.lifecycle_at or there.changed_at) + _TICK)
                at = there.changed_at if one.kind == "lead_status" else at
                status = {"status": there.status, "statusChangedAt": write_moment(at)}
                await self.feedback.take(
                    tenant_id, Report({"leadId": one.lead_id, **status}, "sync")
                )
        except (NotFound, UserError) as error:
            return f"not mended: {error.message}"
        return _RESOLUTIONS[one.mend]

    async def _report(self, tenant_id: str, body: dict[str, Any]) -> None:
        try:
            await self.feedback.take(tenant_id, Report(body, "sync"))
        except UserError as error:
            difference = Difference(str(body["leadId"]), "outcome", None, None, "none")
            await self._note(tenant_id, None, difference, f"not mended: {error.message}")

    async def _note(
        self, tenant_id: str, run_id: str | None, one: Difference, resolution: str
    ) -> None:
        async with self.database.unit_of_work(tenant_id) as uow:
            uow.session.add(
                Conflict(
                    tenant_id=tenant_id,
                    id=new_id(),
                    reconciliation_id=run_id,
                    lead_id=one.lead_id,
                    kind=one.kind,
                    here=one.here,
                    there=one.there,
                    resolution=resolution[:300],
                    found_at=self.clock.now(),
                )
            )

    async def list_conflicts(
        self, tenant_id: str, limit: int, offset: int
    ) -> tuple[list[Reconciliation], list[Conflict]]:
        """The latest comparisons, and the conflicts of all, the newest first."""
        async with self.database.reading(tenant_id) as uow:
            runs = select(Reconciliation).order_by(Reconciliation.started_at.desc()).limit(10)
            found = select(Conflict).order_by(Conflict.id.desc()).limit(limit).offset(offset)
            return (
                list((await uow.session.execute(runs)).scalars()),
                list((await uow.session.execute(found)).scalars()),
            )

    async def _list_there(self, tenant_id: str, system: SalesSystem) -> dict[str, LeadStanding]:
        found: dict[str, LeadStanding] = {}
        cursor, has_more = "", True
        while has_more:
            page = await system.list_standings(tenant_id, cursor, _PAGE)
            found |= {one.lead_id: one for one in page.leads if one.status != "erased"}
            has_more = page.has_more and page.cursor != cursor
            cursor = page.cursor
        return found

    async def _list_here(self, tenant_id: str) -> dict[str, Here]:
        found: dict[str, Here] = {}
        after = ""
        while True:
            async with self.database.reading(tenant_id) as uow:
                rows = await open_handoffs(uow).list_latest(after)
                described = await _describe(uow, rows)
            found |= {one.lead_id: one for one in described if one.state not in _UNSENT}
            if not rows:
                return found
            after = rows[-1].lead_id

    async def _find_here(self, tenant_id: str, lead_id: str) -> Here | None:
        async with self.database.reading(tenant_id) as uow:
            row = await open_handoffs(uow).find_of_lead(lead_id)
            found = await _describe(uow, [row] if row else [])
        return found[0] if found and found[0].state not in _UNSENT else None


def _choose_pause(error: ProviderError) -> timedelta:
    """Not sooner than the sales system asks for (RFC 9110, 10.2.3)."""
    wish = error.retry_after if isinstance(error, TransientError) else None
    return max(_RETRY, wish or _RETRY)


async def _describe(uow: Any, rows: list[HandoffRow]) -> list[Here]:
    ids = [row.lead_id for row in rows]
    statuses: Mapping[str, str] = await list_statuses(uow, ids)
    query = select(LeadOutcome.lead_id, LeadOutcome.lifecycle, LeadOutcome.lifecycle_at)
    said = await uow.session.execute(query.where(LeadOutcome.lead_id.in_(ids)))
    outcomes = {row[0]: (row[1], row[2]) for row in said}
    return [
        Here(
            lead_id=row.lead_id,
            handoff_id=row.id,
            state=row.state,
            package_hash=row.package_hash,
            acknowledged_at=row.acknowledged_at,
            lifecycle=outcomes.get(row.lead_id, ("handed_over", None))[0],
            lifecycle_at=outcomes.get(row.lead_id, ("handed_over", None))[1],
            lead_status=statuses.get(row.lead_id),
        )
        for row in rows
    ]
