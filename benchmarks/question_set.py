"""A folder of passages and questions, indexed through the product's own code.

`passages.jsonl`: {"id", "title", "text", "heading_path"?: [..]}; `questions.jsonl`: {"id", "text",
"rel": [passage ids], "answers": [..]}.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.migrations.run import migrate
from core.clock import SystemClock
from core.db import Database
from core.protocols.knowledge_index import Namespace, VectorMatch, Vectors
from integrations.local.embeddings import LocalMiniLM
from integrations.local.knowledge_index import LocalKnowledgeIndex
from sales.knowledge.keyword_search import build_hits, build_search
from sales.knowledge.ranking import KeywordHit, choose_search_words
from sales.knowledge.repository import KnowledgeRepository
from sales.knowledge.schemas import PageContent, PassageContent, StoredPassage
from sales.knowledge.service import KnowledgeService
from sales.organization.models import SiteRef

DEFAULT_FOLDER = Path(__file__).parents[1].parent / "shared" / "retrieval-dev"
SITE = SiteRef("benchmark", "benchmark")


@dataclass(frozen=True, slots=True)
class QuestionSet:
    name: str
    passages: list[dict[str, Any]]
    questions: list[dict[str, Any]]


def choose_folder(argument: str | None) -> Path:
    """The argument, else SALES_AGENT_RETRIEVAL_DEV, else ../shared/retrieval-dev."""
    return Path(argument or os.environ.get("SALES_AGENT_RETRIEVAL_DEV") or DEFAULT_FOLDER)


def load_set(folder: Path, limit: int | None = None) -> QuestionSet:
    def read(name: str) -> list[dict[str, Any]]:
        with (folder / name).open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    return QuestionSet(folder.name, read("passages.jsonl"), read("questions.jsonl")[:limit])


class CachedMiniLM(LocalMiniLM):
    """The product's model; vectors of a text are kept in a folder, to repeat a run quickly."""

    def __init__(self, folder: Path | None) -> None:
        super().__init__()
        self._folder = folder
        if folder:
            folder.mkdir(parents=True, exist_ok=True)

    def embed_batch(self, texts: Sequence[str]) -> Vectors:
        if self._folder is None or len(texts) == 1:
            return super().embed_batch(texts)
        key = hashlib.sha256("\0".join(texts).encode()).hexdigest()[:32]
        path = self._folder / f"{key}.npy"
        if path.exists():
            loaded: Vectors = np.load(path)
            return loaded
        vectors = super().embed_batch(texts)
        np.save(path, vectors)
        return vectors


@dataclass(slots=True)
class Indexed:
    """A question set in a fresh database. `ids`: the set's id of each stored passage."""

    index: LocalKnowledgeIndex
    database: Database
    knowledge: KnowledgeService
    model: LocalMiniLM
    ids: dict[int, str]
    stored: dict[int, StoredPassage]

    async def search_apart(
        self, question: str, left_out: set[int]
    ) -> tuple[list[KeywordHit], list[VectorMatch]]:
        """Both sides' hits, as the product asks for them, without some passages."""
        dialect = self.database.dialect
        search = build_search(dialect, SITE, choose_search_words(question), 100)
        found = await self.database.fetch(SITE.tenant_id, *([search] if search else []))
        keyword = build_hits(dialect, found[0]) if found else []
        namespace = Namespace(SITE.tenant_id, SITE.site_id, self.model.name)
        vector = await self.index.search(namespace, self.model.embed_query(question), 100)
        return (
            [hit for hit in keyword if hit.passage_id not in left_out],
            [hit for hit in vector if hit.passage_id not in left_out],
        )

    async def close(self) -> None:
        self.knowledge.close()
        await self.database.close()


async def index_set(passages: Sequence[dict[str, Any]], cache: Path | None) -> Indexed:
    """Store and embed `passages` as pages of one passage each."""
    folder = tempfile.mkdtemp(prefix="retrieval-")
    database = Database(f"sqlite:///{folder}/benchmark.sqlite")
    await migrate(database)
    model = CachedMiniLM(cache)
    index = LocalKnowledgeIndex(database, model.dimensions)
    knowledge = KnowledgeService(database, SystemClock(), index, model)
    pages = [build_page(passage) for passage in passages]
    for first in range(0, len(pages), 500):
        await knowledge.store_pages(SITE, "benchmark", pages[first : first + 500])
    await knowledge.embed_pending(SITE, "benchmark")
    async with database.reading(SITE.tenant_id) as uow:
        repository = KnowledgeRepository(uow, SITE.site_id)
        stored = await repository.list_passages(range(1, len(pages) + 1))
    ids = {key: passage.url.rpartition("/")[2] for key, passage in stored.items()}
    return Indexed(index, database, knowledge, model, ids, stored)


def build_page(passage: dict[str, Any]) -> PageContent:
    """A page of one passage."""
    text = str(passage["text"])
    digest = hashlib.sha256(text.encode()).hexdigest()
    path = tuple(passage.get("heading_path") or ())
    content = PassageContent(0, path, text, 0, len(text), digest)
    url = f"https://benchmark.invalid/{passage['id']}"
    return PageContent(url, str(passage.get("title", "")), "page", "en", "", digest, (content,))
