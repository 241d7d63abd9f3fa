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
    groups: list[tuple[_Said, list[OpenQuestion]]] = []
    for question in questions:
        said = _Said(question.text, vectors)
        for first, group in groups:
            if said.is_same(first):
                group.append(question)
                break
        else:
            groups.append((said, [question]))
    gaps = [Gap(tuple(group)) for _, group in groups]
    return sorted(gaps, key=lambda gap: (gap.count, gap.last_asked_at), reverse=True)


class _Said:
    """What is compared of a question: read once, however many it is compared with."""

    __slots__ = ("names", "stems", "vector")

    def __init__(self, text: str, vectors: Mapping[str, Vector] | None) -> None:
        self.stems, self.names = _content(text), _names(text)
        self.vector = None if vectors is None else vectors.get(text)

    def is_same(self, other: _Said) -> bool:
        """Whether both ask the same."""
        if self.stems == other.stems:
            return True
        # "Do you ship to Peru?" is close to "... to Chile?" in meaning, and another question.
        if self.vector is not None and other.vector is not None:
            if self.names - other.names and other.names - self.names:
                return False
            return float(self.vector @ other.vector) >= SAME_MEANING
        union = self.stems | other.stems
        return bool(union) and len(self.stems & other.stems) / len(union) >= SAME_WORDS


def _content(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in split_words(text) if word not in STOP_WORDS)


def _names(text: str) -> set[str]:
    """What is named in it, with a capital or a digit."""
    words = text.split()
    return {
        word.strip("?.,!:;'\"").lower()
        for place, word in enumerate(words)
        if (place and word[:1].isupper() and word != "I") or any(map(str.isdigit, word))
    }
