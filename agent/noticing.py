"""What a message holds: its intent, its questions and its language. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent.intents import Intent, detect_intent
from agent.languages import detect_language
from agent.questions import AskedQuestion, split_questions
from agent.spelling import mend_spelling

_OPENING = re.compile(
    r"^\s*(?:(?:hi+|hello|hey|hiya|good (?:morning|afternoon|evening|day)|thanks?(?: you)?|"
    r"ok(?:ay)?|great|perfect|cool)(?: (?:there|all|team|again|everyone))?\s*[,!.–-]+\s*)+",
    re.IGNORECASE,
)
_PART = re.compile(r"[.!?,;\n]+\s*")
_FIRST_PERSON = re.compile(
    r"^\W*(?:i|i'm|i’m|i've|im|my|we|we're|we’re|our|it's|this is)\b", re.IGNORECASE
)
# When a message is nothing but courtesies, the last of these that it holds decides.
_COURTESIES = (
    Intent.GREETING,
    Intent.HOW_ARE_YOU,
    Intent.YES,
    Intent.NO,
    Intent.THANKS,
    Intent.GOODBYE,
)


@dataclass(frozen=True, slots=True)
class Noticed:
    """What is in a message. `questions` is empty unless the intent is QUESTION.

    `is_statement`: the visitor tells something and asks nothing.
    """

    intent: Intent
    questions: tuple[AskedQuestion, ...]
    language: str | None
    is_statement: bool = False


def notice(text: str) -> Noticed:
    """Read a visitor's message."""
    language = detect_language(text)
    intent = _choose_intent(text)
    if intent is not Intent.QUESTION:
        return Noticed(intent, (), language)
    asked = mend_spelling(_OPENING.sub("", text).strip() or text.strip())
    statement = "?" not in asked and bool(_FIRST_PERSON.match(asked))
    return Noticed(intent, tuple(split_questions(asked)), language, statement)


def _choose_intent(text: str) -> Intent:
    intent = detect_intent(text)
    if intent is not Intent.QUESTION:
        return intent
    parts = [part for part in _PART.split(text) if part.strip()]
    if len(parts) > 1:
        intents = [detect_intent(part) for part in parts]
        if all(one in _COURTESIES for one in intents):
            return max(intents, key=_COURTESIES.index)
    return Intent.QUESTION
