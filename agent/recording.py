"""What a turn leaves behind. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from agent.answers import Draft
from agent.citing import CitedSentence, join_sentences
from agent.events import build_payload
from agent.intents import Intent
from agent.products import note_products
from agent.recalling import gather_passages
from agent.responder import TurnContext
from sales.conversations.schemas import (
    CitationContent,
    ConversationState,
    StoredMessage,
    TurnRecord,
)
from sales.conversations.service import Pass
from sales.leads.interactions import TRACE_KEY as PRODUCTS


class TurnStore(Protocol):
    """Where a turn finds what was said, and leaves what it said."""

    async def load_for_turn(
        self, ticket: Pass, client_message_id: str, /, *, messages: int
    ) -> tuple[ConversationState, StoredMessage | None]:
        """The conversation with its last `messages`, and the answer this message already got.

        Raises:
            NotFound: it was deleted.
        """
        ...

    async def record_turn(self, ticket: Pass, turn: TurnRecord, /) -> StoredMessage | None:
        """Write a turn in one commit; the answer that stands already, where another request
        with the same client message id was quicker."""
        ...


def build_record(
    context: TurnContext,
    message_id: str,
    draft: Draft,
    cited: Sequence[CitedSentence],
    citations: Sequence[CitationContent],
    times: tuple[datetime, datetime],
) -> TurnRecord:
    """Question, answer, citations, what stayed open, and what the visitor told of themselves.
    `times` are those of the question and of the answer."""
    payload = build_payload(cited, citations, draft)
    recommended = draft.trace.get("recommended", ())
    products = note_products(citations, gather_passages(context.questions), recommended)
    return TurnRecord(
        client_message_id=message_id,
        visitor_text=context.text,
        answer_text=join_sentences(cited),
        payload={**payload, "profile": context.listening.describe()},
        trace={
            **draft.trace,
            "open_question": draft.open_question,
            **({PRODUCTS: products} if products else {}),
        },
        citations=tuple(citations),
        started_at=times[0],
        answered_at=times[1],
        unanswered=(draft.open_question,) if draft.open_question else (),
        passes_on=bool(draft.trace.get("passes_on")),
        says_goodbye=context.noticed.intent is Intent.GOODBYE,
    )
