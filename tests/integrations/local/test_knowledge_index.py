"""The embedded index keeps the promises of all, on both databases."""

from __future__ import annotations

import pytest

from core.db import Database
from core.protocols.knowledge_index import KnowledgeIndex
from integrations.local.knowledge_index import LocalKnowledgeIndex
from tests.contracts.knowledge_index import DIMENSIONS, HERE, KnowledgeIndexContract, make_vectors


class TestLocalKnowledgeIndex(KnowledgeIndexContract):
    @pytest.fixture
    def index(self, database: Database) -> KnowledgeIndex:
        return LocalKnowledgeIndex(database, DIMENSIONS)


async def test_another_process_sees_what_was_cleared(database: Database) -> None:
    one, other = (LocalKnowledgeIndex(database, DIMENSIONS) for _ in range(2))
    vectors = make_vectors(3)
    await one.upsert(HERE, [1, 2, 3], vectors)
    assert len(await other.search(HERE, vectors[0], 9)) == 3
    await one.clear(HERE)
    other.forget_freshness(HERE)
    assert await other.search(HERE, vectors[0], 9) == []
