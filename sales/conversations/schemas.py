"""Values that cross the border of `conversations`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sales.organization.models import SiteRef

Role = Literal["visitor", "agent", "staff"]


@dataclass(frozen=True, slots=True)
class CitationContent:
    """A citation before it is stored. `start` and `end` span the quote in the passage."""

    id: str
    n: int
    passage_id: int
    passage_hash: str
    url: str
    title: str
    headings: str
    quote: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class GoldenEntry:
    """A question that staff made of a gap, to judge answers by. `expect`: texts that its answer
    must hold; `refuse`: the website does not say it (yet), so the agent must not either."""

    id: str
    ask: str
    expect: tuple[str, ...]
    refuse: bool
    made_by: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as it lies in the database."""

    id: str
    client_message_id: str
    role: Role
    text: str
    payload: dict[str, Any]
    created_at: datetime
    trace: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConversationState:
    """What a turn needs to know of the conversation it continues."""

    id: str
    site: SiteRef
    visitor_id: str
    status: str
    locale: str
    timezone: str
    page_url: str
    page_title: str
    started_at: datetime
    messages: tuple[StoredMessage, ...]
    taken_over_by: str | None = None
    taken_over_at: datetime | None = None

    @property
    def awaits_staff(self) -> bool:
        """Whether a person may write next: one took over, or a question was passed on."""
        passed_on = any(message.trace.get("passes_on") for message in self.messages)
        return self.status == "open" and (self.taken_over_by is not None or passed_on)


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """What one turn leaves behind: written in one commit, or not at all. Without an
    `answer_text` the agent was silent, because staff have taken over.

    `unanswered` are questions that the website does not answer; `passes_on` says that the
    visitor wants the last of them to reach the team. `says_goodbye`: the visitor takes leave.
    """

    client_message_id: str
    visitor_text: str
    answer_text: str
    payload: dict[str, Any]
    trace: dict[str, Any]
    citations: tuple[CitationContent, ...]
    started_at: datetime
    answered_at: datetime
    unanswered: tuple[str, ...] = ()
    passes_on: bool = False
    says_goodbye: bool = False


@dataclass(frozen=True, slots=True)
class ViewedPage:
    """A page opened during a conversation."""

    url: str
    path: str
    title: str
    viewed_at: datetime


@dataclass(frozen=True, slots=True)
class ConversationRecord:
    """A whole conversation for those who work with it after it: summaries, scores, staff.

    `utm` holds the five keys that are known, `params` what the page itself passed on.
    `messages` are the oldest first, at most `limit` of the call that made this.
    """

    id: str
    site: SiteRef
    visitor_id: str
    status: str
    end_reason: str
    locale: str
    timezone: str
    page_url: str
    page_path: str
    page_title: str
    referrer: str
    referrer_domain: str
    utm: dict[str, str]
    params: dict[str, Any]
    started_at: datetime
    last_message_at: datetime | None
    ended_at: datetime | None
    messages: tuple[StoredMessage, ...]
    pages: tuple[ViewedPage, ...]
    unanswered: tuple[PassedOnQuestion, ...]
    taken_over_by: str | None = None
    taken_over_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PassedOnQuestion:
    """A question that waits for the team."""

    text: str
    conversation_id: str
    asked_at: datetime
    passed_on_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredCitation:
    """A citation with the conversation's site, to be held against the passage of today."""

    content: CitationContent
    site: SiteRef
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LeadSourceRow:
    """Conversations of one page, referrer or campaign."""

    value: str
    conversations: int
    visitors: int
    answered: int
    """Conversations in which at least one answer rested on a citation."""


ConversationView = Literal["live", "taken", "waiting", "ended"]


@dataclass(frozen=True, slots=True)
class ConversationAbstract:
    """A conversation as the staff's list shows it. `is_waiting`: a question of it was passed
    on to the team."""

    id: str
    site_id: str
    visitor_id: str
    status: str
    end_reason: str
    page_path: str
    page_title: str
    referrer_domain: str
    utm_campaign: str
    locale: str
    started_at: datetime
    last_message_at: datetime
    taken_over_by: str | None
    message_count: int
    last_text: str
    last_role: str
    is_waiting: bool
