"""Step 5 of a turn: the pieces of an answer, whoever words them, in the order in which they go out.

Thanks for what was told come first, the answers to what was asked next, then the words about a
meeting, and last the one question that is due.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime

from agent.answers import Draft
from agent.booking import Action
from agent.booking_intents import is_about_meeting
from agent.profiling import ask, thank
from agent.responder import Responder, StreamingResponder, TurnContext
from agent.scheduling import Scheduler
from agent.speech import Speech
from sales.conversations.service import Pass
from sales.knowledge.ranking import Band


@dataclass(frozen=True, slots=True)
class Asker:
    """Who sent which message, when, and the button behind it."""

    ticket: Pass
    message_id: str
    at: datetime
    action: Action | None = None


async def reply(
    scheduler: Scheduler | None,
    responder: Responder | StreamingResponder,
    context: TurnContext,
    speech: Speech,
    asker: Asker,
) -> AsyncIterator[Draft]:
    """What to say: to a message about a meeting the scheduler's words, after the answers to what
    else was asked in it; to all others the responder's. The last piece closes the answer."""
    meeting = None
    if scheduler is not None:
        meeting = await scheduler.reply(context, asker.ticket, asker.message_id, asker.action)
    yield thank(context.listening, context.language, is_booking=meeting is not None)
    asked = context if meeting is None else _drop_meeting(context, asker.action)
    if asked is not None:
        async for piece in _word(responder, asked, speech):
            yield piece
    proposal = speech.draft.proposal
    if meeting is None and scheduler is not None and proposal is not None:
        meeting = await scheduler.propose(context, asker.ticket, asker.message_id, proposal)
    if meeting is not None:
        yield meeting if asked is None else _add_meeting(speech.draft, meeting)
    learned = context.learn(speech.draft, asker.at)
    yield _close(speech.draft, learned)


async def _word(
    responder: Responder | StreamingResponder, context: TurnContext, speech: Speech
) -> AsyncIterator[Draft]:
    if isinstance(responder, StreamingResponder):
        async for piece in responder.stream(context, speech):
            yield piece
    else:
        yield responder.respond(context)


def _drop_meeting(context: TurnContext, action: Action | None) -> TurnContext | None:
    """What is asked beside a meeting and can be answered; None when nothing is."""
    asked = tuple(
        question
        for question in context.questions
        if question.band is Band.ANSWER
        and question.asked.text.rstrip().endswith("?")
        and not is_about_meeting(question.asked.text)
    )
    return replace(context, questions=asked) if asked and action is None else None


def _add_meeting(answer: Draft, meeting: Draft) -> Draft:
    """The words about a meeting behind an answer, whose outcome stands."""
    return replace(
        meeting,
        outcome=answer.outcome,
        open_question=answer.open_question,
        trace={**meeting.trace, "responder": answer.trace.get("responder")},
    )


def _close(answer: Draft, context: TurnContext) -> Draft:
    """The last piece: nothing of what was said already, but all that is known of the answer."""
    rest = replace(answer, sentences=(), cards=(), facts=(), noticed=(), recalled=())
    return ask(rest, context.listening, context.noticed.intent, context.language)
