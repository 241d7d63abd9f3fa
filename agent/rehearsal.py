"""Turns that leave nothing behind: the real turn, over conversations that are kept in memory.

For judging a changed page, prompt, rule or model before visitors meet it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from agent.turn import Turn
from core.ids import new_id
from sales.conversations.schemas import ConversationState, StoredMessage, TurnRecord
from sales.conversations.service import Pass
from sales.organization.models import SiteRef
from sales.organization.settings import SiteSettings


@dataclass(slots=True)
class RehearsedConversations:
    """One conversation, in memory, in place of those of the database."""

    site: SiteRef
    started_at: datetime
    id: str = field(default_factory=new_id)
    visitor_id: str = field(default_factory=new_id)
    messages: list[StoredMessage] = field(default_factory=list)

    @property
    def ticket(self) -> Pass:
        """The proof that a turn asks for."""
        return Pass(self.id, self.visitor_id, self.site)

    async def load_for_turn(
        self, _ticket: Pass, _client_message_id: str, /, *, messages: int
    ) -> tuple[ConversationState, StoredMessage | None]:
        """What was said so far; no message was answered before."""
        state = ConversationState(
            id=self.id,
            site=self.site,
            visitor_id=self.visitor_id,
            status="open",
            locale="",
            timezone="",
            page_url="",
            page_title="",
            started_at=self.started_at,
            messages=tuple(self.messages[-messages:]),
        )
        return state, None

    async def record_turn(self, _ticket: Pass, turn: TurnRecord, /) -> StoredMessage | None:
        """Remember it until the rehearsal is over."""
        name = turn.client_message_id
        asked = StoredMessage(new_id(), name, "visitor", turn.visitor_text, {}, turn.started_at)
        answer = StoredMessage(
            new_id(), name, "agent", turn.answer_text, turn.payload, turn.answered_at, turn.trace
        )
        self.messages += [asked, answer]
        return None


async def rehearse(
    turn: Turn, site: SiteSettings, ref: SiteRef, messages: list[str]
) -> dict[str, Any]:
    """Say `messages` one after the other, as a new visitor; the whole answer to the last one.

    Raises:
        UserError: a message is refused, e.g. because it is too long.
    """
    conversations = RehearsedConversations(ref, turn.clock.now())
    rehearsed = replace(turn, conversations=conversations)
    done: dict[str, Any] = {}
    for text in messages:
        async for event in rehearsed.run(conversations.ticket, site, new_id(), text):
            if event.name == "done":
                done = event.data
    return done
