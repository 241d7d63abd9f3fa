"""Chooses the one to three sentences of the recalled passages that answer a question.

Every sentence is cut out of a passage as it stands: nothing is written here. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from agent import sentence_weights as weights
from agent.answer_types import holds_type
from agent.questions import AnswerType, choose_answer_type
from agent.sentence_split import SPEAKABLE, Sentence, SentenceKind, split_sentences
from sales.knowledge.ranking import RankedPassage
from sales.knowledge.word_match import QuestionWords, estimate_rarity
from sales.knowledge.words import STOP_WORDS, split_words, stem

SHORT_PASSAGE_CHARS = 350
"""Up to here a passage is better shown whole (measured, STACK)."""
MAX_PASSAGES = 3
"""Passages whose sentences are looked at."""
MAX_SENTENCES = 3


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
    picked = _pick(question, scored, limit)
    return [_cut(passages[item.passage], item) for item in _in_reading_order(picked)]


def score_sentences(question: str, passages: Sequence[RankedPassage]) -> list[_Scored]:
    """Every sentence that may be spoken with the probability that it holds the answer."""
    words = QuestionWords.of(question)
    answer_type = choose_answer_type(question)
    rarity = estimate_rarity(
        words, [(item.title, item.heading_path, item.text) for item in passages]
    )
    scored: list[_Scored] = []
    for number, passage in enumerate(passages):
        scored.extend(_score_passage(words, rarity, answer_type, passage, number))
    if not scored:
        return []
    top = max(item.logit for item in scored)
    total = sum(math.exp(item.logit - top) for item in scored)
    return [
        _Scored(
            item.passage, item.index, item.sentence, item.stems, item.logit,
            math.exp(item.logit - top) / total,
        )
        for item in scored
    ]  # fmt: skip


def build_features(
    words: QuestionWords,
    rarity: dict[str, float],
    answer_type: AnswerType,
    passage: RankedPassage,
    sentences: Sequence[Sentence],
    index: int,
    stems: Sequence[frozenset[str]],
) -> dict[str, float]:
    """What is known of one sentence; names as in `sentence_weights.WEIGHTS`."""
    sentence = sentences[index]
    text = passage.text[sentence.start : sentence.end]
    asked = frozenset(words.stems)
    total = sum(rarity.values()) or 1.0
    here = stems[index]
    before = stems[index - 1] if index else frozenset[str]()
    after = stems[index + 1] if index + 1 < len(stems) else frozenset[str]()
    covered = sum(rarity[item] for item in asked & here) / total
    around = sum(rarity[item] for item in asked & (before | after) - here) / total
    tokens = split_words(text)
    content = [item for item in here if item not in _STOP_STEMS]
    new = [item for item in content if item not in asked]
    asked_before = index > 0 and sentences[index - 1].kind is SentenceKind.QUESTION
    return {
        "coverage": covered,
        "around": around,
        "bigrams": _count_bigrams(words, tokens),
        "type": holds_type(answer_type, text, asked),
        "log_length": math.log(max(2, len(tokens)) / 20),
        "first": float(index == 0),
        "new_words": min(len(new), 12) / 12,
        "dangling": float(is_dangling(text)),
        "passage": math.log(max(passage.probability, 1e-4)),
        "after_question": float(asked_before) * around,
        "row": float(sentence.kind is SentenceKind.ROW) * covered,
        "fragment": float(sentence.kind is SentenceKind.FRAGMENT),
        "tiny": float(len(tokens) < 4),
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
_CONNECTING = frozenset(
    "also however therefore thus hence moreover furthermore instead otherwise additionally then "
    "consequently similarly nevertheless likewise but".split()
)
_STOP_STEMS = frozenset(stem(word) for word in STOP_WORDS)


def _score_passage(
    words: QuestionWords,
    rarity: dict[str, float],
    answer_type: AnswerType,
    passage: RankedPassage,
    number: int,
) -> list[_Scored]:
    sentences = split_sentences(passage.text)
    stems = [
        frozenset(stem(word) for word in split_words(passage.text[item.start : item.end]))
        for item in sentences
    ]
    scored = []
    for index, sentence in enumerate(sentences):
        if sentence.kind not in SPEAKABLE:
            continue
        features = build_features(words, rarity, answer_type, passage, sentences, index, stems)
        logit = sum(weights.WEIGHTS[name] * value for name, value in features.items())
        scored.append(_Scored(number, index, sentence, stems[index], logit))
    return scored


def _count_bigrams(words: QuestionWords, tokens: Sequence[str]) -> float:
    if not words.bigrams:
        return 0.0
    content = [stem(word) for word in tokens if word not in STOP_WORDS]
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


def _pick(question: str, scored: Sequence[_Scored], limit: int) -> list[_Scored]:
    """The best sentence, and those beside it that are nearly as likely and say something else."""
    wants_many = choose_answer_type(question) in (AnswerType.LIST, AnswerType.HOW_TO)
    order = sorted(scored, key=lambda item: -item.score)
    picked = [order[0]]
    for item in order[1:]:
        if len(picked) >= limit:
            break
        bar = weights.SECOND_SHARE if len(picked) == 1 or wants_many else weights.THIRD_SHARE
        if item.score < bar * order[0].score:
            break
        if not any(_is_near_duplicate(item.stems, other.stems) for other in picked):
            picked.append(item)
    return picked


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
