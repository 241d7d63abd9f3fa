"""What is said in a turn, while it is said: every sentence passes the door, whoever worded it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from agent.answers import Draft, Sentence
from agent.citing import CitedSentence, Citer
from agent.events import TurnEvent, build_spoken
from agent.measuring import TurnMetrics
from agent.recalling import gather_passages
from agent.verification import (
    Evidence,
    Objection,
    correct_outcome,
    find_values,
    verify_sentence,
)
from agent.wording import say
from sales.conversations.schemas import CitationContent

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A sentence that was not said, and why."""

    sentence: Sentence
    objection: Objection


class Speech:
    """Verifies, cites and sends out the pieces of an answer as they come.

    A responder that streams reads here what became of its sentences: `spoken` and `withdrawn`
    are up to date whenever it is asked for its next piece.
    """

    def __init__(
        self,
        evidence: Evidence,
        language: str,
        metrics: TurnMetrics,
        new_id: Callable[[], str],
    ) -> None:
        self.evidence = evidence
        self.spoken: list[Sentence] = []
        self.withdrawn: list[Withdrawn] = []
        self.draft = Draft(())
        self._language = language
        self._metrics = metrics
        self._citer = Citer(new_id)

    @property
    def cited(self) -> list[CitedSentence]:
        """What was said, with the numbers of its citations."""
        return self._citer.sentences

    @property
    def citations(self) -> list[CitationContent]:
        """The sources, in the order of their numbers."""
        return self._citer.citations

    def say(self, piece: Draft) -> list[TurnEvent]:
        """Verify a piece of the answer; the events of what may be said of it."""
        self.draft = self.draft.then(piece)
        self.evidence = replace(
            self.evidence,
            passages={**self.evidence.passages, **gather_passages(piece.recalled)},
            allowed=self.evidence.allowed | find_values("\n".join(piece.facts)),
        )
        events: list[TurnEvent] = []
        for sentence in piece.sentences:
            verdict = verify_sentence(sentence, self.evidence)
            if verdict.objection is None:
                events += self._let_out(verdict.sentence)
            else:
                self._withdraw(sentence, verdict.objection)
        return events

    def close(self, text: str) -> list[TurnEvent]:
        """The answer is over: an honest "not found" where nothing was said to `text`, and the
        cards. `draft` then holds the outcome as it really is."""
        events = []
        if not self.spoken:
            events = self._let_out(Sentence(say("not_found", self._language)))
        self.draft = correct_outcome(self.draft, self.spoken, text)
        return [*events, *(TurnEvent("card", card.as_payload()) for card in self.draft.cards)]

    def _let_out(self, sentence: Sentence) -> list[TurnEvent]:
        self.spoken.append(sentence)
        return build_spoken(*self._citer.cite(sentence, self.evidence.passages))

    def _withdraw(self, sentence: Sentence, objection: Objection) -> None:
        log.warning("sentence_withdrawn", objection=str(objection), is_free=sentence.is_free)
        self._metrics.count_withdrawn(str(objection))
        self.withdrawn.append(Withdrawn(sentence, objection))
