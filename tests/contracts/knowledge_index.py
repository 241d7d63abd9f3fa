"""What every `KnowledgeIndex` promises. A vendor's tests subclass this and give `index`."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from core.clock import SystemClock
from core.db import Database
from core.errors import ProviderError
from core.protocols.knowledge_index import (
    KnowledgeIndex,
    Namespace,
    PassageLabel,
    VectorMatch,
    Vectors,
)
from sales.knowledge.service import KnowledgeService
from sales.organization.models import SiteRef
from tests.support.embedders import WordEmbedder
from tests.support.knowledge import store_texts

DIMENSIONS = 64
HERE = Namespace("tenant-1", "site-1", "model-a")


def make_vectors(count: int, seed: int = 1) -> Vectors:
    """Unit vectors, the same at every call."""
    rows = np.random.default_rng(seed).normal(size=(count, DIMENSIONS)).astype(np.float32)
    unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def find_ids(matches: list[VectorMatch]) -> list[int]:
    return [match.passage_id for match in matches]


class KnowledgeIndexContract:
    """Subclasses give `index`, for vectors of `DIMENSIONS` numbers, and `database`."""

    @pytest.fixture
    def index(self) -> KnowledgeIndex:
        raise NotImplementedError

    async def settle(self) -> None:
        """Wait until what was written can be found, where that takes time."""

    async def test_the_nearest_comes_first_with_its_cosine(self, index: KnowledgeIndex) -> None:
        vectors = make_vectors(20)
        await index.upsert(HERE, list(range(1, 21)), vectors)
        await self.settle()
        found = await index.search(HERE, vectors[4], 20)
        cosines = vectors @ vectors[4]
        assert find_ids(found) == [int(row) + 1 for row in np.argsort(-cosines)]
        for match in found:
            assert match.cosine == pytest.approx(float(cosines[match.passage_id - 1]), abs=2e-3)

    async def test_no_more_than_asked_for(self, index: KnowledgeIndex) -> None:
        vectors = make_vectors(9)
        await index.upsert(HERE, list(range(1, 10)), vectors)
        await self.settle()
        best = find_ids(await index.search(HERE, vectors[0], 9))
        assert find_ids(await index.search(HERE, vectors[0], 3)) == best[:3]
        assert len(await index.search(HERE, vectors[0], 100)) == 9

    async def test_an_empty_index_finds_nothing(self, index: KnowledgeIndex) -> None:
        assert await index.search(HERE, make_vectors(1)[0], 5) == []

    async def test_a_vector_is_replaced_by_its_next_one(self, index: KnowledgeIndex) -> None:
        vectors = make_vectors(3)
        await index.upsert(HERE, [1, 2], vectors[:2])
        await index.upsert(HERE, [1, 2], vectors[[2, 1]])
        await self.settle()
        (first, *rest) = await index.search(HERE, vectors[2], 5)
        assert (first.passage_id, len(rest)) == (1, 1)
        assert first.cosine == pytest.approx(1, abs=2e-3)

    async def test_repeating_changes_nothing(self, index: KnowledgeIndex) -> None:
        vectors = make_vectors(3)
        for _ in range(3):
            await index.upsert(HERE, [1, 2, 3], vectors)
        await self.settle()
        assert sorted(find_ids(await index.search(HERE, vectors[0], 9))) == [1, 2, 3]

    async def test_of_an_id_that_comes_twice_the_last_counts(self, index: KnowledgeIndex) -> None:
        vectors = make_vectors(2)
        await index.upsert(HERE, [1, 1], vectors)
        await self.settle()
        (match,) = await index.search(HERE, vectors[1], 5)
        assert match.cosine == pytest.approx(1, abs=2e-3)

    async def test_nothing_is_stored_for_no_vectors(self, index: KnowledgeIndex) -> None:
        await index.upsert(HERE, [], make_vectors(0))
        await index.delete(HERE, [])
        assert await index.search(HERE, make_vectors(1)[0], 5) == []

    async def test_deleted_passages_are_not_found_again(self, index: KnowledgeIndex) -> None:
        vectors = make_vectors(4)
        await index.upsert(HERE, [1, 2, 3, 4], vectors)
        await index.delete(HERE, [2, 4])
        await index.delete(HERE, [2, 77, 2**31 - 1])
        await self.settle()
        assert sorted(find_ids(await index.search(HERE, vectors[1], 9))) == [1, 3]

    async def test_deleting_where_nothing_was_is_no_error(self, index: KnowledgeIndex) -> None:
        await index.delete(HERE, [1])
        await index.clear(HERE)

    async def test_tenants_sites_and_models_are_apart(self, index: KnowledgeIndex) -> None:
        vectors = make_vectors(5)
        places = [
            HERE,
            HERE._replace(site_id="site-2"),
            HERE._replace(tenant_id="tenant-2", site_id="site-3"),
            HERE._replace(embedding="model/b, 2nd"),
        ]
        # Ids of passages are never the same at two sites; two models share them.
        ids = [[1, 2], [3], [4], [1]]
        for place, own in zip(places, ids, strict=True):
            await index.upsert(place, own, vectors[: len(own)])
        await self.settle()
        for place, own in zip(places, ids, strict=True):
            assert sorted(find_ids(await index.search(place, vectors[0], 9))) == own
        await index.delete(places[3], [1])
        await index.clear(places[1])
        await self.settle()
        assert await index.search(places[1], vectors[0], 9) == []
        assert await index.search(places[3], vectors[0], 9) == []
        assert sorted(find_ids(await index.search(HERE, vectors[0], 9))) == [1, 2]
        assert find_ids(await index.search(places[2], vectors[0], 9)) == [4]

    async def test_a_cleared_namespace_can_be_filled_again(self, index: KnowledgeIndex) -> None:
        vectors = make_vectors(2)
        await index.upsert(HERE, [1, 2], vectors)
        await index.clear(HERE)
        await index.upsert(HERE, [2], vectors[1:])
        await self.settle()
        assert find_ids(await index.search(HERE, vectors[0], 9)) == [2]

    async def test_many_vectors_go_in_and_out_in_one_call(self, index: KnowledgeIndex) -> None:
        vectors = make_vectors(1203)
        labels = [PassageLabel(f"https://a.example/{row}", "docs") for row in range(1203)]
        await index.upsert(HERE, list(range(1, 1204)), vectors, labels)
        await self.settle()
        exact = np.argsort(-(vectors @ vectors[700]))[:50] + 1
        found = find_ids(await index.search(HERE, vectors[700], 50))
        assert len(set(found) & set(exact.tolist())) >= 48
        await index.delete(HERE, list(range(1, 1200)))
        await self.settle()
        left = find_ids(await index.search(HERE, vectors[700], 50))
        assert sorted(left) == [1200, 1201, 1202, 1203]

    async def test_many_may_ask_and_write_at_once(self, index: KnowledgeIndex) -> None:
        vectors = make_vectors(60)

        async def work(part: int) -> list[VectorMatch]:
            ids = list(range(part * 10 + 1, part * 10 + 11))
            await index.upsert(HERE, ids, vectors[part * 10 : part * 10 + 10])
            return await index.search(HERE, vectors[part], 5)

        await asyncio.gather(*(work(part) for part in range(6)))
        await self.settle()
        assert len(await index.search(HERE, vectors[0], 100)) == 60

    async def test_vectors_of_another_length_are_refused(self, index: KnowledgeIndex) -> None:
        await index.upsert(HERE, [1], make_vectors(1))
        with pytest.raises((ProviderError, ValueError)):
            await index.upsert(HERE, [2], np.ones((1, 7), dtype=np.float32))
            await index.search(HERE, make_vectors(1)[0], 5)

    async def test_recall_joins_words_and_meaning(
        self, index: KnowledgeIndex, database: Database
    ) -> None:
        site = SiteRef("tenant-1", "site-1")
        knowledge = KnowledgeService(database, SystemClock(), index, WordEmbedder(DIMENSIONS))
        await store_texts(
            knowledge,
            site,
            {
                "Delivery": "We deliver anvils to every county within three days.",
                "Opening hours": "The shop opens at nine and closes at six.",
                "Returns": "Send goods back within thirty days and get your money back.",
            },
        )
        by_words = await knowledge.recall(site, "When does the shop open?", 3)
        assert by_words.passages[0].title == "Opening hours"
        assert await knowledge.embed_pending(site, "test")
        await self.settle()
        recall = await knowledge.recall(site, "Within how many days do you deliver anvils?", 3)
        assert recall.vectors_used
        assert recall.passages[0].title == "Delivery"
        assert recall.passages[0].vector_score is not None
        # A new page is found by its words before it has a vector.
        await store_texts(knowledge, site, {"Warranty": "The warranty covers rust for ten years."})
        fresh = await knowledge.recall(site, "What does the warranty cover?", 3)
        assert fresh.passages[0].title == "Warranty"
        knowledge.close()
