"""What is known of a sentence as an answer to a question: the numbers to weigh. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from agent.answer_types import Asked, holds_type
from agent.questions import AnswerType
from agent.sentence_split import Sentence, SentenceKind, split_sentences
from sales.knowledge.ranking import RankedPassage
from sales.knowledge.word_match import find_meant_stems
from sales.knowledge.words import STOP_WORDS, split_words, stem

TINY_WORDS = 4
"""A sentence of fewer words says little alone."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What is known of a sentence without the question. `families`: first five letters of its
    longer stems, to find "invent" for "inventor"; `content`: stems of its content words in order;
    `pointer`: it only says where to read on; `above`: stems of the line that is its heading.
    """

    sentence: Sentence
    stems: frozenset[str]
    families: frozenset[str]
    content: tuple[str, ...]
    size: int
    dangling: bool
    pointer: bool
    above: frozenset[str]


@lru_cache(maxsize=512)
def read_passage(text: str) -> tuple[Piece, ...]:
    """The sentences of a passage with what is known of each; the last 512 are remembered."""
    pieces: list[Piece] = []
    above: frozenset[str] = frozenset()
    for sentence in split_sentences(text):
        part = text[sentence.start : sentence.end]
        words = split_words(part)
        stems = frozenset(stem(word) for word in words) | find_meant_stems(part)
        is_heading = sentence.kind is SentenceKind.HEADING
        pieces.append(
            Piece(
                sentence=sentence,
                stems=stems,
                families=frozenset(item[:5] for item in stems if len(item) >= 5),
                content=tuple(stem(word) for word in words if word not in STOP_WORDS),
                size=len(words),
                dangling=is_dangling(part),
                pointer=_POINTER.search(part) is not None,
                above=frozenset() if is_heading else above,
            )
        )
        above = stems if is_heading else frozenset()
    return tuple(pieces)


@lru_cache(maxsize=512)
def read_context(
    title: str, heading_path: tuple[str, ...]
) -> tuple[frozenset[str], frozenset[str]]:
    """The stems of a passage's title and of its headings: what it need not say again."""
    return _content_stems(title), _content_stems(" ".join(heading_path))


def _content_stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in split_words(text) if word not in STOP_WORDS)


def build_features(
    asked: Asked,
    rarity: Mapping[str, float],
    passage: RankedPassage,
    pieces: Sequence[Piece],
    index: int,
) -> dict[str, float]:
    """The features of one sentence; names as in `sentence_weights.WEIGHTS`."""
    piece = pieces[index]
    sentence = piece.sentence
    stems = frozenset(asked.words.stems)
    meant = not asked.labels.isdisjoint(piece.stems)
    # "Price: $49" speaks of what something costs, though it does not say "cost".
    here = piece.stems | asked.cues if meant else piece.stems
    title, headings = read_context(passage.title, passage.heading_path)
    headings |= piece.above
    before = pieces[index - 1].stems if index else frozenset[str]()
    text = passage.text[sentence.start : sentence.end]
    total = sum(rarity.values()) or 1.0
    coverage = sum(rarity[item] for item in stems & here) / total
    related = sum(
        rarity[item] for item in stems - here if len(item) >= 5 and item[:5] in piece.families
    )
    previous = sum(rarity[item] for item in stems & before - here) / total
    fits = holds_type(asked.answer_type, text, stems)
    after_question = index > 0 and pieces[index - 1].sentence.kind is SentenceKind.QUESTION
    names = [part for _, part in asked.words.names]
    new = stems - title - headings
    return {
        "coverage": coverage,
        "title": sum(rarity[item] for item in stems & title - headings - here) / total,
        "under": sum(rarity[item] for item in stems & headings - here) / total,
        "meant": float(meant),
        "related": related / total,
        "bigrams": _count_bigrams(asked, piece.content),
        "names": sum(not here.isdisjoint(part) for part in names) / max(1, len(names)),
        "names_under": sum(not headings.isdisjoint(part) for part in names) / max(1, len(names)),
        "type": fits,
        "type_coverage": fits * coverage,
        "money": fits * (asked.answer_type is AnswerType.MONEY),
        "previous": previous,
        "previous_dangling": previous * piece.dangling if previous else 0.0,
        "after_question": previous * after_question,
        "passage": math.log(max(passage.probability, 1e-4)),
        "first": float(index == 0),
        "heading_answer": passage.match.heading_similarity * max(0.0, 1 - index / 2),
        "row": coverage * (sentence.kind is SentenceKind.ROW),
        "speaks": float(meant or (not new.isdisjoint(here) if new else not asked.labels)),
        "pointer": float(piece.pointer and asked.answer_type not in _WHERE),
        "defines": float(_defines(asked, text)),
        "fragment": float(sentence.kind is SentenceKind.FRAGMENT),
        "code": float(sentence.kind is SentenceKind.CODE),
        "tiny": float(piece.size < TINY_WORDS and sentence.kind is not SentenceKind.ROW),
    }


def is_dangling(text: str) -> bool:
    """Whether a sentence opens with a word that points at the sentence before it."""
    opening = split_words(text[:60])[:2]
    if not opening:
        return False
    if opening[0] in _POINTING:
        return True
    return opening[0] in _CONNECTING and len(opening) > 1


def _defines(asked: Asked, text: str) -> bool:
    """Whether it says "X is ..." where "what is X?" is asked."""
    if asked.answer_type is not AnswerType.DEFINITION or not asked.words.stems:
        return False
    opening = split_words(text[:90])[:9]
    verb = next((place for place, word in enumerate(opening) if word in _DEFINING), 0)
    return {stem(word) for word in opening[:verb]}.issuperset(asked.words.stems)


_DEFINING = frozenset("is are means refers".split())
_WHERE = frozenset({AnswerType.PLACE, AnswerType.URL})
_POINTER = re.compile(
    r"^(?:(?:please |you can |to |and )*(?:see|read|learn|find out|find|check out|explore|visit|"
    r"refer to|review|view|consult|discover)\b(?! (?:if|that|whether|how much|when)\b).{0,60}"
    r"\b(?:more|about|guides?|pages?|docs|documentation|reference|section|changelog|overview|"
    r"policy|options|details|article|terms)\b)"
    r"|^for (?:more|further|full|all|complete|additional)?\s?(?:information|details)\b"
    r"|\bcan be found (?:in|at|on|under)\b",
    re.IGNORECASE,
)
"""A sentence that only says where to read on."""
_POINTING = frozenset(
    "it its this that these those they their them he she his her such both neither".split()
)
_CONNECTING = frozenset(
    "also however therefore thus hence moreover furthermore instead otherwise additionally then "
    "consequently similarly nevertheless likewise but".split()
)


def _count_bigrams(asked: Asked, content: Sequence[str]) -> float:
    if not asked.words.bigrams:
        return 0.0
    return len(asked.words.bigrams.intersection(pairwise(content))) / len(asked.words.bigrams)
