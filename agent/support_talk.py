"""Whether a sentence is talk: it states nothing about the company, and needs no source. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Set

from agent import support_words as words
from agent.support import Facts, read_facts
from sales.knowledge.schemas import StoredPassage
from sales.knowledge.words import find_stems

_TO_VISITOR = re.compile(r"\b(?:you|your|yours)\b", re.IGNORECASE)
_PROMISES = frozenset({"free", "unlimited", "most", "instant"})


def is_talk(
    text: str, asked: str, passages: Iterable[StoredPassage], known_names: Set[str]
) -> bool:
    """Whether `text` is nothing but conversation: words that hold no fact; a question back to the
    visitor in the words of one passage; or the admission that something was not found, which may
    repeat the visitor's own words. Numbers are for others to check."""
    facts = read_facts(text)
    is_answer = bool(re.search(words.VERDICT, text, re.IGNORECASE) or facts.classes & _PROMISES)
    is_exact = bool(facts.addresses or (facts.amounts and not admits_ignorance(text)))
    if is_answer or is_exact or is_never_said(text):
        return False
    named = {stem for name in known_names for stem in find_stems(name)}
    stems = facts.stems - words.TALK - {words.SYNONYMS.get(stem, stem) for stem in named}
    if not stems:
        return text.rstrip().endswith("?") or not facts.light & words.FACTUAL
    if admits_ignorance(text):
        return stems <= read_facts(asked).stems
    if text.rstrip().endswith("?") and _TO_VISITOR.search(text):
        return any(_holds_words(passage, stems) for passage in passages)
    return False


def is_never_said(text: str) -> bool:
    """Whether `text` claims an effect or a human, promises, or asks for a secret: no page can make
    that right in a sentence that a model worded."""
    return bool(re.search(words.NEVER_SAID, text.replace("’", "'"), re.IGNORECASE))


def admits_ignorance(text: str) -> bool:
    """Whether the agent says that it does not know, and nothing else."""
    facts = read_facts(text)
    found = re.search(words.NOT_FOUND, facts.text, re.IGNORECASE)
    if not facts.is_negated or found is None:
        return False
    return not re.search(words.GOES_ON, facts.text[found.end() :], re.IGNORECASE)


def _holds_words(passage: StoredPassage, stems: Set[str]) -> bool:
    known: Facts = read_facts(" ".join((passage.title, *passage.heading_path, passage.text)))
    return stems <= known.stems
