"""Recall@10 against an exact search, and milliseconds a question, of the indexes that run here.

Usage: python -m benchmarks.vector_indexes [--sizes 1000 20000] [--questions 100]
    [--indexes NAME ...] [--json FILE]
Vectors are clustered at random, as those of a website are by its pages; a quarter as many belong
to a second site in the same tables. PostgreSQL is the one that the tests start, and the HNSW
index is built when the vectors are there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import text

from app.migrations.run import migrate
from core.db import Database
from core.protocols.knowledge_index import KnowledgeIndex, Namespace, Vectors
from integrations.local.knowledge_index import LocalKnowledgeIndex
from integrations.pgvector.knowledge_index import PgvectorKnowledgeIndex
from integrations.pgvector.settings import PgvectorSettings
from integrations.pgvector.tables import prepare, prepare_search
from tests.support.postgres import start_postgres

DIMENSIONS = 384
SITE = Namespace("tenant", "site", "benchmark")
NAMES = ("local", "pgvector exact", "pgvector hnsw")
OTHER = SITE._replace(site_id="other")


def make_vectors(count: int, seed: int) -> Vectors:
    """Unit vectors around one centre for each thirty of them."""
    made = np.random.default_rng(seed)
    centres = made.normal(size=(max(1, count // 30), DIMENSIONS))
    rows = centres[made.integers(len(centres), size=count)] + 0.9 * made.normal(
        size=(count, DIMENSIONS)
    )
    unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


async def measure(
    name: str, index: KnowledgeIndex, size: int, questions: Vectors, exact: Sequence[set[int]]
) -> dict[str, Any]:
    """Fill an index, and ask it."""
    started = time.perf_counter()
    await index.upsert(SITE, list(range(1, size + 1)), make_vectors(size, 1))
    more = size // 4
    await index.upsert(OTHER, list(range(size + 1, size + more + 1)), make_vectors(more, 2))
    filled = time.perf_counter() - started
    if isinstance(index, PgvectorKnowledgeIndex):
        if name.endswith("hnsw"):
            # Built at once over what is there: many times faster than row by row.
            await prepare_search(index.database, SITE.embedding, DIMENSIONS, approximate=True)
            index = PgvectorKnowledgeIndex(index.database, settings=PgvectorSettings(search="hnsw"))
            filled = time.perf_counter() - started
        async with index.database.engine.begin() as connection:
            await connection.execute(text("ANALYZE pgvector_vectors"))
    await index.search(SITE, questions[0], 10)
    hits, times = [], []
    for question, nearest in zip(questions, exact, strict=True):
        started = time.perf_counter()
        found = await index.search(SITE, question, 10)
        times.append((time.perf_counter() - started) * 1000)
        hits.append(len({match.passage_id for match in found} & nearest) / len(nearest))
    return {
        "index": name,
        "passages": size,
        "recall@10": round(statistics.mean(hits), 4),
        "median ms": round(statistics.median(times), 2),
        "p95 ms": round(sorted(times)[int(len(times) * 0.95)], 2),
        "fill s": round(filled, 1),
    }


async def run(sizes: Sequence[int], count: int, names: Sequence[str]) -> list[dict[str, Any]]:
    """Every index at every size, each in a database of its own."""
    server, rows = start_postgres(), []
    try:
        for size in sizes:
            vectors = make_vectors(size, 1)
            questions = make_vectors(size, 1)[:: max(1, size // count)][:count]
            noise = np.random.default_rng(3).normal(size=questions.shape) * 0.03
            questions = (questions + noise).astype(np.float32)
            questions /= np.linalg.norm(questions, axis=1, keepdims=True)
            best = np.argsort(-(questions @ vectors.T), axis=1)[:, :10] + 1
            exact = [set(row.tolist()) for row in best]
            for name in names:
                database = Database(server.create_database())
                await migrate(database)
                index = await open_index(name, database)
                rows.append(await measure(name, index, size, questions, exact))
                print(rows[-1], flush=True)
                await database.close()
    finally:
        server.stop()
    return rows


async def open_index(name: str, database: Database) -> KnowledgeIndex:
    """An index by the name it has in the table."""
    if name == "local":
        return LocalKnowledgeIndex(database)
    await prepare(database)
    return PgvectorKnowledgeIndex(database)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 20_000])
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--indexes", nargs="+", default=NAMES, choices=NAMES)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    rows = asyncio.run(run(chosen.sizes, chosen.questions, chosen.indexes))
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
