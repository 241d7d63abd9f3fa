"""Rows of leads as values for others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, bindparam, or_, select

from core.db import Ask, Database, Rows, UnitOfWork, keep
from core.errors import NotFound
from sales.conversations.rules import UTM_KEYS
from sales.leads.models import (
    Lead,
    LeadConversation,
    LeadEvent,
    LeadMerge,
    LeadTouch,
    ProductInteraction,
)
from sales.leads.profile import Profile
from sales.leads.profile_repository import build_asked_of_lead, build_visitors
from sales.leads.schemas import (
    HistoryEntry,
    InteractionView,
    LeadDetail,
    LeadView,
    MergeView,
    Owner,
    Touch,
)
from sales.leads.settings import PARTS, ProfileCaptureSettings
from sales.organization.staff_service import build_asked_names

_SAME = (
    "id",
    "status",
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
    "custom_fields",
    "tier",
    "priority",
    "urgency",
    "team_id",
    "territory_id",
    "crm_lead_id",
    "session_id",
    "conversation_id",
    "sla_due_at",
    "contacted_at",
    "qualified_at",
    "created_at",
    "updated_at",
    "merged_into",
    "handoff_state",
    "site_id",
    "flag",
)
_COLUMNS = (*_SAME, "lead_source", "details", "qualification_score", "assigned_to", *PARTS)
_SPEAKS = ("reasons", "next_gains", "briefing")
_TOUCH = ("conversation_id", "channel", "page_url", "page_path", "page_title", "referrer",
          "referrer_domain", "touched_at")  # fmt: skip
_VISITORS, _ROWS = 20, 500

# A lead with everything that belongs to it is read often: by staff, and for what follows events.
_LEAD_ID: BindParameter[str] = bindparam("lead_id")
_DETAIL = (
    keep(
        select(*(getattr(Lead, name) for name in (*_COLUMNS, *_SPEAKS))).where(Lead.id == _LEAD_ID)
    ),
    keep(
        select(LeadConversation.conversation_id, LeadConversation.visitor_id)
        .where(LeadConversation.lead_id == _LEAD_ID)
        .order_by(LeadConversation.linked_at, LeadConversation.conversation_id)
        .limit(_ROWS)
    ),
    keep(
        select(*(getattr(LeadTouch, name) for name in (*_TOUCH, *UTM_KEYS)))
        .where(LeadTouch.lead_id == _LEAD_ID)
        .order_by(LeadTouch.touched_at, LeadTouch.id)
        .limit(_ROWS)
    ),
    keep(
        select(*(getattr(ProductInteraction, name) for name in InteractionView.__slots__))
        .where(ProductInteraction.lead_id == _LEAD_ID)
        .order_by(ProductInteraction.created_at, ProductInteraction.id)
        .limit(_ROWS)
    ),
    keep(
        select(*(getattr(LeadEvent, name) for name in HistoryEntry.__slots__))
        .where(LeadEvent.lead_id == _LEAD_ID)
        .order_by(LeadEvent.id.desc())
        .limit(_ROWS)
    ),
    keep(
        select(*(getattr(LeadMerge, name) for name in MergeView.__slots__))
        .where(or_(LeadMerge.source_id == _LEAD_ID, LeadMerge.target_id == _LEAD_ID))
        .order_by(LeadMerge.id.desc())
    ),
)


def describe_lead(row: Lead, owners: Mapping[str, Owner]) -> LeadView:
    """A lead as lists show it."""
    owner = row.assigned_to and owners.get(row.assigned_to, Owner(row.assigned_to, ""))
    return _describe({name: getattr(row, name) for name in _COLUMNS}, owner or None)


def _describe(values: Mapping[str, Any], owner: Owner | None) -> LeadView:
    return LeadView(
        **{name: values[name] for name in _SAME},
        source=values["lead_source"],
        metadata=values["details"],
        score=values["qualification_score"],
        parts={part: values[part] for part in PARTS},
        assigned_to=owner,
    )


async def find_detail(database: Database, tenant_id: str, lead_id: str) -> LeadDetail | None:
    """A lead with everything that belongs to it, in one consistent picture; of a merged one the
    lead that it became."""
    seen: set[str] = set()
    found = _build_detail(await database.fetch(tenant_id, *_ask(lead_id)))
    while found is not None and found.lead.merged_into and found.lead.id not in seen:
        seen.add(found.lead.id)
        found = _build_detail(await database.fetch(tenant_id, *_ask(found.lead.merged_into)))
    return found


async def get_detail_in(uow: UnitOfWork, lead_id: str) -> LeadDetail:
    """The same of a lead that is there, as the caller's transaction sees it.

    Raises:
        NotFound: it is not.
    """
    found = _build_detail(await uow.fetch(*_ask(lead_id)))
    if found is None:
        raise NotFound("There is no such lead.")
    return found


def _ask(lead_id: str) -> list[Ask]:
    values = {"lead_id": lead_id}
    asked: list[Ask] = [(one, values) for one in _DETAIL]
    return [*asked, *build_asked_of_lead(lead_id), build_asked_names()]


def _build_detail(found: Sequence[Rows]) -> LeadDetail | None:
    leads, linked, touches, done, happened, merges, profiles, consents, staff = found
    if not leads:
        return None
    values = dict(zip((*_COLUMNS, *_SPEAKS), leads[0], strict=True))
    owner_id = values["assigned_to"]
    owner = next((Owner(*one) for one in staff if one[0] == owner_id), Owner(owner_id or "", ""))
    visitors = list(dict.fromkeys(visitor_id for _, visitor_id in linked))[:_VISITORS]
    return LeadDetail(
        lead=_describe(values, owner if owner_id else None),
        **{part: values[part] for part in _SPEAKS},
        conversation_ids=tuple(conversation_id for conversation_id, _ in linked),
        touches=tuple(_describe_touch(one) for one in touches),
        interactions=tuple(InteractionView(*one) for one in done),
        history=tuple(HistoryEntry(*one) for one in happened),
        merges=tuple(MergeView(*one) for one in merges),
        visitor_profiles=build_visitors(visitors, profiles, consents),
    )


def describe_profile(profile: Profile, capture: ProfileCaptureSettings) -> dict[str, Any]:
    """A profile as the visitor sees it: values with confidence, and what is missing."""
    fields: dict[str, Any] = {}
    for name in profile.values():
        evidence = profile.evidence(name)
        if evidence is not None:
            fields[name] = {"value": evidence.value, "confidence": round(evidence.confidence, 2)}
    missing = [
        name
        for name in capture.required_fields
        if name not in fields and not profile.is_declined(name)
    ]
    return {"fields": fields, "missing": missing}


def _describe_touch(row: tuple[Any, ...]) -> Touch:
    values, utm = row[: len(_TOUCH)], row[len(_TOUCH) :]
    return Touch(
        **dict(zip(_TOUCH, values, strict=True)),
        utm={key: value for key, value in zip(UTM_KEYS, utm, strict=True) if value},
    )
