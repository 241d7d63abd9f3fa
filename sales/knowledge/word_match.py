"""How the words of a question lie in a passage: coverage, closeness, phrases, names."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from sales.knowledge.words import STOP_WORDS, find_stems, split_words, stem

WINDOW_TOKENS = 30
"""About one long sentence: question words this close together are about the same thing."""
LEAST_TOKENS = 25
"""A passage is never taken for shorter than this: a caption is no better answer than a sentence."""
_BIGRAM_REACH = 3
_NAME = re.compile(r"[^\W_]+(?:['’&.\-][^\W_]+)*")
_STOP_STEMS = frozenset(stem(word) for word in STOP_WORDS)

Field = tuple[str, Sequence[str], str]
"""Title, heading path and text of a passage."""


@dataclass(frozen=True, slots=True)
class QuestionWords:
    """A question as words. `words`: content words, folded; `stems`: theirs, without repetition.

    `names`: words that look like a name or a number, as written, each with its stems.
    """

    words: tuple[str, ...]
    stems: tuple[str, ...]
    bigrams: frozenset[tuple[str, str]]
    names: tuple[tuple[str, tuple[str, ...]], ...]

    @staticmethod
    def of(question: str) -> QuestionWords:
        """Analyse `question`; the last 256 are remembered. Long texts: the first 64 words."""
        return _analyse_question(question)


@dataclass(frozen=True, slots=True)
class PassageMatch:
    """Shares are 0 to 1 and weighted by how rare a word is, unless said otherwise."""

    coverage: float
    """Of the question's words: in title, headings or text."""
    window_coverage: float
    """Of the question's words: within one window of the text."""
    bigram_share: float
    """Of the question's neighbouring word pairs (unweighted): near each other, in order."""
    heading_similarity: float
    """Word overlap (Jaccard) of the question with the last heading."""
    rarest_missing: float
    """Share of the question's weight that its rarest missing word holds; 0 when none misses."""
    log_length: float
    """Natural logarithm of the text's length in units of 100 words."""
    held_stems: frozenset[str]
    """Those of the question's stems that the passage holds anywhere."""


def estimate_rarity(words: QuestionWords, fields: Sequence[Field]) -> dict[str, float]:
    """How much each stem of the question tells these passages apart, above 0.

    Inverse document frequency among the candidates themselves: measured as good as the frequency
    in the whole site, and it needs no further query.
    """
    asked = frozenset(words.stems)
    read = [
        (
            _find_stem_list(text),
            (*_find_heading_stems(title, tuple(path)), *_find_meant(asked, text)),
        )
        for title, path, text in fields
    ]
    return {
        item: math.log(
            (len(fields) + 1) / (sum(item in one or item in other for one, other in read) + 0.5)
        )
        + 0.1
        for item in words.stems
    }


def match_passage(
    words: QuestionWords,
    rarity: Mapping[str, float],
    title: str,
    heading_path: Sequence[str],
    text: str,
) -> PassageMatch:
    """Compare a question with one passage; `rarity` holds a weight for each of `words.stems`."""
    tokens = _find_stem_list(text)
    asked = frozenset(words.stems)
    positions = [(place, item) for place, item in enumerate(tokens) if item in asked]
    above = _find_heading_stems(title, tuple(heading_path))
    said = {item for _, item in positions}
    meant = _find_meant(asked, text) - said
    held = asked.intersection([*said, *meant, *above])
    total = sum(rarity[item] for item in words.stems) or 1.0
    missing = max((rarity[item] for item in words.stems if item not in held), default=0.0)
    return PassageMatch(
        coverage=sum(rarity[item] for item in held) / total,
        # What is meant without being said stands where its value does.
        window_coverage=(_find_best_window(positions, rarity) + sum(rarity[item] for item in meant))
        / total,
        bigram_share=_count_bigrams(words.bigrams, positions),
        heading_similarity=_compare_heading(asked, heading_path or (title,)),
        rarest_missing=missing / total,
        log_length=math.log(max(LEAST_TOKENS, len(tokens)) / 100),
        held_stems=held,
    )


def _find_best_window(positions: Sequence[tuple[int, str]], rarity: Mapping[str, float]) -> float:
    """The greatest rarity of distinct words within WINDOW_TOKENS; one pass over the hits."""
    inside: dict[str, int] = {}
    weight = best = 0.0
    start = 0
    for place, item in positions:
        inside[item] = inside.get(item, 0) + 1
        if inside[item] == 1:
            weight += rarity[item]
        while place - positions[start][0] > WINDOW_TOKENS:
            leaving = positions[start][1]
            inside[leaving] -= 1
            if not inside[leaving]:
                weight -= rarity[leaving]
            start += 1
        best = max(best, weight)
    return best


def _count_bigrams(
    bigrams: frozenset[tuple[str, str]], positions: Sequence[tuple[int, str]]
) -> float:
    if not bigrams:
        return 0.0
    found = {
        (before[1], after[1])
        for before, after in pairwise(positions)
        if after[0] - before[0] <= _BIGRAM_REACH
    }
    return len(bigrams & found) / len(bigrams)


def _compare_heading(asked: frozenset[str], heading_path: Sequence[str]) -> float:
    if not heading_path:
        return 0.0
    heading = frozenset(_find_stem_list(heading_path[-1])) - _STOP_STEMS
    return len(asked & heading) / len(asked | heading) if heading else 0.0


# Plain sequences: a set of the same words takes eight times the memory, and a question looks
# for a few words only. The words themselves are shared (see `stem`).
@lru_cache(maxsize=8192)
def _find_stem_list(text: str) -> tuple[str, ...]:
    return tuple(find_stems(text))


_MEANT = tuple(
    (re.compile(pattern, re.IGNORECASE), frozenset(find_stems(words)))
    for pattern, words in (
        (
            r"[$€£¥₹]\s?\d|\d\s?(?:[€£¥₹$]|(?:usd|eur|gbp|chf|dollars?|euros?|pounds?|rp)\b)",
            "cost costs price prices pricing",
        ),
        (r"[\w.+-]+@[\w-]+\.\w", "email mail"),
        (r"\+\d[\d ()/.-]{7,}\d", "phone telephone"),
    )
)
_NOTHING: frozenset[str] = frozenset()


def find_meant_stems(text: str) -> frozenset[str]:
    """Stems of what `text` speaks of by its values alone: "$49 a month" is a price, though it does
    not say so."""
    return _NOTHING.union(*(stems for value, stems in _MEANT if value.search(text)))


def _find_meant(asked: frozenset[str], text: str) -> frozenset[str]:
    """The same, of those that are `asked`: few questions ask for a price or an address."""
    found = _NOTHING
    for value, stems in _MEANT:
        if not asked.isdisjoint(stems) and value.search(text):
            found |= asked & stems
    return found


@lru_cache(maxsize=8192)
def _find_heading_stems(title: str, heading_path: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(find_stems(" ".join((title, *heading_path)))))


@lru_cache(maxsize=256)
def _analyse_question(question: str) -> QuestionWords:
    words = split_words(question)[:64]
    names = _find_shouted_names(question)
    content = [word for word in words if word not in STOP_WORDS or word in names]
    stems = [stem(word) for word in content]
    return QuestionWords(
        words=tuple(dict.fromkeys(content)),
        stems=tuple(dict.fromkeys(stems)),
        bigrams=frozenset(pairwise(stems)),
        names=tuple(_find_names(question)),
    )


# Words that are names when written in capitals: "Is HEY taxed in the US?"
_CAPITAL_NAMES = frozenset({"us", "it", "who", "hey"})
_CAPITALS = re.compile(r"\b[A-Z]{2,3}\b")


def _find_shouted_names(question: str) -> frozenset[str]:
    if question.isupper():
        return frozenset()
    return _CAPITAL_NAMES.intersection(map(str.lower, _CAPITALS.findall(question)))


def _find_names(question: str) -> list[tuple[str, tuple[str, ...]]]:
    names = []
    opens = True
    end = 0
    # In a message written in capitals, a capital means nothing.
    shouted = question.isupper()
    for found in _NAME.finditer(question[:2000]):
        opens = opens or any(mark in ".?!\n" for mark in question[end : found.start()])
        end = found.end()
        word = found.group()
        capitals = len(word) > 1 and word.isupper() and not shouted
        stems = tuple(item for item in find_stems(word) if capitals or item not in _STOP_STEMS)
        capital = word[0].isupper() and not shouted and not opens
        # An opening word counts only where its own spelling tells: iPhone, WP2, USA.
        marked = any(char.isdigit() for char in word) or (
            not shouted and any(char.isupper() for char in word[1:])
        )
        opens = False
        if stems and (capital or marked):
            names.append((word, stems))
    return names
