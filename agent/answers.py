"""What an answer is made of, on its way from a responder to the visitor."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Quote:
    """The words of a passage that a sentence rests on. `start` and `end` span them in it."""

    passage_id: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One thing the agent says.

    `about_company` tells a statement, which needs quotes, from the agent's own words about
    itself and the conversation, which hold no facts and need none.
    """

    text: str
    quotes: tuple[Quote, ...] = ()
    about_company: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """Something to see or press beside the text. `content` is what the widget draws."""

    kind: str
    content: dict[str, Any]

    def as_payload(self) -> dict[str, Any]:
        """The card as it goes over the wire."""
        return {"kind": self.kind, **self.content}


@dataclass(frozen=True, slots=True)
class Draft:
    """A responder's whole answer, before it is verified.

    `outcome` says honestly what became of the question: answered, closest, not_found, or
    talk (nothing was asked of the website). `open_question` is what could not be answered and
    may be passed on. `facts` are results of tools (a booked time, an address it goes to): the
    agent's own words may repeat their numbers and addresses.
    """

    sentences: tuple[Sentence, ...]
    cards: tuple[Card, ...] = ()
    suggestions: tuple[str, ...] = ()
    outcome: str = "talk"
    open_question: str = ""
    trace: dict[str, Any] = field(default_factory=dict)
    facts: tuple[str, ...] = ()
