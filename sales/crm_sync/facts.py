"""What is known of a lead, by the paths that a mapping may name. Pure."""

from __future__ import annotations

from typing import Any

from core.protocols.crm import CrmPerson, CrmRef, FieldValue
from sales.leads.schemas import PURPOSES, LeadDetail, Touch

_BRIEFING = (
    ("interests", "Interests"),
    ("objections", "Objections"),
    ("competitors", "Competitors"),
    ("next_steps", "Next steps"),
    ("talking_points", "Talking points"),
)


def gather_facts(detail: LeadDetail, lead_url: str) -> dict[str, Any]:
    """The values by path; what is not known is None."""
    lead = detail.lead
    facts: dict[str, Any] = {
        "profile.customer_name": lead.name,
        "profile.job_title": lead.title,
        "lead.id": lead.id,
        "lead.status": lead.status,
        "lead.source": lead.source,
        "lead.priority": lead.priority,
        "lead.urgency": lead.urgency,
        "lead.owner": lead.assigned_to.name if lead.assigned_to else None,
        "lead.url": lead_url,
        "lead.created_at": lead.created_at,
        "lead.qualified_at": lead.qualified_at,
        "score.total": lead.score,
        "score.tier": lead.tier,
        "score.reasons": "\n".join(str(one.get("text", "")) for one in detail.reasons),
        "summary.text": describe_lead(detail),
    }
    for name in (
        "first_name last_name email phone company industry company_size budget_range timeline "
        "decision_maker preferred_contact_method preferred_contact_time employee_count "
        "annual_revenue"
    ).split():
        facts[f"profile.{name}"] = getattr(lead, name)
    facts |= {f"score.{part}": points for part, points in lead.parts.items()}
    facts |= {f"custom.{name}": value for name, value in lead.custom_fields.items()}
    facts |= _describe_touch("first", detail.first_touch)
    facts |= _describe_touch("last", detail.last_touch)
    for purpose in PURPOSES:
        said = [one.consent_to(purpose) for one in detail.visitor_profiles]
        known = [one for one in said if one is not None]
        facts[f"consent.{purpose}"] = any(one.holds for one in known) if known else None
    return facts


def _describe_touch(end: str, touch: Touch | None) -> dict[str, Any]:
    if touch is None:
        return {}
    found: dict[str, Any] = {
        "landing_page": touch.page_url,
        "page_title": touch.page_title,
        "referrer": touch.referrer,
        "referrer_domain": touch.referrer_domain,
        "channel": touch.channel,
        "at": touch.touched_at,
    }
    found |= {f"utm.{key.removeprefix('utm_')}": value for key, value in touch.utm.items()}
    return {f"attribution.{end}.{key}": value for key, value in found.items()}


def describe_lead(detail: LeadDetail) -> str:
    """What a rep wants to know, in a few lines."""
    lead = detail.lead
    lines = [f"Score {lead.score} of 100 ({lead.tier}), priority {lead.priority}."]
    for key, title in _BRIEFING:
        points = detail.briefing.get(key) or []
        texts = [str(one.get("text") if isinstance(one, dict) else one) for one in points]
        if any(texts):
            lines.append(f"{title}: {'; '.join(text for text in texts if text)}.")
    lines += [str(one.get("text", "")) for one in detail.reasons[:5]]
    return "\n".join(line for line in lines if line)


def build_person(
    detail: LeadDetail, values: dict[str, FieldValue], known: CrmRef | None
) -> CrmPerson:
    """A lead as it goes to a CRM. Who told no last name is called by what they told."""
    lead = detail.lead
    last_name = lead.last_name or lead.first_name or (lead.email or "").partition("@")[0]
    return CrmPerson(
        external_id=lead.id,
        email=lead.email,
        last_name=last_name or lead.company or lead.phone or "Unknown",
        company=lead.company or "",
        fields=values,
        known=known,
    )
