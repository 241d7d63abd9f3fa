"""Whether a sentence may be said: the door that every sentence passes, whoever worded it. Pure.

A sentence about the company must carry a quote, the quote must stand in its passage to the
letter, and every word, price, number, date, e-mail address, phone number and web address of the
sentence must stand in its quotes, or in the title and headings they stand under. The agent's own
words hold no number and no address at all.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

from agent.answers import Draft, Quote, Sentence
from sales.knowledge.schemas import StoredPassage

_NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")
_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>\"']+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")


class Objection(StrEnum):
    """Why a sentence may not be said."""

    NO_SOURCE = "no_source"
    QUOTE_DOES_NOT_STAND = "quote_does_not_stand"
    UNSUPPORTED_VALUE = "unsupported_value"
    UNSUPPORTED_WORDS = "unsupported_words"


def check_sentence(
    sentence: Sentence,
    passages: Mapping[int, StoredPassage],
    allowed_values: Collection[str] = (),
) -> Objection | None:
    """The reason why `sentence` may not be said, or None.

    `passages` holds what was recalled, by passage id; `allowed_values` are values
    that the agent's own words may repeat, such as a number from the visitor's own question.
    """
    if not sentence.about_company:
        values = find_values(sentence.text)
        return Objection.UNSUPPORTED_VALUE if values - set(allowed_values) else None
    if not sentence.quotes:
        return Objection.NO_SOURCE
    quoted = ""
    for quote in sentence.quotes:
        passage = passages.get(quote.passage_id)
        if passage is None or not quote_stands(quote, passage.text):
            return Objection.QUOTE_DOES_NOT_STAND
        quoted += " ".join((quote.text, passage.title, *passage.heading_path, ""))
    if find_values(sentence.text) - find_values(quoted):
        return Objection.UNSUPPORTED_VALUE
    # Word for word: the embedded responder never rephrases.
    if _words(sentence.text) - _words(quoted):
        return Objection.UNSUPPORTED_WORDS
    return None


def correct_outcome(draft: Draft, spoken: Sequence[Sentence], text: str) -> Draft:
    """`draft` with an honest outcome, when verification let out nothing that answers `text`."""
    if draft.outcome not in ("answered", "closest") or any(one.about_company for one in spoken):
        return draft
    return replace(draft, outcome="not_found", open_question=draft.open_question or text)


def quote_stands(quote: Quote, passage: str | None) -> bool:
    """Whether the passage holds the quote's words at its place."""
    return passage is not None and passage[quote.start : quote.end] == quote.text != ""


def find_values(text: str) -> set[str]:
    """Numbers (prices, dates and phone numbers among them), e-mail and web addresses."""
    text = unicodedata.normalize("NFKC", text)
    addresses = {match.rstrip(".,;:!?)").lower() for match in _ADDRESS.findall(text)}
    return addresses | set(_NUMBER.findall(_ADDRESS.sub(" ", text)))


def _words(text: str) -> set[str]:
    return set(_WORD.findall(unicodedata.normalize("NFKC", text).lower()))
