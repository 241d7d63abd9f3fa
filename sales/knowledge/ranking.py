"""Which passages answer a question, and how sure that is. Pure: no database, no model.

Two steps, because texts are read only for the few that matter:
1. `fuse` joins the keyword and the vector side over the union of their hits;
2. `rank_passages` looks at the words of the best few, orders them, and gives each the probability
   that it helps to answer, so that `similarity_threshold: 0.7` means the same everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from sales.knowledge import ranking_weights as weights
from sales.knowledge.word_match import PassageMatch, QuestionWords, WordStatistics, match_passage
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
    without a vector. `fused_score`: their weighted sum (order of the first step). `probability`:
    calibrated, 0 to 1, that the passage helps to answer; the order of the result.
    `match`: which words of the question the passage holds.
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
    fused = []
    for passage_id in bm25.keys() | cosines.keys():
        raw = bm25.get(passage_id, 0.0)
        share = raw / best_bm25 if best_bm25 > 0 else 0.0
        cosine = cosines.get(passage_id)
        if cosine is None and passage_id not in pending:
            cosine = floor
        if cosine is None:
            # Its cosine is unknown: guessed from the words, so that a new page is not hidden.
            guess = weights.PENDING_COSINE_BASE + weights.PENDING_COSINE_PER_SHARE * share
            score = weights.VECTOR_WEIGHT * guess + (1 - weights.VECTOR_WEIGHT) * share
        else:
            score = weights.VECTOR_WEIGHT * cosine + (1 - weights.VECTOR_WEIGHT) * share
        fused.append(FusedHit(passage_id, raw, share, cosine, score))
    fused.sort(key=lambda hit: (-hit.fused_score, hit.passage_id))
    return fused[:limit]


def rank_passages(
    question: str,
    keyword_hits: Sequence[tuple[int, float]],
    vector_hits: Sequence[tuple[int, float]] | None,
    candidates: Mapping[int, Candidate],
    limit: int = CANDIDATES,
    *,
    pending: Collection[int] = (),
    statistics: WordStatistics | None = None,
) -> list[RankedPassage]:
    """The `limit` best passages for `question`, best first.

    Hits and `pending` are those of `fuse`; `vector_hits` None: only keywords were searched. A hit
    without candidate (removed meanwhile) is left out. `statistics` says in how many passages of
    the site a stem occurs; without it, rarity is estimated from the candidates themselves.
    """
    known_keywords = [hit for hit in keyword_hits if hit[0] in candidates]
    known_vectors = [hit for hit in vector_hits or () if hit[0] in candidates]
    hits = fuse(known_keywords, known_vectors, pending=pending)
    if not hits:
        return []
    words = QuestionWords.of(question)
    texts = [candidates[hit.passage_id] for hit in hits]
    fields = [(text.title, text.heading_path, text.text) for text in texts]
    rarity = (statistics or WordStatistics.of_texts(words, fields)).rarity_of(words.stems)
    matches = [match_passage(words, rarity, *field) for field in fields]
    scores = [_score_order(hit, match) for hit, match in zip(hits, matches, strict=True)]
    probabilities = _calibrate(hits, matches, scores)
    ranked = [
        RankedPassage(
            passage_id=hit.passage_id,
            title=text.title,
            heading_path=text.heading_path,
            text=text.text,
            url=text.url,
            bm25=hit.bm25,
            keyword_score=hit.keyword_score,
            vector_score=hit.cosine,
            fused_score=hit.fused_score,
            probability=probability,
            match=match,
        )
        for hit, text, match, probability in zip(hits, texts, matches, probabilities, strict=True)
    ]
    order = sorted(range(len(ranked)), key=lambda row: (-scores[row], ranked[row].passage_id))
    return [ranked[row] for row in order[:limit]]


def check_answerable(question: str, ranked: Sequence[RankedPassage]) -> Band:
    """How to speak: answer with the quote, offer the closest, or say that it is not known.

    Beside the probability of the best passage: a name or number of the question that none of
    the best passages holds lowers the band, because a neighbour's fact is not the answer.
    """
    if not ranked:
        return Band.NONE
    best = ranked[0]
    band = Band.NONE
    if best.probability >= weights.ANSWER_PROBABILITY:
        band = Band.ANSWER
    elif best.probability >= weights.CLOSEST_PROBABILITY:
        band = Band.CLOSEST
    if band is Band.ANSWER and find_absent_names(question, ranked[:3]):
        band = Band.CLOSEST
    return band


def find_absent_names(question: str, ranked: Sequence[RankedPassage]) -> list[str]:
    """Names and numbers of the question that none of `ranked` holds, as the visitor wrote them.

    A name is a capitalised word that does not open the sentence, or a word with a digit.
    """
    words = QuestionWords.of(question)
    held: set[str] = set()
    for passage in ranked:
        held |= passage.match.held_stems
    return [name for name, stems in words.names if not held.intersection(stems)]


def _score_order(hit: FusedHit, match: PassageMatch) -> float:
    """The linear score that orders passages; weights and their source in `ranking_weights`."""
    lexical = (
        weights.ORDER["keyword_share"] * hit.keyword_score
        + weights.ORDER["coverage"] * match.coverage
        + weights.ORDER["bigrams"] * match.bigram_share
        + weights.ORDER["window"] * match.window_coverage
        + weights.ORDER["length"] * match.log_length
        + weights.ORDER["heading"] * match.heading_similarity
    )
    cosine = hit.cosine
    if cosine is None:
        cosine = weights.PENDING_COSINE_BASE + weights.PENDING_COSINE_PER_SHARE * match.coverage
    return lexical + weights.ORDER["cosine"] * cosine


def _calibrate(
    hits: Sequence[FusedHit], matches: Sequence[PassageMatch], scores: Sequence[float]
) -> list[float]:
    """Probability that each passage helps, from its own evidence and its share of the whole."""
    top = max(scores)
    exponentials = [math.exp(score - top) for score in scores]
    total = sum(exponentials)
    probabilities = []
    for hit, match, exponential in zip(hits, matches, exponentials, strict=True):
        share = math.log(max(exponential / total, 1e-6))
        if hit.cosine is None:
            model, cosine = weights.PROBABILITY_KEYWORDS, 0.0
        else:
            model, cosine = weights.PROBABILITY, hit.cosine
        logit = (
            model["bias"]
            + model["cosine"] * cosine
            + model["coverage"] * match.coverage
            + model["window"] * match.window_coverage
            + model["bigrams"] * match.bigram_share
            + model["heading"] * match.heading_similarity
            + model["log_share"] * share
            + model["missing_rarity"] * match.rarest_missing
        )
        probabilities.append(1 / (1 + math.exp(-logit)))
    return probabilities


def choose_search_words(question: str) -> list[str]:
    """The words to ask the keyword index for: content words, or all words when there are none."""
    return list(QuestionWords.of(question).words) or list(dict.fromkeys(split_words(question)))
