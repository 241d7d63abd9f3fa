"""The rows of both ends of handoffs, for what follows from them in the same transaction."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select

from core.db import UnitOfWork, keep
from sales.handoffs.models import Handoff, ReceivedLead
from sales.handoffs.received_repository import ReceivedRepository
from sales.handoffs.repository import HandoffRepository

HandoffRow = Handoff
_SENT = keep(
    select(Handoff.id, Handoff.transaction_id, Handoff.created_at)
    .where(Handoff.lead_id == bindparam("lead_id"))
    .order_by(Handoff.number.desc())
)
_RECEIVED = keep(
    select(ReceivedLead.id, ReceivedLead.client_id, ReceivedLead.received_at)
    .where(
        ReceivedLead.own_lead_id == bindparam("lead_id"),
        ReceivedLead.acknowledgement != "rejected",
    )
    .limit(1)
)


class Ends(NamedTuple):
    """Where a lead stands in both ledgers. `handoff`: the latest handoff's id and transaction;
    `received`: the accepted one's id and its client's; `began_at`: when sales first got it."""

    handoff: tuple[str, str] | None
    received: tuple[str, str] | None
    began_at: datetime | None


async def find_ends(uow: UnitOfWork, lead_id: str) -> Ends:
    """Both at once."""
    asked = {"lead_id": lead_id}
    sent, received = await uow.fetch((_SENT, asked), (_RECEIVED, asked))
    began = [row[2] for row in (*sent, *received)]
    return Ends(
        (sent[0][0], sent[0][1]) if sent else None,
        (received[0][0], received[0][1]) if received else None,
        min(began, default=None),
    )


def open_handoffs(uow: UnitOfWork) -> HandoffRepository:
    """What was handed over."""
    return HandoffRepository(uow)


def open_received(uow: UnitOfWork) -> ReceivedRepository:
    """What was received."""
    return ReceivedRepository(uow)
