"""Somebody who is a lead already is entered once more, by another form, channel or machine: one
lead, with what both told, and a touch for each (S0 3.5, scenario 3)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from core.db import UnitOfWork
from core.errors import Conflict
from core.outbox import Outbox
from sales.leads.merging import FILLED
from sales.leads.models import Lead, LeadEvent
from sales.leads.repository import LeadRepository
from sales.leads.returning import MAX_SCORE, note_entered_again
from sales.leads.rules import JSON_LIMIT
from sales.leads.schemas import NewLead

_KEYS = {"email": "email_key", "phone": "phone_key"}


@dataclass(frozen=True, slots=True)
class Entry:
    """What was sent: as columns of a lead, from where, by whom, and under which request key."""

    values: Mapping[str, Any]
    source: str
    actor: str
    actor_id: str
    request_key: str | None
    request_hash: str


def hash_entry(new: NewLead) -> str:
    """By what a repeated request is known to say the same."""
    text = json.dumps(asdict(new), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


async def enter_again(
    uow: UnitOfWork, outbox: Outbox, lead: Lead, entry: Entry, at: datetime
) -> None:
    """Take over what the lead lacks, keep in its history what differs, and count the visit. The
    same request key again changes nothing.

    Raises:
        Conflict: the key was used for something else.
    """
    repository = LeadRepository(uow)
    if await _is_repeat(repository, lead, entry):
        return
    filled = await _fill(repository, lead, entry.values)
    data: dict[str, Any] = {
        "source": entry.source,
        "filled": sorted(filled),
        "differs": _list_differences(lead, entry.values),
        "request": _fold_key(entry.request_key),
        "request_hash": entry.request_hash if entry.request_key else None,
    }
    data = {name: value for name, value in data.items() if value}
    _fill_details(lead, entry.values["details"])
    _raise_score(lead, entry.values["given_score"])
    lead.updated_at = at
    await repository.add_event(
        lead.id, "entered_again", data, actor=entry.actor, actor_id=entry.actor_id, at=at
    )
    await note_entered_again(uow, outbox, lead, entry.source, at)


async def _is_repeat(repository: LeadRepository, lead: Lead, entry: Entry) -> bool:
    folded = _fold_key(entry.request_key)
    if folded is None:
        return False
    for known in await repository.list_rows(LeadEvent, lead.id, LeadEvent.id.desc()):
        if known.kind == "entered_again" and known.data.get("request") == folded:
            if known.data.get("request_hash") != entry.request_hash:
                raise Conflict("This Idempotency-Key was used for another lead.")
            return True
    return False


def _fold_key(key: str | None) -> str | None:
    """Callers' keys are theirs: the history shows none."""
    return hashlib.sha256(key.encode()).hexdigest()[:32] if key else None


async def _fill(repository: LeadRepository, lead: Lead, values: Mapping[str, Any]) -> list[str]:
    """What was told and is not known yet; what staff or another channel wrote stays."""
    filled = []
    for name in FILLED:
        told = values.get(name)
        if told in (None, "") or getattr(lead, name) not in (None, ""):
            continue
        if name == "email" and await repository.is_taken(lead, values["email_key"]):
            continue
        setattr(lead, name, told)
        if name in _KEYS:
            setattr(lead, _KEYS[name], values[_KEYS[name]])
        filled.append(name)
    lead.held_fields = sorted({*lead.held_fields, *filled})
    return filled


def _list_differences(lead: Lead, values: Mapping[str, Any]) -> dict[str, Any]:
    """What was told otherwise than the lead holds it: for people to read."""
    told = {name: values[name] for name in FILLED if values.get(name) not in (None, "")}
    found = {
        name: value
        for name, value in told.items()
        if value != getattr(lead, name)
        and not ((key := _KEYS.get(name)) and values[key] and values[key] == getattr(lead, key))
    }
    known = lead.details
    other = {
        name: value
        for name, value in values["details"].items()
        if name in known and known[name] != value
    }
    return {**found, **({"metadata": other} if other else {})}


def _fill_details(lead: Lead, details: Mapping[str, Any]) -> None:
    both = {**details, **lead.details}
    if both != lead.details and len(json.dumps(both, default=str)) <= JSON_LIMIT:
        lead.details = both


def _raise_score(lead: Lead, given: int | None) -> None:
    """The better word on a lead counts, as with several conversations."""
    if given is None or given <= (lead.given_score or 0):
        return
    lead.given_score = given
    reached = min(given + lead.return_points, MAX_SCORE)
    lead.qualification_score = max(lead.qualification_score, reached)
