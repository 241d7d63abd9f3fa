"""Gaps in a website's content: unanswered questions that mean the same stand together. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from sales.knowledge.words import STOP_WORDS, split_words, stem

# Two questions are about one thing from this cosine on (MiniLM), or from this share of common
# word stems. Chosen on paraphrases of the demo's golden questions: see docs/evaluation.md.
SAME_MEANING = 0.72
SAME_WORDS = 0.6
_FEW_WORDS = 2

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """An unanswered question of a visitor."""

    id: str
    text: str
    asked_at: datetime
    conversation_id: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions about one thing that the website does not say; the first is the latest."""

    questions: tuple[OpenQuestion, ...]

    @property
    def title(self) -> str:
        """The question that stands for all: the shortest of more than two words, rather one that
        was written with its question mark."""
        texts = [one.text for one in self.questions]
        whole = [text for text in texts if len(text.split()) > _FEW_WORDS]
        return min(whole or texts, key=lambda text: (not text.endswith("?"), len(text)))

    @property
    def count(self) -> int:
        """In how many conversations it was asked."""
        return len({one.conversation_id for one in self.questions})

    @property
    def last_asked_at(self) -> datetime:
        """When it was asked last."""
        return max(one.asked_at for one in self.questions)


def find_gaps(
    questions: Sequence[OpenQuestion], vectors: Mapping[str, Vector] | None = None
) -> list[Gap]:
    """Put together what means the same; what was asked most often first.

    `vectors` are unit vectors by question text; without them, words decide. Each question joins
    the first group whose first member it resembles, so that a chain of small differences does
    not draw everything into one group.
    """
    groups: list[list[OpenQuestion]] = []
    for question in questions:
        for group in groups:
            if _is_same(question, group[0], vectors):
                group.append(question)
                break
        else:
            groups.append([question])
    gaps = [Gap(tuple(group)) for group in groups]
    return sorted(gaps, key=lambda gap: (gap.count, gap.last_asked_at), reverse=True)


def _is_same(left: OpenQuestion, right: OpenQuestion, vectors: Mapping[str, Vector] | None) -> bool:
    one, other = _content(left.text), _content(right.text)
    if one == other:
        return True
    # "Do you ship to Peru?" is close to "... to Chile?" in meaning, and another question.
    if vectors is not None and left.text in vectors and right.text in vectors:
        cosine = float(vectors[left.text] @ vectors[right.text])
        return cosine >= SAME_MEANING and not _differs_in_name(left.text, right.text)
    union = one | other
    return bool(union) and len(one & other) / len(union) >= SAME_WORDS


def _content(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in split_words(text) if word not in STOP_WORDS)


def _differs_in_name(left: str, right: str) -> bool:
    """Whether each names something, with a capital or a digit, that the other does not."""
    one, other = _names(left), _names(right)
    return bool(one - other) and bool(other - one)


def _names(text: str) -> set[str]:
    words = text.split()
    return {
        word.strip("?.,!:;'\"").lower()
        for place, word in enumerate(words)
        if (place and word[:1].isupper() and word != "I") or any(map(str.isdigit, word))
    }
