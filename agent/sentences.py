"""Chooses the one to three sentences of the recalled passages that answer a question.

Every sentence is cut out of a passage as it stands: nothing is written here. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent import sentence_weights as weights
from agent.answer_types import Asked, read_question
from agent.questions import AnswerType
from agent.sentence_features import TINY_WORDS, Piece, build_features, is_dangling, read_passage
from agent.sentence_split import SPEAKABLE, Sentence, SentenceKind, split_sentences
from sales.knowledge.ranking import RankedPassage
from sales.knowledge.word_match import QuestionWords

SHORT_PASSAGE_CHARS = 350
"""Up to here a passage is better shown whole (measured, STACK)."""
MAX_PASSAGES = 3
"""Passages whose sentences are looked at."""
MAX_SENTENCES = 3
MAX_LIST_CHARS = 500
"""A list up to this length is spoken whole, with the line that leads it in."""


_LISTED = frozenset({SentenceKind.ITEM, SentenceKind.ROW})
_LINES = frozenset({SentenceKind.ROW, SentenceKind.CODE})
_NOT_RUNNING = frozenset(
    {
        SentenceKind.CODE,
        SentenceKind.BOILERPLATE,
        SentenceKind.ROW,
        SentenceKind.HEADING,
        SentenceKind.FRAGMENT,
    }
)
_CODE_WORDS = frozenset("command code syntax snippet example install npm pnpm yarn".split())


@dataclass(frozen=True, slots=True)
class ChosenSentence:
    """`passage.text[start:end] == text`. `score`: probability that it holds the answer."""

    passage_id: int
    start: int
    end: int
    text: str
    score: float


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
    asked = read_question(question)
    passages = list(ranked[:MAX_PASSAGES])
    scored = score_sentences(question, passages)
    if not scored or limit < 1:
        return []
    best = max(scored, key=lambda item: item.score)
    passage = passages[best.passage]
    if len(passage.text) <= SHORT_PASSAGE_CHARS:
        whole = _show_whole(passage, best)
        if whole is not None:
            return [whole]
    wants_many = asked.answer_type in (AnswerType.LIST, AnswerType.HOW_TO)
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
    asked = read_question(question)
    split = [read_passage(passage.text) for passage in passages]
    rarity = _estimate_rarity(asked.words, [piece.stems for pieces in split for piece in pieces])
    scored: list[_Scored] = []
    for number, (passage, pieces) in enumerate(zip(passages, split, strict=True)):
        for index, piece in enumerate(pieces):
            if not _may_be_spoken(asked, pieces, index):
                continue
            features = build_features(asked, rarity, passage, pieces, index)
            logit = sum(weights.WEIGHTS[name] * value for name, value in features.items())
            scored.append(_Scored(number, index, piece.sentence, piece.stems, logit))
    if not scored:
        return []
    top = max(item.logit for item in scored)
    total = sum(math.exp(item.logit - top) for item in scored)
    return [replace(item, score=math.exp(item.logit - top) / total) for item in scored]


def _may_be_spoken(asked: Asked, pieces: Sequence[Piece], index: int) -> bool:
    kind = pieces[index].sentence.kind
    if kind is SentenceKind.CODE:
        # A command answers "how do I ...?", and nothing else.
        return (
            asked.answer_type is AnswerType.HOW_TO
            or not asked.words.words
            or any(word in _CODE_WORDS for word in asked.words.words)
        )
    leads = kind is SentenceKind.LEAD and index + 1 < len(pieces)
    return kind in SPEAKABLE or (leads and pieces[index + 1].sentence.kind in _LISTED)


def _estimate_rarity(words: QuestionWords, sentences: Sequence[frozenset[str]]) -> dict[str, float]:
    """Inverse frequency of the question's stems among these sentences, above 0."""
    return {
        item: math.log((len(sentences) + 1) / (sum(item in one for one in sentences) + 0.5)) + 0.1
        for item in words.stems
    }


def _show_whole(passage: RankedPassage, best: _Scored) -> ChosenSentence | None:
    """A short passage from its first to its last sentence; None when it is no running text:
    code, table rows, or lines that each say something of their own."""
    sentences = split_sentences(passage.text)
    spoken = [item for item in sentences if item.kind in SPEAKABLE]
    if best.sentence.kind in _LINES or not spoken:
        return None
    start, end = spoken[0].start, spoken[-1].end
    inside = [item for item in sentences if start <= item.start < end]
    if any(item.kind in _NOT_RUNNING for item in inside):
        return None
    return ChosenSentence(passage.passage_id, start, end, passage.text[start:end], best.score)


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
