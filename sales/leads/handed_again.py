"""A lead that was handed over and comes again: corrected, or because the person returned. What the
sender says anew is taken over; what our own people changed meanwhile stays theirs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.db import UnitOfWork
from sales.leads.handing import HandedLead
from sales.leads.models import Lead
from sales.leads.repository import LeadRepository
from sales.leads.rules import PRIORITY_RANKS, read_email_key, read_phone_key

# Too long for the history.
_UNTOLD = ("briefing", "custom_fields")


async def update_handed(
    uow: UnitOfWork,
    lead_id: str,
    before: HandedLead | None,
    handed: HandedLead,
    *,
    flag: str | None,
    actor: str,
    at: datetime,
) -> dict[str, Any]:
    """Bring a lead up to what its package says now. `before`: what the package said until now;
    None: that is not known, and only gaps are filled. What changed, as the history has it."""
    repository = LeadRepository(uow)
    lead = await repository.find_current(lead_id, lock=True)
    if lead is None:
        return {}
    known, told = _list_columns(before) if before else {}, _list_columns(handed)
    news = {name: value for name, value in told.items() if _is_news(lead, name, value, known)}
    if "email" in news and await repository.is_taken(lead, read_email_key(news["email"])):
        # Somebody else here has that address: for a person to look at.
        del news["email"]
    changed = {
        name: {"was": getattr(lead, name), "is": value}
        for name, value in news.items()
        if name not in _UNTOLD
    }
    for name, value in news.items():
        setattr(lead, name, value)
    lead.email_key = read_email_key(lead.email) if lead.email else None
    lead.phone_key = read_phone_key(lead.phone) if lead.phone else None
    lead.priority_rank = PRIORITY_RANKS[lead.priority]
    lead.flag, lead.sla_due_at, lead.updated_at = flag or lead.flag, handed.sla_due_at, at
    data = {"from": actor, "changed": changed, "flag": flag}
    await repository.add_event(lead.id, "received_again", data, actor=actor, at=at)
    await uow.flush()
    return changed


def _list_columns(handed: HandedLead) -> dict[str, Any]:
    # waiver: names of columns, no statement.
    known = set(Lead.__table__.columns.keys())
    return {
        **{name: value for name, value in handed.columns.items() if name in known},
        "first_name": handed.first_name,
        "last_name": handed.last_name,
        "email": handed.email,
        "phone": handed.phone,
        "company": handed.company,
        "qualification_score": handed.score,
        "given_score": handed.score,
        **handed.parts,
        "tier": handed.tier,
        "priority": handed.priority,
        "urgency": handed.urgency,
        "briefing": handed.briefing,
        "custom_fields": handed.custom_fields,
    }


def _is_news(lead: Lead, name: str, value: Any, known: Mapping[str, Any]) -> bool:
    """Whether the sender says another thing than before, and nobody here said something since."""
    if value in (None, "", {}) or value == known.get(name):
        return False
    mine = getattr(lead, name)
    return mine in (None, "", {}) or (name in known and mine == known[name])
