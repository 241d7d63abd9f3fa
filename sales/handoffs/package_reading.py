"""A package that arrived, as a lead of our own list. Pure: what others say is data, cut to size."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sales.handoffs.package_schema import read_moment
from sales.handoffs.package_verticals import PACKS
from sales.leads.handing import HandedLead
from sales.leads.settings import PARTS

_TEXT = 300
_PARTS = dict(
    zip(
        PARTS,
        ("completenessScore", "engagementScore", "readinessScore", "sourceQualityScore"),
        strict=True,
    )
)
_BRIEFING = {
    "next_steps": "nextSteps",
    "talking_points": "talkingPoints",
    "objections": "potentialObjections",
}


def read_deadline(
    package: Mapping[str, Any], sla: Mapping[str, timedelta], at: datetime
) -> datetime:
    """By when the lead is to be contacted: the package's word; ours, counted from now, where it
    names a time that has passed before it came."""
    named = read_moment(package["sla"]["responseDeadline"])
    if named is not None and named > at:
        return named
    return at + sla[package["sla"]["priorityLevel"]]


def read_handed_lead(package: Mapping[str, Any], due_at: datetime) -> HandedLead:
    """The lead that a checked package describes. Sections of all packs are read back by the
    table that wrote them."""
    contact, scoring = package["contact"], package["leadScoring"]
    columns, custom = _read_sections(package)
    columns["preferred_contact_method"] = contact["preferredContactMethod"]
    columns["preferred_contact_time"] = contact["preferredContactTime"]
    company = columns.pop("company", None)
    urgency = columns.pop("urgency", None)
    return HandedLead(
        lead_id=package["leadId"],
        source=_cut(package["attribution"]["source"]) or "handoff",
        first_name=_cut(contact["firstName"]) or "",
        last_name=_cut(contact["lastName"]) or "",
        email=_cut(contact["email"]),
        phone=_cut(contact["phone"]),
        company=_cut(company),
        columns={name: _cut(value) for name, value in columns.items()},
        score=scoring["overallScore"],
        parts={part: scoring[name] for part, name in _PARTS.items()},
        tier=scoring["tier"],
        priority=scoring["priority"],
        urgency=urgency or "standard",
        briefing=_read_briefing(package["recommendedActions"]),
        sla_due_at=due_at,
        custom_fields=custom,
    )


def read_returns(package: Mapping[str, Any]) -> tuple[str | None, int]:
    """The flag of a lead that came back after it was handed over, and how often it did."""
    told = package.get("reEngagement")
    if not isinstance(told, Mapping):
        return None, 0
    flag, returns = told.get("flag"), told.get("returns")
    count = returns if isinstance(returns, int) and 0 <= returns <= _TEXT * _TEXT else 0
    return (_cut(flag) if isinstance(flag, str) else None), count


def _read_sections(package: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    columns: dict[str, Any] = {}
    custom: dict[str, Any] = {}
    for pack in PACKS.values():
        for place, source in pack.sources.items():
            section, _, member = place.partition(".")
            held = package.get(section)
            value = held.get(member) if isinstance(held, Mapping) else None
            if value is not None:
                where, _, name = source.partition(".")
                (columns if where == "lead" else custom)[name] = _cut(value)
    return columns, custom


def _read_briefing(actions: Mapping[str, Any]) -> dict[str, Any]:
    briefing: dict[str, Any] = {
        name: [
            {"id": f"handed:{number}", "text": text, "evidence": []}
            for number, text in enumerate(actions[member])
        ]
        for name, member in _BRIEFING.items()
    }
    return {**briefing, "script": actions["suggestedScript"]}


def _cut(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return "".join(char for char in value if char.isprintable())[:_TEXT].strip() or None
