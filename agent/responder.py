"""What a responder is given, and what it is. Pure."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol, runtime_checkable

from agent.answers import Draft
from agent.noticing import Noticed
from agent.profiling import Listening, learn
from agent.recalling import RecalledQuestion
from agent.speech import Speech
from agent.wording import choose_language
from sales.conversations.schemas import ConversationState
from sales.organization.settings import SiteSettings


@dataclass(frozen=True, slots=True)
class TurnContext:
    """All that an answer may depend on."""

    site: SiteSettings
    state: ConversationState
    noticed: Noticed
    questions: tuple[RecalledQuestion, ...]
    text: str
    site_is_empty: bool = False
    listening: Listening = field(default_factory=Listening)

    @property
    def language(self) -> str:
        """In which language the agent speaks its own words."""
        return choose_language(self.noticed.language, self.site.language)

    @property
    def open_question(self) -> str:
        """What the last answer offered to pass on; empty when it offered nothing."""
        for message in reversed(self.state.messages):
            if message.role == "agent":
                return str(message.trace.get("open_question", ""))
        return ""

    def learn(self, draft: Draft, now: datetime) -> TurnContext:
        """The context with what a responder noticed and looked up beside its answer."""
        if not (draft.noticed or draft.recalled):
            return self
        return replace(
            self,
            questions=(*self.questions, *draft.recalled),
            listening=learn(self.listening, draft.noticed, now),
        )


class Responder(Protocol):
    """Who words an answer."""

    def respond(self, context: TurnContext) -> Draft:
        """The whole answer, before it is verified."""
        ...


@runtime_checkable
class StreamingResponder(Protocol):
    """Who words an answer piece by piece."""

    def stream(self, context: TurnContext, speech: Speech) -> AsyncIterator[Draft]:
        """The answer's pieces as soon as they are worded; the last one tells the outcome. When
        the next piece is asked for, `speech` tells what became of those before."""
        ...
