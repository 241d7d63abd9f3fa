"""Another embedding model or index: built beside the old one, changed over without downtime."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from core.clock import SystemClock
from core.db import Database
from core.errors import Unavailable, VendorRateLimited
from core.protocols.knowledge_index import Namespace, VectorMatch, Vectors
from integrations.local.knowledge_index import LocalKnowledgeIndex
from sales.knowledge.service import KnowledgeService, VectorOptions
from sales.knowledge.vector_sets import VectorSet, VectorSource
from sales.organization.models import SiteRef
from tests.support.embedders import WordEmbedder
from tests.support.knowledge import store_texts

SITE = SiteRef("tenant-1", "site-1")
TEXTS = {
    f"{thing} {number}": f"The {thing.lower()} number {number} is made of {stuff} and weighs "
    f"{number + 3} kilograms when it leaves the {place}."
    for number in range(15)
    for thing, stuff, place in (("Anvil", "iron", "forge"), ("Basket", "willow", "workshop"))
}
QUESTION = "What is the basket made of?"
OLD, NEW = WordEmbedder(64, "old"), WordEmbedder(128, "new")


class World:
    """Processes with different configurations over one database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.known = {one.name: one for one in (OLD, NEW)}

    def start(self, embedder: WordEmbedder, **options: object) -> KnowledgeService:
        index = LocalKnowledgeIndex(self.database)
        chosen = VectorOptions(model=embedder.name, open_source=self.open)
        chosen = replace(chosen, **options)  # type: ignore[arg-type]
        return KnowledgeService(self.database, SystemClock(), index, embedder, vectors=chosen)

    async def open(self, found: VectorSet) -> VectorSource | None:
        index = LocalKnowledgeIndex(self.database)
        embedder = self.known.get(found.embedding)
        return VectorSource(found.place, found.model, found.embedding, index, embedder)


@pytest.fixture
async def world(database: Database) -> World:
    made = World(database)
    knowledge = made.start(OLD)
    await store_texts(knowledge, SITE, TEXTS)
    assert await knowledge.needs_embedding(SITE)
    assert await knowledge.embed_pending(SITE, "first")
    assert not await knowledge.needs_embedding(SITE)
    knowledge.close()
    return made


async def count_vectors(world: World, embedder: WordEmbedder) -> int:
    index = LocalKnowledgeIndex(world.database)
    place = Namespace(SITE.tenant_id, SITE.site_id, embedder.name)
    return len(await index.search(place, embedder.embed_query("anvil"), 1000))


class Stopping(WordEmbedder):
    """Fails after some batches, as a process that is killed does."""

    def __init__(self, original: WordEmbedder, batches: int, error: Exception) -> None:
        super().__init__(original.dimensions, original.name.rpartition("-")[0])
        self.left, self.error = batches, error

    def embed_batch(self, texts: Sequence[str]) -> Vectors:
        if not self.left:
            raise self.error
        self.left -= 1
        return super().embed_batch(texts)


async def test_the_old_vectors_serve_until_the_new_ones_are_complete(world: World) -> None:
    more = {f"Crate {number}": f"Crate {number} is made of oak." for number in range(40)}
    await store_texts(world.start(OLD), SITE, more)
    breaking = world.start(Stopping(NEW, 1, Unavailable("x", "embed")))
    assert await breaking.needs_embedding(SITE)
    with pytest.raises(Unavailable):
        await breaking.embed_pending(SITE, "second")
    state = await breaking.describe_vectors(SITE)
    assert (state.serving, state.building) == (OLD.name, NEW.name)
    assert state.building_progress is not None
    assert 0 < state.building_progress.done < state.building_progress.total
    # New pages got old vectors meanwhile: nothing waits for the new set.
    assert state.progress.complete
    recall = await breaking.recall(SITE, QUESTION, 3)
    assert recall.vectors_used
    assert recall.passages[0].title.startswith("Basket")
    mending = world.start(NEW)
    assert await mending.embed_pending(SITE, "second")
    state = await mending.describe_vectors(SITE)
    assert (state.serving, state.building, state.progress.complete) == (NEW.name, None, True)
    assert (await mending.recall(SITE, QUESTION, 3)).vectors_used


async def test_the_old_vectors_are_deleted_when_nobody_searches_them_any_more(
    world: World,
) -> None:
    assert await world.start(NEW).embed_pending(SITE, "second")
    assert (await count_vectors(world, OLD), await count_vectors(world, NEW)) == (30, 30)
    later = world.start(NEW, grace=timedelta(0))
    assert await later.needs_embedding(SITE)
    assert await later.embed_pending(SITE, "second")
    assert (await count_vectors(world, OLD), await count_vectors(world, NEW)) == (0, 30)
    assert not await later.needs_embedding(SITE)


async def test_without_the_old_model_keywords_answer_until_the_new_vectors_are_there(
    world: World,
) -> None:
    del world.known[OLD.name]
    breaking = world.start(Stopping(NEW, 0, Unavailable("x", "embed")))
    with pytest.raises(Unavailable):
        await breaking.embed_pending(SITE, "second")
    recall = await breaking.recall(SITE, QUESTION, 3)
    assert (recall.vectors_used, bool(recall.passages)) == (False, True)
    assert not (await breaking.describe_vectors(SITE)).usable
    knowledge = world.start(NEW)
    assert await knowledge.embed_pending(SITE, "second")
    assert (await knowledge.recall(SITE, QUESTION, 3)).vectors_used


async def test_what_was_made_is_not_made_again(world: World) -> None:
    with pytest.raises(Unavailable):
        await world.start(Stopping(NEW, 0, Unavailable("x", "y"))).embed_pending(SITE, "second")
    counting = WordEmbedder(128, "new")
    assert await world.start(counting).embed_pending(SITE, "second")
    made = counting.texts
    assert await world.start(counting).embed_pending(SITE, "second")
    assert counting.texts == made


async def test_going_back_while_building_leaves_the_old_set_as_it_was(world: World) -> None:
    with pytest.raises(Unavailable):
        await world.start(Stopping(NEW, 0, Unavailable("x", "y"))).embed_pending(SITE, "second")
    back = world.start(OLD, grace=timedelta(0))
    assert await back.needs_embedding(SITE)
    assert await back.embed_pending(SITE, "second")
    state = await back.describe_vectors(SITE)
    assert (state.serving, state.building, state.progress.complete) == (OLD.name, None, True)
    assert not await back.needs_embedding(SITE)


async def test_an_older_process_does_not_undo_what_a_later_one_wants(world: World) -> None:
    older, later = world.start(OLD), world.start(NEW)
    assert await later.embed_pending(SITE, "later")
    assert not await older.needs_embedding(SITE)
    assert not await older.embed_pending(SITE, "older")
    assert (await later.describe_vectors(SITE)).serving == NEW.name
    older.close()
    # It answers with what serves now.
    assert (await world.start(OLD).recall(SITE, QUESTION, 3)).vectors_used


async def test_pages_that_go_and_come_while_building_end_up_right(world: World) -> None:
    with pytest.raises(Unavailable):
        await world.start(Stopping(NEW, 0, Unavailable("x", "y"))).embed_pending(SITE, "second")
    knowledge = world.start(NEW)
    await knowledge.remove_pages(SITE, "docs", ["https://shop.example/anvil-3"])
    await store_texts(knowledge, SITE, {"Dipper": "The dipper is made of copper."})
    assert await knowledge.embed_pending(SITE, "second")
    assert await count_vectors(world, NEW) == 30
    state = await knowledge.describe_vectors(SITE)
    assert (state.progress.done, state.progress.total) == (30, 30)
    best = (await knowledge.recall(SITE, "What is the dipper made of?", 3)).passages[0]
    assert (best.title, best.vector_score is not None) == ("Dipper", True)


async def test_vectors_from_before_vector_sets_are_taken_over(database: Database) -> None:
    from sqlalchemy import text  # noqa: PLC0415

    world = World(database)
    first = world.start(OLD)
    await store_texts(first, SITE, TEXTS)
    await first.embed_pending(SITE, "first")
    async with database.engine.begin() as connection:
        await connection.execute(text("DELETE FROM knowledge_vector_sets"))
    same = world.start(OLD)
    assert not await same.needs_embedding(SITE)
    assert (await same.recall(SITE, QUESTION, 3)).vectors_used
    other = world.start(NEW)
    assert await other.needs_embedding(SITE)
    assert await other.embed_pending(SITE, "second")
    assert (await other.describe_vectors(SITE)).serving == NEW.name


class Silent(LocalKnowledgeIndex):
    """An index that stopped answering."""

    silent = False
    asked = 0

    async def search(self, namespace: Namespace, vector: Vectors, limit: int) -> list[VectorMatch]:
        self.asked += 1
        if self.silent:
            raise Unavailable("far", "search", "no answer")
        return await super().search(namespace, vector, limit)


async def test_an_index_that_does_not_answer_costs_quality_not_answers(database: Database) -> None:
    index = Silent(database)
    options = VectorOptions(place="far", model=OLD.name)
    knowledge = KnowledgeService(database, SystemClock(), index, OLD, vectors=options)
    await store_texts(knowledge, SITE, TEXTS)
    await knowledge.embed_pending(SITE, "first")
    index.silent, index.asked = True, 0
    for _ in range(8):
        recall = await knowledge.recall(SITE, QUESTION, 3)
        assert recall.passages[0].title.startswith("Basket")
        assert not recall.vectors_used
    # After some failures in a row it is left alone, so that nobody waits for it.
    assert index.asked == 3
    assert "no answer" in (await knowledge.describe_vectors(SITE)).trouble


async def test_a_model_that_asks_for_patience_is_given_it(world: World) -> None:
    wait = VendorRateLimited("x", "embed", "429", timedelta(seconds=60))
    knowledge = world.start(Stopping(NEW, 0, wait))
    with pytest.raises(VendorRateLimited):
        await knowledge.embed_pending(SITE, "second")
    assert not await knowledge.needs_embedding(SITE)
