"""What an answer is made of, on its way from a responder to the visitor."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from agent.recalling import RecalledQuestion
from sales.leads.fields import Noticed


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
    itself and the conversation, which hold no facts and need none. `is_free`: a language model
    worded it and names the passages it rests on in `sources`; verification finds the quotes.
    """

    text: str
    quotes: tuple[Quote, ...] = ()
    about_company: bool = False
    is_free: bool = False
    sources: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """Something to see or press beside the text. `content` is what the widget draws."""

    kind: str
    content: dict[str, Any]

    def as_payload(self) -> dict[str, Any]:
        """The card as it goes over the wire."""
        return {"kind": self.kind, **self.content}


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a model would like to do about a meeting: to `book`, `move`, `cancel` or `show` one, at
    a time in the visitor's own words. The scheduler decides, and asks the visitor."""

    kind: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A responder's answer, or a piece of one, before it is verified.

    `outcome` says honestly what became of the question: answered, closest, not_found, or
    talk (nothing was asked of the website). `open_question` is what could not be answered and
    may be passed on. `facts` are results of tools (a booked time, an address it goes to): the
    agent's own words may repeat their numbers and addresses. `noticed` are details of the visitor
    that the rules missed, `recalled` what was looked up beyond the turn's own questions, and
    `proposal` what is to be done about a meeting.
    """

    sentences: tuple[Sentence, ...]
    cards: tuple[Card, ...] = ()
    suggestions: tuple[str, ...] = ()
    outcome: str = "talk"
    open_question: str = ""
    trace: dict[str, Any] = field(default_factory=dict)
    facts: tuple[str, ...] = ()
    noticed: tuple[Noticed, ...] = ()
    recalled: tuple[RecalledQuestion, ...] = ()
    proposal: Proposal | None = None

    def then(self, piece: Draft) -> Draft:
        """This answer with its next piece, which knows better what became of the question."""
        return replace(
            piece,
            sentences=(*self.sentences, *piece.sentences),
            cards=(*self.cards, *piece.cards),
            facts=(*self.facts, *piece.facts),
            noticed=(*self.noticed, *piece.noticed),
            recalled=(*self.recalled, *piece.recalled),
            trace={**self.trace, **piece.trace},
        )
