"""Leads that come back after they were handed over: written down, never made twice (S0 3.5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from core.db import UnitOfWork
from core.ids import new_id
from core.outbox import Outbox
from sales.leads.events import LeadReturned, LeadStatusChanged
from sales.leads.models import Lead, LeadEvent, LeadTouch
from sales.leads.repository import LeadRepository
from sales.leads.rules import AGENT

MAX_SCORE = 100


async def note_return(
    uow: UnitOfWork,
    outbox: Outbox,
    lead: Lead,
    channel: str,
    occasion: str,
    at: datetime,
    *,
    conversation_id: str | None = None,
) -> None:
    """Write into the history that a lead of the sales system came again, and say so, once for
    each occasion. One that was never handed over does not return."""
    if lead.handoff_state is None:
        return
    data = {"channel": channel, "conversation_id": conversation_id}
    await LeadRepository(uow).add_event(lead.id, "returned", data, actor=AGENT, at=at)
    event = LeadReturned(
        lead_id=lead.id,
        occasion=occasion,
        channel=channel,
        conversation_id=conversation_id,
        returned_at=at,
    )
    await outbox.record(uow, event, once=f"{lead.id} {occasion}")


async def note_entered_again(
    uow: UnitOfWork, outbox: Outbox, lead: Lead, source: str, at: datetime
) -> None:
    """A machine or a person of the staff entered somebody who is a lead: another channel. Leads
    from before their own first touch was kept get it now, so that it stays the first."""
    if lead.conversation_id is None and not await LeadRepository(uow).list_rows(
        LeadTouch, lead.id, limit=1
    ):
        await add_machine_touch(uow, lead, lead.lead_source, lead.created_at)
    await add_machine_touch(uow, lead, source, at)
    await note_return(uow, outbox, lead, source, new_id(), at)


async def add_machine_touch(uow: UnitOfWork, lead: Lead, source: str, at: datetime) -> None:
    """The person came by a machine: a touch of its own, beside those of conversations."""
    empty = dict.fromkeys(("page_url", "page_path", "page_title", "referrer", "utm_medium",
                           "utm_campaign", "utm_term", "utm_content"), "")  # fmt: skip
    values = {"conversation_id": None, "channel": source[:100], "referrer_domain": source[:100]}
    touch = {**empty, **values, "utm_source": "", "touched_at": at}
    await LeadRepository(uow).add_touch(lead.id, touch)


async def take_return(
    uow: UnitOfWork, lead_id: str, occasion: str, points: int, flag: str | None, at: datetime
) -> bool:
    """Let a return count: points for the score, and a flag for staff. False where this occasion
    counted already, or there is no such lead any more."""
    repository = LeadRepository(uow)
    lead = await repository.find_current(lead_id, lock=True)
    if lead is None:
        return False
    query = select(LeadEvent.data).where(
        LeadEvent.lead_id == lead.id, LeadEvent.kind == "return_counted"
    )
    counted = [row[0].get("occasion") for row in await uow.session.execute(query)]
    if occasion in counted:
        return False
    before = lead.qualification_score
    lead.return_points += points
    lead.qualification_score = min(before + points, MAX_SCORE)
    lead.flag, lead.updated_at = flag or lead.flag, at
    data = {"occasion": occasion, "score": lead.qualification_score, "was": before, "flag": flag}
    await repository.add_event(lead.id, "return_counted", data, actor=AGENT, at=at)
    await uow.flush()
    return True


async def announce_status(
    uow: UnitOfWork, outbox: Outbox, lead: Lead, changed: Mapping[str, Any], by: str, at: datetime
) -> None:
    """Say that somebody set a status, where they did."""
    if "status" in changed:
        event = LeadStatusChanged(lead_id=lead.id, status=lead.status, changed_at=at, by=by)
        await outbox.record(uow, event)
