"""A conversation as facts, score and outcome, and what of it a lead takes over. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Literal

from sales.conversations.history import History
from sales.leads.briefing import Briefing
from sales.leads.facts import ConversationFacts
from sales.leads.fields import Field
from sales.leads.profile import Profile
from sales.leads.qualification import Score
from sales.leads.rules import read_email_key, read_phone_key, split_name
from sales.leads.settings import PARTS
from sales.leads.signals import Quote, VisitorMessage

Outcome = Literal["resolved", "unresolved", "unknown"]
# With these the visitor says themselves that they got what they wanted.
_CONTENT = ("thanks", "goodbye")
_DISCONTENT = ("complaint", "person")
_BRIEFED = tuple(one.name for one in fields(Briefing))
_PLAIN = (
    Field.COMPANY,
    Field.INDUSTRY,
    Field.COMPANY_SIZE,
    Field.BUDGET_RANGE,
    Field.TIMELINE,
    Field.DECISION_MAKER,
    Field.PREFERRED_CONTACT_METHOD,
    Field.PREFERRED_CONTACT_TIME,
)


def build_facts(history: History, profile: Profile, appointments: int) -> ConversationFacts:
    """What the rules see of a conversation."""
    origin = history.origin
    return ConversationFacts(
        profile=profile,
        messages=tuple(
            VisitorMessage(one.id, one.text, one.at)
            for one in history.messages
            if one.role == "visitor"
        ),
        pages=tuple(path for _, path, _ in history.pages if path),
        answered_questions=sum(one.outcome == "answered" for one in history.messages),
        previous_conversations=history.previous_conversations,
        appointments=appointments,
        source={
            **origin.utm,
            "referrer_domain": origin.referrer_domain,
            "page": origin.page_path,
        },
    )


def judge_outcome(history: History, appointments: int) -> Outcome:
    """Whether the visitor got what they came for. Silence tells nothing: it is unknown.

    Unresolved is a last question without an answer, a complaint, or a wish for a person;
    resolved are an appointment, and thanks or a goodbye after an answer.
    """
    if appointments:
        return "resolved"
    answered = False
    judged: Outcome = "unknown"
    for one in history.messages:
        if one.role != "agent":
            continue
        if one.intent in _DISCONTENT or one.outcome == "not_found":
            judged = "unresolved"
        elif one.outcome in ("answered", "closest"):
            answered = answered or one.outcome == "answered"
            judged = "unknown"
        elif one.intent in _CONTENT and answered and judged == "unknown":
            judged = "resolved"
    return judged


def has_contact(profile: Profile) -> bool:
    """Whether the visitor can be reached."""
    return any(profile.value(name) for name in (Field.EMAIL, Field.PHONE))


def is_complete(profile: Profile, required: Sequence[str]) -> bool:
    """Whether everything that the site wants to know is known."""
    return all(profile.value(name) is not None for name in required)


def read_lead_fields(profile: Profile, custom: Sequence[str]) -> dict[str, Any]:
    """A profile as columns of a lead; what is not known is left out."""
    told: dict[str, Any] = {}
    name = profile.value(Field.CUSTOMER_NAME)
    if name:
        told["first_name"], told["last_name"] = split_name(str(name))
    email, phone = profile.value(Field.EMAIL), profile.value(Field.PHONE)
    if email:
        told |= {"email": str(email), "email_key": read_email_key(email)}
    if phone:
        told |= {"phone": str(phone), "phone_key": read_phone_key(phone)}
    title = profile.value(Field.JOB_TITLE)
    if title:
        told["title"] = str(title)
    for field in _PLAIN:
        value = profile.value(field)
        if value is not None:
            told[str(field)] = value if isinstance(value, bool) else str(value)
    size = str(profile.value(Field.COMPANY_SIZE) or "").replace(",", "")
    if size.isdigit() and len(size) < 9:
        told["employee_count"] = int(size)
    own = {field: profile.value(field) for field in custom if profile.value(field) is not None}
    if own:
        told["custom_fields"] = own
    return told


def describe_score(score: Score, briefing: Briefing) -> dict[str, Any]:
    """A score with its reasons as JSON values."""
    return {
        "overall": score.overall,
        "parts": {part: getattr(score, part) for part in PARTS},
        "tier": score.tier,
        "priority": score.priority,
        "urgency": score.urgency,
        "is_qualified": score.is_qualified,
        "reasons": [
            {
                "rule": reason.rule,
                "part": reason.part,
                "points": reason.points,
                "text": reason.text,
                "evidence": _describe_quotes(reason.evidence),
            }
            for reason in score.reasons
        ],
        "next_gains": [
            {"rule": step.rule, "text": step.text, "gain": step.gain}
            for step in score.what_would_make_hot
        ],
        "briefing": {
            name: [
                {"id": point.id, "text": point.text, "evidence": _describe_quotes(point.evidence)}
                for point in getattr(briefing, name)
            ]
            for name in _BRIEFED
        },
    }


def _describe_quotes(quotes: Sequence[Quote]) -> list[dict[str, str]]:
    return [{"message_id": one.message_id, "quote": one.quote} for one in quotes]


def choose_best(contents: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Of several conversations' scores the one that speaks for the lead: the highest."""
    return max(contents, key=lambda content: content["overall"], default=None)
