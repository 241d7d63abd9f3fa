"""Stores what a website says, and finds the passages that may answer a question."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.clock import Clock
from core.db import Ask, Database
from core.protocols.knowledge_index import KnowledgeIndex, PassageEmbedder, VectorMatch
from sales.knowledge.keyword_search import build_hits, build_search
from sales.knowledge.passage_cache import PassageCache
from sales.knowledge.ranking import (
    KeywordHit,
    RankedPassage,
    choose_search_words,
    fuse,
    rank_hits,
)
from sales.knowledge.repository import REVISION, KnowledgeRepository
from sales.knowledge.schemas import (
    EmbeddingProgress,
    PageContent,
    SourceReading,
    StoredPassage,
    VectorState,
)
from sales.knowledge.source_readings import list_readings, record_reading
from sales.knowledge.vector_building import GRACE, VectorBuilder
from sales.knowledge.vector_search import SearchObserver, VectorSearch, VectorSources
from sales.knowledge.vector_sets import (
    BUILDING,
    LOCAL,
    SERVING,
    OpenSource,
    VectorSetRepository,
    VectorSource,
    open_nothing,
)
from sales.organization.models import SiteRef

# Each side's best are fused; measured with 100 (docs/decisions/0003-retrieval.md).
CANDIDATES = 100


@dataclass(frozen=True, slots=True)
class Recall:
    """What was found for a question, best first. `vectors_used` is False when only keywords
    could be searched: no model is installed, or the knowledge index did not answer."""

    question: str
    passages: tuple[RankedPassage, ...]
    stored: Mapping[int, StoredPassage]
    vectors_used: bool


@dataclass(frozen=True, slots=True)
class VectorOptions:
    """How vectors are kept. `place` and `model`: index and model as `app.yaml` names them;
    `open_source` opens those of earlier configurations. `search_seconds`: how long a remote
    index or model is waited for. `grace`: how long old vectors stay after a change."""

    place: str = LOCAL
    model: str = LOCAL
    open_source: OpenSource = open_nothing
    search_seconds: float = 2.0
    observer: SearchObserver | None = None
    grace: timedelta = GRACE


class KnowledgeService:
    """The knowledge of all sites."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        index: KnowledgeIndex | None,
        embedder: PassageEmbedder | None,
        *,
        threads: int = 2,
        vectors: VectorOptions | None = None,
    ) -> None:
        """Without `index` or `embedder`, keywords alone are searched, unless vectors of an
        earlier configuration are there and can be opened."""
        options = vectors or VectorOptions()
        self._database = database
        self._clock = clock
        self._cache = PassageCache()
        # The revision of each site, and the vector set, at which every passage had its vector.
        self._embedded_revision: dict[str, tuple[int, str]] = {}
        # The model computes outside of the interpreter's lock: questions use both cores.
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="embed")
        configured = None
        if index is not None and embedder is not None:
            configured = VectorSource(options.place, options.model, embedder.name, index, embedder)
        self._sources = VectorSources(configured, options.open_source)
        self._search = VectorSearch(
            database, self._sources, self._threads, options.search_seconds, options.observer
        )
        self._builder = VectorBuilder(
            database, clock, self._sources, self._search, self._threads, options.grace
        )

    async def list_page_hashes(self, site: SiteRef, source: str) -> dict[str, str]:
        """The content hash of every stored page of a source, by URL."""
        async with self._database.reading(site.tenant_id) as uow:
            return await KnowledgeRepository(uow, site.site_id).list_page_hashes(source)

    async def store_pages(self, site: SiteRef, source: str, pages: Sequence[PageContent]) -> None:
        """Insert or replace pages in one commit; searchable by keyword when it returns."""
        if not pages:
            return
        async with self._database.unit_of_work(site.tenant_id) as uow:
            repository = KnowledgeRepository(uow, site.site_id)
            await repository.store_pages(source, pages, self._clock.now())
            await repository.bump_revision()

    async def remove_pages(self, site: SiteRef, source: str, urls: Collection[str]) -> int:
        """Take pages out of the index in one commit; returns how many there were."""
        if not urls:
            return 0
        async with self._database.unit_of_work(site.tenant_id) as uow:
            repository = KnowledgeRepository(uow, site.site_id)
            removed = await repository.remove_pages(source, urls)
            await repository.bump_revision()
        return removed

    def now(self) -> datetime:
        """The time by the clock that rows are marked with."""
        return self._clock.now()

    async def record_reading(self, site: SiteRef, reading: SourceReading) -> None:
        """Keep how a source was read, for those who ask how fresh the index is."""
        async with self._database.unit_of_work(site.tenant_id) as uow:
            await record_reading(uow, site.site_id, reading)

    async def list_readings(self, site: SiteRef) -> list[SourceReading]:
        """How each source of a site was read the last time."""
        async with self._database.reading(site.tenant_id) as uow:
            return await list_readings(uow, site.site_id)

    async def count_pages(self, site: SiteRef) -> int:
        """How many pages a site has."""
        async with self._database.reading(site.tenant_id) as uow:
            return await KnowledgeRepository(uow, site.site_id).count_pages()

    async def list_questions(self, site: SiteRef, page_url: str, limit: int) -> list[str]:
        """Questions that the website itself answers: the page's own first."""
        async with self._database.reading(site.tenant_id) as uow:
            repository = KnowledgeRepository(uow, site.site_id)
            found = await repository.list_question_headings(page_url, limit)
            if len(found) < limit:
                found += await repository.list_question_headings(None, limit)
        return list(dict.fromkeys(found))[:limit]

    async def find_product(self, site: SiteRef, url: str) -> tuple[str, str] | None:
        """Address and title of the product's page at `url`, with its last slash or without."""
        bare = url.partition("#")[0].partition("?")[0].rstrip("/")
        async with self._database.reading(site.tenant_id) as uow:
            repository = KnowledgeRepository(uow, site.site_id)
            return await repository.find_product({url, bare, bare + "/"})

    async def find_passage(self, site: SiteRef, passage_id: int) -> StoredPassage | None:
        """A passage as it stands today."""
        async with self._database.reading(site.tenant_id) as uow:
            found = await KnowledgeRepository(uow, site.site_id).list_passages([passage_id])
        return found.get(passage_id)

    async def recall(self, site: SiteRef, question: str, limit: int) -> Recall:
        """The passages that may answer `question`: keywords and vectors, fused and calibrated."""
        words = choose_search_words(question)
        vector_search = asyncio.create_task(self._search.search(site, question, CANDIDATES))
        try:
            # The revision is read before the passages: what is remembered as of it can only be
            # newer, and is asked for again when the next question sees that it rose.
            by_keyword, revision = await self._search_keywords(site, words[:32])
            by_vector, serving = await vector_search
        finally:
            vector_search.cancel()
        pending = await self._find_pending(site, (revision, serving), by_keyword, by_vector)
        fused = fuse(by_keyword, by_vector or (), pending=pending)
        best = [hit.passage_id for hit in fused]
        passages = self._cache.find(site.site_id, revision, best)
        missing = [key for key in best if key not in passages]
        if missing:
            async with self._database.reading(site.tenant_id) as uow:
                found = await KnowledgeRepository(uow, site.site_id).list_passages(missing)
            self._cache.keep(site.site_id, revision, found)
            passages |= found
        ranked = rank_hits(question, fused, passages, limit)
        return Recall(question, tuple(ranked), passages, vectors_used=by_vector is not None)

    async def _search_keywords(
        self, site: SiteRef, words: Sequence[str]
    ) -> tuple[list[KeywordHit], int]:
        """The best passages by keyword, and the revision of the site's knowledge they are of."""
        dialect = self._database.dialect
        search = build_search(dialect, site, words, CANDIDATES)
        revision: Ask = REVISION, {"site_id": site.site_id}
        asked = (revision,) if search is None else (revision, search)
        known, *found = await self._database.fetch(site.tenant_id, *asked)
        hits = build_hits(dialect, found[0]) if found else []
        return hits, int(known[0][0]) if known else 0

    async def _find_pending(
        self,
        site: SiteRef,
        state: tuple[int, str],
        by_keyword: Sequence[KeywordHit],
        by_vector: Sequence[VectorMatch] | None,
    ) -> set[int]:
        """Passages that only keywords can find yet, because their vector is still to be made.
        `state`: the site's revision, and the vector set that serves."""
        if by_vector is None or self._embedded_revision.get(site.site_id) == state:
            return set()
        _, serving = state
        async with self._database.reading(site.tenant_id) as uow:
            repository = KnowledgeRepository(uow, site.site_id)
            if not await repository.list_unembedded(serving, 1):
                # Only what the revision that was read had: a newer one asks again.
                if await repository.find_revision() == state[0]:
                    self._embedded_revision[site.site_id] = state
                return set()
            found = {hit.passage_id for hit in by_vector}
            unknown = [hit.passage_id for hit in by_keyword if hit.passage_id not in found]
            return await repository.find_unembedded(serving, unknown)

    async def measure_embedding(self, site: SiteRef) -> EmbeddingProgress:
        """How many passages have their vector in the set that serves."""
        name = await self._search.get_serving(site)
        async with self._database.reading(site.tenant_id) as uow:
            return await KnowledgeRepository(uow, site.site_id).count_embedded(name)

    async def describe_vectors(self, site: SiteRef) -> VectorState:
        """Which vectors serve a site, what is being built beside them, and what is wrong."""
        configured = self._sources.configured
        async with self._database.reading(site.tenant_id) as uow:
            sets = await VectorSetRepository(uow, site.site_id).list_sets()
            knowledge = KnowledgeRepository(uow, site.site_id)
            serving = next((one for one in sets if one.state == SERVING), None)
            building = next((one for one in sets if one.state == BUILDING), None)
            name = serving.name if serving else configured.name if configured else ""
            progress = await knowledge.count_embedded(name)
            ahead = None
            if building is not None:
                ahead = await knowledge.count_embedded(building.name, building=True)
        source = await self._sources.get(serving) if serving else configured
        usable = source is not None and source.embedder is not None
        return VectorState(
            serving=name,
            progress=progress,
            building=building.name if building else None,
            building_progress=ahead,
            usable=usable,
            trouble=self._search.describe_trouble(name),
        )

    async def embed_pending(
        self,
        site: SiteRef,
        owner: str,
        on_progress: Callable[[EmbeddingProgress], None] | None = None,
    ) -> bool:
        """Make the vectors that are missing, batch by batch; each batch is kept. Where another
        model or index is configured than serves, the whole site is built anew beside it, and
        changed over when it is complete.

        Returns False when another process is at it, or vectors are not to be had here.

        Raises:
            ProviderError: the model or the knowledge index failed; what was made is kept.
        """
        return await self._builder.build(site, owner, on_progress)

    async def needs_embedding(self, site: SiteRef) -> bool:
        """Whether vectors are to be made, to be changed over or to be forgotten."""
        return await self._builder.needs_work(site)

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)
