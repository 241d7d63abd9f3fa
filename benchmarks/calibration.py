"""What `similarity_threshold: 0.7` means with embedding models other than the built-in one.

Usage: python -m benchmarks.calibration [FOLDER] [--passages N] [--questions N]
FOLDER: a question set, see `question_set`; else SALES_AGENT_RETRIEVAL_DEV. Each model indexes the
same passages, and is asked the site's own questions and foreign ones, with and without
calibration. Printed: the anchors, and of how many questions the probability reaches 0.7.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import text

from app.migrations.run import migrate
from benchmarks.question_set import SITE, build_page, choose_folder, load_set
from core.clock import SystemClock
from core.db import Database
from core.protocols.knowledge_index import Namespace, PassageEmbedder, Vectors
from integrations.local.embeddings import LocalMiniLM
from integrations.local.knowledge_index import LocalKnowledgeIndex
from sales.knowledge.calibration import FOREIGN_QUESTIONS, make_question
from sales.knowledge.ranking import estimate_answerable
from sales.knowledge.repository import KnowledgeRepository
from sales.knowledge.service import KnowledgeService, VectorOptions
from tests.support.embedders import WordEmbedder

# Not those that the calibration itself uses.
_FOREIGN = (
    "How do I change a bicycle tyre?",
    "Who wrote War and Peace?",
    "What is the speed of light?",
    "How long does a marathon take?",
    "Which rivers flow through Vienna?",
    "How do I make sourdough bread?",
    "When was the printing press invented?",
    "What do pandas eat?",
    "How many moons has Jupiter?",
    "Why is the sea salty?",
    "Who composed the Moonlight Sonata?",
    "How do I train a puppy to sit?",
)


class CutMiniLM(LocalMiniLM):
    """The built-in model's first numbers only: a model with other cosines."""

    def __init__(self, kept: int) -> None:
        super().__init__()
        self._kept = kept

    @property
    def name(self) -> str:
        """Another model's name."""
        return f"minilm-first-{self._kept}"

    @property
    def dimensions(self) -> int:
        """So many are kept."""
        return self._kept

    def embed_batch(self, texts: Sequence[str]) -> Vectors:
        """Cut, and of length 1 again."""
        import numpy as np  # noqa: PLC0415

        rows = super().embed_batch(texts)[:, : self._kept]
        unit: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
        return unit


async def measure(
    model: PassageEmbedder, passages: Sequence[dict[str, Any]], questions: Sequence[str]
) -> None:
    """Index, ask, print."""
    folder = tempfile.mkdtemp(prefix="calibration-")
    database = Database(f"sqlite:///{folder}/benchmark.sqlite")
    await migrate(database)
    index = LocalKnowledgeIndex(database)
    options = VectorOptions(model=model.name)
    knowledge = KnowledgeService(database, SystemClock(), index, model, vectors=options)
    await knowledge.store_pages(SITE, "benchmark", [build_page(one) for one in passages])
    await knowledge.embed_pending(SITE, "benchmark")
    async with database.reading(SITE.tenant_id) as uow:
        sample = await KnowledgeRepository(uow, SITE.site_id).list_sample(60)
    place = Namespace(SITE.tenant_id, SITE.site_id, model.name)

    async def best(question: str) -> float:
        return (await index.search(place, model.embed_query(question), 1))[0].cosine

    made = [make_question(one.title, one.heading_path, one.text) for one in sample]
    own = statistics.median([await best(one) for one in made if one])
    foreign = statistics.median([await best(one) for one in FOREIGN_QUESTIONS])
    print(f"{model.name:24} anchors: own {own:.3f}, foreign {foreign:.3f}", flush=True)
    for state in ("calibrated", "as it is"):
        if state == "as it is":
            async with database.engine.begin() as connection:
                await connection.execute(text("UPDATE knowledge_vector_sets SET calibration=NULL"))
            knowledge = KnowledgeService(database, SystemClock(), index, model, vectors=options)
        shares = []
        for asked in (questions, _FOREIGN):
            found = [await knowledge.recall(SITE, one, 5) for one in asked]
            sure = [estimate_answerable(one.passages) >= 0.7 for one in found if one.passages]
            shares.append(sum(sure) / len(asked))
        print(
            f"{'':24} {state:10} own questions {shares[0]:.0%}, foreign {shares[1]:.0%}", flush=True
        )
    knowledge.close()
    await database.close()
    shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Print for each model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--passages", type=int, default=400)
    parser.add_argument("--questions", type=int, default=60)
    chosen = parser.parse_args()
    loaded = load_set(choose_folder(chosen.folder))
    kept = loaded.passages[: chosen.passages]
    known = {str(one["id"]) for one in kept}
    asked = [str(one["text"]) for one in loaded.questions if set(map(str, one["rel"])) & known]
    for model in (LocalMiniLM(), CutMiniLM(96), WordEmbedder(512)):
        asyncio.run(measure(model, kept, asked[: chosen.questions]))


if __name__ == "__main__":
    main()
