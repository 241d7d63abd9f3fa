"""Leads handed over: marked where they come from, taken in where they arrive. In the caller's
unit of work, so that a lead and what was promised about it are one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, select

from core.db import Ask, UnitOfWork, keep
from sales.leads.models import Lead
from sales.leads.open_leads import OpenLeads
from sales.leads.qualifying import find_same_person
from sales.leads.repository import LeadRepository, build_scope
from sales.leads.rules import (
    PRIORITY_RANKS,
    Person,
    choose_owner,
    fold_name,
    read_email_key,
    read_phone_key,
)
from sales.leads.schemas import Owner
from sales.organization.schemas import Scope, StaffSummary
from sales.organization.staff_service import list_staff_in

_ADOPTED = ("title", "industry", "employee_count", "annual_revenue", "company_size", "budget_range",
            "timeline", "decision_maker", "preferred_contact_method",
            "preferred_contact_time")  # fmt: skip


@dataclass(frozen=True, slots=True)
class HandedLead:
    """A lead as another system describes it. `columns` are those of the leads' table, as far as
    they are known; `parts` the four parts of its score."""

    lead_id: str
    source: str
    first_name: str = ""
    last_name: str = ""
    email: str | None = None
    phone: str | None = None
    company: str | None = None
    columns: dict[str, Any] = field(default_factory=dict)
    score: int = 0
    parts: dict[str, int] = field(default_factory=dict)
    tier: str = "cold"
    priority: str = "low"
    urgency: str = "standard"
    briefing: dict[str, Any] = field(default_factory=dict)
    sla_due_at: datetime | None = None
    custom_fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TakenIn:
    """The lead of our own list that a handed one is now."""

    lead_id: str
    owner: Owner | None
    is_new: bool
    contacted_at: datetime | None


async def take_in(
    uow: UnitOfWork,
    handed: HandedLead,
    *,
    team_id: str | None,
    actor: str,
    at: datetime,
    open_leads: OpenLeads,
) -> TakenIn:
    """The lead of this id, or of this person, or a new one; with an owner where there is a rep.

    One that has an owner keeps it. Else the reps of `team_id` are asked first, then all, and it
    goes to whoever has the fewest open leads.
    """
    repository = LeadRepository(uow)
    email_key = read_email_key(handed.email) if handed.email else None
    phone_key = read_phone_key(handed.phone) if handed.phone else None
    await repository.lock_keys({key for key in (email_key, phone_key, handed.lead_id) if key})
    lead = None
    # Most people are new: to know that costs one look.
    if await repository.is_anybody(handed.lead_id, email_key, phone_key):
        lead = await repository.find_current(handed.lead_id, lock=True)
        name = fold_name(handed.first_name, handed.last_name)
        lead = lead or await find_same_person(repository, Person(email_key, phone_key, name))
    staff = await list_staff_in(uow)
    if lead is None:
        owner = await _choose(uow, open_leads, staff, team_id)
        columns = _describe_new(handed, (email_key, phone_key), owner, team_id, at)
        events: list[dict[str, Any]] = [
            {"kind": "received", "data": {"from": actor}, "actor": actor}
        ]
        events += [_describe_choice(owner)] if owner else []
        return TakenIn(await repository.write_lead(columns, events, at), owner, True, None)
    if lead.assigned_to is not None:
        named = next((one for one in staff if one.id == lead.assigned_to), None)
        owner = Owner(lead.assigned_to, named.name if named else "", lead.team_id)
        return TakenIn(lead.id, owner, False, lead.contacted_at)
    owner = await _choose(uow, open_leads, staff, team_id)
    if owner is not None:
        lead.assigned_to, lead.team_id, lead.assigned_at = owner.id, owner.team_id, at
        await repository.add_events([{"lead_id": lead.id, **_describe_choice(owner)}], at)
    return TakenIn(lead.id, owner, False, lead.contacted_at)


def _describe_new(
    handed: HandedLead,
    keys: tuple[str | None, str | None],
    owner: Owner | None,
    team_id: str | None,
    at: datetime,
) -> dict[str, Any]:
    return {
        **{name: handed.columns.get(name) for name in _ADOPTED},
        "status": "qualified",
        "lead_source": handed.source,
        "first_name": handed.first_name,
        "last_name": handed.last_name,
        "email": handed.email,
        "email_key": keys[0],
        "phone": handed.phone,
        "phone_key": keys[1],
        "company": handed.company,
        "custom_fields": handed.custom_fields,
        "details": {"handed_over_as": handed.lead_id},
        # What came by talk elsewhere is not changed by talk here.
        "held_fields": ["first_name", "last_name", "email", "phone", "company"],
        "qualification_score": handed.score,
        "given_score": handed.score,
        **handed.parts,
        "tier": handed.tier,
        "priority": handed.priority,
        "priority_rank": PRIORITY_RANKS[handed.priority],
        "urgency": handed.urgency,
        "briefing": handed.briefing,
        "assigned_to": owner.id if owner else None,
        "assigned_at": at if owner else None,
        "team_id": owner.team_id if owner else team_id,
        "sla_due_at": handed.sla_due_at,
        "created_at": at,
        "updated_at": at,
        "qualified_at": at,
    }


async def _choose(
    uow: UnitOfWork, open_leads: OpenLeads, staff: Sequence[StaffSummary], team_id: str | None
) -> Owner | None:
    """Who of the reps of a team gets the next lead; of all reps where it has none."""
    reps = [
        Owner(one.id, one.name, one.team_id) for one in staff if one.active and one.role == "rep"
    ]
    own = [rep for rep in reps if team_id is not None and rep.team_id == team_id]
    candidates = own or reps
    if not candidates:
        return None
    owner = choose_owner(candidates, await open_leads.count(uow))
    if owner is not None:
        open_leads.note(uow, owner.id)
    return owner


def _describe_choice(owner: Owner) -> dict[str, Any]:
    data = {"to": owner.id, "name": owner.name, "why": "fewest open leads"}
    return {"kind": "assigned", "data": data, "actor": "sales-system"}


@dataclass(frozen=True, slots=True)
class HandoffNote:
    """Where the handoff of a lead stands now; with `kind`, also an entry of the lead's history."""

    lead_id: str
    state: str
    kind: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    actor: str = ""


async def note_handoff(
    uow: UnitOfWork,
    lead_id: str,
    state: str,
    kind: str | None,
    data: dict[str, Any],
    actor: str,
    at: datetime,
) -> None:
    """Show on the lead where its handoff stands; with `kind`, also in its history."""
    await note_handoffs(uow, [HandoffNote(lead_id, state, kind, data, actor)], at)


async def note_handoffs(uow: UnitOfWork, notes: Sequence[HandoffNote], at: datetime) -> None:
    """The same of many leads at one moment. What is not there any more is left out."""
    repository = LeadRepository(uow)
    current = await repository.map_current({note.lead_id for note in notes})
    kept = [(current[note.lead_id], note) for note in notes if note.lead_id in current]
    # In one order, so that two who show the same leads never wait for each other.
    states = dict(sorted((lead_id, note.state) for lead_id, note in kept))
    await repository.show_handoffs(states, at)
    await repository.add_events(
        [
            {"lead_id": lead_id, "kind": note.kind, "data": note.data, "actor": note.actor}
            for lead_id, note in kept
            if note.kind is not None
        ],
        at,
    )


async def note_breach(uow: UnitOfWork, lead_id: str, due_at: datetime, at: datetime) -> bool:
    """Write into the history that nobody contacted the lead in time. False: somebody did."""
    repository = LeadRepository(uow)
    lead = await repository.find_current(lead_id)
    if lead is None or (lead.contacted_at is not None and lead.contacted_at <= due_at):
        return False
    data = {"due_at": due_at.isoformat(), "assigned_to": lead.assigned_to}
    await repository.add_event(lead.id, "sla_breached", data, actor="sales-system", at=at)
    return True


async def find_contacted_at(uow: UnitOfWork, lead_id: str) -> datetime | None:
    """When the lead was first contacted; None: not yet, or there is no such lead."""
    lead = await LeadRepository(uow).find_current(lead_id)
    return lead.contacted_at if lead else None


_OWNER = keep(select(Lead.assigned_to, Lead.team_id).where(Lead.id == bindparam("lead_id")))


def build_asked_owner(lead_id: str) -> Ask:
    """Whose lead it is, and of which team: what decides who sees it."""
    return _OWNER, {"lead_id": lead_id}


def restrict_leads(scope: Scope, lead_id: Any) -> list[ColumnElement[bool]]:
    """What a scope asks of rows that belong to a lead: at most one condition on `lead_id`."""
    conditions = build_scope(scope)
    if not conditions:
        return []
    return [lead_id.in_(select(Lead.id).where(*conditions))]
