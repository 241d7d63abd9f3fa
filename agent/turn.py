"""One chat turn: a message comes in, an answer that can be checked goes out.

1. guard    limits and size
2. load     what was said, an answer that was given already, whether staff speak instead
3. notice   rules read intent, questions, language and the visitor's profile out of the message
4. recall   passages for every question, before anybody words an answer
5. reply    a responder words the answer, piece by piece
6. verify   sentence by sentence, before it leaves: what its source does not hold is not said
7. record   question, answer, citations, what stayed open, profile and lead, in one commit
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from agent.booking import Action
from agent.events import TurnEvent, build_done, replay
from agent.guarding import check_message_id, clean_message
from agent.measuring import TurnMetrics
from agent.noticing import notice
from agent.profiling import drop_data, hear
from agent.recalling import gather_passages, knows_anything, recall_questions
from agent.recording import TurnStore, build_record
from agent.replying import Asker, reply
from agent.responder import Responder, StreamingResponder, TurnContext
from agent.scheduling import Scheduler
from agent.settings import LimitSettings
from agent.silence import build_silence
from agent.speech import Speech
from agent.verification import Evidence, find_values, find_words
from core.clock import Clock
from core.ids import new_id
from sales.conversations.service import Pass, check_open
from sales.knowledge.service import KnowledgeService
from sales.knowledge.settings import VectorDatabaseSettings
from sales.leads.profile_service import ProfileService
from sales.organization.settings import SiteSettings

HISTORY = 12


@dataclass(frozen=True, slots=True)
class Turn:
    """Runs turns. Everything it needs is given; it keeps nothing between two of them."""

    conversations: TurnStore
    knowledge: KnowledgeService
    responder: Responder | StreamingResponder
    profiles: ProfileService
    clock: Clock
    limits: LimitSettings
    search: VectorDatabaseSettings
    metrics: TurnMetrics
    agent_name: str = ""
    scheduler: Scheduler | None = None

    async def run(
        self,
        ticket: Pass,
        site: SiteSettings,
        message_id: str,
        text: str,
        action: Action | None = None,
    ) -> AsyncIterator[TurnEvent]:
        """Answer one message, or the button behind it, event by event; the last is `done`.

        Raises:
            UserError: the message is refused; nothing was written.
        """
        # 1. guard
        started_at = self.clock.now()
        check_message_id(message_id)
        text = clean_message(text, self.limits.message_characters)

        # 2. load
        state, given = await self.conversations.load_for_turn(ticket, message_id, messages=HISTORY)
        if given is not None:
            for event in replay(message_id, given.text, given.payload):
                yield event
            return
        check_open(state)
        listening = await hear(self.profiles, ticket, state, text, action, started_at)
        if state.taken_over_by:
            record = build_silence(state, site, message_id, text, started_at, listening)
            await self.conversations.record_turn(ticket, record)
            yield build_done(message_id, record.answer_text, record.payload)
            return

        # 3. notice
        noticed = drop_data(notice(text), listening)

        # 4. recall
        questions = await recall_questions(self.knowledge, state, noticed, self.search)
        empty = not await knows_anything(self.knowledge, ticket.site, questions)

        # 5. reply
        context = TurnContext(site, state, noticed, questions, text, empty, listening)
        speech = self._begin_speech(context)
        asker = Asker(ticket, message_id, started_at, action)
        async for piece in reply(self.scheduler, self.responder, context, speech, asker):
            # 6. verify
            for event in speech.say(piece):
                yield event
        for event in speech.close(text):
            yield event

        # 7. record
        context = context.learn(speech.draft, started_at)
        times = started_at, self.clock.now()
        turn = build_record(
            context, message_id, speech.draft, speech.cited, speech.citations, times
        )
        given = await self.conversations.record_turn(ticket, turn)
        self.metrics.count_turn(speech.draft.outcome)
        if given is not None:
            yield build_done(message_id, given.text, given.payload)
        else:
            yield build_done(message_id, turn.answer_text, turn.payload)

    def _begin_speech(self, context: TurnContext) -> Speech:
        """The door for this turn: what was recalled, and the values that anybody may say."""
        known = "\n".join((context.text, context.site.name, self.agent_name))
        evidence = Evidence(
            passages=gather_passages(context.questions),
            allowed=find_values(known),
            names=find_words(f"{context.site.name} {self.agent_name}"),
            own_origins=context.site.allowed_origins,
            asked=context.text,
        )
        return Speech(evidence, context.language, self.metrics, new_id)
