"""Writes a turn in the caller's unit of work: every visitor waits for this commit."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.db import Ask, Rows, UnitOfWork, UtcDateTime, keep
from core.ids import new_id
from sales.conversations.models import Citation, Conversation, Message, UnansweredQuestion
from sales.conversations.repository import LATEST_MESSAGES, MESSAGE_FIELDS
from sales.conversations.schemas import (
    CitationContent,
    ConversationState,
    StoredMessage,
    TurnRecord,
)
from sales.organization.models import SiteRef

_STATE_FIELDS = (
    Conversation.tenant_id,
    Conversation.site_id,
    Conversation.id,
    Conversation.visitor_id,
    Conversation.status,
    Conversation.locale,
    Conversation.timezone,
    Conversation.page_url,
    Conversation.page_title,
    Conversation.started_at,
    Conversation.taken_over_by,
    Conversation.taken_over_at,
)
_STATE_NAMES = tuple(column.key for column in _STATE_FIELDS[2:])
_WITH_ANSWER = keep(
    select(*_STATE_FIELDS, *MESSAGE_FIELDS)
    .outerjoin(
        Message,
        and_(
            Message.conversation_id == Conversation.id,
            Message.client_message_id == bindparam("client_message_id"),
            Message.role == "agent",
        ),
    )
    .where(Conversation.id == bindparam("conversation_id"))
)
_CITED = tuple(one.name for one in fields(CitationContent))
_ADD_MESSAGES = keep(insert(Message))
_ADD_CITATIONS = keep(insert(Citation))
_ADD_UNANSWERED = keep(insert(UnansweredQuestion))
_SPOKE = keep(
    update(Conversation)
    .where(Conversation.id == bindparam("spoken_in"))
    .values(
        last_message_at=bindparam("said_at"),
        goodbye_at=bindparam("left_at", type_=UtcDateTime()),
        unjudged_since=func.coalesce(Conversation.unjudged_since, bindparam("said_at")),
    )
    .execution_options(synchronize_session=False)
)


def build_asked(conversation_id: str, client_message_id: str, limit: int) -> tuple[Ask, Ask]:
    """What a turn asks the database for: the conversation with the answer that this message
    already got, and the last `limit` messages."""
    answered = {"conversation_id": conversation_id, "client_message_id": client_message_id}
    latest = {"conversation_id": conversation_id, "limit": limit}
    return (_WITH_ANSWER, answered), (LATEST_MESSAGES, latest)


def build_state(found: Rows, latest: Rows) -> tuple[ConversationState, StoredMessage | None] | None:
    """What `build_asked` found; None where there is no such conversation."""
    if not found:
        return None
    row = found[0]
    message = row[len(_STATE_FIELDS) :]
    tenant_id, site_id, *values = row[: len(_STATE_FIELDS)]
    state = ConversationState(
        site=SiteRef(tenant_id, site_id),
        messages=tuple(StoredMessage(*one) for one in reversed(latest)),
        **dict(zip(_STATE_NAMES, values, strict=True)),
    )
    return state, StoredMessage(*message) if message[0] is not None else None


class MessageRefusedError(Exception):
    """A message of this client id is there already, or its conversation is not any more."""


class TurnRepository:
    """Turns of one tenant."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._session = uow.session

    async def add_turn(self, conversation_id: str, site_id: str, turn: TurnRecord) -> str:
        """Question, answer and citations of one turn, and what stayed open. The question's id.

        Raises:
            MessageRefusedError: the messages were not taken; the transaction is lost.
        """
        common: dict[str, Any] = {
            "tenant_id": self._uow.tenant_id,
            "conversation_id": conversation_id,
            "client_message_id": turn.client_message_id,
            "payload": {},
            "trace": {},
        }
        asked: dict[str, Any] = {
            **common,
            "id": new_id(),  # ids sort by time: made before the answer's
            "role": "visitor",
            "text": turn.visitor_text,
            "created_at": turn.started_at,
        }
        answer_id = new_id()
        answer: dict[str, Any] = {
            **common,
            "id": answer_id,
            "role": "agent",
            "text": turn.answer_text,
            "payload": turn.payload,
            "trace": turn.trace,
            "created_at": turn.answered_at,
        }
        rows = [asked, answer][: 1 + bool(turn.answer_text)]
        try:
            await self._uow.write((_ADD_MESSAGES, rows))
        except IntegrityError as error:
            raise MessageRefusedError from error
        cited = [
            {
                **{name: getattr(citation, name) for name in _CITED},
                "tenant_id": self._uow.tenant_id,
                "message_id": answer_id,
                "created_at": turn.answered_at,
            }
            for citation in turn.citations
        ]
        at = turn.answered_at
        left_at = at if turn.says_goodbye else None
        spoke = {"spoken_in": conversation_id, "said_at": at, "left_at": left_at}
        unanswered = self._build_unanswered(conversation_id, site_id, turn)
        await self._uow.write(
            (_ADD_CITATIONS, cited), (_SPOKE, [spoke]), (_ADD_UNANSWERED, unanswered)
        )
        if turn.passes_on:
            await self._pass_on(conversation_id, at)
        return str(asked["id"])

    def _build_unanswered(
        self, conversation_id: str, site_id: str, turn: TurnRecord
    ) -> list[dict[str, Any]]:
        common = {
            "tenant_id": self._uow.tenant_id,
            "site_id": site_id,
            "conversation_id": conversation_id,
            "asked_at": turn.started_at,
        }
        return [{**common, "id": new_id(), "text": question} for question in turn.unanswered]

    async def _pass_on(self, conversation_id: str, at: datetime) -> None:
        latest = (
            select(UnansweredQuestion.id)
            .where(UnansweredQuestion.conversation_id == conversation_id)
            .order_by(UnansweredQuestion.id.desc())
            .limit(1)
        )
        found = (await self._session.execute(latest)).scalar()
        chosen = update(UnansweredQuestion).where(UnansweredQuestion.id == found)
        await self._session.execute(chosen.values(passed_on_at=at))

    async def find_twin(self, conversation_id: str, turn: TurnRecord) -> StoredMessage | None:
        """The answer that the turn's message got from whoever was quicker; None where that one
        was silent as well."""
        query = select(*MESSAGE_FIELDS).where(
            Message.conversation_id == conversation_id,
            Message.client_message_id == turn.client_message_id,
            Message.role == "agent",
        )
        found = (await self._session.execute(query)).first()
        return StoredMessage(*found) if found else None
