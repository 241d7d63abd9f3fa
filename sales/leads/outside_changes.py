"""What an outside system that works with a lead may read and change, in the caller's unit of work.

Status and owner are taken over from where people work; what the visitor told is not: both values
go into the lead's history.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import aliased

from core.db import UnitOfWork, UtcDateTime, keep
from sales.leads.models import Lead, LeadConversation, LeadTouch
from sales.leads.repository import LeadRepository
from sales.organization.staff_service import list_staff_in

_ITS_COLUMNS = (
    Lead.id,
    Lead.status,
    Lead.handoff_state,
    Lead.assigned_to,
    Lead.contacted_at,
    Lead.merged_into,
)
_ITSELF = keep(select(*_ITS_COLUMNS).where(Lead.id == bindparam("lead_id")))
_ITSELF_LOCKED = keep(_ITSELF.with_for_update())
_BECAME = keep(select(Lead.id).where(Lead.merged_into == bindparam("lead_id")))
_TAKE = keep(
    update(Lead)
    .where(Lead.id == bindparam("of_lead"))
    .values(
        status=bindparam("new_status"),
        contacted_at=bindparam("new_contacted_at", type_=UtcDateTime()),
        updated_at=bindparam("changed_at"),
    )
    .execution_options(synchronize_session=False)
)


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


@dataclass(frozen=True, slots=True)
class KnownLead:
    """A lead as those see it who carry outcomes back. `ids`: its own, and those of leads that
    became it."""

    id: str
    status: str
    handoff_state: str | None
    assigned_to: str | None
    contacted_at: datetime | None
    ids: tuple[str, ...]


async def find_known(uow: UnitOfWork, lead_id: str, *, lock: bool = False) -> KnownLead | None:
    """The lead of that id; of a merged one the lead that it became. Locked, nobody else changes
    it until the transaction ends. As the database has it: what a session holds back is not seen."""
    statement = _ITSELF_LOCKED if lock else _ITSELF
    seen: set[str] = set()
    while True:
        found, became = await uow.fetch(
            (statement, {"lead_id": lead_id}), (_BECAME, {"lead_id": lead_id})
        )
        if not found:
            return None
        _, status, handoff_state, assigned_to, contacted_at, merged_into = found[0]
        if not merged_into or lead_id in seen:
            break
        seen.add(lead_id)
        lead_id = merged_into
    ids, newest = [lead_id], [str(row[0]) for row in became]
    while newest := sorted(set(newest) - set(ids)):
        ids += newest
        found_all = await uow.fetch(*((_BECAME, {"lead_id": one}) for one in newest))
        newest = [str(row[0]) for rows in found_all for row in rows]
    return KnownLead(lead_id, status, handoff_state, assigned_to, contacted_at, tuple(ids))


async def take_outcome(
    uow: UnitOfWork,
    lead: KnownLead,
    told: Sequence[dict[str, Any]],
    *,
    first_at: datetime | None,
    status: str,
    actor: str,
    at: datetime,
) -> None:
    """What sales said of a lead that this unit of work locked: entries of its history, when it
    first reached the person (an earlier time that is known stays), and the status in our words."""
    contacted_at = lead.contacted_at
    if first_at is not None and (contacted_at is None or first_at < contacted_at):
        contacted_at = first_at
    common = {"lead_id": lead.id, "actor": actor}
    events = [{**common, "kind": "feedback", "data": data} for data in told]
    if status != lead.status:
        data = {"status": {"was": lead.status, "is": status}}
        events.append({**common, "kind": "changed", "data": data})
        if status == "contacted" and contacted_at is None:
            contacted_at = at
    await LeadRepository(uow).add_events(events, at)
    if (status, contacted_at) != (lead.status, lead.contacted_at):
        changed = {"new_status": status, "new_contacted_at": contacted_at, "changed_at": at}
        await uow.write((_TAKE, [{"of_lead": lead.id, **changed}]))


async def list_touches(
    uow: UnitOfWork, lead_ids: Sequence[str]
) -> dict[str, list[tuple[str, str, str, datetime]]]:
    """By lead: page, campaign, referrer and time of each touch, the oldest first. A lead that
    was merged is found by its former id as well."""
    current = await _find_successors(uow, lead_ids)
    wanted = sorted(set(current.values()))
    found: dict[str, list[tuple[str, str, str, datetime]]] = {one: [] for one in wanted}
    for part in (wanted[at : at + 500] for at in range(0, len(wanted), 500)):
        query = (
            select(
                LeadTouch.lead_id,
                LeadTouch.page_path,
                LeadTouch.utm_campaign,
                LeadTouch.referrer_domain,
                LeadTouch.touched_at,
            )
            .where(LeadTouch.lead_id.in_(part))
            .order_by(LeadTouch.touched_at, LeadTouch.id)
        )
        for row in await uow.session.execute(query):
            found[row[0]].append((row[1], row[2], row[3], row[4]))
    return {lead_id: found[current[lead_id]] for lead_id in current}


async def _find_successors(uow: UnitOfWork, lead_ids: Sequence[str]) -> dict[str, str]:
    into, successors = aliased(Lead), {lead_id: lead_id for lead_id in lead_ids}
    asked = sorted(set(lead_ids))
    while asked:
        merged: dict[str, str] = {}
        for part in (asked[at : at + 500] for at in range(0, len(asked), 500)):
            query = (
                select(Lead.id, Lead.merged_into)
                # Of an erased person the lead leads nowhere: its touches stay its own.
                .join(into, into.id == Lead.merged_into)
                .where(Lead.id.in_(part))
            )
            merged |= {str(row[0]): str(row[1]) for row in await uow.session.execute(query)}
        for lead_id, present in successors.items():
            successors[lead_id] = merged.get(present, present)
        asked = sorted(set(merged.values()))
    return successors


async def list_statuses(uow: UnitOfWork, lead_ids: Sequence[str]) -> dict[str, str]:
    """Our status of each of these leads; those that are gone are left out."""
    found: dict[str, str] = {}
    for part in (lead_ids[at : at + 500] for at in range(0, len(lead_ids), 500)):
        query = select(Lead.id, Lead.status).where(Lead.id.in_(part))
        found |= {str(row[0]): str(row[1]) for row in await uow.session.execute(query)}
    return found
