"""The calls of one turn: budget before, breaker around, counters and trace after."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import structlog

from agent.circuit import CircuitState
from agent.model_budget import ModelBudget, PlannedCall, Usage, estimate_tokens
from agent.model_call import CallTimes, ModelCall, OpenedModel
from agent.model_failures import HARMLESS, FailureKind, KeptFailure, ModelFailed, ModelRecord
from agent.model_measuring import ModelMetrics
from agent.model_text import SentenceStream, WordedSentence
from agent.model_tools import Wishes, read_wishes
from agent.prompt import Prompt
from core.clock import Clock
from core.ids import new_id
from sales.conversations.schemas import ConversationState

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ModelParts:
    """What all turns share: `models` in the order in which they are asked."""

    models: tuple[OpenedModel, ...]
    times: CallTimes
    max_output_tokens: int
    budget: ModelBudget
    metrics: ModelMetrics
    record: ModelRecord
    clock: Clock


@dataclass(slots=True)
class ModelAsking:
    """The calls of one turn, and what became of them."""

    parts: ModelParts
    began: float
    calls: int = 0
    usage: Usage = field(default_factory=Usage)
    failures: list[tuple[str, FailureKind]] = field(default_factory=list)
    answered_by: str = ""
    first_token_seconds: float | None = None
    stood_in_for: FailureKind | None = None
    turn_id: str = field(default_factory=new_id)
    _wishes: Wishes = field(default_factory=Wishes)

    def read_wishes(self) -> Wishes:
        """What the model proposed in its last whole answer."""
        return self._wishes

    def describe(self) -> dict[str, Any]:
        """What the answer's trace keeps."""
        used = {"input": self.usage.input, "output": self.usage.output, "cached": self.usage.cached}
        first = self.first_token_seconds
        return {
            "name": self.answered_by,
            "calls": self.calls,
            "tokens": {**used, "estimated": self.usage.is_estimated},
            "first_token_ms": None if first is None else round(first * 1000),
            "failures": [{"model": name, "reason": str(kind)} for name, kind in self.failures],
            **({"refused_tools": list(self._wishes.refused)} if self._wishes.refused else {}),
        }

    async def ask(
        self,
        model: OpenedModel,
        state: ConversationState,
        prompt: Prompt,
        tools: list[dict[str, Any]],
    ) -> AsyncIterator[WordedSentence]:
        """One call to one model; its sentences as they end.

        Raises:
            ModelFailed: it gave no answer, or broke off. Remembered and counted already.
        """
        if not model.circuit.admit():
            raise self._miss(model, FailureKind.RESTING)
        planned = PlannedCall(
            model=model.name,
            tenant_id=state.site.tenant_id,
            site_id=state.site.site_id,
            conversation_id=state.id,
            turn_id=self.turn_id,
            input=estimate_tokens(prompt.characters + len(str(tools))),
            output=self.parts.max_output_tokens,
        )
        reservation = await self.parts.budget.reserve(planned)
        if reservation is None:
            model.circuit.abandon()
            raise self._miss(model, FailureKind.OVER_BUDGET)
        call = ModelCall(model, self.parts.times, self.began + self.parts.times.total)
        result = "abandoned"
        self.calls += 1
        try:
            async for sentence in self._read(call, prompt, tools):
                yield sentence
            result = "ok"
            model.circuit.succeed()
        except ModelFailed as failure:
            result = str(failure.kind)
            self._remember(model, failure)
            raise
        finally:
            # Also when the turn is given up in the middle: what was used was used.
            if result == "abandoned":
                model.circuit.abandon()
            self.usage = self.usage.plus(call.usage)
            self.parts.record.count_call(model.name)
            self.parts.metrics.count_call(model.name, result, call.usage, call.first_token_seconds)
            await asyncio.shield(reservation.settle(call.usage))
        self.answered_by = model.name

    async def _read(
        self, call: ModelCall, prompt: Prompt, tools: list[dict[str, Any]]
    ) -> AsyncIterator[WordedSentence]:
        sentences = SentenceStream()
        said = False
        async for text in call.texts(prompt.messages, tools):
            if self.first_token_seconds is None:
                self.first_token_seconds = asyncio.get_running_loop().time() - self.began
            for sentence in sentences.feed(text):
                said = True
                yield sentence
        for sentence in sentences.finish():
            said = True
            yield sentence
        self._wishes = wishes = read_wishes(call.tool_calls)
        refused = len(wishes.refused) + call.broken_tool_calls
        self.parts.metrics.count_refused(call.model_name, refused)
        acts = wishes.proposal or wishes.need or wishes.question
        if not said and not (tools and acts):
            kind = FailureKind.BAD_TOOL_CALL if refused else FailureKind.EMPTY
            raise ModelFailed(kind, f"no answer; tools: {', '.join(wishes.refused)}"[:160])

    def _miss(self, model: OpenedModel, kind: FailureKind) -> ModelFailed:
        """A call that is not made."""
        self.failures.append((model.name, kind))
        self.parts.metrics.count_missed(model.name, str(kind))
        return ModelFailed(kind)

    def _remember(self, model: OpenedModel, failure: ModelFailed) -> None:
        self.failures.append((model.name, failure.kind))
        now = self.parts.clock.now()
        self.parts.record.keep(KeptFailure(now, model.name, failure.kind, failure.words))
        if failure.kind in HARMLESS:
            model.circuit.succeed()
        else:
            refused = failure.kind is FailureKind.REFUSED_KEY
            model.circuit.fail(for_good=refused, retry_after=failure.retry_after)
        resting = model.circuit.state is not CircuitState.CLOSED
        log.warning("model_failed", model=model.name, reason=str(failure.kind), resting=resting)
