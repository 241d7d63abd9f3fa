"""A vendor that answers as its specification allows, and remembers nothing: what a mock server
made from it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.support.made_answers import AnswerMaker, Manner
from tests.support.specification import Specification
from tests.vendors.standin import Answer, HttpStandIn, Records, SeenRequest

# What one call of ours may ask at most: answers that always name a next page must not keep a
# client reading for ever.
MOST = 400


class SpecifiedStandIn(HttpStandIn):
    """Answers every operation of the documents in one manner. `problems`: what was wrong with
    requests; `unknown`: operations that no document has, answered with 404. `refuses`: what has
    problems is refused as well."""

    def __init__(
        self,
        documents: tuple[Mapping[str, Any], ...],
        manner: Manner,
        tokens: Mapping[str, Any] | None = None,
        *,
        refuses: bool = False,
    ) -> None:
        super().__init__()
        self._makers = [AnswerMaker(one, manner) for one in documents]
        self._judges = [Specification(one) for one in documents]
        self._tokens, self._refuses = tokens or {}, refuses
        self.problems: list[str] = []
        self.unknown: set[str] = set()

    def answer(self, request: SeenRequest) -> Answer:
        """What the specification allows."""
        if len(self.requests) > MOST:
            raise AssertionError(f"more than {MOST} requests: this does not end")
        if request.path in self._tokens:
            return Answer(200, self._tokens[request.path])
        for maker, judge in zip(self._makers, self._judges, strict=True):
            if maker.find(request.method, request.path) is None:
                continue
            problems = judge.check_request(
                request.method, request.target, headers=request.headers, body=request.body
            )
            self.problems += problems
            if problems and self._refuses:
                return Answer(400, {"message": "; ".join(problems)})
            status, body = maker.answer(request.method, request.path)
            return Answer(status, body)
        self.unknown.add(f"{request.method} {request.path}")
        return Answer(404, {"message": "no such operation"})

    def records(self) -> Records:
        """Nothing is kept."""
        return {}
