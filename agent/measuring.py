"""What is counted of turns."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram


class TurnMetrics:
    """Counters and times of turns, for /metrics."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._turns = Counter(
            "sales_agent_turns", "Answered messages, by outcome.", ["outcome"], registry=registry
        )
        self._withdrawn = Counter(
            "sales_agent_withdrawn_sentences",
            "Sentences that verification did not let out, by reason.",
            ["reason"],
            registry=registry,
        )
        self.seconds = Histogram(
            "sales_agent_turn_seconds",
            "From a message's arrival to its stored answer.",
            buckets=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
            registry=registry,
        )

    def count_turn(self, outcome: str) -> None:
        """One more turn: answered, closest, not_found or talk."""
        self._turns.labels(outcome).inc()

    def count_withdrawn(self, reason: str) -> None:
        """One more sentence that was not said."""
        self._withdrawn.labels(reason).inc()
