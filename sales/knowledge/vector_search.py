"""Finds passages by meaning: with the vector set that serves a site now, or not at all.

An index or a model that does not answer costs quality, not answers: it is waited for a short time
only, and after some failures in a row it is left alone for a while.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import structlog

from core.db import Database
from core.errors import ConfigurationError, ProviderError
from core.protocols.knowledge_index import Namespace, VectorMatch
from sales.knowledge.calibration import Calibration
from sales.knowledge.vector_sets import (
    SERVING,
    OpenSource,
    VectorSet,
    VectorSetRepository,
    VectorSource,
    open_nothing,
)
from sales.organization.models import SiteRef

log = structlog.get_logger(__name__)

# How long a process may go on with what it knows of a site's vector sets.
_FRESH_SECONDS = 1.0
_FAILURES, _REST_SECONDS = 3, 5.0
_REOPEN_SECONDS = 30.0


class Found(NamedTuple):
    """`matches` is None when vectors could not be searched. `name`: of the set that was asked."""

    matches: list[VectorMatch] | None
    name: str


class SearchObserver(Protocol):
    """Counts searches by how they ended: ok, failed, resting."""

    def searched(self, place: str, result: str) -> None:
        """One search ended."""
        ...


class Unobserved:
    """Nobody counts."""

    def searched(self, place: str, result: str) -> None:
        """Nothing is noted."""


@dataclass(slots=True)
class SourceHealth:
    """Whether an index and its model answer. `trouble` says what they said last; empty: well."""

    trouble: str = ""
    failures: int = 0
    rest_until: float = float("-inf")


@dataclass(slots=True)
class _Served:
    """What serves a site, and until when that is taken to be so."""

    source: VectorSource | None
    name: str
    calibration: Calibration
    checked_at: float


@dataclass(slots=True)
class VectorSources:
    """The configured source, and those of earlier configurations, opened when they are needed."""

    configured: VectorSource | None
    open_source: OpenSource = open_nothing
    _opened: dict[str, tuple[VectorSource | None, float]] = field(default_factory=dict)

    async def get(self, found: VectorSet) -> VectorSource | None:
        """What a vector set was made with; None where it cannot be opened."""
        if self.configured is not None and found.name == self.configured.name:
            return self.configured
        known = self._opened.get(found.name)
        if known is not None and (known[0] is not None or time.monotonic() < known[1]):
            return known[0]
        try:
            source = await self.open_source(found)
        except (ProviderError, ConfigurationError) as error:
            log.warning("old_vectors_unusable", embedding=found.embedding, reason=str(error))
            source = None
        self._opened[found.name] = source, time.monotonic() + _REOPEN_SECONDS
        return source


class VectorSearch:
    """Searches the vectors of all sites."""

    def __init__(
        self,
        database: Database,
        sources: VectorSources,
        threads: Executor,
        timeout_seconds: float = 2.0,
        observer: SearchObserver | None = None,
    ) -> None:
        self._database, self._sources, self._threads = database, sources, threads
        self._timeout = timeout_seconds
        self._observer = observer or Unobserved()
        self._served: dict[SiteRef, _Served] = {}
        self._health: dict[str, SourceHealth] = {}

    async def search(self, site: SiteRef, question: str, limit: int) -> Found:
        """The nearest passages, with cosines as the built-in model would give them."""
        served = await self._find_served(site)
        source = served.source
        if source is None or source.embedder is None or not question.strip():
            return Found(None, served.name)
        health = self._health.setdefault(source.name, SourceHealth())
        if time.monotonic() < health.rest_until:
            self._observer.searched(source.place, "resting")
            return Found(None, served.name)
        seconds = self._timeout if source.remote else None
        try:
            async with asyncio.timeout(seconds):
                matches = await self._ask(source, site, question, limit)
        except (ProviderError, ConfigurationError, TimeoutError) as error:
            self._note_failure(source, health, error)
            return Found(None, served.name)
        health.trouble, health.failures = "", 0
        self._observer.searched(source.place, "ok")
        if served.calibration.scale != 1.0 or served.calibration.shift:
            apply = served.calibration.apply
            matches = [VectorMatch(key, apply(cosine)) for key, cosine in matches]
        return Found(matches, served.name)

    async def get_serving(self, site: SiteRef) -> str:
        """The name of the vector set that serves; that of the configured one where none does."""
        return (await self._find_served(site)).name

    def describe_trouble(self, name: str) -> str:
        """What is wrong with a source, in words; empty when it answers."""
        health = self._health.get(name)
        return health.trouble if health else ""

    def forget_freshness(self, site: SiteRef) -> None:
        """The next search looks again: a process sees its own changes at once."""
        self._served.pop(site, None)

    async def _ask(
        self, source: VectorSource, site: SiteRef, question: str, limit: int
    ) -> list[VectorMatch]:
        assert source.embedder is not None  # noqa: S101 - the caller has looked
        vector = await run(self._threads, source.embedder.embed_query, question)
        return await source.index.search(build_namespace(source, site), vector, limit)

    async def _find_served(self, site: SiteRef) -> _Served:
        known = self._served.get(site)
        now = time.monotonic()
        if known is not None and now - known.checked_at <= _FRESH_SECONDS:
            return known
        async with self._database.reading(site.tenant_id) as uow:
            sets = await VectorSetRepository(uow, site.site_id).list_sets()
        found = next((one for one in sets if one.state == SERVING), None)
        configured = self._sources.configured
        if found is None:
            # Nothing is written down before the first vectors are made.
            name = configured.name if configured else ""
            served = _Served(configured, name, Calibration(), now)
        else:
            source = await self._sources.get(found)
            served = _Served(source, found.name, Calibration.read(found.calibration), now)
        self._served[site] = served
        return served

    def _note_failure(self, source: VectorSource, health: SourceHealth, error: Exception) -> None:
        health.failures += 1
        health.trouble = str(error) or f"no answer within {self._timeout:g} seconds"
        if health.failures >= _FAILURES:
            health.rest_until = time.monotonic() + _REST_SECONDS
        self._observer.searched(source.place, "failed")
        log.warning("vector_search_failed", place=source.place, reason=health.trouble)


def build_namespace(source: VectorSource, site: SiteRef) -> Namespace:
    """Where a site's vectors of this source lie."""
    return Namespace(site.tenant_id, site.site_id, source.embedding)


async def run(threads: Executor, function: Callable[..., Any], argument: object) -> Any:
    """A model's blocking call, in a thread."""
    return await asyncio.get_running_loop().run_in_executor(threads, function, argument)
