"""Makes the vectors of passages: those of the set that serves a site, and those of the set that
is to take its place. Every step is a row first, so that a process that is killed is taken over.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from datetime import timedelta

import structlog

from core.clock import Clock
from core.db import Database
from core.errors import ConfigurationError, ProviderError, TransientError
from core.protocols.knowledge_index import Namespace
from sales.knowledge.calibration import (
    FOREIGN_QUESTIONS,
    REFERENCE,
    Calibration,
    fit_calibration,
    make_question,
)
from sales.knowledge.repository import KnowledgeRepository
from sales.knowledge.schemas import EmbeddingProgress, StoredPassage
from sales.knowledge.vector_search import VectorSearch, VectorSources, build_namespace, run
from sales.knowledge.vector_sets import (
    BUILDING,
    RETIRED,
    SERVING,
    Plan,
    VectorSet,
    VectorSetRepository,
    VectorSource,
    is_superseded,
)
from sales.organization.models import SiteRef

log = structlog.get_logger(__name__)

_EMBED_BATCH = 32
_EMBED_LEASE = timedelta(minutes=2)
_SAMPLE = 60
# Other processes learn of a change within a second; the old set is left to them for a while.
GRACE = timedelta(seconds=60)
_LONGEST_PAUSE = timedelta(minutes=5)

OnProgress = Callable[[EmbeddingProgress], None]


class VectorBuilder:
    """Builds, changes over and clears away. One process at a time for each site, by lease."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        sources: VectorSources,
        search: VectorSearch,
        threads: Executor,
        grace: timedelta = GRACE,
    ) -> None:
        self._database, self._clock, self._sources = database, clock, sources
        self._search, self._threads, self._grace = search, threads, grace
        self._wanted_at = clock.now()
        self._pause_until: dict[SiteRef, float] = {}

    async def needs_work(self, site: SiteRef) -> bool:
        """Whether there is anything to make, to change over or to delete."""
        source = self._sources.configured
        if source is None or time.monotonic() < self._pause_until.get(site, float("-inf")):
            return False
        async with self._database.reading(site.tenant_id) as uow:
            knowledge = KnowledgeRepository(uow, site.site_id)
            sets = await VectorSetRepository(uow, site.site_id).list_sets()
            if is_superseded(sets, source.name, self._wanted_at):
                return False
            return (
                self._is_unsettled(sets, source)
                or bool(await knowledge.list_unembedded(source.name, 1))
                or bool(await knowledge.list_removed_vectors(1))
            )

    def _is_unsettled(self, sets: Sequence[VectorSet], source: VectorSource) -> bool:
        due = self._clock.now() - self._grace
        return any(
            one.state == BUILDING
            or (one.state == RETIRED and one.changed_at <= due)
            or (one.state == SERVING and one.name != source.name)
            for one in sets
        )

    async def build(self, site: SiteRef, owner: str, on_progress: OnProgress | None = None) -> bool:
        """Do all there is to do, batch by batch; each batch is kept.

        Returns False when another process is at it, or was configured otherwise later.

        Raises:
            ProviderError: the model or the index failed; what was made is kept.
        """
        source = self._sources.configured
        if source is None:
            return False
        try:
            return await self._build(site, owner, source, on_progress)
        except TransientError as error:
            wait = min(error.retry_after or timedelta(), _LONGEST_PAUSE)
            self._pause_until[site] = time.monotonic() + wait.total_seconds()
            raise

    async def _build(
        self, site: SiteRef, owner: str, source: VectorSource, on_progress: OnProgress | None
    ) -> bool:
        # A remote model is asked for it once: not in a transaction, and not on this thread.
        await run(self._threads, _discover_dimensions, source)
        while True:
            plan = await self._claim(site, owner, source)
            if plan is None:
                return False
            await self._forget_removed(site, plan)
            done = await self._make_batch(site, plan)
            if on_progress is not None:
                on_progress(await self.measure(site, source, plan))
            if done:
                continue
            if plan.building is None or await self._change_over(site, source, plan.building):
                break
        await self._calibrate_serving(site, source)
        await self._clear_retired(site)
        async with self._database.unit_of_work(site.tenant_id) as uow:
            await KnowledgeRepository(uow, site.site_id).release_embedding(owner)
        return True

    async def measure(self, site: SiteRef, source: VectorSource, plan: Plan) -> EmbeddingProgress:
        """How far the set that is being built is, or else the one that serves."""
        building = plan.building is not None
        async with self._database.reading(site.tenant_id) as uow:
            knowledge = KnowledgeRepository(uow, site.site_id)
            return await knowledge.count_embedded(source.name, building=building)

    async def _claim(self, site: SiteRef, owner: str, source: VectorSource) -> Plan | None:
        """The lease, and what is to be done under it; None when it is somebody else's."""
        now = self._clock.now()
        async with self._database.unit_of_work(site.tenant_id) as uow:
            knowledge = KnowledgeRepository(uow, site.site_id)
            if not await knowledge.claim_embedding(owner, now, _EMBED_LEASE):
                return None
            sets = VectorSetRepository(uow, site.site_id)
            before = {one.name for one in await sets.list_sets()}
            plan = await sets.plan(source, self._wanted_at, now)
        if plan.superseded:
            log.info("vectors_left_to_a_later_process", site=site.site_id)
            return None
        if plan.building is not None and plan.building.name not in before and plan.serving:
            log.warning(
                "reindex_started",
                site=site.site_id,
                serving=plan.serving.name,
                building=plan.building.name,
            )
            self._search.forget_freshness(site)
        return plan

    async def _make_batch(self, site: SiteRef, plan: Plan) -> int:
        """Some vectors: first for the set that visitors are answered from."""
        done = 0
        if plan.serving is not None:
            source = await self._sources.get(plan.serving)
            if source is not None and source.embedder is not None:
                try:
                    done = await self._embed(site, source, building=False)
                except (ProviderError, ConfigurationError):
                    if plan.building is None:
                        raise
                    # The old one may be broken for good; the new one must not wait for it.
                    log.warning("old_vectors_not_made", place=source.place)
        if not done and plan.building is not None:
            source = await self._sources.get(plan.building)
            if source is not None:
                done = await self._embed(site, source, building=True)
        return done

    async def _embed(self, site: SiteRef, source: VectorSource, *, building: bool) -> int:
        assert source.embedder is not None  # noqa: S101 - the callers have looked
        async with self._database.reading(site.tenant_id) as uow:
            knowledge = KnowledgeRepository(uow, site.site_id)
            waiting = await knowledge.list_unembedded(source.name, _EMBED_BATCH, building=building)
            labelled = await knowledge.list_labels([one.passage_id for one in waiting])
        # Without a label it has been deleted in between.
        waiting = [one for one in waiting if one.passage_id in labelled]
        if not waiting:
            return 0
        texts = [build_embedded_text(passage) for passage in waiting]
        vectors = await run(self._threads, source.embedder.embed_batch, texts)
        ids = [passage.passage_id for passage in waiting]
        labels = [labelled[key] for key in ids]
        await source.index.upsert(build_namespace(source, site), ids, vectors, labels)
        async with self._database.unit_of_work(site.tenant_id) as uow:
            knowledge = KnowledgeRepository(uow, site.site_id)
            await knowledge.mark_embedded(ids, source.name, building=building)
        return len(ids)

    async def _change_over(self, site: SiteRef, source: VectorSource, built: VectorSet) -> bool:
        """Let the new set serve. False when passages came in between."""
        calibration = await self._calibrate(site, source)
        async with self._database.unit_of_work(site.tenant_id) as uow:
            sets = VectorSetRepository(uow, site.site_id)
            if calibration is not None:
                await sets.change(built.name, calibration=calibration.describe())
            if not await sets.switch(built.name, self._clock.now()):
                return False
        self._search.forget_freshness(site)
        log.warning("reindex_finished", site=site.site_id, serving=built.name)
        return True

    async def _calibrate_serving(self, site: SiteRef, source: VectorSource) -> None:
        """Measure a model once all vectors are there, and again when the site has doubled."""
        async with self._database.reading(site.tenant_id) as uow:
            sets = await VectorSetRepository(uow, site.site_id).list_sets()
            total = (await KnowledgeRepository(uow, site.site_id).count_embedded(source.name)).total
        mine = next((one for one in sets if one.name == source.name), None)
        if mine is None or mine.state != SERVING:
            return
        known = Calibration.read(mine.calibration)
        if mine.calibration is not None and total < 2 * max(1, known.passages):
            return
        calibration = await self._calibrate(site, source)
        if calibration is None:
            return
        async with self._database.unit_of_work(site.tenant_id) as uow:
            sets_now = VectorSetRepository(uow, site.site_id)
            await sets_now.change(source.name, calibration=calibration.describe())
        self._search.forget_freshness(site)

    async def _calibrate(self, site: SiteRef, source: VectorSource) -> Calibration | None:
        """What the model's cosines mean here; None for the built-in one, or with too few
        passages to tell."""
        if source.embedding == REFERENCE or source.embedder is None:
            return None
        async with self._database.reading(site.tenant_id) as uow:
            knowledge = KnowledgeRepository(uow, site.site_id)
            sample = await knowledge.list_sample(_SAMPLE)
            total = (await knowledge.count_embedded(source.name)).total
        made = [make_question(one.title, one.heading_path, one.text) for one in sample]
        own = [question for question in made if question]
        if not own:
            return None
        vectors = await run(self._threads, source.embedder.embed_batch, [*own, *FOREIGN_QUESTIONS])
        place = build_namespace(source, site)
        best = [await self._find_best(source, place, vector) for vector in vectors]
        return fit_calibration(
            [one for one in best[: len(own)] if one is not None],
            [one for one in best[len(own) :] if one is not None],
            total,
        )

    async def _find_best(
        self, source: VectorSource, place: Namespace, vector: object
    ) -> float | None:
        found = await source.index.search(place, vector, 1)  # type: ignore[arg-type]
        return found[0].cosine if found else None

    async def _forget_removed(self, site: SiteRef, plan: Plan) -> None:
        live = [one for one in (plan.serving, plan.building) if one is not None]
        while True:
            async with self._database.reading(site.tenant_id) as uow:
                knowledge = KnowledgeRepository(uow, site.site_id)
                gone = await knowledge.list_removed_vectors(500)
            if not gone:
                return
            for one in live:
                source = await self._sources.get(one)
                if source is not None:
                    await source.index.delete(build_namespace(source, site), gone)
            async with self._database.unit_of_work(site.tenant_id) as uow:
                await KnowledgeRepository(uow, site.site_id).forget_removed_vectors(gone)

    async def _clear_retired(self, site: SiteRef) -> None:
        """Delete what no process can be searching any more."""
        due = self._clock.now() - self._grace
        async with self._database.reading(site.tenant_id) as uow:
            sets = await VectorSetRepository(uow, site.site_id).list_sets()
        for one in sets:
            if one.state != RETIRED or one.changed_at > due:
                continue
            source = await self._sources.get(one)
            if source is None:
                log.warning("old_vectors_left_behind", place=one.place, embedding=one.embedding)
            else:
                await source.index.clear(build_namespace(source, site))
            async with self._database.unit_of_work(site.tenant_id) as uow:
                await VectorSetRepository(uow, site.site_id).forget(one.name)


def _discover_dimensions(source: VectorSource) -> int:
    return source.embedder.dimensions if source.embedder is not None else 0


def build_embedded_text(passage: StoredPassage) -> str:
    """What is embedded of a passage: its title and headings say what its text is about."""
    where = [passage.title, *passage.heading_path]
    return " > ".join(part for part in dict.fromkeys(where) if part) + "\n" + passage.text
