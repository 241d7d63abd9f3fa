"""Rows of leads as values for others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.db import UnitOfWork
from sales.conversations.rules import UTM_KEYS
from sales.leads.models import (
    Lead,
    LeadConversation,
    LeadEvent,
    LeadTouch,
    ProductInteraction,
)
from sales.leads.profile import Profile
from sales.leads.profile_repository import ProfileRepository
from sales.leads.repository import LeadRepository
from sales.leads.schemas import (
    HistoryEntry,
    InteractionView,
    LeadDetail,
    LeadView,
    MergeView,
    Owner,
    Touch,
    VisitorProfile,
)
from sales.leads.settings import PARTS, ProfileCaptureSettings

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
_VISITORS = 20


def describe_lead(row: Lead, owners: Mapping[str, Owner]) -> LeadView:
    """A lead as lists show it."""
    values: dict[str, Any] = {name: getattr(row, name) for name in _SAME}
    return LeadView(
        **values,
        source=row.lead_source,
        metadata=row.details,
        score=row.qualification_score,
        parts={part: getattr(row, part) for part in PARTS},
        assigned_to=owners.get(row.assigned_to, Owner(row.assigned_to, ""))
        if row.assigned_to
        else None,
    )


async def gather_detail(uow: UnitOfWork, row: Lead, owners: Mapping[str, Owner]) -> LeadDetail:
    """A lead with everything that belongs to it."""
    repository = LeadRepository(uow)
    linked = await repository.list_rows(
        LeadConversation, row.id, LeadConversation.linked_at, LeadConversation.conversation_id
    )
    touches = await repository.list_rows(LeadTouch, row.id, LeadTouch.touched_at, LeadTouch.id)
    done = await repository.list_rows(
        ProductInteraction, row.id, ProductInteraction.created_at, ProductInteraction.id
    )
    happened = await repository.list_rows(LeadEvent, row.id, LeadEvent.id.desc())
    visitors = dict.fromkeys(one.visitor_id for one in linked)
    profiles = ProfileRepository(uow)
    return LeadDetail(
        lead=describe_lead(row, owners),
        reasons=row.reasons,
        next_gains=row.next_gains,
        briefing=row.briefing,
        conversation_ids=tuple(one.conversation_id for one in linked),
        touches=tuple(_describe_touch(one) for one in touches),
        interactions=tuple(_describe_interaction(one) for one in done),
        history=tuple(
            HistoryEntry(one.kind, one.actor, one.data, one.happened_at) for one in happened
        ),
        merges=tuple(
            MergeView(
                one.id, one.source_id, one.target_id, one.merged_by, one.merged_at, one.undone_at
            )
            for one in await repository.list_merges(row.id)
        ),
        visitor_profiles=tuple(
            [
                VisitorProfile(
                    visitor_id,
                    await profiles.find_profile(visitor_id),
                    tuple(await profiles.list_consents(visitor_id)),
                )
                for visitor_id in list(visitors)[:_VISITORS]
            ]
        ),
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


def _describe_touch(row: LeadTouch) -> Touch:
    return Touch(
        conversation_id=row.conversation_id,
        channel=row.channel,
        page_url=row.page_url,
        page_path=row.page_path,
        page_title=row.page_title,
        referrer=row.referrer,
        referrer_domain=row.referrer_domain,
        utm={key: getattr(row, key) for key in UTM_KEYS if getattr(row, key)},
        touched_at=row.touched_at,
    )


def _describe_interaction(row: ProductInteraction) -> InteractionView:
    return InteractionView(
        row.conversation_id,
        row.product_id,
        row.product_name,
        row.interaction_type,
        row.requirements,
        row.recommendations,
        row.created_at,
    )
