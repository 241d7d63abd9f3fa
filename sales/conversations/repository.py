"""Reads and writes conversations of one tenant, in the caller's unit of work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, bindparam, case, distinct, exists, func, select, update

from core.db import UnitOfWork, keep
from core.ids import new_id
from sales.conversations.events import EndReason
from sales.conversations.models import (
    ChatSession,
    Citation,
    Conversation,
    Message,
    PageView,
    UnansweredQuestion,
    Visitor,
)
from sales.conversations.rules import PageSource
from sales.conversations.schemas import (
    CitationContent,
    LeadSourceRow,
    PassedOnQuestion,
    StoredCitation,
    StoredMessage,
    ViewedPage,
)
from sales.organization.models import SiteRef

_GROUPS = {
    "page": Conversation.page_path,
    "referrer_domain": Conversation.referrer_domain,
    "utm_campaign": Conversation.utm_campaign,
}
_CITATION_FIELDS = (
    Citation.id,
    Citation.n,
    Citation.passage_id,
    Citation.passage_hash,
    Citation.url,
    Citation.title,
    Citation.headings,
    Citation.quote,
    Citation.start,
    Citation.end,
)
_QUESTION_FIELDS = (
    UnansweredQuestion.text,
    UnansweredQuestion.conversation_id,
    UnansweredQuestion.asked_at,
    UnansweredQuestion.passed_on_at,
)
MESSAGE_FIELDS = (
    Message.id,
    Message.client_message_id,
    Message.role,
    Message.text,
    Message.payload,
    Message.created_at,
    Message.trace,
)
LATEST_MESSAGES = keep(
    select(*MESSAGE_FIELDS)
    .where(Message.conversation_id == bindparam("conversation_id"))
    .order_by(Message.id.desc())
    .limit(bindparam("limit", type_=Integer))
)


class ConversationRepository:
    """Visitors, sessions, conversations, messages and citations."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._session = uow.session

    async def find_visitor(self, visitor_id: str, site_id: str) -> Visitor | None:
        """A visitor who was here before, on this site."""
        query = select(Visitor).where(Visitor.id == visitor_id, Visitor.site_id == site_id)
        return (await self._session.execute(query)).scalar()

    async def add_visitor(self, site_id: str, at: datetime) -> Visitor:
        """A new visitor."""
        visitor = Visitor(
            tenant_id=self._uow.tenant_id,
            id=new_id(),
            site_id=site_id,
            created_at=at,
            last_seen_at=at,
        )
        self._session.add(visitor)
        return visitor

    async def find_session(self, visitor_id: str, since: datetime) -> ChatSession | None:
        """The visitor's latest session, if it was alive at `since` or later."""
        query = (
            select(ChatSession)
            .where(ChatSession.visitor_id == visitor_id, ChatSession.last_seen_at >= since)
            .order_by(ChatSession.started_at.desc())
            .limit(1)
        )
        return (await self._session.execute(query)).scalar()

    async def add_session(self, visitor: Visitor, referrer: str, at: datetime) -> ChatSession:
        """A new session of a visitor."""
        session = ChatSession(
            tenant_id=self._uow.tenant_id,
            id=new_id(),
            site_id=visitor.site_id,
            visitor_id=visitor.id,
            referrer_page=referrer,
            started_at=at,
            last_seen_at=at,
        )
        self._session.add(session)
        return session

    async def add_conversation(
        self,
        session: ChatSession,
        source: PageSource,
        *,
        channel: str,
        timezone: str,
        locale: str,
        at: datetime,
    ) -> Conversation:
        """A new conversation, with where it came from."""
        conversation = Conversation(
            tenant_id=self._uow.tenant_id,
            id=new_id(),
            site_id=session.site_id,
            visitor_id=session.visitor_id,
            session_id=session.id,
            status="open",
            channel=channel,
            page_url=source.url,
            page_path=source.path,
            page_title=source.title,
            referrer=source.referrer,
            referrer_domain=source.referrer_domain,
            utm_source=source.utm.get("utm_source", ""),
            utm_medium=source.utm.get("utm_medium", ""),
            utm_campaign=source.utm.get("utm_campaign", ""),
            utm_term=source.utm.get("utm_term", ""),
            utm_content=source.utm.get("utm_content", ""),
            params=source.params,
            timezone=timezone,
            locale=locale,
            started_at=at,
            end_reason="",
        )
        self._session.add(conversation)
        return conversation

    async def find_conversation(self, conversation_id: str) -> Conversation | None:
        """The conversation of that id."""
        query = select(Conversation).where(Conversation.id == conversation_id)
        return (await self._session.execute(query)).scalar()

    async def end_conversations(
        self, conversation_ids: Sequence[str], reason: EndReason, at: datetime, *conditions: Any
    ) -> list[str]:
        """End those that are open and still fulfil `conditions`. The ids of those it ended:
        of two that try at once, one gets each."""
        ended = await self._session.execute(
            update(Conversation)
            .where(Conversation.id.in_(conversation_ids), Conversation.status == "open")
            .where(*conditions)
            .values(status="ended", ended_at=at, end_reason=reason)
            .returning(Conversation.id)
            .execution_options(synchronize_session=False)
        )
        return list(ended.scalars())

    async def list_due(self, condition: Any, limit: int) -> list[tuple[str, str]]:
        """Tenant and id of open conversations that fulfil `condition`, those silent longest
        first."""
        query = (
            select(Conversation.tenant_id, Conversation.id)
            .where(Conversation.status == "open", condition)
            .order_by(Conversation.last_message_at)
            .limit(limit)
        )
        return [(row[0], row[1]) for row in await self._session.execute(query)]

    async def list_messages(self, conversation_id: str, limit: int) -> list[StoredMessage]:
        """The last `limit` messages, oldest first."""
        values = {"conversation_id": conversation_id, "limit": limit}
        found = await self._session.execute(LATEST_MESSAGES, values)
        return [StoredMessage(*row) for row in found][::-1]

    async def list_unanswered(self, *, only_passed_on: bool, limit: int) -> list[PassedOnQuestion]:
        """Questions that the website does not answer, latest first."""
        query = select(*_QUESTION_FIELDS)
        if only_passed_on:
            query = query.where(UnansweredQuestion.passed_on_at.is_not(None))
        query = query.order_by(UnansweredQuestion.id.desc()).limit(limit)
        return [PassedOnQuestion(*row) for row in await self._session.execute(query)]

    async def find_citation(self, citation_id: str) -> StoredCitation | None:
        """A citation and the site it was said on."""
        query = (
            select(
                Citation.created_at,
                Conversation.tenant_id,
                Conversation.site_id,
                *_CITATION_FIELDS,
            )
            .join(Message, Message.id == Citation.message_id)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .where(Citation.id == citation_id)
        )
        row = (await self._session.execute(query)).first()
        if row is None:
            return None
        created_at, tenant_id, site_id, *content = row
        return StoredCitation(CitationContent(*content), SiteRef(tenant_id, site_id), created_at)

    async def list_page_views(self, conversation_id: str) -> list[ViewedPage]:
        """The pages opened during a conversation, in order."""
        query = (
            select(PageView.url, PageView.path, PageView.title, PageView.viewed_at)
            .where(PageView.conversation_id == conversation_id)
            .order_by(PageView.viewed_at, PageView.id)
        )
        return [ViewedPage(*row) for row in await self._session.execute(query)]

    async def list_open_questions(self, conversation_id: str) -> list[PassedOnQuestion]:
        """What one conversation left unanswered, in order."""
        query = (
            select(*_QUESTION_FIELDS)
            .where(UnansweredQuestion.conversation_id == conversation_id)
            .order_by(UnansweredQuestion.id)
        )
        return [PassedOnQuestion(*row) for row in await self._session.execute(query)]

    async def add_page_view(self, conversation_id: str, source: PageSource, at: datetime) -> None:
        """A page the visitor opened meanwhile."""
        self._session.add(
            PageView(
                tenant_id=self._uow.tenant_id,
                id=new_id(),
                conversation_id=conversation_id,
                url=source.url,
                path=source.path,
                title=source.title,
                referrer=source.referrer,
                viewed_at=at,
            )
        )

    async def count_page_views(self, conversation_id: str) -> int:
        """How many page views a conversation has."""
        query = select(func.count()).where(PageView.conversation_id == conversation_id)
        return int((await self._session.execute(query)).scalar_one())

    async def list_lead_sources(
        self, group_by: str, start: datetime, end: datetime, limit: int
    ) -> list[LeadSourceRow]:
        """Conversations begun in [start, end), by page, referrer domain or campaign."""
        column = _GROUPS[group_by]
        # Asked of each conversation of the period, not of every answer that ever was.
        cited = exists().where(
            Message.conversation_id == Conversation.id, Citation.message_id == Message.id
        )
        query = (
            select(
                column,
                func.count(Conversation.id),
                func.count(distinct(Conversation.visitor_id)),
                func.count(case((cited, 1))),
            )
            .where(Conversation.started_at >= start, Conversation.started_at < end)
            .group_by(column)
            .order_by(func.count(Conversation.id).desc(), column)
            .limit(limit)
        )
        return [LeadSourceRow(*row) for row in await self._session.execute(query)]
