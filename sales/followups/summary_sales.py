"""What the sales team is told when a conversation is over. Pure.

Nothing here is guessed or worded by a model: every statement was stored with the words it rests
on, and points at the message that holds them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sales.conversations.schemas import ConversationRecord, StoredMessage
from sales.followups.rules import describe_moment, one_line, read_zone
from sales.followups.schemas import (
    LeadPicture,
    MeetingLine,
    Reference,
    SalesSummary,
    ScorePart,
    Statement,
    TranscriptLine,
)
from sales.followups.summary_visitor import list_pages
from sales.leads.briefing import Point
from sales.leads.fields import Field
from sales.leads.profile import Evidence, SetBy
from sales.leads.qualification import Reason
from sales.leads.signals import Quote

_LABELS = {
    Field.CUSTOMER_NAME: "Name",
    Field.EMAIL: "E-mail",
    Field.PHONE: "Phone",
    Field.COMPANY: "Company",
    Field.JOB_TITLE: "Job title",
    Field.INDUSTRY: "Industry",
    Field.COMPANY_SIZE: "Company size",
    Field.BUDGET_RANGE: "Budget",
    Field.TIMELINE: "Timeline",
    Field.DECISION_MAKER: "Decides",
    Field.PREFERRED_CONTACT_METHOD: "Prefers",
    Field.PREFERRED_CONTACT_TIME: "Best reached",
}
_SET_BY = {
    SetBy.STAFF: "entered by staff",
    SetBy.FORM: "entered in a form",
    SetBy.VISITOR: "entered by the visitor",
    SetBy.AGENT_RULE: "",
    SetBy.MODEL: "",
}
_OUTCOMES = {
    "answered": "answered",
    "closest": "answered with the closest page",
    "not_found": "not on the website",
}
_SPEAKERS = {"visitor": "Visitor", "agent": "Agent", "staff": "Team"}
_EVIDENCE_PER_STATEMENT = 3
_LONGEST_TRANSCRIPT = 100


def build_sales_summary(
    record: ConversationRecord,
    picture: LeadPicture,
    meetings: Sequence[MeetingLine],
    *,
    site_name: str,
    transcript_url: str,
    open_url: Callable[[str], str],
) -> SalesSummary:
    """The summary for the sales team, in English."""
    known = _Transcript(record, transcript_url)
    score, briefing = picture.score, picture.briefing
    zone = read_zone(record.timezone)
    ended = record.ended_at or record.last_message_at or record.started_at
    return SalesSummary(
        who=_name(picture),
        site_name=one_line(site_name, 120),
        began=describe_moment(record.started_at, zone, "en"),
        ended=_describe_end(record.end_reason, f"{ended.astimezone(zone):%H:%M}"),
        message_count=sum(1 for one in record.messages if one.role == "visitor"),
        transcript_url=transcript_url,
        profile=tuple(_list_profile(picture, known)),
        source=tuple(_list_source(record)),
        score=score.overall,
        tier=score.tier,
        priority=score.priority,
        parts=(
            ScorePart("Completeness", score.completeness),
            ScorePart("Engagement", score.engagement),
            ScorePart("Readiness", score.readiness),
            ScorePart("Source", score.source_quality),
        ),
        # What adds nothing, because its part was full already, would only puzzle.
        reasons=tuple(_describe_reason(one, known) for one in score.reasons if one.points),
        to_hot=tuple(f"{one.text} (+{one.gain})" for one in score.what_would_make_hot),
        questions=tuple(_list_questions(record, known)),
        interests=known.describe(briefing.interests),
        objections=known.describe(briefing.objections),
        competitors=known.describe(briefing.competitors),
        next_steps=known.describe(_list_steps(briefing.next_steps, meetings)),
        talking_points=known.describe(briefing.talking_points),
        meetings=tuple(meetings),
        pages=tuple(list_pages(record, open_url)),
        transcript=tuple(_list_lines(record, known)),
    )


class _Transcript:
    """Where the messages of this conversation stand."""

    def __init__(self, record: ConversationRecord, url: str) -> None:
        self._ids = {message.id for message in record.messages}
        self._url = url

    def link(self, message_id: str) -> str:
        return f"{self._url}#message-{message_id}" if message_id in self._ids else self._url

    def refer(self, quote: str, message_id: str | None, note: str = "") -> Reference:
        """A profile outlives a conversation: what was said in an earlier one says so."""
        if message_id and message_id not in self._ids:
            note = note or "said in an earlier conversation"
        return Reference(one_line(quote, 200), self.link(message_id or ""), note)

    def refer_all(self, quotes: Sequence[Quote]) -> tuple[Reference, ...]:
        kept = dict.fromkeys(quotes)
        return tuple(
            self.refer(one.quote, one.message_id) for one in list(kept)[:_EVIDENCE_PER_STATEMENT]
        )

    def describe(self, points: Sequence[Point]) -> tuple[Statement, ...]:
        return tuple(
            Statement(one_line(point.text), self.refer_all(point.evidence)) for point in points
        )


def _list_steps(steps: Sequence[Point], meetings: Sequence[MeetingLine]) -> list[Point]:
    """What is left to do: a meeting that is booked need not be offered."""
    is_booked = any(not meeting.is_cancelled for meeting in meetings)
    return [step for step in steps if not (is_booked and step.id == "meeting_asked")]


def _name(picture: LeadPicture) -> str:
    values = picture.profile.values()
    name = values.get(Field.CUSTOMER_NAME) or values.get(Field.EMAIL) or values.get(Field.PHONE)
    company = values.get(Field.COMPANY)
    who = one_line(str(name or "Unknown visitor"), 80)
    return f"{who}, {one_line(str(company), 80)}" if company else who


def _describe_end(reason: str, time: str) -> str:
    words = {
        "goodbye": "the visitor said goodbye",
        "ended": "the visitor ended it",
        "idle": "the visitor fell silent",
    }
    return f"{time}, {words[reason]}" if reason in words else time


def _list_profile(picture: LeadPicture, known: _Transcript) -> list[Statement]:
    statements = []
    for name, value in picture.profile.values().items():
        evidence = picture.profile.evidence(name)
        if evidence is None:
            continue
        shown = {True: "yes", False: "no"}.get(value) if isinstance(value, bool) else str(value)
        statements.append(
            Statement(
                one_line(str(shown)),
                (_refer_to_evidence(evidence, known),),
                _LABELS.get(Field(name), name) if name in _LABELS else name.replace("_", " "),
            )
        )
    order = {str(field): place for place, field in enumerate(_LABELS.values())}
    return sorted(statements, key=lambda one: order.get(one.label, len(order)))


def _refer_to_evidence(evidence: Evidence, known: _Transcript) -> Reference:
    note = _SET_BY[evidence.set_by]
    if not note and evidence.confidence < 0.75:
        note = f"not sure: {evidence.confidence:.0%}"
    # The same words twice in a row tell nothing; the link stays.
    is_same = evidence.quote.strip().casefold() == str(evidence.value).strip().casefold()
    return known.refer("" if is_same else evidence.quote, evidence.message_id, note)


def _list_source(record: ConversationRecord) -> list[Statement]:
    page = one_line(record.page_title, 160)
    facts = [
        ("Page", f"{page} ({record.page_path})" if page else record.page_path),
        ("Referrer", record.referrer_domain or "none: direct, or not told"),
        ("Campaign", record.utm.get("utm_campaign", "")),
        ("Source", record.utm.get("utm_source", "")),
        ("Medium", record.utm.get("utm_medium", "")),
        ("Term", record.utm.get("utm_term", "")),
        ("Content", record.utm.get("utm_content", "")),
    ]
    facts += [(one_line(key, 40), str(value)) for key, value in record.params.items()]
    return [Statement(one_line(text), label=label) for label, text in facts if text]


def _describe_reason(reason: Reason, known: _Transcript) -> Statement:
    references = known.refer_all(reason.evidence)
    return Statement(one_line(reason.text), references, f"{reason.points:+d}")


def _list_questions(record: ConversationRecord, known: _Transcript) -> list[Statement]:
    """What was asked of the website, what became of it, and what waits for the team."""
    answers = {one.client_message_id: one for one in record.messages if one.role == "agent"}
    passed_on = {one.asked_at for one in record.unanswered if one.passed_on_at}
    statements = []
    for question in record.messages:
        answer = answers.get(question.client_message_id)
        if question.role != "visitor" or answer is None:
            continue
        outcome = str(answer.payload.get("outcome", ""))
        if outcome not in _OUTCOMES:
            continue
        label = _OUTCOMES[outcome]
        if question.created_at in passed_on:
            label = "open: the visitor wants an answer from the team"
        reference = Reference("", known.link(question.id))
        statements.append(Statement(one_line(question.text, 300), (reference,), label))
    return statements


def _list_lines(record: ConversationRecord, known: _Transcript) -> list[TranscriptLine]:
    zone = read_zone(record.timezone)

    def describe(message: StoredMessage) -> TranscriptLine:
        return TranscriptLine(
            speaker=_SPEAKERS.get(message.role, message.role),
            text=one_line(message.text, 1000),
            at=f"{message.created_at.astimezone(zone):%H:%M}",
            url=known.link(message.id),
        )

    return [describe(message) for message in record.messages[-_LONGEST_TRANSCRIPT:]]
