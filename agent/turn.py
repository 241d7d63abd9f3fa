"""One chat turn: a message comes in, an answer that can be checked goes out.

1. guard    limits and size
2. load     what was said, an answer that was given already, whether staff speak instead
3. notice   rules read intent, questions, language and the visitor's profile out of the message
4. recall   passages for every question, before anybody words an answer
5. reply    a responder drafts the answer
6. verify   sentence by sentence: what its source does not hold is not said
7. record   question, answer, citations, what stayed open, profile and lead, in one commit
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import structlog

from agent.answers import Draft, Sentence
from agent.booking import Action
from agent.citing import cite
from agent.events import TurnEvent, build_done, replay, stream
from agent.guarding import check_message_id, clean_message
from agent.measuring import TurnMetrics
from agent.noticing import notice
from agent.profiling import drop_data, hear, speak
from agent.recalling import gather_passages, knows_anything, recall_questions
from agent.recording import TurnStore, build_record
from agent.responder import Responder, TurnContext
from agent.scheduling import Scheduler, reply
from agent.settings import LimitSettings
from agent.silence import build_silence
from agent.verification import check_sentence, correct_outcome, find_values
from agent.wording import say
from core.clock import Clock
from core.ids import new_id
from sales.conversations.service import Pass, check_open
from sales.knowledge.schemas import StoredPassage
from sales.knowledge.service import KnowledgeService
from sales.knowledge.settings import VectorDatabaseSettings
from sales.leads.profile_service import ProfileService
from sales.organization.settings import SiteSettings

log = structlog.get_logger(__name__)

HISTORY = 12


@dataclass(frozen=True, slots=True)
class Turn:
    """Runs turns. Everything it needs is given; it keeps nothing between two of them."""

    conversations: TurnStore
    knowledge: KnowledgeService
    responder: Responder
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
        draft = await reply(self.scheduler, self.responder, context, ticket, message_id, action)
        draft = speak(draft, listening, noticed.intent, context.language)

        # 6. verify
        passages = gather_passages(questions)
        allowed = find_values("\n".join((text, site.name, self.agent_name, *draft.facts)))
        spoken = self._verify(draft, passages, allowed, context.language)
        draft = correct_outcome(draft, spoken, text)
        cited, citations = cite(spoken, passages, new_id)
        for event in stream(cited, citations, draft.cards):
            yield event

        # 7. record
        times = started_at, self.clock.now()
        turn = build_record(context, message_id, draft, cited, citations, times)
        given = await self.conversations.record_turn(ticket, turn)
        self.metrics.count_turn(draft.outcome)
        if given is not None:
            yield build_done(message_id, given.text, given.payload)
        else:
            yield build_done(message_id, turn.answer_text, turn.payload)

    def _verify(
        self, draft: Draft, passages: dict[int, StoredPassage], allowed: set[str], language: str
    ) -> list[Sentence]:
        """The sentences that may be said; an honest "not found" when none is left."""
        spoken = []
        for sentence in draft.sentences:
            objection = check_sentence(sentence, passages, allowed)
            if objection is None:
                spoken.append(sentence)
            else:
                log.warning("sentence_withdrawn", objection=str(objection))
                self.metrics.count_withdrawn(str(objection))
        if not spoken:
            spoken = [Sentence(say("not_found", language))]
        return spoken
