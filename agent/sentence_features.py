"""What is known of a sentence as an answer to a question: the numbers to weigh. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from agent.answer_types import Asked, holds_type
from agent.questions import AnswerType
from agent.sentence_split import Sentence, SentenceKind, split_sentences
from sales.knowledge.ranking import RankedPassage
from sales.knowledge.words import STOP_WORDS, split_words, stem

TINY_WORDS = 4
"""A sentence of fewer words says little alone."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What is known of a sentence without the question. `families`: first five letters of its
    longer stems, to find "invent" for "inventor"; `content`: stems of its content words in order.
    """

    sentence: Sentence
    stems: frozenset[str]
    families: frozenset[str]
    content: tuple[str, ...]
    size: int
    dangling: bool


@lru_cache(maxsize=512)
def read_passage(text: str) -> tuple[Piece, ...]:
    """The sentences of a passage with what is known of each; the last 512 are remembered."""
    pieces = []
    for sentence in split_sentences(text):
        part = text[sentence.start : sentence.end]
        words = split_words(part)
        stems = frozenset(stem(word) for word in words)
        pieces.append(
            Piece(
                sentence=sentence,
                stems=stems,
                families=frozenset(item[:5] for item in stems if len(item) >= 5),
                content=tuple(stem(word) for word in words if word not in STOP_WORDS),
                size=len(words),
                dangling=is_dangling(part),
            )
        )
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
