"""Reads how handing over goes, and keeps which alarms are raised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from core.db import UnitOfWork
from core.ids import new_id
from sales.handoffs.models import Handoff, HandoffAlarm, HandoffAudit, HandoffEndpoint
from sales.handoffs.repository import HandoffRepository
from sales.handoffs.rules import EndpointState
from sales.handoffs.sight_rules import Push, Seen

_LATEST = 500
_ERRORS = 10


@dataclass(frozen=True, slots=True)
class RecentError:
    """A push that failed: no personal data."""

    at: datetime
    handoff_id: str
    endpoint: str
    error: str


class SightRepository:
    """Figures and alarms of one tenant, in the caller's unit of work."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow, self._session = uow, uow.session

    async def look(self, endpoints: Sequence[str]) -> tuple[Seen, list[RecentError]]:
        """What there is to see, and the latest errors, the newest first."""
        query = (
            select(HandoffAudit)
            .where(
                HandoffAudit.side == "sender",
                HandoffAudit.step.in_(("acknowledged", "push_failed")),
            )
            .order_by(HandoffAudit.id.desc())
            .limit(_LATEST)
        )
        rows = list((await self._session.execute(query)).scalars())
        failed = [
            RecentError(
                row.happened_at,
                row.about,
                str(row.data.get("endpoint", "")),
                str(row.data.get("error", "")),
            )
            for row in rows
            if row.step == "push_failed"
        ]
        found = await self._session.execute(
            select(HandoffEndpoint).where(HandoffEndpoint.name.in_(endpoints))
        )
        states = {row.name: row for row in found.scalars()}
        successes = [row.last_success_at for row in states.values() if row.last_success_at]
        seen = Seen(
            # A word that came by another way was no push.
            pushes=tuple(_read_push(row) for row in reversed(rows) if row.data.get("attempts")),
            counts=await HandoffRepository(self._uow).count_by_state(),
            endpoints=tuple(
                EndpointState(name, row.failures, row.openings, row.open_until)
                if (row := states.get(name))
                else EndpointState(name)
                for name in endpoints
            ),
            last_success_at=max(successes, default=None),
        )
        return seen, failed[:_ERRORS]

    async def find_last_sent(self) -> datetime | None:
        """When a lead was sent last: exactly, where an endpoint's own time is some seconds old."""
        query = select(Handoff.sent_at).where(Handoff.sent_at.is_not(None))
        latest = query.order_by(Handoff.created_at.desc(), Handoff.id.desc()).limit(_ERRORS)
        found = (await self._session.execute(latest)).scalars()
        return max((at for at in found if at is not None), default=None)

    async def list_alarms(self, *, lock: bool = False) -> dict[str, HandoffAlarm]:
        """Every alarm that ever was, by its kind."""
        query = select(HandoffAlarm).order_by(HandoffAlarm.kind)
        if lock:
            query = query.with_for_update().execution_options(populate_existing=True)
        return {row.kind: row for row in (await self._session.execute(query)).scalars()}

    async def add_alarm(self, kind: str, told: str, at: datetime) -> HandoffAlarm:
        """The first one of its kind."""
        row = HandoffAlarm(
            tenant_id=self._uow.tenant_id,
            id=new_id(),
            kind=kind,
            number=1,
            raised_at=at,
            cleared_at=None,
            told=told,
        )
        self._session.add(row)
        await self._uow.flush()
        return row


def _read_push(row: HandoffAudit) -> Push:
    data = row.data
    return Push(
        at=row.happened_at,
        attempts=int(data.get("attempts", 1)),
        milliseconds=int(data.get("ms", 0)),
        calls=int(data.get("calls", data.get("attempts", 1))),
        kind=str(data.get("kind", "")) if row.step == "push_failed" else "",
    )
