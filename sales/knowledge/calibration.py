"""Makes cosines of any embedding model mean what those of the built-in one mean. Pure.

The numbers of `ranking_weights` were fitted to all-MiniLM-L6-v2. Another model's cosines lie
elsewhere: 0.35 may be a perfect hit, or 0.8 nothing at all. So two anchors are measured for it on
the site's own passages: how near the best passage is to questions that the site answers (made of
its own headings and sentences), and to questions that it does not (`FOREIGN_QUESTIONS`). A
straight line takes them to the anchors of the built-in model, measured in the same way
(docs/decisions/0003-retrieval.md, "Other models").
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sales.knowledge.words import choose_content_words

REFERENCE = "all-MiniLM-L6-v2-int8"
"""The model whose cosines need no calibration."""
REFERENCE_OWN, REFERENCE_FOREIGN = 0.61, 0.20
"""Its anchors, by `python -m benchmarks.calibration` (140 passages of the development set)."""
LEAST_QUESTIONS = 8
"""With fewer of the site's own questions nothing is concluded."""
_LEAST_GAP = 0.02
"""Anchors nearer to each other than that tell a model that tells nothing apart."""
_QUESTION_WORDS = 8

FOREIGN_QUESTIONS = (
    "How long do I boil an egg so that the yolk stays soft?",
    "Who painted the ceiling of the Sistine Chapel?",
    "What is the boiling point of nitrogen?",
    "When did the Berlin Wall fall?",
    "How do I prune roses in spring?",
    "Which planets have rings?",
    "What is the plot of Hamlet?",
    "How many strings does a cello have?",
    "Why do cats purr?",
    "How does photosynthesis work?",
    "Who won the football world cup in 1998?",
    "What is the capital of Mongolia?",
    "How do bees find their way home?",
    "Which chess opening begins with e4 c5?",
    "What is the tallest mountain in Africa?",
    "How is mozzarella made?",
    "What causes the northern lights?",
    "Who discovered penicillin?",
    "How deep is the Mariana Trench?",
    "What does the treble clef mean?",
    "How do I knit a scarf with two colours?",
    "Which vitamins are in carrots?",
    "What language is spoken in Suriname?",
    "How do glaciers shape valleys?",
    "When do swallows fly south?",
)
"""Questions that hardly any company's website answers."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """`scale` and `shift` of a cosine; `passages`: how many the site had when it was measured."""

    scale: float = 1.0
    shift: float = 0.0
    passages: int = 0

    def apply(self, cosine: float) -> float:
        """The cosine that the built-in model would have given, -1 to 1."""
        return min(1.0, max(-1.0, self.scale * cosine + self.shift))

    def describe(self) -> dict[str, Any]:
        """As it is stored."""
        return {"scale": self.scale, "shift": self.shift, "passages": self.passages}

    @staticmethod
    def read(stored: Mapping[str, Any] | None) -> Calibration:
        """As it was stored; none: cosines are taken as they are."""
        if not stored:
            return Calibration()
        return Calibration(
            float(stored["scale"]), float(stored["shift"]), int(stored.get("passages", 0))
        )


def fit_calibration(
    own: Sequence[float], foreign: Sequence[float], passages: int
) -> Calibration | None:
    """The line through both anchors. `own` and `foreign`: for each question, the cosine of the
    best passage. None when there are too few questions, or the model tells nothing apart."""
    if len(own) < LEAST_QUESTIONS or not foreign:
        return None
    near, far = statistics.median(own), statistics.median(foreign)
    if near - far < _LEAST_GAP:
        return None
    scale = (REFERENCE_OWN - REFERENCE_FOREIGN) / (near - far)
    return Calibration(scale, REFERENCE_FOREIGN - scale * far, passages)


def make_question(title: str, heading_path: Sequence[str], text: str) -> str | None:
    """A question that the passage answers, as visitors ask: its topic and some of its words, not
    its own sentence. None where it says too little."""
    topic = choose_content_words(heading_path[-1] if heading_path else title)[:4]
    said = [word for word in choose_content_words(text) if word not in topic and len(word) > 3]
    # Every third word: a visitor does not know how the page says it.
    chosen = said[1::3][: _QUESTION_WORDS - len(topic)]
    if len(chosen) < 2:
        return None
    return "What about " + " ".join([*topic, *chosen]) + "?"
