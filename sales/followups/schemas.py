"""Values that cross the border of `followups`, and what summaries hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from sales.conversations.schemas import ConversationRecord
from sales.leads.briefing import Briefing
from sales.leads.profile import Profile
from sales.leads.qualification import Score

Audience = Literal["visitor", "sales"]
MailState = Literal["waiting", "sent", "failed", "suppressed"]
# What a vendor tells of a mail that has left. `refused`: this mail, not the address.
Delivery = Literal["", "delayed", "delivered", "opened", "clicked", "refused", "bounced",
                   "complained"]  # fmt: skip
Reason = Literal["unsubscribed", "complained", "bounced"]
MailKind = Literal[
    "summary_visitor",
    "summary_sales",
    "appointment_booked",
    "appointment_rescheduled",
    "appointment_cancelled",
    "alert",
]


@dataclass(frozen=True, slots=True)
class LeadPicture:
    """What is known of a visitor when a conversation is over."""

    profile: Profile
    score: Score
    briefing: Briefing
    lead_id: str | None = None


class LeadLookup(Protocol):
    """Tells who somebody is and how likely they buy."""

    async def get_picture(self, record: ConversationRecord) -> LeadPicture:
        """Profile, score and briefing as of this conversation."""
        ...


@dataclass(frozen=True, slots=True)
class Link:
    """Where something stands."""

    url: str
    title: str


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """A question that the website answered. `quotes` are words of the pages that the answer puts
    in its own."""

    question: str
    answer: str
    sources: tuple[Link, ...]
    quotes: tuple[str, ...]
    asked_at: str


@dataclass(frozen=True, slots=True)
class MeetingLine:
    """A meeting in words. `url` is where it can be changed or cancelled."""

    when: str
    rep_name: str
    is_cancelled: bool
    url: str = ""


@dataclass(frozen=True, slots=True)
class VisitorSummary:
    """What the visitor is told. Everything in it was said or shown in the conversation."""

    name: str
    email: str
    site_name: str
    day: str
    answered: tuple[AnsweredQuestion, ...]
    passed_on: tuple[str, ...]
    meetings: tuple[MeetingLine, ...]
    pages: tuple[Link, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing worth a mail."""
        return not (self.answered or self.passed_on or self.meetings)


@dataclass(frozen=True, slots=True)
class Reference:
    """The words something rests on, and the link to the message that holds them."""

    quote: str
    url: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing said of a visitor, with what it rests on."""

    text: str
    references: tuple[Reference, ...] = ()
    label: str = ""


@dataclass(frozen=True, slots=True)
class ScorePart:
    """A part of the score and what it could be at most."""

    label: str
    points: int


@dataclass(frozen=True, slots=True)
class TranscriptLine:
    """One message. `url` leads to it."""

    speaker: str
    text: str
    at: str
    url: str


@dataclass(frozen=True, slots=True)
class SalesSummary:
    """What the sales team is told; every statement points at its message."""

    who: str
    site_name: str
    began: str
    ended: str
    message_count: int
    transcript_url: str
    profile: tuple[Statement, ...]
    source: tuple[Statement, ...]
    score: int
    tier: str
    priority: str
    parts: tuple[ScorePart, ...]
    reasons: tuple[Statement, ...]
    to_hot: tuple[str, ...]
    questions: tuple[Statement, ...]
    interests: tuple[Statement, ...]
    objections: tuple[Statement, ...]
    competitors: tuple[Statement, ...]
    next_steps: tuple[Statement, ...]
    talking_points: tuple[Statement, ...]
    meetings: tuple[MeetingLine, ...]
    pages: tuple[Link, ...]
    transcript: tuple[TranscriptLine, ...]


@dataclass(frozen=True, slots=True)
class MailDraft:
    """A mail before it is a row. `recipients` are pairs of address and name."""

    kind: MailKind
    idempotency_key: str
    recipients: tuple[tuple[str, str], ...]
    subject: str
    html: str
    text: str
    language: str
    sender_name: str
    reply_to: str
    conversation_id: str | None = None
    lead_id: str | None = None
    appointment_id: str | None = None
    calendar: str = ""
    calendar_method: str = ""
    unsubscribe_url: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class MailAbstract:
    """A mail as lists show it."""

    id: str
    kind: str
    recipients: tuple[str, ...]
    subject: str
    state: str
    error: str
    conversation_id: str | None
    lead_id: str | None
    appointment_id: str | None
    created_at: datetime
    sent_at: datetime | None
    resend_of: str | None
    requested_by: str | None
    delivery: str = ""
    delivery_note: str = ""
    delivery_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredMail:
    """A whole mail as it stands in our table."""

    abstract: MailAbstract
    idempotency_key: str
    sender: tuple[str, str]
    reply_to: str
    recipients: tuple[tuple[str, str], ...]
    html: str
    text: str
    language: str
    calendar: str
    calendar_method: str
    unsubscribe_url: str


@dataclass(frozen=True, slots=True)
class StoredSummary:
    """A summary as pages show it."""

    id: str
    conversation_id: str
    audience: str
    style: str
    language: str
    content: dict[str, Any]
    mail_id: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MailFilter:
    """Which mails staff want to see."""

    kind: str | None = None
    state: str | None = None
    conversation_id: str | None = None
    lead_id: str | None = None
    appointment_id: str | None = None
    limit: int = 50
    offset: int = 0


@dataclass(frozen=True, slots=True)
class DeliveryCount:
    """How many mails of a kind are in a state (S1: summary delivery)."""

    kind: str
    state: str
    mails: int
