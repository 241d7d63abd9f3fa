"""What a notice says. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from core.protocols.notifier import Level, Notice, NoticeAction
from sales.appointments.schemas import BookedAppointment
from sales.leads.schemas import LeadDetail
from sales.notices.events import NoticeDue

ACKNOWLEDGE = "acknowledge"
_LEAD = "lead:"
_MEETING = {
    "appointment.booked": "Meeting booked",
    "appointment.rescheduled": "Meeting moved",
    "appointment.cancelled": "Meeting cancelled",
}
_LEVELS: dict[str, Level] = {"critical": "critical", "high": "warning"}
_REASONS = 3


@dataclass(frozen=True, slots=True)
class _Content:
    title: str
    text: str
    level: Level = "info"
    facts: tuple[tuple[str, str], ...] = ()
    link: str = ""
    lead_id: str = ""


def build_lead_notice(due: NoticeDue, detail: LeadDetail, public_url: str, key: str) -> Notice:
    """Somebody became a lead: who, why, and a button to take it on."""
    lead = detail.lead
    who = lead.name or lead.company or "a visitor" if due.names else "a visitor"
    reasons = [str(one.get("text", "")) for one in detail.reasons[:_REASONS]] if due.names else []
    facts = [("Score", f"{lead.score}, {lead.tier}"), ("Priority", lead.priority)]
    if due.names:
        personal = (("Company", lead.company), ("Job title", lead.title), ("Source", lead.source))
        facts += [(label, value) for label, value in personal if value]
    return _finish(
        due,
        key,
        _Content(
            title=f"{lead.tier.capitalize()} lead: {who}",
            text="\n".join(text for text in reasons if text),
            level=_LEVELS.get(lead.priority, "info"),
            facts=tuple(facts),
            link=f"{public_url}/portal/leads/{lead.id}",
            lead_id=lead.id,
        ),
    )


def build_meeting_notice(
    due: NoticeDue, booked: BookedAppointment, public_url: str, key: str
) -> Notice:
    """What became of a meeting. The time is in UTC and in the visitor's zone's name."""
    facts = [("When", f"{booked.starts_at:%A %d %B %Y, %H:%M} UTC"), ("With", booked.rep_name)]
    if due.names and booked.topic:
        facts.append(("About", booked.topic))
    who = booked.name if due.names and booked.name else "a visitor"
    return _finish(
        due,
        key,
        _Content(
            title=f"{_MEETING[due.occasion]}: {who}",
            text="",
            facts=tuple(facts),
            link=f"{public_url}/portal/appointments/{booked.id}",
        ),
    )


def build_trouble_notice(due: NoticeDue, public_url: str, key: str) -> Notice:
    """Something needs somebody: a handoff, or a promise that could not be kept."""
    facts = dict(due.facts)
    title, text = facts.pop("title", "Something needs somebody"), facts.pop("text", "")
    path = facts.pop("path", "/portal/health")
    return _finish(
        due,
        key,
        _Content(
            title=title,
            text=text,
            level="critical",
            facts=tuple(facts.items()),
            link=f"{public_url}{path}",
        ),
    )


def read_acknowledged(value: str) -> str:
    """The lead that a pressed button is about; empty where it is about none."""
    return value.removeprefix(_LEAD) if value.startswith(_LEAD) else ""


def _finish(due: NoticeDue, key: str, content: _Content) -> Notice:
    actions: tuple[NoticeAction, ...] = ()
    if content.lead_id:
        actions = (NoticeAction(ACKNOWLEDGE, "I have it", f"{_LEAD}{content.lead_id}"),)
    return Notice(
        idempotency_key=key,
        kind=due.occasion,
        title=content.title,
        text=content.text,
        recipient=due.to,
        happened_at=due.happened_at,
        level=content.level,
        facts=content.facts,
        link=content.link,
        actions=actions,
    )
