"""Answers worded by a language model, and by the embedded responder wherever that fails.

An answer is one call: passages were recalled before it, and details of the visitor come as tool
arguments beside it. Only looking up products needs a second call, which has no tools, so that
there is no third. What the model says is verified sentence by sentence before it leaves
(agent/speech.py); what was withdrawn, or never came, is filled in from the pages, word for word.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace

import structlog

from agent.answers import Draft, Sentence
from agent.embedded_responder import EmbeddedResponder
from agent.intents import Intent
from agent.model_asking import ModelAsking, ModelParts
from agent.model_closing import close_answer
from agent.model_failures import FailureKind, ModelFailed
from agent.model_tools import check_details, describe_tools
from agent.prompt import PromptTemplates, build_prompt
from agent.recalling import RecalledQuestion
from agent.responder import TurnContext
from agent.speech import Speech
from sales.leads.fields import Field

log = structlog.get_logger(__name__)

Lookup = Callable[[TurnContext, str], Awaitable[RecalledQuestion]]


@dataclass(frozen=True, slots=True)
class ModelResponder:
    """A `StreamingResponder` over chat models. It keeps nothing between two turns."""

    parts: ModelParts
    embedded: EmbeddedResponder
    templates: PromptTemplates
    look_up: Lookup
    new_fence: Callable[[], str]
    agent_name: str = ""
    has_meetings: bool = False

    async def stream(self, context: TurnContext, speech: Speech) -> AsyncIterator[Draft]:
        """The answer's pieces: each sentence as soon as it is worded, and the outcome last."""
        if not self._is_for_model(context):
            yield self.embedded.respond(context)
            return
        asking = ModelAsking(self.parts, asyncio.get_running_loop().time())
        before = len(speech.spoken)
        try:
            async for piece in self._word(asking, context, speech):
                yield piece
        except ModelFailed as failure:
            asking.stood_in_for = failure.kind
        said = speech.spoken[before:]
        context = replace(context, questions=(*context.questions, *speech.draft.recalled))
        closing = close_answer(context, self.embedded, asking, said, speech.withdrawn)
        if closing.stands_in:
            self.parts.metrics.count_stand_in(closing.stands_in)
        yield closing.draft

    def _is_for_model(self, context: TurnContext) -> bool:
        """Small talk, a yes or no to the agent's own offer, the wish for a person, and honesty
        about being an AI need no model: the answer is always the same, at once, and free."""
        if context.noticed.intent is not Intent.QUESTION or context.site_is_empty:
            return False
        if not context.questions:
            return False
        return not self.embedded.is_foreign(context)

    async def _word(
        self, asking: ModelAsking, context: TurnContext, speech: Speech
    ) -> AsyncIterator[Draft]:
        fields = (*Field, *(one.id for one in context.listening.capture.custom_fields))
        tools = describe_tools(fields, has_meetings=self.has_meetings)
        before = len(speech.spoken)
        async for piece in self._ask(asking, context, tools):
            yield piece
        wishes = asking.read_wishes()
        details = check_details(wishes, context.text, context.listening, context.state.locale)
        is_answered = any(one.about_company for one in speech.spoken[before:])
        if wishes.need and not is_answered:
            found = await self.look_up(context, wishes.need)
            yield Draft((), recalled=(found,), noticed=details)
            more = replace(context, questions=(found, *context.questions))
            async for piece in self._ask(asking, more, []):
                yield piece
        elif details or wishes.proposal:
            yield Draft((), noticed=details, proposal=wishes.proposal)

    async def _ask(
        self, asking: ModelAsking, context: TurnContext, tools: list[dict[str, object]]
    ) -> AsyncIterator[Draft]:
        """One question to a model. Another model is asked where the first failed in silence.

        Raises:
            ModelFailed: no model answered, or one broke off.
        """
        fence = self.new_fence()
        prompt = build_prompt(context, self.templates, self.agent_name, fence)
        failure = ModelFailed(FailureKind.RESTING)
        for model in asking.parts.models:
            spoken = False
            try:
                async for worded in asking.ask(model, context.state, prompt, tools):
                    spoken = True
                    sources = tuple(
                        prompt.passages[number - 1]
                        for number in worded.numbers
                        if 0 < number <= len(prompt.passages)
                    )
                    yield Draft((Sentence(worded.text, is_free=True, sources=sources),))
                return
            except ModelFailed as error:
                failure = error
                if spoken or error.kind is FailureKind.OVER_BUDGET:
                    raise
        raise failure
