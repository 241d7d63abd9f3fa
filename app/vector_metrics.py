"""What is counted of searches by meaning."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter


class VectorMetrics:
    """An observer of searches."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._searches = Counter(
            "sales_agent_vector_searches",
            "Searches by meaning, by where and how they ended: ok, failed, resting (left alone "
            "after failures). What failed was answered by keywords.",
            ["place", "result"],
            registry=registry,
        )

    def searched(self, place: str, result: str) -> None:
        """One search ended."""
        self._searches.labels(place, result).inc()
