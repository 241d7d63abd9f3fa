"""Chooses the one to three sentences of the recalled passages that answer a question.

Every sentence is cut out of a passage as it stands: nothing is written here. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent import sentence_weights as weights
from agent.answer_types import STRICT, Asked, read_question
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
_LEAST_ITEMS = 3

_LISTED = frozenset({SentenceKind.ITEM, SentenceKind.ROW})
_LINES = frozenset({SentenceKind.ROW, SentenceKind.CODE})
_APART = frozenset({SentenceKind.ROW, SentenceKind.ITEM, SentenceKind.FRAGMENT})
"""Lines that each say something of their own."""
_NOT_RUNNING = frozenset(
    {
        SentenceKind.CODE,
        SentenceKind.BOILERPLATE,
        SentenceKind.ROW,
        SentenceKind.HEADING,
        SentenceKind.FRAGMENT,
    }
)
_TYPED = STRICT | {
    AnswerType.MONEY,
    AnswerType.DATE,
    AnswerType.TIME,
    AnswerType.NUMBER,
    AnswerType.DURATION,
}
"""Kinds of answer that a text plainly holds or does not."""
_CODE_WORDS = frozenset("command code syntax snippet example install npm pnpm yarn".split())


@dataclass(frozen=True, slots=True)
class ChosenSentence:
    """`passage.text[start:end] == text`. `score`: probability that it holds the answer. `doubt`:
    log odds that the whole answer loses, because its best sentence lacks what was asked for."""

    passage_id: int
    start: int
    end: int
    text: str
    score: float
    doubt: float = 0.0


@dataclass(frozen=True, slots=True)
class _Scored:
    """`speaks`: it has a word of the question that the headings above it lack, or the label of
    what is asked. `fits`: it holds what the question asks for, as far as that can be told."""

    passage: int
    index: int
    sentence: Sentence
    stems: frozenset[str]
    logit: float
    speaks: bool
    fits: bool
    above: int
    score: float = 0.0


def choose_sentences(
    question: str, ranked: Sequence[RankedPassage], limit: int = MAX_SENTENCES
) -> list[ChosenSentence]:
    """The sentences that answer `question` best, at most `limit`, in reading order.

    Passages keep their rank: the passage of the best sentence comes first, and its sentences
    stand in their own order. [] when no passage holds a sentence that may be spoken, or none that
    can be the answer: only an address answers who asks for one.
    """
    asked = read_question(question)
    passages = list(ranked[:MAX_PASSAGES])
    scored = score_sentences(question, passages)
    if asked.answer_type in STRICT:
        scored = [item for item in scored if item.fits]
    if not scored or limit < 1:
        return []
    best = max(scored, key=lambda item: item.score)
    if best.sentence.kind is SentenceKind.ROW and not best.speaks:
        # "Price: 55" is no answer to "how heavy is the belt?", not even the closest.
        # Nor is a row of another page, which only shares a word with the name.
        scored = [
            item
            for item in scored
            if item.speaks
            and (item.passage == best.passage or item.sentence.kind is not SentenceKind.ROW)
        ]
        if not scored:
            return []
        best = max(scored, key=lambda item: item.score)
    chosen = _choose(asked, passages, scored, best, limit)
    doubt = _estimate_doubt(asked, best, passages)
    return [replace(item, doubt=doubt) for item in chosen] if doubt else chosen


def _estimate_doubt(asked: Asked, best: _Scored, passages: Sequence[RankedPassage]) -> float:
    """How much the best sentence lacks of what was asked for, in log odds."""
    heading = passages[best.passage].heading_path[-1:]
    if heading and heading[0].endswith("?"):
        # It stands below the question that it answers.
        return 0.0
    mute = best.sentence.kind in _APART and not best.speaks
    typed = asked.answer_type in _TYPED and not best.fits
    return weights.TYPE_DOUBT * typed + weights.MUTE_DOUBT * mute


def _choose(
    asked: Asked,
    passages: Sequence[RankedPassage],
    scored: Sequence[_Scored],
    best: _Scored,
    limit: int,
) -> list[ChosenSentence]:
    """What is said for `best` and beside it."""
    passage = passages[best.passage]
    if len(passage.text) <= SHORT_PASSAGE_CHARS:
        whole = _show_whole(passage, best)
        if whole is not None:
            return [whole]
    wants_many = asked.answer_type in (AnswerType.LIST, AnswerType.HOW_TO)
    if wants_many or best.sentence.kind is SentenceKind.LEAD:
        run = _find_list(passage, best.sentence, ahead=asked.answer_type is AnswerType.LIST)
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
            speaks, fits = features["speaks"] > 0, features["type"] >= 0
            above = _find_above(pieces, index)
            scored.append(
                _Scored(number, index, piece.sentence, piece.stems, logit, speaks, fits, above)
            )
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


def _find_above(pieces: Sequence[Piece], index: int) -> int:
    """Where the line begins that is the heading of a sentence within its passage, as the name on
    a card is; the sentence's own beginning when there is none."""
    piece = pieces[index]
    has = bool(piece.above) and piece.sentence.kind is not SentenceKind.CODE
    return (pieces[index - 1] if has else piece).sentence.start


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
    while len(spoken) > 1 and passage.text[spoken[-1].start : spoken[-1].end].endswith(":"):
        # What the last line leads in stands in another passage.
        spoken.pop()
    start, end = spoken[0].start, spoken[-1].end
    inside = [item for item in sentences if start <= item.start < end]
    if any(item.kind in _NOT_RUNNING for item in inside):
        return None
    return ChosenSentence(passage.passage_id, start, end, passage.text[start:end], best.score)


def _find_list(
    passage: RankedPassage, sentence: Sentence, *, ahead: bool
) -> tuple[int, int] | None:
    """The span of the list that `sentence` leads in or belongs to, lead-in included; None when
    there is none, or it is too long to be spoken. `ahead`: a list is asked for, so one that
    begins after the next sentence belongs to it too."""
    sentences = split_sentences(passage.text)
    first = last = sentences.index(sentence)
    if ahead and sentence.kind is SentenceKind.SENTENCE:
        following = [item.kind for item in sentences[first + 1 : first + 4]]
        if SentenceKind.LEAD in following[:2]:
            first = last = first + 1 + following.index(SentenceKind.LEAD)
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
    if is_list and sentences[last].kind is SentenceKind.ITEM:
        # A long list is said as far as it goes; its source shows the rest.
        while last > first + _LEAST_ITEMS and sentences[last].end - start > MAX_LIST_CHARS:
            last -= 1
        end = sentences[last].end
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
        if item.sentence.kind in _APART and not item.speaks:
            # The line below the price says nothing of the price.
            continue
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
    # "It also ..." needs what stands before it, "Yes." what stands behind; a row or an item
    # stands alone.
    tiny = len(text.split()) < TINY_WORDS and best.sentence.kind not in _APART
    beside = -1 if is_dangling(text) else 1 if tiny else 0
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
    start, end = item.above, item.sentence.end
    return ChosenSentence(passage.passage_id, start, end, passage.text[start:end], item.score)
