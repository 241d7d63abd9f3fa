"""Two leads are one person: brought together, and parted again when that was wrong."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from core.db import UnitOfWork
from core.errors import Conflict, Invalid
from core.ids import new_id
from sales.leads.models import (
    ConversationScore,
    Lead,
    LeadConversation,
    LeadMerge,
    LeadTouch,
    ProductInteraction,
)
from sales.leads.repository import LeadRepository

# What the target takes over where it has nothing itself. The keys go with their values.
FILLED = (
    "first_name",
    "last_name",
    "email",
    "phone",
    "company",
    "title",
    "industry",
    "employee_count",
    "annual_revenue",
    "company_size",
    "budget_range",
    "timeline",
    "decision_maker",
    "preferred_contact_method",
    "preferred_contact_time",
)
_PARTS: tuple[tuple[str, Any, Any], ...] = (
    ("conversations", LeadConversation, LeadConversation.conversation_id),
    ("touches", LeadTouch, LeadTouch.id),
    ("interactions", ProductInteraction, ProductInteraction.id),
    ("scores", ConversationScore, ConversationScore.conversation_id),
)


async def merge_leads(
    uow: UnitOfWork, source: Lead, target: Lead, *, actor: str, at: datetime
) -> LeadMerge:
    """Let everything of `source` belong to `target`.

    Raises:
        Invalid: both are the same lead.
        Conflict: one of them was merged already.
    """
    if source.id == target.id:
        raise Invalid("A lead cannot be merged with itself.", {"field": "source_id"})
    if source.merged_into or target.merged_into:
        raise Conflict("One of the two leads was merged already. Undo that first.")
    repository = LeadRepository(uow)
    moved: dict[str, Any] = {}
    for name, table, key in _PARTS:
        rows = await repository.list_rows(table, source.id, key, limit=10_000)
        moved[name] = [getattr(row, key.key) for row in rows]
        await repository.move(table, key, moved[name], target.id)
    filled = {}
    for name in FILLED:
        if getattr(target, name) in (None, "") and getattr(source, name) not in (None, ""):
            filled[name] = getattr(source, name)
    moved["filled"] = filled
    moved["custom_fields"] = {
        name: value
        for name, value in source.custom_fields.items()
        if name not in target.custom_fields
    }
    source.merged_into, source.updated_at = target.id, at
    # First the source gives its address away: of one address there is one active lead.
    await uow.flush()
    _fill(target, source, filled)
    target.custom_fields = {**moved["custom_fields"], **target.custom_fields}
    target.updated_at = at
    merge = LeadMerge(
        tenant_id=uow.tenant_id,
        id=new_id(),
        source_id=source.id,
        target_id=target.id,
        moved=moved,
        merged_by=actor,
        merged_at=at,
    )
    uow.session.add(merge)
    await uow.flush()
    data = {"merge_id": merge.id, "source_id": source.id, "target_id": target.id}
    for lead_id in (source.id, target.id):
        await repository.add_event(lead_id, "merged", data, actor=actor, at=at)
    return merge


async def part_leads(
    uow: UnitOfWork, merge: LeadMerge, source: Lead, target: Lead, *, actor: str, at: datetime
) -> None:
    """Undo a merge: what came from the source goes back, what happened since stays.

    Raises:
        Conflict: it was undone already, or one of the two was merged again since.
    """
    if merge.undone_at is not None:
        raise Conflict("This merge was undone already.")
    if source.merged_into != target.id or target.merged_into:
        raise Conflict("One of the two leads was merged again since. Undo that first.")
    repository = LeadRepository(uow)
    for name, table, key in _PARTS:
        await repository.move(table, key, merge.moved[name], source.id)
    for name, value in merge.moved["filled"].items():
        if getattr(target, name) == value:
            setattr(target, name, "" if name in ("first_name", "last_name") else None)
            if name in ("email", "phone"):
                setattr(target, f"{name}_key", None)
    taken = merge.moved["custom_fields"]
    target.custom_fields = {
        name: value
        for name, value in target.custom_fields.items()
        if not (name in taken and taken[name] == value)
    }
    await uow.flush()
    source.merged_into = None
    source.updated_at = target.updated_at = merge.undone_at = at
    merge.undone_by = actor
    await uow.flush()
    data = {"merge_id": merge.id, "source_id": source.id, "target_id": target.id}
    for lead_id in (source.id, target.id):
        await repository.add_event(lead_id, "merge_undone", data, actor=actor, at=at)


def _fill(target: Lead, source: Lead, filled: dict[str, Any]) -> None:
    for name, value in filled.items():
        setattr(target, name, value)
        if name in ("email", "phone"):
            setattr(target, f"{name}_key", getattr(source, f"{name}_key"))
