"""A process to be killed: builds a site's vectors anew with another embedding model.

`tests/crash/test_reindex.py` starts it and kills it at random.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from datetime import timedelta

from core.clock import SystemClock
from core.db import Database
from core.protocols.knowledge_index import Vectors
from integrations.local.knowledge_index import LocalKnowledgeIndex
from sales.knowledge.service import KnowledgeService, VectorOptions
from sales.knowledge.vector_sets import VectorSet, VectorSource
from sales.organization.models import SiteRef
from tests.support.embedders import WordEmbedder

SITE = SiteRef("tenant-1", "site-1")
MODELS = {name: WordEmbedder(dimensions, name) for name, dimensions in (("a", 64), ("b", 96))}


class Slow(WordEmbedder):
    """Takes as long as a model does, so that there is something to interrupt."""

    def embed_batch(self, texts: Sequence[str]) -> Vectors:
        time.sleep(0.01)
        return super().embed_batch(texts)


def open_knowledge(database: Database, model: str) -> KnowledgeService:
    """The knowledge, configured for `model`; both models can be opened."""

    async def open_before(found: VectorSet) -> VectorSource | None:
        embedder = MODELS[found.model]
        index = LocalKnowledgeIndex(database)
        return VectorSource(found.place, found.model, found.embedding, index, embedder)

    options = VectorOptions(model=model, open_source=open_before, grace=timedelta(0))
    embedder = Slow(MODELS[model].dimensions, model)
    index = LocalKnowledgeIndex(database)
    return KnowledgeService(database, SystemClock(), index, embedder, vectors=options)


async def work(url: str, model: str, owner: str) -> None:
    """Build until nothing is left to do."""
    database = Database(url)
    knowledge = open_knowledge(database, model)
    while await knowledge.needs_embedding(SITE):
        await knowledge.embed_pending(SITE, owner)
    knowledge.close()
    await database.close()


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:]))
