"""A visitor who talks about a meeting with the real scheduler, on a real database, without HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from agent.answers import Draft
from agent.booking import Action
from agent.noticing import notice
from agent.responder import TurnContext
from agent.scheduling import Scheduler
from core.ids import new_id
from sales.conversations.schemas import ConversationState, StoredMessage
from sales.conversations.service import Pass
from sales.organization.settings import SiteSettings
from tests.sales.appointments.desk import NOW, Desk

SITE = SiteSettings(key="demo", name="Larkmere", allowed_origins=("self",))


@dataclass
class Talk:
    """One conversation."""

    desk: Desk
    timezone: str = "Europe/Berlin"
    locale: str = "en-GB"
    visitor_id: str = field(default_factory=new_id)
    conversation_id: str = field(default_factory=new_id)
    messages: list[StoredMessage] = field(default_factory=list)

    async def say(
        self, text: str, action: dict[str, Any] | None = None, message_id: str = ""
    ) -> Draft | None:
        """One message and its answer; None where the scheduler leaves it to others."""
        ticket = Pass(self.conversation_id, self.visitor_id, self.desk.site)
        context = TurnContext(SITE, self._state(), notice(text), (), text)
        pressed = action and Action(action["kind"], action.get("id", ""), action.get("values", {}))
        scheduler = Scheduler(self.desk.service)
        message_id = message_id or new_id()
        draft = await scheduler.reply(context, ticket, message_id, pressed or None)
        self._keep("visitor", text, {})
        self._keep("agent", "…", draft.trace if draft else {"intent": "question"})
        return draft

    async def step(self, text: str, action: dict[str, Any] | None = None) -> str:
        """The step that a message leads to."""
        draft = await self.say(text, action)
        return str(draft.trace["step"]) if draft else "-"

    def _state(self) -> ConversationState:
        return ConversationState(
            id=self.conversation_id,
            site=self.desk.site,
            visitor_id=self.visitor_id,
            status="open",
            locale=self.locale,
            timezone=self.timezone,
            page_url="",
            page_title="",
            started_at=NOW,
            messages=tuple(self.messages[-12:]),
        )

    def _keep(self, role: Any, text: str, trace: dict[str, Any]) -> None:
        self.messages.append(StoredMessage(new_id(), "", role, text, {}, NOW, trace))


def read(draft: Draft | None) -> str:
    """What the agent says."""
    assert draft is not None
    return " ".join(sentence.text for sentence in draft.sentences)


def card(draft: Draft | None) -> dict[str, Any]:
    """The card of an answer."""
    assert draft is not None
    return draft.cards[0].as_payload()
