"""How an answer of a model ends: holes are filled from the pages, and the outcome is told. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from agent.answers import Draft, Sentence
from agent.embedded_responder import EmbeddedResponder, describe_recall
from agent.model_asking import ModelAsking
from agent.prompt_history import TRACE_KEY as TOPICS
from agent.prompt_history import roll_topics
from agent.responder import TurnContext
from agent.speech import Withdrawn
from agent.suggesting import choose_suggestions
from agent.support import read_facts
from agent.support_talk import admits_ignorance
from agent.wording import say

# Of what a sentence states, so much may have been said already before it is a repetition.
_REPEATED = 0.7
_MOST_FILLED = 2


@dataclass(frozen=True, slots=True)
class Closing:
    """The last piece; `stands_in` names the reason why the embedded responder had to help."""

    draft: Draft
    stands_in: str = ""


def close_answer(
    context: TurnContext,
    embedded: EmbeddedResponder,
    asking: ModelAsking,
    said: Sequence[Sentence],
    withdrawn: Sequence[Withdrawn],
) -> Closing:
    """What is still to be said after `said`, and what became of the question."""
    wishes = asking.read_wishes()
    trace = _describe(context, asking, withdrawn)
    stated = [one for one in said if one.about_company]
    reason = _find_hole(asking, stated, said, withdrawn)
    if wishes.proposal is not None and not asking.stood_in_for:
        outcome = "answered" if stated else "talk"
        return Closing(Draft((), outcome=outcome, trace=trace))
    if reason:
        return Closing(_fill(context, embedded, said, stated, trace), reason)
    suggestions = choose_suggestions(context.questions, said)
    if wishes.question:
        return Closing(_offer(context, wishes.question, stated, trace, suggestions))
    if stated:
        return Closing(Draft((), suggestions=suggestions, outcome="answered", trace=trace))
    if any(admits_ignorance(one.text) for one in said):
        nearest = embedded.respond(context).cards
        asked = _join_questions(context)
        offer = _offer(context, asked, stated, trace, suggestions)
        return Closing(replace(offer, cards=nearest, outcome="not_found"))
    return Closing(Draft((), suggestions=suggestions, outcome="talk", trace=trace))


def _find_hole(
    asking: ModelAsking,
    stated: Sequence[Sentence],
    said: Sequence[Sentence],
    withdrawn: Sequence[Withdrawn],
) -> str:
    """Why something is missing in the answer; empty where nothing is."""
    if asking.stood_in_for is not None:
        return str(asking.stood_in_for)
    claimed = any(one.sentence.sources for one in withdrawn)
    if withdrawn and (claimed or not stated):
        return "withdrawn"
    wishes = asking.read_wishes()
    is_silent = not said and not (wishes.proposal or wishes.question)
    return "empty" if is_silent else ""


def _fill(
    context: TurnContext,
    embedded: EmbeddedResponder,
    said: Sequence[Sentence],
    stated: Sequence[Sentence],
    trace: dict[str, Any],
) -> Draft:
    """The embedded answer, without what was said already: it is neither repeated nor taken
    back."""
    answer = embedded.respond(context)
    if not stated:
        sentences = answer.sentences
        if answer.outcome == "not_found" and any(admits_ignorance(one.text) for one in said):
            sentences = tuple(one for one in sentences if not admits_ignorance(one.text))
        return replace(answer, sentences=sentences, trace={**answer.trace, **trace})
    fresh = [
        one
        for one in answer.sentences
        if one.about_company and not any(_repeats(one, other) for other in stated)
    ]
    return Draft(
        tuple(fresh[:_MOST_FILLED]),
        suggestions=answer.suggestions,
        outcome="answered",
        trace={**answer.trace, **trace},
    )


def _repeats(sentence: Sentence, other: Sentence) -> bool:
    """Whether `sentence` says what `other` said, or quotes the same place."""
    for quote in sentence.quotes:
        for known in other.quotes:
            same = quote.passage_id == known.passage_id
            if same and quote.start < known.end and known.start < quote.end:
                return True
    new, old = read_facts(sentence.text), read_facts(other.text)
    return bool(new.stems) and len(new.stems & old.stems) >= _REPEATED * len(new.stems)


def _offer(
    context: TurnContext,
    question: str,
    stated: Sequence[Sentence],
    trace: dict[str, Any],
    suggestions: tuple[str, ...],
) -> Draft:
    """The offer to pass a question on to the team: done only after the visitor's yes."""
    return Draft(
        (Sentence(say("offer", context.language)),),
        suggestions=suggestions,
        outcome="answered" if stated else "not_found",
        open_question=question,
        trace=trace,
    )


def _join_questions(context: TurnContext) -> str:
    return " ".join(one.asked.text for one in context.questions) or context.text


def _describe(
    context: TurnContext, asking: ModelAsking, withdrawn: Sequence[Withdrawn]
) -> dict[str, Any]:
    asked = [question.searched for question in context.questions]
    return {
        **describe_recall(context),
        "responder": "model" if asking.stood_in_for is None else "embedded",
        "passes_on": False,
        "model": {
            **asking.describe(),
            "withdrawn": [
                {"reason": str(one.objection), "text": one.sentence.text[:300]} for one in withdrawn
            ],
            **({"stood_in_for": str(asking.stood_in_for)} if asking.stood_in_for else {}),
        },
        TOPICS: roll_topics(context.state.messages, asked),
    }
