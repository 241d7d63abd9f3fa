"""A lead as the package of S0 3.1. Pure: everything it says was told, seen or computed.

What is not known is null. Nothing here guesses: a chat that was held is no form that was sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

from sales.handoffs.canonical import hash_canonical, write_canonical
from sales.handoffs.package_attribution import describe_attribution
from sales.handoffs.package_schema import check_package, write_moment
from sales.handoffs.package_scripts import SCRIPTS, Script, choose_script
from sales.handoffs.package_verticals import DomainPack, fill_sections
from sales.leads.fields import CONTACT_METHODS, CONTACT_TIMES
from sales.leads.schemas import ConsentView, HistoryEntry, LeadDetail, LeadView
from sales.leads.timelines import read_timeline

_DOWNLOADS = (".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".zip", ".csv", ".epub")
_PAGES = 100
_LIST = 50
_TEXT = 1000


@dataclass(frozen=True, slots=True)
class EmailEngagement:
    """What is known of mails to this person. None: not told by the mail's carrier."""

    opened: bool | None = None
    clicked: bool | None = None
    last_opened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """A time that sales wrote or called. `kind` and `outcome` are S0's words; no outcome: none
    of them says it."""

    at: datetime
    kind: Literal["call", "email"]
    outcome: Literal["no-response", "not-ready", "qualified"] | None = None


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """All that a package is made of. `pages` are addresses in the order of their opening;
    `meetings` the starts of meetings that were held or are agreed; `contacts` what sales tried."""

    detail: LeadDetail
    pages: tuple[str, ...] = ()
    meetings: tuple[datetime, ...] = ()
    mail: EmailEngagement | None = None
    contacts: tuple[Contact, ...] = ()


@dataclass(frozen=True, slots=True)
class Packed:
    """A package ready to be kept: canonical JSON, its hash, and what is wrong with it."""

    body: bytes
    body_hash: str
    problems: list[dict[str, str]]
    priority: str
    vertical: str
    sla_due_at: datetime


@dataclass(frozen=True, slots=True)
class PackageRules:
    """What the configuration says of packages. `sla` and `escalation` are by priority."""

    pack: DomainPack
    sla: dict[str, timedelta]
    escalation: dict[str, str]
    privacy_policy_version: str | None = None
    scripts: tuple[Script, ...] = field(default=SCRIPTS)


def build_package(facts: PackageFacts, rules: PackageRules, at: datetime) -> dict[str, Any]:
    """The package as JSON values, as of `at`, which is its `handoffAt`."""
    detail, lead = facts.detail, facts.detail.lead
    columns = {name: getattr(lead, name) for name in LeadView.__slots__}
    return {
        "leadId": lead.id,
        "externalLeadId": lead.id,
        "createdAt": write_moment(lead.created_at),
        "handoffAt": write_moment(at),
        "contact": _describe_contact(lead),
        **fill_sections(rules.pack, columns, lead.custom_fields, _choose_timeline(detail)),
        "leadScoring": _describe_score(lead),
        "attribution": describe_attribution(detail.touches, lead.source),
        "behavioralContext": _describe_behaviour(facts),
        "recommendedActions": _describe_actions(detail, rules),
        "sla": {
            "responseDeadline": write_moment(at + rules.sla[lead.priority]),
            "priorityLevel": lead.priority,
            "escalationPolicy": rules.escalation[lead.priority],
        },
        "compliance": _describe_compliance(detail, rules),
        **_describe_returns(detail),
    }


def pack(facts: PackageFacts, rules: PackageRules, at: datetime) -> Packed:
    """The package, checked against its schema and written in the one way that both sides hash.

    Raises:
        NotCanonical: it holds what JSON cannot.
    """
    package = build_package(facts, rules, at)
    body = write_canonical(package)
    priority = facts.detail.lead.priority
    return Packed(
        body=body,
        body_hash=hash_canonical(body),
        problems=check_package(package),
        priority=priority,
        vertical=rules.pack.name,
        sla_due_at=at + rules.sla[priority],
    )


def _describe_returns(detail: LeadDetail) -> dict[str, Any]:
    """Beside S0 3.1, of those who came back after they were handed over (S0 3.5)."""
    found = [entry for entry in detail.history if entry.kind == "returned"]
    if not found:
        return {}
    told = {
        "flag": detail.lead.flag,
        "returns": len(found),
        "lastReturnAt": write_moment(max(entry.happened_at for entry in found)),
        "channels": sorted({str(entry.data.get("channel", "")) for entry in found}),
    }
    return {"reEngagement": told}


def _describe_contact(lead: LeadView) -> dict[str, Any]:
    method, when = lead.preferred_contact_method, lead.preferred_contact_time
    return {
        "firstName": lead.first_name or None,
        "lastName": lead.last_name or None,
        "email": lead.email,
        "phone": lead.phone,
        "preferredContactMethod": method if method in CONTACT_METHODS else None,
        "preferredContactTime": when if when in CONTACT_TIMES else None,
    }


def _choose_timeline(detail: LeadDetail) -> dict[str, str | None]:
    """ "Within two weeks" as S0's 1-month, counted from the day it was said."""
    words = detail.lead.timeline
    if not words:
        return {}
    said = [
        entry.happened_at
        for entry in detail.history
        if entry.kind in ("profile_changed", "changed") and "timeline" in entry.data
    ]
    said_on = max(said, default=detail.lead.created_at).date()
    return {"timeline": read_timeline(words, said_on)}


def _describe_score(lead: LeadView) -> dict[str, Any]:
    return {
        "overallScore": lead.score,
        "tier": lead.tier,
        "completenessScore": lead.parts["completeness"],
        "engagementScore": lead.parts["engagement"],
        "readinessScore": lead.parts["readiness"],
        "sourceQualityScore": lead.parts["source_quality"],
        "priority": lead.priority,
    }


def _describe_behaviour(facts: PackageFacts) -> dict[str, Any]:
    pages = list(dict.fromkeys(page[:4000] for page in facts.pages if page))
    files = [page for page in pages if urlsplit(page).path.lower().endswith(_DOWNLOADS)]
    mail = facts.mail
    return {
        "pagesVisited": pages[-_PAGES:],
        # Only files that were opened in the chat's sight are known; none seen is not none read.
        "contentDownloaded": files[-_LIST:] or None,
        # Nothing tells us of events.
        "eventsAttended": None,
        "emailEngagement": mail
        and {
            "opened": mail.opened,
            "clicked": mail.clicked,
            "lastOpenedAt": mail.last_opened_at and write_moment(mail.last_opened_at),
        },
        "previousInteractions": _list_interactions(facts),
    }


def _list_interactions(facts: PackageFacts) -> list[dict[str, Any]]:
    """Forms by which machines entered the person, meetings, and what sales tried: S0 knows no
    chat."""
    found: list[tuple[datetime, str, str | None]] = [
        (entry.happened_at, "form-submission", None)
        for entry in facts.detail.history
        if entry.kind in ("created", "entered_again") and _is_form(entry)
    ]
    found += [(at, "call", None) for at in facts.meetings]
    found += [(one.at, one.kind, one.outcome) for one in facts.contacts]
    return [
        {"date": write_moment(at), "type": kind, "outcome": outcome}
        for at, kind, outcome in sorted(found, key=lambda one: one[:2])[-_LIST:]
    ]


def _is_form(entry: HistoryEntry) -> bool:
    """Made of what a machine sent, not of a conversation."""
    return "conversation_id" not in entry.data


def _describe_actions(detail: LeadDetail, rules: PackageRules) -> dict[str, Any]:
    briefing = detail.briefing
    objections = _ids(briefing, "objections")
    return {
        "nextSteps": _texts(briefing, "next_steps"),
        "talkingPoints": _texts(briefing, "talking_points"),
        "potentialObjections": _texts(briefing, "objections"),
        "suggestedScript": choose_script(
            rules.scripts, detail.lead.tier, objections, _ids(briefing, "next_steps")
        ),
    }


def _texts(briefing: dict[str, Any], name: str) -> list[str]:
    return [str(point["text"])[:_TEXT] for point in briefing.get(name, ())][:_LIST]


def _ids(briefing: dict[str, Any], name: str) -> set[str]:
    return {str(point["id"]) for point in briefing.get(name, ())}


def _describe_compliance(detail: LeadDetail, rules: PackageRules) -> dict[str, Any]:
    contact = _latest(detail, "contact")
    marketing = _latest(detail, "marketing")
    moments = [_said_at(one) for one in (contact, marketing) if one]
    return {
        "gdprConsent": contact.holds if contact else None,
        "marketingConsent": marketing.holds if marketing else None,
        "consentTimestamp": write_moment(max(moments)) if moments else None,
        "dataSource": "website-chat"
        if detail.conversation_ids
        else (detail.lead.source or "api")[:100],
        "privacyPolicyVersion": contact.version if contact else rules.privacy_policy_version,
    }


def _latest(detail: LeadDetail, purpose: str) -> ConsentView | None:
    """The latest word on a purpose, of whichever of the person's devices."""
    said = [one.consent_to(purpose) for one in detail.visitor_profiles]
    found: Sequence[ConsentView] = [one for one in said if one is not None]
    return max(found, key=_said_at, default=None)


def _said_at(consent: ConsentView) -> datetime:
    moment = consent.withdrawn_at or consent.refused_at or consent.given_at
    if moment is None:
        raise ValueError("a consent that was neither given nor refused")
    return moment
