"""What was said in a conversation and what led there, for those who judge it in the same
transaction: slim rows, because they are read at every turn."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from core.db import UnitOfWork
from sales.conversations.models import Conversation, Message, PageView, UnansweredQuestion
from sales.conversations.rules import UTM_KEYS

MESSAGE_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Origin:
    """A conversation and where it came from."""

    conversation_id: str
    session_id: str
    site_id: str
    visitor_id: str
    channel: str
    locale: str
    page_url: str
    page_path: str
    page_title: str
    referrer: str
    referrer_domain: str
    utm: dict[str, str]
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Spoken:
    """One message. `outcome` is that of an answer: answered, closest, not_found or talk."""

    id: str
    role: str
    text: str
    intent: str
    outcome: str
    at: datetime


@dataclass(frozen=True, slots=True)
class History:
    """A conversation as it stands. `pages` are (address, path, title), the first included."""

    origin: Origin
    messages: tuple[Spoken, ...]
    pages: tuple[tuple[str, str, str], ...]
    previous_conversations: int
    open_questions: int


_ORIGIN = (
    Conversation.id,
    Conversation.session_id,
    Conversation.site_id,
    Conversation.visitor_id,
    Conversation.channel,
    Conversation.locale,
    Conversation.page_url,
    Conversation.page_path,
    Conversation.page_title,
    Conversation.referrer,
    Conversation.referrer_domain,
    *(getattr(Conversation, key) for key in UTM_KEYS),
    Conversation.started_at,
)


async def read_history(uow: UnitOfWork, conversation_id: str) -> History | None:
    """The conversation of that id, as the caller's transaction sees it."""
    session = uow.session
    row = (
        await session.execute(select(*_ORIGIN).where(Conversation.id == conversation_id))
    ).first()
    if row is None:
        return None
    origin = _read_origin(row)
    said = select(
        Message.id,
        Message.role,
        Message.text,
        Message.trace["intent"].as_string(),
        Message.payload["outcome"].as_string(),
        Message.created_at,
    ).where(Message.conversation_id == conversation_id)
    messages = await session.execute(said.order_by(Message.id.desc()).limit(MESSAGE_LIMIT))
    viewed = (
        select(PageView.url, PageView.path, PageView.title)
        .where(PageView.conversation_id == conversation_id)
        .order_by(PageView.viewed_at, PageView.id)
    )
    pages = [(row[0], row[1], row[2]) for row in await session.execute(viewed)]
    before = select(func.count()).where(
        Conversation.visitor_id == origin.visitor_id,
        Conversation.started_at < origin.started_at,
        Conversation.last_message_at.is_not(None),
    )
    unanswered = select(func.count()).where(UnansweredQuestion.conversation_id == conversation_id)
    return History(
        origin=origin,
        messages=tuple(
            Spoken(one[0], one[1], one[2], one[3] or "", one[4] or "", one[5])
            for one in list(messages)[::-1]
        ),
        pages=((origin.page_url, origin.page_path, origin.page_title), *pages),
        previous_conversations=int((await session.execute(before)).scalar_one()),
        open_questions=int((await session.execute(unanswered)).scalar_one()),
    )


async def list_origins(uow: UnitOfWork, visitor_id: str, limit: int = 50) -> list[Origin]:
    """The conversations of a visitor in which something was said, oldest first."""
    query = (
        select(*_ORIGIN)
        .where(Conversation.visitor_id == visitor_id, Conversation.last_message_at.is_not(None))
        .order_by(Conversation.started_at)
        .limit(limit)
    )
    return [_read_origin(row) for row in await uow.session.execute(query)]


def _read_origin(row: Any) -> Origin:
    first, started_at = row[:-6], row[-1]
    utm = {key: value for key, value in zip(UTM_KEYS, row[-6:-1], strict=True) if value}
    names = [field.name for field in fields(Origin)][: len(first)]
    return Origin(**dict(zip(names, first, strict=True)), utm=utm, started_at=started_at)
