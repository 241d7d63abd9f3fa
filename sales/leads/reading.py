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


# Patterns that look ahead over blanks or signs would take quadratic time on endless runs of
# them, so runs are cut before anything is read.
_RUN = re.compile(r"\W{13,}|\s{2,}|\S{121,}|([^\w\s])\1{3,}")
_KEPT_SIGNS, _KEPT_WORD = 3, 120


@dataclass(frozen=True, slots=True)
class Compacted:
    """A text without endless runs, and where each of its characters stood."""

    text: str
    positions: list[int]

    def span_before(self, start: int, end: int) -> tuple[int, int]:
        """The place in the text as it was."""
        return self.positions[start], self.positions[end - 1] + 1


def compact_text(text: str) -> Compacted:
    """`text` with blanks as one blank or two line ends, and without endless words and signs."""
    kept: list[int] = []
    last = 0
    for match in _RUN.finditer(text):
        kept.extend(range(last, match.start()))
        kept.extend(_keep(match))
        last = match.end()
    kept.extend(range(last, len(text)))
    return Compacted("".join(text[place] for place in kept), kept)


def _keep(match: re.Match[str]) -> list[int]:
    run, start = match[0], match.start()
    if run.isspace():
        return [start + place for place, char in enumerate(run) if char == "\n"][:2] or [start]
    if not run[0].isspace() and run[0] == run[-1] and len(set(run)) == 1:
        return list(range(start, start + (_KEPT_SIGNS if not run[0].isalnum() else _KEPT_WORD)))
    signs = list(range(start, start + 12)) if not re.search(r"\w", run) else []
    return signs or list(range(start, start + _KEPT_WORD))


@dataclass(frozen=True)
class Reading:
    """A message, its clauses, and the talk around it.

    `original` is the message without endless runs; `text` is as long, with other people's words
    blanked.
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
