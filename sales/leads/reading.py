"""One message as the noticing rules read it, with what is known around it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sales.leads.fields import Noticed, Value
from sales.leads.sentences import Clause, Stance, mask_quotations, split_clauses

_CAPITALISED = re.compile(r"\b[A-ZÀ-ÞĀ-Ž][\w'’-]{2,}")
_CORRECTION = re.compile(
    r"(?:^|[.!?,;\n]\s*|\b(?:oh|ah|oops|hi|ok)\s+)(?:no|nope|sorry|oops|whoops|"
    r"actually|correction|wait|"
    r"typo|my bad|apologies|pardon|wrong)\b|\b(?:i meant|i mean|should (?:be|have been|read)|"
    r"mistyped|misspell?ed|misspelt|is spell?ed|is spelt|instead|rather than|typo|not correct|"
    r"is wrong|was wrong|changed to|update (?:it|my|that)|correct (?:one|is|it))\b|^\s*\*\s?\S|"
    r",? not [\w.@+'’-]+\W*$|^\W*it ends (?:in|with)\b|^\W*not [\w.@'’ -]+, (?:but|it)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Reading:
    """A message, its clauses, and the talk around it.

    `text` is the message with other people's words blanked, as long as the message itself.
    `known` maps fields to their present values, in the order in which they were set.
    """

    original: str
    asked_for: str | None
    known: Mapping[str, Value]
    region: str | None
    locale: str
    own_domains: frozenset[str]

    @cached_property
    def text(self) -> str:
        """The message without quotations of others."""
        return mask_quotations(self.original)

    @cached_property
    def clauses(self) -> list[Clause]:
        """Its clauses in order."""
        return split_clauses(self.text)

    @cached_property
    def stated(self) -> list[Clause]:
        """The clauses in which the visitor states something about themselves."""
        return [clause for clause in self.clauses if clause.stance is Stance.STATED]

    @cached_property
    def is_correction(self) -> bool:
        """Whether the message mends something said before."""
        return bool(_CORRECTION.search(self.text))

    @cached_property
    def other_names(self) -> frozenset[str]:
        """Capitalised words in clauses about other people, in small letters."""
        return frozenset(
            word.lower()
            for clause in self.clauses
            if clause.stance is Stance.OTHER
            for word in _CAPITALISED.findall(clause.text)
        )

    def clause_at(self, position: int) -> Clause | None:
        """The clause that holds the character at `position`."""
        for clause in self.clauses:
            if clause.start <= position < clause.end:
                return clause
        return None

    def line_at(self, position: int) -> str:
        """The line that holds the character at `position`."""
        start = self.text.rfind("\n", 0, position) + 1
        end = self.text.find("\n", position)
        return self.text[start : end if end >= 0 else len(self.text)]

    def notice(
        self,
        field: str,
        value: Value,
        start: int,
        end: int,
        confidence: float,
        problem: str | None = None,
    ) -> Noticed:
        """A finding whose quote is the message's own words."""
        known = self.known.get(field)
        corrects = self.is_correction and known is not None and known != value
        quote = self.original[start:end]
        return Noticed(field, value, quote, start, end, confidence, corrects, problem)


def trim_span(
    text: str, start: int, end: int, junk: str = " \t\n.,;:!?-–—|/()\"'“”"
) -> tuple[int, int]:
    """The span without `junk` at its ends."""
    while start < end and text[start] in junk:
        start += 1
    while end > start and text[end - 1] in junk:
        end -= 1
    return start, end
