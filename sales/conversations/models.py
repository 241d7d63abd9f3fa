"""Tables of visitors, sessions, conversations, messages and citations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db.tables import Base, Id, TenantRow

# waiver: the condition of a partial index is no query of rows.
_UNJUDGED = text("unjudged_since IS NOT NULL")


class Visitor(TenantRow, Base):
    """Somebody who opened the chat, known only by a token until they say more."""

    __tablename__ = "visitors"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    site_id: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]


class ChatSession(TenantRow, Base):
    """One visit: conversations of the same visitor without a longer pause between them."""

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_visitor_id_started_at", "visitor_id", "started_at"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    site_id: Mapped[str] = mapped_column(Id)
    visitor_id: Mapped[str] = mapped_column(ForeignKey("visitors.id", ondelete="CASCADE"))
    referrer_page: Mapped[str]
    started_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]


class Conversation(TenantRow, Base):
    """One talk between a visitor and the agent, and the page and campaign it came from."""

    __tablename__ = "conversations"
    __table_args__ = (
        Index("ix_conversations_site_id_started_at", "site_id", "started_at"),
        Index("ix_conversations_visitor_id", "visitor_id"),
        # Which are due to be ended?
        Index("ix_conversations_status_last_message_at", "status", "last_message_at"),
        Index("ix_conversations_status_goodbye_at", "status", "goodbye_at"),
        # Which did say something that their score does not know?
        Index(
            "ix_conversations_unjudged_since",
            "unjudged_since",
            sqlite_where=_UNJUDGED,
            postgresql_where=_UNJUDGED,
        ),
        # The staff's list: open ones first, then the latest.
        Index(
            "ix_conversations_tenant_id_status_last_message_at",
            "tenant_id",
            "status",
            "last_message_at",
            "id",
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    site_id: Mapped[str] = mapped_column(Id)
    visitor_id: Mapped[str] = mapped_column(ForeignKey("visitors.id", ondelete="CASCADE"))
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"))
    status: Mapped[str]
    channel: Mapped[str]
    page_url: Mapped[str]
    page_path: Mapped[str]
    page_title: Mapped[str]
    referrer: Mapped[str]
    referrer_domain: Mapped[str]
    utm_source: Mapped[str]
    utm_medium: Mapped[str]
    utm_campaign: Mapped[str]
    utm_term: Mapped[str]
    utm_content: Mapped[str]
    params: Mapped[dict[str, Any]]
    timezone: Mapped[str]
    locale: Mapped[str]
    started_at: Mapped[datetime]
    last_message_at: Mapped[datetime | None]
    # When the visitor said goodbye, unless they wrote again since.
    goodbye_at: Mapped[datetime | None]
    # When the first message came that the conversation's score does not know yet.
    unjudged_since: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str] = mapped_column(default="", server_default="")
    # The member of staff who speaks instead of the agent.
    taken_over_by: Mapped[str | None] = mapped_column(Id)
    taken_over_at: Mapped[datetime | None]


class Message(TenantRow, Base):
    """One message. `client_message_id` is the visitor's own id of the turn; `payload` holds
    what the answer carried beside its text (sentences, cards, suggestions)."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "client_message_id", "role"),
        Index("ix_messages_conversation_id_id", "conversation_id", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    client_message_id: Mapped[str]
    role: Mapped[str]
    text: Mapped[str]
    payload: Mapped[dict[str, Any]]
    # What the agent did and why: intent, recall, responder. For staff and for tests.
    trace: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class Citation(TenantRow, Base):
    """A sentence's proof: which words of which passage of which page it rests on."""

    __tablename__ = "citations"
    __table_args__ = (Index("ix_citations_message_id", "message_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"))
    n: Mapped[int]
    passage_id: Mapped[int]
    passage_hash: Mapped[str]
    url: Mapped[str]
    title: Mapped[str]
    headings: Mapped[str]
    quote: Mapped[str]
    # Character span of the quote in the passage's text, end exclusive.
    start: Mapped[int]
    end: Mapped[int]
    created_at: Mapped[datetime]


class PageView(TenantRow, Base):
    """A page that a visitor opened while a conversation was going on."""

    __tablename__ = "page_views"
    __table_args__ = (
        Index("ix_page_views_conversation_id_viewed_at", "conversation_id", "viewed_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    url: Mapped[str]
    path: Mapped[str]
    title: Mapped[str]
    referrer: Mapped[str]
    viewed_at: Mapped[datetime]


class UnansweredQuestion(TenantRow, Base):
    """A question that the website does not answer; passed on where the visitor wished it."""

    __tablename__ = "unanswered_questions"
    __table_args__ = (
        Index("ix_unanswered_questions_site_id", "site_id", "asked_at"),
        Index("ix_unanswered_questions_conversation_id", "conversation_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    site_id: Mapped[str] = mapped_column(Id)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    text: Mapped[str]
    asked_at: Mapped[datetime]
    passed_on_at: Mapped[datetime | None]
    # When staff took it off the list of gaps.
    settled_at: Mapped[datetime | None]


class GoldenQuestion(TenantRow, Base):
    """A question to judge answers by (`sales-agent eval --portal`)."""

    __tablename__ = "golden_questions"
    __table_args__ = (UniqueConstraint("site_id", "ask"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    site_id: Mapped[str] = mapped_column(Id)
    ask: Mapped[str]
    expect: Mapped[list[Any]]
    refuse: Mapped[bool]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
