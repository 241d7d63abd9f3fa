"""What an outside system that works with a lead may read and change, in the caller's unit of work.

Status and owner are taken over from where people work; what the visitor told is not: both values
go into the lead's history.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from core.db import UnitOfWork
from sales.leads.models import Lead, LeadConversation
from sales.leads.repository import LeadRepository
from sales.organization.staff_service import list_staff_in


async def note_outside(
    uow: UnitOfWork, lead_id: str, kind: str, data: dict[str, Any], *, actor: str, at: datetime
) -> bool:
    """An entry of the lead's history; False where there is no such lead any more."""
    repository = LeadRepository(uow)
    lead = await repository.find_lead(lead_id)
    if lead is None:
        return False
    await repository.add_event(lead.id, kind, data, actor=actor, at=at)
    return True


async def set_crm_id(uow: UnitOfWork, lead_id: str, crm_id: str) -> None:
    """S1's `crm_lead_id`: the record in the first CRM that has the lead."""
    lead = await LeadRepository(uow).find_lead(lead_id, lock=True)
    if lead is not None and lead.crm_lead_id != crm_id:
        lead.crm_lead_id = crm_id
        await uow.flush()


async def take_owner(
    uow: UnitOfWork, lead_id: str, email: str, name: str, *, actor: str, at: datetime
) -> bool:
    """Let the lead belong to the colleague of that address. False, with an entry in the history,
    where the owner is nobody here; the lead then stays with whom it is."""
    repository = LeadRepository(uow)
    lead = await repository.find_lead(lead_id, lock=True)
    if lead is None:
        return False
    staff = [one for one in await list_staff_in(uow) if one.email.lower() == email.lower()]
    owner = next((one for one in staff if one.active), None)
    if owner is None:
        data = {"name": name, "why": "nobody here has this colleague's address"}
        await repository.add_event(lead.id, "outside_owner", data, actor=actor, at=at)
        return False
    if lead.assigned_to == owner.id:
        return True
    lead.assigned_to, lead.team_id, lead.assigned_at = owner.id, owner.team_id, at
    data = {"to": owner.id, "name": owner.name, "why": f"owner in {actor}"}
    await repository.add_event(lead.id, "assigned", data, actor=actor, at=at)
    return True


async def take_status(
    uow: UnitOfWork, lead_id: str, status: str, *, actor: str, at: datetime
) -> None:
    """A status that was set outside, in our words."""
    repository = LeadRepository(uow)
    lead = await repository.find_lead(lead_id, lock=True)
    if lead is None or lead.status == status:
        return
    data = {"status": {"was": lead.status, "is": status}}
    lead.status, lead.updated_at = status, at
    if status == "contacted" and lead.contacted_at is None:
        lead.contacted_at = at
    await repository.add_event(lead.id, "changed", data, actor=actor, at=at)


async def list_changed_ids(
    uow: UnitOfWork, since: datetime | None, *, after: str = "", limit: int = 500
) -> list[tuple[str, datetime]]:
    """Leads that were made or changed since then, merged ones left out, by id, with when."""
    query = select(Lead.id, Lead.updated_at).where(Lead.merged_into.is_(None), Lead.id > after)
    if since is not None:
        query = query.where(Lead.updated_at >= since)
    found = await uow.session.execute(query.order_by(Lead.id).limit(limit))
    return [(str(row[0]), row[1]) for row in found]


async def list_conversation_ids(uow: UnitOfWork, lead_id: str) -> Sequence[str]:
    """The conversations that belong to a lead, oldest first."""
    query = (
        select(LeadConversation.conversation_id)
        .where(LeadConversation.lead_id == lead_id)
        .order_by(LeadConversation.linked_at, LeadConversation.conversation_id)
    )
    return list((await uow.session.execute(query)).scalars())
