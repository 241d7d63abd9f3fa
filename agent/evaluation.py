"""Golden questions, and what an answer to one of them is worth. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import Field, model_validator

from core.settings import Section


class GoldenQuestion(Section):
    """A question with what its answer must hold."""

    ask: str = Field(min_length=1)
    """What the visitor writes."""
    after: tuple[str, ...] = ()
    """What they wrote before, in the same conversation."""
    expect: tuple[str | tuple[str, ...], ...] = ()
    """Each of these must stand in the answer; of a list within, one. Case does not count."""
    cite: str = ""
    """A part of the address of a page that must be among the sources."""
    never: tuple[str, ...] = ()
    """None of these may stand in the answer."""
    refuse: bool = False
    """The website does not say it, so the agent must not either."""

    @model_validator(mode="after")
    def _check_meaning(self) -> GoldenQuestion:
        if self.refuse and (self.expect or self.cite):
            raise ValueError("refuse: true expects nothing. Remove expect and cite, or refuse")
        if not (self.refuse or self.expect or self.cite or self.never):
            raise ValueError("nothing is expected. Write expect, cite, never or refuse: true")
        return self


class GoldenSet(Section):
    """A file of golden questions."""

    questions: tuple[GoldenQuestion, ...] = Field(min_length=1)


class Verdict(StrEnum):
    """What an answer is worth."""

    RIGHT = "right"
    HEDGED = "hedged"
    """It holds what is expected, called the closest that was found."""
    WRONG = "wrong"
    REFUSED = "refused"
    SAID = "said"
    """An answer to what the website does not say."""


PASSED = (Verdict.RIGHT, Verdict.HEDGED, Verdict.REFUSED)


@dataclass(frozen=True, slots=True)
class Judgement:
    """One question, its answer, and what is wrong with it."""

    ask: str
    verdict: Verdict
    text: str
    problem: str = ""

    @property
    def passed(self) -> bool:
        """Whether it is as it should be."""
        return self.verdict in PASSED


def judge(question: GoldenQuestion, done: Mapping[str, Any]) -> Judgement:
    """The worth of an answer; `done` is the event that ends a turn."""
    text = str(done.get("text", ""))
    said = " ".join(str(one["text"]) for one in done.get("sentences", ()))
    answered = done.get("outcome") == "answered"
    if forbidden := [word for word in question.never if word.lower() in said.lower()]:
        return Judgement(question.ask, Verdict.WRONG, text, f"holds {forbidden[0]!r}")
    if question.refuse:
        verdict = Verdict.SAID if answered else Verdict.REFUSED
        return Judgement(question.ask, verdict, text, "answered" if answered else "")
    if missing := _find_missing(question.expect, said):
        return Judgement(question.ask, Verdict.WRONG, text, f"lacks {missing}")
    urls = [str(one["url"]) for one in done.get("citations", ())]
    if question.cite and not any(question.cite in url for url in urls):
        return Judgement(question.ask, Verdict.WRONG, text, f"does not cite {question.cite}")
    return Judgement(question.ask, Verdict.RIGHT if answered else Verdict.HEDGED, text)


def _find_missing(expected: Sequence[str | Sequence[str]], said: str) -> str:
    folded = said.lower()
    for one in expected:
        options = [one] if isinstance(one, str) else list(one)
        if not any(option.lower() in folded for option in options):
            return " or ".join(options)
    return ""


def count_verdicts(judgements: Sequence[Judgement]) -> dict[str, int]:
    """How often each verdict was given, the ones that never were too."""
    return {str(verdict): sum(one.verdict is verdict for one in judgements) for verdict in Verdict}


def find_regressions(judgements: Sequence[Judgement], before: Mapping[str, str]) -> list[Judgement]:
    """What passed `before` (verdicts by question) and does not any more."""
    return [one for one in judgements if not one.passed and before.get(one.ask) in (*PASSED,)]
