"""Which passages answer a question, and how sure that is. Pure: no database, no model.

Two steps, because texts are read only for the few that matter:
1. `fuse` joins the keyword and the vector side over the union of their hits;
2. `rank_passages` looks at the words of the best few, orders them, and gives each the probability
   that it helps to answer, so that `similarity_threshold: 0.7` means the same everywhere.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from sales.knowledge import ranking_weights as weights
from sales.knowledge.word_match import PassageMatch, QuestionWords, estimate_rarity, match_passage
from sales.knowledge.words import split_words

CANDIDATES = 16
"""Passages whose words are looked at. More gained nothing in hit@5, and cost time."""


class KeywordHit(NamedTuple):
    """A passage found by words; `bm25` is positive, higher is better."""

    passage_id: int
    bm25: float


class VectorHit(NamedTuple):
    """A passage found by meaning; `cosine` is -1 to 1."""

    passage_id: int
    cosine: float


@dataclass(frozen=True, slots=True)
class FusedHit:
    """A passage of either side. `cosine` is None where the passage has no vector yet."""

    passage_id: int
    bm25: float
    keyword_score: float
    cosine: float | None
    fused_score: float


class Candidate(Protocol):
    """What is read of a stored passage."""

    @property
    def title(self) -> str:
        """The page's title."""
        ...

    @property
    def heading_path(self) -> tuple[str, ...]:
        """The headings above it, outermost first."""
        ...

    @property
    def text(self) -> str:
        """Its text."""
        ...

    @property
    def url(self) -> str:
        """Its page."""
        ...


@dataclass(frozen=True, slots=True)
class RankedPassage:
    """A passage with its scores, all higher is better.

    `keyword_score`: BM25 as a share of the question's best, 0 to 1. `vector_score`: cosine, None
    without a vector. `fused_score`: the score that orders the result, from both and from how the
    question's words lie in the passage; about 1 at best, may be below 0. `probability`:
    calibrated, 0 to 1, that the passage helps to answer; falls in the same order. `match`: which
    words of the question the passage holds.
    """

    passage_id: int
    title: str
    heading_path: tuple[str, ...]
    text: str
    url: str
    bm25: float
    keyword_score: float
    vector_score: float | None
    fused_score: float
    probability: float
    match: PassageMatch


class Band(StrEnum):
    """How to speak about the best passage."""

    ANSWER = "answer"
    CLOSEST = "closest"
    NONE = "none"


def fuse(
    keyword_hits: Sequence[tuple[int, float]],
    vector_hits: Sequence[tuple[int, float]],
    *,
    pending: Collection[int] = (),
    limit: int = CANDIDATES,
) -> list[FusedHit]:
    """The `limit` best of the union of both sides, best first; ties by passage id.

    `keyword_hits`: (passage_id, bm25), `vector_hits`: (passage_id, cosine); about 100 of each.
    `pending`: passages known to have no vector yet. A passage that only the keyword side found
    and that is not pending lies below the worst vector hit, and is given that cosine.
    Without any vector hit, keywords decide alone.
    """
    bm25 = dict(keyword_hits)
    cosines = dict(vector_hits)
    best_bm25 = max(bm25.values(), default=0.0)
    floor = min(cosines.values(), default=None)
    # Plain numbers first: of some 200 hits only the best few are worth an object.
    scored = []
    for passage_id in bm25.keys() | cosines.keys():
        share = bm25.get(passage_id, 0.0) / best_bm25 if best_bm25 > 0 else 0.0
        cosine = cosines.get(passage_id)
        if cosine is None and passage_id not in pending:
            cosine = floor
        likely = _guess_cosine(share) if cosine is None else cosine
        score = weights.VECTOR_WEIGHT * likely + (1 - weights.VECTOR_WEIGHT) * share
        scored.append((-score, passage_id, share, cosine))
    return [
        FusedHit(passage_id, bm25.get(passage_id, 0.0), share, cosine, -score)
        for score, passage_id, share, cosine in heapq.nsmallest(limit, scored, key=_by_score)
    ]


def _by_score(scored: tuple[float, int, float, float | None]) -> tuple[float, int]:
    return scored[:2]


def rank_passages(
    question: str,
    keyword_hits: Sequence[tuple[int, float]],
    vector_hits: Sequence[tuple[int, float]] | None,
    candidates: Mapping[int, Candidate],
    limit: int = CANDIDATES,
    *,
    pending: Collection[int] = (),
) -> list[RankedPassage]:
    """The `limit` best passages for `question`, best first.

    Hits and `pending` are those of `fuse`; `vector_hits` None: only keywords were searched. A hit
    without candidate (removed meanwhile) is left out.
    """
    fused = fuse(keyword_hits, vector_hits or (), pending=pending)
    return rank_hits(question, fused, candidates, limit)


def rank_hits(
    question: str,
    fused: Sequence[FusedHit],
    candidates: Mapping[int, Candidate],
    limit: int = CANDIDATES,
) -> list[RankedPassage]:
    """`rank_passages` for hits that `fuse` joined already."""
    hits = [hit for hit in fused if hit.passage_id in candidates]
    if not hits:
        return []
    words = QuestionWords.of(question)
    texts = [candidates[hit.passage_id] for hit in hits]
    fields = [(text.title, text.heading_path, text.text) for text in texts]
    rarity = estimate_rarity(words, fields)
    matches = [match_passage(words, rarity, *field) for field in fields]
    scores = [_score_order(hit, match) for hit, match in zip(hits, matches, strict=True)]
    order = sorted(range(len(hits)), key=lambda row: (-scores[row], hits[row].passage_id))
    probabilities = _calibrate(words, [(hits[row], matches[row], scores[row]) for row in order])
    return [
        RankedPassage(
            passage_id=hits[row].passage_id,
            title=texts[row].title,
            heading_path=texts[row].heading_path,
            text=texts[row].text,
            url=texts[row].url,
            bm25=hits[row].bm25,
            keyword_score=hits[row].keyword_score,
            vector_score=hits[row].cosine,
            fused_score=scores[row] / weights.ORDER_SCALE,
            probability=probability,
            match=matches[row],
        )
        for row, probability in zip(order[:limit], probabilities, strict=False)
    ]


def check_answerable(
    question: str, ranked: Sequence[RankedPassage], threshold: float = 0.7
) -> Band:
    """How to speak: answer with the quote, offer the closest, or say that it is not known.

    `ranked`: best first. `threshold`: the site owner's `similarity_threshold`. A name or number
    of the question that none of the best passages holds bars an answer, because a neighbour's
    fact is not the answer.
    """
    if not ranked or estimate_on_topic(ranked) < weights.CLOSEST_ON_TOPIC:
        return Band.NONE
    if estimate_answerable(ranked) < threshold or find_absent_names(question, ranked):
        return Band.CLOSEST
    return Band.ANSWER


def estimate_answerable(ranked: Sequence[RankedPassage], doubt: float = 0.0) -> float:
    """Probability, 0 to 1, that the best passages answer the question between them.

    A website says the same thing on several pages, which then share the probability of being
    *the* one; so it is taken that any of them helps. `doubt`: what the sentence that was chosen
    takes off, in log odds.
    """
    none_helps = math.prod(1 - item.probability for item in ranked[: weights.ANSWERABLE_PASSAGES])
    any_helps = min(max(1 - none_helps, 1e-3), 0.99)
    model = weights.ANSWERABLE
    return _sigmoid(
        model["bias"]
        - doubt
        + model["logit_any"] * math.log(any_helps / (1 - any_helps))
        + model["coverage"] * ranked[0].match.coverage
    )


def estimate_on_topic(ranked: Sequence[RankedPassage]) -> float:
    """Probability, 0 to 1, that the site speaks of what was asked at all."""
    cosines = [item.vector_score for item in ranked if item.vector_score is not None]
    coverage = ranked[0].match.coverage if ranked else 0.0
    return _estimate_on_topic(max(cosines, default=None), coverage)


def find_absent_names(question: str, ranked: Sequence[RankedPassage]) -> list[str]:
    """Names and numbers of the question that none of the best passages holds, as written.

    A name is a capitalised word that does not open the sentence, or a word with a digit.
    """
    best = [item.match for item in ranked[: weights.NAME_PASSAGES]]
    return _list_absent_names(QuestionWords.of(question), best)


def _list_absent_names(words: QuestionWords, matches: Sequence[PassageMatch]) -> list[str]:
    held: set[str] = set()
    for match in matches:
        held |= match.held_stems
    return [name for name, stems in words.names if not held.intersection(stems)]


def _score_order(hit: FusedHit, match: PassageMatch) -> float:
    """The linear score that orders passages; weights and their source in `ranking_weights`."""
    model = weights.ORDER
    return (
        model["cosine"] * (_guess_cosine(hit.keyword_score) if hit.cosine is None else hit.cosine)
        + model["keyword_share"] * hit.keyword_score
        + model["bigrams"] * match.bigram_share
        + model["window"] * match.window_coverage
        + model["length"] * match.log_length
        + model["heading"] * match.heading_similarity
    )


def _guess_cosine(keyword_share: float) -> float:
    """Stands in for an unknown cosine, so that a page without its vector yet is not hidden."""
    return weights.PENDING_COSINE_BASE + weights.PENDING_COSINE_PER_SHARE * keyword_share


def _calibrate(
    words: QuestionWords, ordered: Sequence[tuple[FusedHit, PassageMatch, float]]
) -> list[float]:
    """Probability that each passage helps, best first: that the site speaks of it at all, times
    that this passage is the one. Never rises from one passage to the next.
    """
    cosines = [hit.cosine for hit, _, _ in ordered if hit.cosine is not None]
    on_topic = _estimate_on_topic(max(cosines, default=None), ordered[0][1].coverage)
    model = weights.HELPS if cosines else weights.HELPS_KEYWORDS
    best_matches = [match for _, match, _ in ordered[: weights.NAME_PASSAGES]]
    absent = len(_list_absent_names(words, best_matches)) / max(1, len(words.names))
    top = ordered[0][2]
    total = sum(math.exp(score - top) for _, _, score in ordered)
    question_logit = (
        model["bias"]
        + model["absent_names"] * absent
        + model["words"] * math.log(1 + len(words.stems))
    )
    lowest, highest = weights.LOGIT_SHARE_LIMITS
    probabilities: list[float] = []
    for _, match, score in ordered:
        share = math.exp(score - top) / total
        logit_share = (
            math.log(share / (1 - share))
            if 1e-9 < share < 1 - 1e-9
            else (highest if share > 0.5 else lowest)
        )
        logit = (
            question_logit
            + model["logit_share"] * min(max(logit_share, lowest), highest)
            + model["coverage"] * match.coverage
        )
        ceiling = probabilities[-1] if probabilities else 1.0
        probabilities.append(min(ceiling, on_topic * _sigmoid(logit)))
    return probabilities


def _estimate_on_topic(best_cosine: float | None, coverage: float) -> float:
    model = weights.ON_TOPIC_KEYWORDS if best_cosine is None else weights.ON_TOPIC
    cosine = 0.0 if best_cosine is None else best_cosine
    return _sigmoid(model["bias"] + model["cosine"] * cosine + model["coverage"] * coverage)


def _sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


_SPELLINGS = {"email": "mail", "mail": "email", "website": "site", "signup": "sign", "login": "log"}


def choose_search_words(question: str) -> list[str]:
    """The words to ask the keyword index for: content words, or all words when there are none.

    Words that are written together or apart ("email", "e-mail") are asked for in both ways.
    """
    words = list(QuestionWords.of(question).words) or split_words(question)
    also = [_SPELLINGS[word] for word in words if word in _SPELLINGS]
    return list(dict.fromkeys([*words, *also]))
