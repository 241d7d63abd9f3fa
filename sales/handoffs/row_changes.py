"""A handoff's row: found for whoever may see it, and as the values that rules work with."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from core.db import Rows, UnitOfWork
from core.errors import NotFound
from core.ids import is_id
from core.outbox import Outbox
from core.protocols.sales_system import AckStatus
from sales.handoffs.audit import Trail
from sales.handoffs.events import Audience, HandoffAlerted
from sales.handoffs.locked_rows import AnyHandoff
from sales.handoffs.models import Handoff
from sales.handoffs.repository import HandoffRepository
from sales.handoffs.rules import Standing
from sales.handoffs.schemas import State
from sales.leads.handing import build_asked_owner
from sales.organization.rules import scope_of, sees
from sales.organization.schemas import Principal


async def get_row(uow: UnitOfWork, handoff_id: str, *, lock: bool = False) -> Handoff:
    """The handoff of that id.

    Raises:
        NotFound: there is none.
    """
    repository = HandoffRepository(uow)
    row = await repository.find(handoff_id, lock=lock) if is_id(handoff_id) else None
    if row is None:
        raise NotFound("There is no such handoff.")
    return row


async def get_seen(uow: UnitOfWork, principal: Principal, handoff_id: str) -> Handoff:
    """The same, locked, for somebody who may see its lead.

    Raises:
        NotFound: there is none, or not for them.
    """
    row = await get_row(uow, handoff_id, lock=True)
    if not scope_of(principal).everything:
        [owned] = await uow.fetch(build_asked_owner(row.lead_id))
        check_seen(principal, owned)
    return row


def check_seen(principal: Principal, owned: Rows) -> None:
    """`owned`: what `build_asked_owner` found of a handoff's lead.

    Raises:
        NotFound: it is none that they see.
    """
    if not any(sees(principal, owner_id=row[0], team_id=row[1]) for row in owned):
        raise NotFound("There is no such handoff.")


def read_standing(row: AnyHandoff) -> Standing:
    """Where the row stands, for the rules."""
    heard = None
    # Of an erased one no word is left.
    if row.acknowledged_at is not None and row.acknowledgement is not None:
        status = cast(AckStatus, row.acknowledgement)
        heard = (row.acknowledged_revision, row.acknowledged_at, status)
    return Standing(cast(State, row.state), row.revision, heard)


def write_standing(row: AnyHandoff, standing: Standing, at: datetime) -> None:
    """Take over what the rules say."""
    row.state, row.revision, row.updated_at = standing.state, standing.revision, at
    if standing.heard is not None:
        row.acknowledged_revision, row.acknowledged_at, row.acknowledgement = standing.heard


def build_trail(uow: UnitOfWork, row: AnyHandoff, at: datetime) -> Trail:
    """Where the steps of a handoff are written."""
    return Trail(uow, "sender", row.id, row.lead_id, row.transaction_id, at)


async def record_alert(
    outbox: Outbox, uow: UnitOfWork, row: AnyHandoff, kind: str, audience: Audience, once: str
) -> None:
    """Promise to tell somebody, in the transaction that makes it true; once for each `once`."""
    event = HandoffAlerted(
        kind=kind,
        audience=audience,
        about=row.id,
        lead_id=row.lead_id,
        text=row.rejection_reason or row.last_error or "",
    )
    await outbox.record(uow, event, once=f"{kind} {once}")
