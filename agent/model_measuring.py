"""What is counted of calls to language models, for /metrics."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from agent.circuit import Circuit, CircuitState
from agent.model_budget import Usage

_SECONDS = (0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 12, 25)


class ModelMetrics:
    """Counters, times and the state of the breakers."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._calls = Counter(
            "sales_agent_model_calls",
            "Calls to language models, by how they ended: ok, or the reason of the failure.",
            ["model", "result"],
            registry=registry,
        )
        self._tokens = Counter(
            "sales_agent_model_tokens",
            "Tokens, by kind: input, cached (those of input that the vendor had), output.",
            ["model", "kind"],
            registry=registry,
        )
        self._first = Histogram(
            "sales_agent_model_first_token_seconds",
            "From a call's begin to its first word.",
            ["model"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._stood_in = Counter(
            "sales_agent_model_stand_ins",
            "Turns that the embedded responder answered or completed, by reason.",
            ["reason"],
            registry=registry,
        )
        self._refused = Counter(
            "sales_agent_model_refused_tool_calls",
            "Calls of unknown tools, or with arguments that fit none.",
            ["model"],
            registry=registry,
        )
        self._open = Gauge(
            "sales_agent_model_resting",
            "1 while a model is left alone after failures.",
            ["model"],
            registry=registry,
        )

    def watch(self, model: str, circuit: Circuit) -> None:
        """Show the breaker's state whenever somebody looks."""
        self._open.labels(model).set_function(lambda: float(circuit.state is CircuitState.OPEN))

    def count_call(
        self, model: str, result: str, usage: Usage, first_token_seconds: float | None
    ) -> None:
        """A call is over."""
        self._calls.labels(model, result).inc()
        self._tokens.labels(model, "input").inc(usage.input)
        self._tokens.labels(model, "cached").inc(usage.cached)
        self._tokens.labels(model, "output").inc(usage.output)
        if first_token_seconds is not None:
            self._first.labels(model).observe(first_token_seconds)

    def count_missed(self, model: str, result: str) -> None:
        """A call that was not even made."""
        self._calls.labels(model, result).inc()

    def count_stand_in(self, reason: str) -> None:
        """The embedded responder had to help."""
        self._stood_in.labels(reason).inc()

    def count_refused(self, model: str, count: int) -> None:
        """Calls of tools that were not followed."""
        if count:
            self._refused.labels(model).inc(count)
