"""What is counted of the outbox: how deep it is, how old, and how its effects end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from core.outbox import EffectDepth


class OutboxMetrics:
    """An observer of the runner, and gauges that are measured when somebody looks."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._attempts = Counter(
            "sales_agent_outbox_attempts",
            "Attempts at effects, by how they ended: done, retry, put_back, dead.",
            ["effect", "result"],
            registry=registry,
        )
        self._seconds = Histogram(
            "sales_agent_outbox_attempt_seconds",
            "How long attempts took.",
            ["effect"],
            buckets=(0.005, 0.02, 0.1, 0.5, 2, 10, 30, 120),
            registry=registry,
        )
        self._waited = Histogram(
            "sales_agent_outbox_wait_seconds",
            "From when an effect could have started until it did.",
            ["effect"],
            buckets=(0.01, 0.05, 0.2, 1, 5, 30, 300),
            registry=registry,
        )
        self._entries = Gauge(
            "sales_agent_outbox_entries",
            "Entries by state: pending, due (pending that could start now), running, dead.",
            ["effect", "state"],
            registry=registry,
        )
        self._oldest = Gauge(
            "sales_agent_outbox_oldest_seconds",
            "For how long the oldest due entry has been waiting.",
            ["effect"],
            registry=registry,
        )

    def attempted(self, effect: str, result: str, *, took: timedelta, waited: timedelta) -> None:
        """An effect ended."""
        self._attempts.labels(effect, result).inc()
        self._seconds.labels(effect).observe(took.total_seconds())
        self._waited.labels(effect).observe(waited.total_seconds())

    def show_depth(self, effects: Sequence[str], depths: Sequence[EffectDepth]) -> None:
        """Take over a measurement. Effects without entries show 0, not nothing."""
        self._entries.clear()
        self._oldest.clear()
        found = {depth.effect: depth for depth in depths}
        for name in sorted({*effects, *found}):
            depth = found.get(name) or EffectDepth(name, 0, 0, 0, 0, timedelta(0))
            for state in ("pending", "due", "running", "dead"):
                self._entries.labels(name, state).set(getattr(depth, state))
            self._oldest.labels(name).set(depth.oldest.total_seconds())
