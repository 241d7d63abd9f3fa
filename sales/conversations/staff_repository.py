"""Reads and writes what staff do in conversations, in the caller's unit of work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, insert, or_, select, update

from core.db import UnitOfWork
from core.ids import new_id
from sales.conversations.models import Conversation, Message, UnansweredQuestion
from sales.conversations.schemas import ConversationAbstract, ConversationView

_IS_WAITING = exists().where(
    UnansweredQuestion.conversation_id == Conversation.id,
    UnansweredQuestion.passed_on_at.is_not(None),
)
_IS_OPEN = Conversation.status == "open"
_VIEWS: dict[ConversationView, ColumnElement[bool]] = {
    "live": _IS_OPEN,
    "taken": _IS_OPEN & Conversation.taken_over_by.is_not(None),
    "waiting": _IS_OPEN & _IS_WAITING,
    "ended": Conversation.status == "ended",
}


class StaffConversationRepository:
    """Conversations as staff work with them. One without a message is none yet."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._session = uow.session

    async def list_abstracts(
        self,
        view: ConversationView | None,
        conditions: Sequence[ColumnElement[bool]],
        limit: int,
        offset: int,
    ) -> tuple[list[ConversationAbstract], int]:
        """Live ones first, then by the last message; and how many there are in all."""
        wanted = [Conversation.last_message_at.is_not(None), *conditions]
        if view is not None:
            wanted.append(_VIEWS[view])
        of_conversation = Message.conversation_id == Conversation.id
        latest = select(Message.id).where(of_conversation).order_by(Message.id.desc()).limit(1)
        page = (
            select(
                Conversation.id,
                Conversation.site_id,
                Conversation.visitor_id,
                Conversation.status,
                Conversation.end_reason,
                Conversation.page_path,
                Conversation.page_title,
                Conversation.referrer_domain,
                Conversation.utm_campaign,
                Conversation.locale,
                Conversation.started_at,
                Conversation.last_message_at,
                Conversation.taken_over_by,
                select(func.count()).where(of_conversation).correlate(Conversation).label("count"),
                latest.correlate(Conversation).label("latest"),
                _IS_WAITING.label("is_waiting"),
            )
            .where(*wanted)
            .order_by(
                Conversation.status.desc(),
                Conversation.last_message_at.desc(),
                Conversation.id.desc(),
            )
            .limit(limit)
            .offset(offset)
        )
        rows = (await self._session.execute(page)).all()
        last = await self._find_messages([row.latest for row in rows])
        total = await self._session.execute(select(func.count(Conversation.id)).where(*wanted))
        found = []
        for row in rows:
            *cells, latest_id, is_waiting = row
            values: list[Any] = [*cells, *last[latest_id], is_waiting]
            found.append(ConversationAbstract(*values))
        return found, int(total.scalar_one())

    async def _find_messages(self, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        query = select(Message.id, Message.text, Message.role).where(Message.id.in_(ids))
        return {row[0]: (row[1], row[2]) for row in await self._session.execute(query)}

    async def is_among(
        self, conversation_id: str, conditions: Sequence[ColumnElement[bool]]
    ) -> bool:
        """Whether there is a conversation of that id that fulfils the conditions."""
        query = select(Conversation.id).where(Conversation.id == conversation_id, *conditions)
        return (await self._session.execute(query)).scalar() is not None

    async def find_state(self, conversation_id: str) -> tuple[str, str | None] | None:
        """Status, and who has taken over."""
        query = select(Conversation.status, Conversation.taken_over_by).where(
            Conversation.id == conversation_id
        )
        row = (await self._session.execute(query)).first()
        return None if row is None else (row[0], row[1])

    async def take_over(self, conversation_id: str, staff_id: str, at: datetime) -> bool:
        """Give an open conversation to somebody, unless somebody else has it: of two that try
        at once, one gets it."""
        return await self._change(
            conversation_id,
            or_(Conversation.taken_over_by.is_(None), Conversation.taken_over_by == staff_id),
            taken_over_by=staff_id,
            # Taking over again is no new beginning.
            taken_over_at=func.coalesce(Conversation.taken_over_at, at),
        )

    async def hand_back(self, conversation_id: str, staff_id: str | None) -> bool:
        """Let the agent answer again. `staff_id` None: whoever has it."""
        holder = Conversation.taken_over_by
        condition = holder.is_not(None) if staff_id is None else holder == staff_id
        return await self._change(
            conversation_id, condition, taken_over_by=None, taken_over_at=None
        )

    async def add_message(
        self, conversation_id: str, staff_id: str, key: str, text: str, at: datetime
    ) -> bool:
        """A message of the member of staff who has taken over; False when somebody else has."""
        holds = await self._change(
            conversation_id, Conversation.taken_over_by == staff_id, last_message_at=at
        )
        if holds:
            row = {
                "tenant_id": self._uow.tenant_id,
                "id": new_id(),
                "conversation_id": conversation_id,
                "client_message_id": key,
                "role": "staff",
                "text": text,
                "payload": {},
                "trace": {"staff_id": staff_id},
                "created_at": at,
            }
            await self._session.execute(insert(Message), [row])
        return holds

    async def _change(
        self, conversation_id: str, condition: ColumnElement[bool], **values: Any
    ) -> bool:
        changed = await self._session.execute(
            update(Conversation)
            .where(Conversation.id == conversation_id, _IS_OPEN, condition)
            .values(**values)
            .returning(Conversation.id)
            .execution_options(synchronize_session=False)
        )
        return changed.first() is not None
