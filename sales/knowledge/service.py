"""Stores what a website says, and finds the passages that may answer a question."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import structlog

from core.clock import Clock
from core.db import Database
from core.errors import ProviderError
from core.protocols.knowledge_index import (
    KnowledgeIndex,
    Namespace,
    PassageEmbedder,
    VectorMatch,
    Vectors,
)
from sales.knowledge.keyword_search import search_keywords
from sales.knowledge.passage_cache import PassageCache
from sales.knowledge.ranking import (
    KeywordHit,
    RankedPassage,
    choose_search_words,
    fuse,
    rank_passages,
)
from sales.knowledge.repository import KnowledgeRepository
from sales.knowledge.schemas import EmbeddingProgress, PageContent, StoredPassage
from sales.organization.models import SiteRef

log = structlog.get_logger(__name__)

# Each side's best are fused; measured with 100 (docs/decisions/0003-retrieval.md).
CANDIDATES = 100
_EMBED_BATCH = 32
_EMBED_LEASE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Recall:
    """What was found for a question, best first. `vectors_used` is False when only keywords
    could be searched: no model is installed, or the knowledge index did not answer."""

    question: str
    passages: tuple[RankedPassage, ...]
    stored: Mapping[int, StoredPassage]
    vectors_used: bool


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
    ) -> None:
        self._database = database
        self._clock = clock
        self._index = index
        self._embedder = embedder
        self._cache = PassageCache()
        # The revision of each site at which every passage had its vector.
        self._embedded_revision: dict[str, int] = {}
        # The model computes outside of the interpreter's lock: questions use both cores.
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="embed")

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
        vector_search = asyncio.create_task(self._search_vectors(site, question))
        try:
            async with self._database.reading(site.tenant_id) as uow:
                repository = KnowledgeRepository(uow, site.site_id)
                by_keyword = await search_keywords(uow, site.site_id, words[:32], CANDIDATES)
                by_vector = await vector_search
                revision = await repository.find_revision()
                pending = await self._find_pending(
                    repository, site, revision, by_keyword, by_vector
                )
                best = [
                    hit.passage_id for hit in fuse(by_keyword, by_vector or (), pending=pending)
                ]
                passages = await self._cache.load(repository, site.site_id, revision, best)
        finally:
            vector_search.cancel()
        ranked = rank_passages(question, by_keyword, by_vector, passages, limit, pending=pending)
        return Recall(question, tuple(ranked), passages, vectors_used=by_vector is not None)

    async def _find_pending(
        self,
        repository: KnowledgeRepository,
        site: SiteRef,
        revision: int,
        by_keyword: Sequence[KeywordHit],
        by_vector: Sequence[VectorMatch] | None,
    ) -> set[int]:
        """Passages that only keywords can find yet, because their vector is still to be made."""
        if by_vector is None or self._embedder is None:
            return set()
        if self._embedded_revision.get(site.site_id) == revision:
            return set()
        if not await repository.list_unembedded(self._embedder.name, 1):
            self._embedded_revision[site.site_id] = revision
            return set()
        found = {hit.passage_id for hit in by_vector}
        unknown = [hit.passage_id for hit in by_keyword if hit.passage_id not in found]
        return await repository.find_unembedded(self._embedder.name, unknown)

    async def _search_vectors(self, site: SiteRef, question: str) -> list[VectorMatch] | None:
        """The nearest passages; None when vectors cannot be searched now."""
        if self._index is None or self._embedder is None or not question.strip():
            return None
        namespace = self._namespace(site)
        try:
            vector = await self._run(self._embedder.embed_query, question)
            return await self._index.search(namespace, vector, CANDIDATES)
        except ProviderError as error:
            log.warning("vector_search_failed", vendor=error.vendor, operation=error.operation)
            return None

    async def measure_embedding(self, site: SiteRef) -> EmbeddingProgress:
        """How many passages have their vector."""
        name = self._embedder.name if self._embedder else ""
        async with self._database.reading(site.tenant_id) as uow:
            return await KnowledgeRepository(uow, site.site_id).count_embedded(name)

    async def embed_pending(
        self,
        site: SiteRef,
        owner: str,
        on_progress: Callable[[EmbeddingProgress], None] | None = None,
    ) -> bool:
        """Make the vectors that are missing, batch by batch; each batch is kept.

        Returns False when another process is at it, or vectors are not to be had here.

        Raises:
            ProviderError: the model or the knowledge index failed; what was made is kept.
        """
        if self._index is None or self._embedder is None:
            return False
        progress = await self.measure_embedding(site)
        while True:
            if not await self._claim(site, owner):
                return False
            await self._forget_removed(site)
            done = await self._embed_batch(site)
            progress = EmbeddingProgress(progress.done + done, max(progress.total, progress.done))
            if on_progress is not None:
                on_progress(progress)
            if done == 0:
                break
        async with self._database.unit_of_work(site.tenant_id) as uow:
            await KnowledgeRepository(uow, site.site_id).release_embedding(owner)
        return True

    async def needs_embedding(self, site: SiteRef) -> bool:
        """Whether vectors are to be made or to be forgotten."""
        if self._index is None or self._embedder is None:
            return False
        async with self._database.reading(site.tenant_id) as uow:
            repository = KnowledgeRepository(uow, site.site_id)
            if await repository.list_unembedded(self._embedder.name, 1):
                return True
            return bool(await repository.list_removed_vectors(1))

    async def _claim(self, site: SiteRef, owner: str) -> bool:
        async with self._database.unit_of_work(site.tenant_id) as uow:
            repository = KnowledgeRepository(uow, site.site_id)
            return await repository.claim_embedding(owner, self._clock.now(), _EMBED_LEASE)

    async def _embed_batch(self, site: SiteRef) -> int:
        assert self._index is not None and self._embedder is not None  # noqa: S101
        name = self._embedder.name
        async with self._database.reading(site.tenant_id) as uow:
            repository = KnowledgeRepository(uow, site.site_id)
            waiting = await repository.list_unembedded(name, _EMBED_BATCH)
        if not waiting:
            return 0
        texts = [build_embedded_text(passage) for passage in waiting]
        vectors = await self._run(self._embedder.embed_batch, texts)
        ids = [passage.passage_id for passage in waiting]
        await self._index.upsert(self._namespace(site), ids, vectors)
        async with self._database.unit_of_work(site.tenant_id) as uow:
            await KnowledgeRepository(uow, site.site_id).mark_embedded(ids, name)
        return len(ids)

    async def _forget_removed(self, site: SiteRef) -> None:
        assert self._index is not None  # noqa: S101
        while True:
            async with self._database.reading(site.tenant_id) as uow:
                repository = KnowledgeRepository(uow, site.site_id)
                gone = await repository.list_removed_vectors(500)
            if not gone:
                return
            await self._index.delete(self._namespace(site), gone)
            async with self._database.unit_of_work(site.tenant_id) as uow:
                await KnowledgeRepository(uow, site.site_id).forget_removed_vectors(gone)

    def _namespace(self, site: SiteRef) -> Namespace:
        name = self._embedder.name if self._embedder else ""
        return Namespace(site.tenant_id, site.site_id, name)

    async def _run(self, function: Callable[..., Vectors], argument: object) -> Vectors:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, argument)

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def build_embedded_text(passage: StoredPassage) -> str:
    """What is embedded of a passage: its title and headings say what its text is about."""
    where = [passage.title, *passage.heading_path]
    return " > ".join(part for part in dict.fromkeys(where) if part) + "\n" + passage.text
