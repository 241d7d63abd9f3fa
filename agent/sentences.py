"""Chooses the one to three sentences of the recalled passages that answer a question.

Every sentence is cut out of a passage as it stands: nothing is written here. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from agent import sentence_weights as weights
from agent.answer_types import holds_type
from agent.questions import AnswerType, choose_answer_type
from agent.sentence_split import SPEAKABLE, Sentence, SentenceKind, split_sentences
from sales.knowledge.ranking import RankedPassage
from sales.knowledge.word_match import QuestionWords
from sales.knowledge.words import STOP_WORDS, split_words, stem

SHORT_PASSAGE_CHARS = 350
"""Up to here a passage is better shown whole (measured, STACK)."""
MAX_PASSAGES = 3
"""Passages whose sentences are looked at."""
MAX_SENTENCES = 3
TINY_WORDS = 4
"""A sentence of fewer words says little alone."""
MAX_LIST_CHARS = 500
"""A list up to this length is spoken whole, with the line that leads it in."""


@dataclass(frozen=True, slots=True)
class ChosenSentence:
    """`passage.text[start:end] == text`. `score`: probability that it holds the answer."""

    passage_id: int
    start: int
    end: int
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is known of a sentence without the question. `families`: first five letters of its
    longer stems, to find "invent" for "inventor"; `content`: stems of its content words in order.
    """

    sentence: Sentence
    stems: frozenset[str]
    families: frozenset[str]
    content: tuple[str, ...]
    size: int
    dangling: bool


@dataclass(frozen=True, slots=True)
class _Scored:
    passage: int
    index: int
    sentence: Sentence
    stems: frozenset[str]
    logit: float
    score: float = 0.0


def choose_sentences(
    question: str, ranked: Sequence[RankedPassage], limit: int = MAX_SENTENCES
) -> list[ChosenSentence]:
    """The sentences that answer `question` best, at most `limit`, in reading order.

    Passages keep their rank: the passage of the best sentence comes first, and its sentences
    stand in their own order. [] when no passage holds a sentence that may be spoken.
    """
    passages = list(ranked[:MAX_PASSAGES])
    scored = score_sentences(question, passages)
    if not scored or limit < 1:
        return []
    best = max(scored, key=lambda item: item.score)
    passage = passages[best.passage]
    if len(passage.text) <= SHORT_PASSAGE_CHARS:
        whole = _show_whole(passage, best.score)
        if whole is not None:
            return [whole]
    wants_many = choose_answer_type(question) in (AnswerType.LIST, AnswerType.HOW_TO)
    if wants_many or best.sentence.kind is SentenceKind.LEAD:
        run = _find_list(passage, best.sentence)
        if run is not None:
            text = passage.text[run[0] : run[1]]
            return [ChosenSentence(passage.passage_id, run[0], run[1], text, best.score)]
    alone = [item for item in scored if item.sentence.kind is not SentenceKind.LEAD]
    if not alone:
        return []
    picked = _pick(alone, limit, wants_many=wants_many)
    picked = _add_what_they_point_at(passages, alone, picked, limit)
    return [_cut(passages[item.passage], item) for item in _in_reading_order(picked)]


def score_sentences(question: str, passages: Sequence[RankedPassage]) -> list[_Scored]:
    """Every sentence that may be spoken with the probability that it holds the answer."""
    words = QuestionWords.of(question)
    answer_type = choose_answer_type(question)
    split = [_read_passage(passage.text) for passage in passages]
    rarity = _estimate_rarity(words, [piece.stems for pieces in split for piece in pieces])
    scored: list[_Scored] = []
    for number, (passage, pieces) in enumerate(zip(passages, split, strict=True)):
        for index, piece in enumerate(pieces):
            sentence = piece.sentence
            leads = sentence.kind is SentenceKind.LEAD and index + 1 < len(pieces)
            if sentence.kind not in SPEAKABLE and not (
                leads and pieces[index + 1].sentence.kind in _LISTED
            ):
                continue
            features = build_features(words, rarity, answer_type, passage, pieces, index)
            logit = sum(weights.WEIGHTS[name] * value for name, value in features.items())
            scored.append(_Scored(number, index, sentence, piece.stems, logit))
    if not scored:
        return []
    top = max(item.logit for item in scored)
    total = sum(math.exp(item.logit - top) for item in scored)
    return [replace(item, score=math.exp(item.logit - top) / total) for item in scored]


def build_features(
    words: QuestionWords,
    rarity: Mapping[str, float],
    answer_type: AnswerType,
    passage: RankedPassage,
    pieces: Sequence[_Piece],
    index: int,
) -> dict[str, float]:
    """What is known of one sentence; names as in `sentence_weights.WEIGHTS`."""
    piece = pieces[index]
    sentence, here = piece.sentence, piece.stems
    before = pieces[index - 1].stems if index else frozenset[str]()
    text = passage.text[sentence.start : sentence.end]
    asked = frozenset(words.stems)
    total = sum(rarity.values()) or 1.0
    coverage = sum(rarity[item] for item in asked & here) / total
    related = sum(
        rarity[item] for item in asked - here if len(item) >= 5 and item[:5] in piece.families
    )
    previous = sum(rarity[item] for item in asked & before - here) / total
    fits = holds_type(answer_type, text, asked)
    after_question = index > 0 and pieces[index - 1].sentence.kind is SentenceKind.QUESTION
    names = [stems for _, stems in words.names]
    return {
        "coverage": coverage,
        "related": related / total,
        "bigrams": _count_bigrams(words, piece.content),
        "names": sum(not here.isdisjoint(stems) for stems in names) / max(1, len(names)),
        "type": fits,
        "type_coverage": fits * coverage,
        "previous": previous,
        "previous_dangling": previous * piece.dangling if previous else 0.0,
        "after_question": previous * after_question,
        "passage": math.log(max(passage.probability, 1e-4)),
        "first": float(index == 0),
        "heading_answer": passage.match.heading_similarity * max(0.0, 1 - index / 2),
        "row": coverage * (sentence.kind is SentenceKind.ROW),
        "fragment": float(sentence.kind is SentenceKind.FRAGMENT),
        "tiny": float(piece.size < TINY_WORDS),
    }


def _estimate_rarity(words: QuestionWords, sentences: Sequence[frozenset[str]]) -> dict[str, float]:
    """Inverse frequency of the question's stems among these sentences, above 0."""
    return {
        item: math.log((len(sentences) + 1) / (sum(item in one for one in sentences) + 0.5)) + 0.1
        for item in words.stems
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
    "it its this these those they their them he she his her such both neither that".split()
)
_LISTED = frozenset({SentenceKind.ITEM, SentenceKind.ROW})
_CONNECTING = frozenset(
    "also however therefore thus hence moreover furthermore instead otherwise additionally then "
    "consequently similarly nevertheless likewise but".split()
)


@lru_cache(maxsize=512)
def _read_passage(text: str) -> tuple[_Piece, ...]:
    pieces = []
    for sentence in split_sentences(text):
        part = text[sentence.start : sentence.end]
        words = split_words(part)
        stems = frozenset(stem(word) for word in words)
        pieces.append(
            _Piece(
                sentence=sentence,
                stems=stems,
                families=frozenset(item[:5] for item in stems if len(item) >= 5),
                content=tuple(stem(word) for word in words if word not in STOP_WORDS),
                size=len(words),
                dangling=is_dangling(part),
            )
        )
    return tuple(pieces)


def _count_bigrams(words: QuestionWords, content: Sequence[str]) -> float:
    if not words.bigrams:
        return 0.0
    return len(words.bigrams.intersection(pairwise(content))) / len(words.bigrams)


def _show_whole(passage: RankedPassage, score: float) -> ChosenSentence | None:
    """A short passage from its first to its last sentence; None when code lies between."""
    sentences = split_sentences(passage.text)
    spoken = [item for item in sentences if item.kind in SPEAKABLE]
    start, end = spoken[0].start, spoken[-1].end
    inside = [item for item in sentences if start <= item.start < end]
    if any(item.kind in (SentenceKind.CODE, SentenceKind.BOILERPLATE) for item in inside):
        return None
    return ChosenSentence(passage.passage_id, start, end, passage.text[start:end], score)


def _find_list(passage: RankedPassage, sentence: Sentence) -> tuple[int, int] | None:
    """The span of the list that `sentence` leads in or belongs to, lead-in included; None when
    there is none, or it is too long to be spoken."""
    sentences = split_sentences(passage.text)
    first = last = sentences.index(sentence)
    while (
        first > 0
        and sentences[first].kind in _LISTED
        and (sentences[first - 1].kind in _LISTED or sentences[first - 1].kind is SentenceKind.LEAD)
    ):
        first -= 1
    while last + 1 < len(sentences) and sentences[last + 1].kind in _LISTED:
        last += 1
    start, end = sentences[first].start, sentences[last].end
    is_list = last > first and sentences[last].kind in _LISTED
    return (start, end) if is_list and end - start <= MAX_LIST_CHARS else None


def _pick(scored: Sequence[_Scored], limit: int, *, wants_many: bool) -> list[_Scored]:
    """The best sentence, and those beside it that are nearly as likely and say something else."""
    order = sorted(scored, key=lambda item: -item.score)
    picked = [order[0]]
    for item in order[1:]:
        if len(picked) >= limit:
            break
        second = len(picked) == 1 or wants_many
        share = weights.SECOND_SHARE if second else weights.THIRD_SHARE
        if item.score < max(share * order[0].score, weights.LEAST_SCORE):
            break
        if not any(_is_near_duplicate(item.stems, other.stems) for other in picked):
            picked.append(item)
    return picked


def _add_what_they_point_at(
    passages: Sequence[RankedPassage],
    scored: Sequence[_Scored],
    picked: list[_Scored],
    limit: int,
) -> list[_Scored]:
    """Take the sentence along that the best one cannot be understood without; the least likely
    pick makes room for it."""
    known = {(item.passage, item.index): item for item in scored}
    best = picked[0]
    text = passages[best.passage].text[best.sentence.start : best.sentence.end]
    # "It also ..." needs what stands before it, "Yes." what stands behind.
    beside = -1 if is_dangling(text) else 1 if len(text.split()) < TINY_WORDS else 0
    partner = known.get((best.passage, best.index + beside))
    if partner is None or partner in picked or limit < 2:
        return picked
    return [*picked[: limit - 1], partner]


def _is_near_duplicate(left: frozenset[str], right: frozenset[str]) -> bool:
    shared = len(left & right)
    return shared >= 0.8 * max(1, min(len(left), len(right)))


def _in_reading_order(picked: Sequence[_Scored]) -> list[_Scored]:
    """Passages in the order of their best sentence, sentences in the order of the text."""
    rank: dict[int, int] = {}
    for item in picked:
        rank.setdefault(item.passage, len(rank))
    return sorted(picked, key=lambda item: (rank[item.passage], item.index))


def _cut(passage: RankedPassage, item: _Scored) -> ChosenSentence:
    start, end = item.sentence.start, item.sentence.end
    return ChosenSentence(passage.passage_id, start, end, passage.text[start:end], item.score)
