"""Whether a sentence may be said: the door that every sentence passes, whoever worded it. Pure.

A sentence about the company must carry a quote, the quote must stand in its passage to the
letter, and every word, price, number, date, e-mail address, phone number and web address of the
sentence must stand in its quotes, or in the title and headings they stand under. The agent's own
words hold no number and no address at all.

A sentence that a language model worded is not word for word: agent/support.py looks for the places
that support it, and those become its quotes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from enum import StrEnum

from agent.answers import Draft, Quote, Sentence
from agent.support import Problem, Span, find_support
from agent.support_talk import is_never_said, is_talk
from agent.support_values import find_addresses
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
    UNSUPPORTED_NAME = "unsupported_name"
    CONTRADICTED = "contradicted"
    FOREIGN_LINK = "foreign_link"
    NEVER_SAID = "never_said"


_OBJECTIONS = {
    Problem.VALUE: Objection.UNSUPPORTED_VALUE,
    Problem.WORDS: Objection.UNSUPPORTED_WORDS,
    Problem.MEANING: Objection.UNSUPPORTED_WORDS,
    Problem.NAME: Objection.UNSUPPORTED_NAME,
    Problem.NEGATION: Objection.CONTRADICTED,
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What may be said in a turn: `passages` that were recalled, by id; `allowed` values, which
    the agent's own words may repeat; `names` of the company and of the agent, as small words;
    `own_origins` of the website, beside the addresses of its passages."""

    passages: Mapping[int, StoredPassage]
    allowed: Set[str] = frozenset()
    names: Set[str] = frozenset()
    own_origins: tuple[str, ...] = ()
    asked: str = ""
    """The visitor's own words."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A sentence as it may be said, with its quotes; or the objection to it. `doubtful` is the
    source where all but some words agree: benchmarks/verification.py compares the meanings there,
    which let out more false sentences and no more true ones, so that the objection stands."""

    sentence: Sentence
    objection: Objection | None = None
    doubtful: str = ""


def verify_sentence(sentence: Sentence, evidence: Evidence) -> Verdict:
    """Whether `sentence` may be said. One that a model worded freely gets the quotes it rests on;
    in the end all sentences pass the same check that their quotes stand in their passages."""
    if not sentence.is_free:
        return Verdict(sentence, check_sentence(sentence, evidence.passages, evidence.allowed))
    refused = _refuse(sentence.text, evidence)
    if refused is not None:
        return Verdict(sentence, refused)
    cited = [evidence.passages[key] for key in sentence.sources if key in evidence.passages]
    if is_talk(sentence.text, evidence.asked, evidence.passages.values(), evidence.names):
        own = replace(sentence, about_company=False)
        return Verdict(own, check_sentence(own, evidence.passages, evidence.allowed))
    support = find_support(sentence.text, cited, evidence.names)
    problem = support.problem or Problem.WORDS
    quotes = tuple(_quote(span, evidence.passages[span.passage_id]) for span in support.spans)
    if not quotes:
        return Verdict(sentence, _OBJECTIONS[problem] if cited else Objection.NO_SOURCE)
    said = replace(sentence, quotes=quotes, about_company=True)
    objection = _OBJECTIONS[support.problem] if support.problem else None
    return Verdict(said, objection, support.doubtful)


def _refuse(text: str, evidence: Evidence) -> Objection | None:
    """What no source can make right."""
    if is_never_said(text):
        return Objection.NEVER_SAID
    return Objection.FOREIGN_LINK if _has_foreign_link(text, evidence) else None


def _quote(span: Span, passage: StoredPassage) -> Quote:
    return Quote(span.passage_id, span.start, span.end, passage.text[span.start : span.end])


def _has_foreign_link(text: str, evidence: Evidence) -> bool:
    """Whether `text` leads away from the website. Its own hosts are those of its passages."""
    pages = (passage.url for passage in evidence.passages.values())
    own = {_host(url) for url in (*pages, *evidence.own_origins)} - {""}
    return any(
        not any(host == one or host.endswith("." + one) for one in own)
        for host in (_host(address) for address in find_addresses(text) if "@" not in address)
    )


def _host(url: str) -> str:
    host = url.lower().partition("://")[2] or url.lower()
    host = re.split(r"[/?#:]", host.rpartition("@")[2])[0]
    return host.removeprefix("*.").removeprefix("www.")


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


def find_words(text: str) -> frozenset[str]:
    """The words of `text` in small letters."""
    return frozenset(_words(text))


def _words(text: str) -> set[str]:
    return set(_WORD.findall(unicodedata.normalize("NFKC", text).lower()))
