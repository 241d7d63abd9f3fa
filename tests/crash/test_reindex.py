"""kill -9 while a site is indexed anew: it is searched throughout, and ends up complete."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import text

from core.db import Database
from core.protocols.knowledge_index import Namespace
from integrations.local.knowledge_index import LocalKnowledgeIndex
from tests.crash.reindex_worker import MODELS, SITE, open_knowledge
from tests.support.knowledge import store_texts
from tests.support.process import clean_environment

KILLS = 3
PASSAGES = 320
ROOT = Path(__file__).parents[2]


async def test_a_reindex_that_is_killed_is_taken_up_and_never_seen_by_visitors(
    sqlite_template: Path, tmp_path: Path
) -> None:
    path = tmp_path / "crash.sqlite"
    shutil.copy(sqlite_template, path)
    url, chance = f"sqlite:///{path}", random.Random(4)
    database = Database(url)
    first = open_knowledge(database, "a")
    texts = {f"Part {n}": f"Part {n} fits the pump and weighs {n} grams." for n in range(PASSAGES)}
    await store_texts(first, SITE, texts)
    await first.embed_pending(SITE, "first")
    killed = 0
    for _ in range(40):
        if killed == KILLS:
            break
        ended = start_and_kill(url, chance.uniform(0.0, 0.25))
        killed += not ended
        recall = await first.recall(SITE, "What does part 77 weigh?", 5)
        assert recall.vectors_used
        assert any(passage.title == "Part 77" for passage in recall.passages)
        await check_marks(database)
        await expire_lease(database)
        if ended:
            break
    worker = run_worker(url)
    assert worker.wait(120) == 0
    last = open_knowledge(database, "b")
    state = await last.describe_vectors(SITE)
    assert (state.serving, state.building) == (MODELS["b"].name, None)
    assert (state.progress.done, state.progress.total) == (PASSAGES, PASSAGES)
    assert await count_vectors(database, "b") == PASSAGES
    assert await count_vectors(database, "a") == 0
    for one in (first, last):
        one.close()
    await database.close()


def run_worker(url: str) -> subprocess.Popen[bytes]:
    arguments = [sys.executable, "-m", "tests.crash.reindex_worker", url, "b", "worker"]
    return subprocess.Popen(arguments, cwd=ROOT, env=clean_environment())


def start_and_kill(url: str, seconds: float) -> bool:
    """Kill it so long after its first write; True when it was faster."""
    worker = run_worker(url)
    probe = Path(url.removeprefix("sqlite:///"))
    wal = probe.with_name(probe.name + "-wal")
    size, deadline = wal.stat().st_size if wal.exists() else 0, time.monotonic() + 60
    while worker.poll() is None and time.monotonic() < deadline:
        if wal.exists() and wal.stat().st_size != size:
            break
        time.sleep(0.005)
    time.sleep(seconds)
    ended = worker.poll() is not None
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    return ended


async def check_marks(database: Database) -> None:
    """One set serves, at most one is built; a passage that is marked has its vector."""
    async with database.engine.connect() as connection:
        states = await connection.execute(text("SELECT state FROM knowledge_vector_sets"))
        found = list(states.scalars())
        missing = await connection.scalar(
            text(
                "SELECT count(*) FROM knowledge_passages p WHERE "
                "(p.embedding IS NOT NULL AND NOT EXISTS (SELECT 1 FROM local_vectors v WHERE "
                "v.passage_id = p.id AND v.embedding = p.embedding)) OR "
                "(p.next_embedding IS NOT NULL AND NOT EXISTS (SELECT 1 FROM local_vectors v "
                "WHERE v.passage_id = p.id AND v.embedding = p.next_embedding))"
            )
        )
    assert found.count("serving") == 1
    assert found.count("building") <= 1
    assert missing == 0


async def expire_lease(database: Database) -> None:
    """Two minutes later, nobody waits for the process that is gone."""
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE knowledge_revisions SET embedder_until = NULL"))


async def count_vectors(database: Database, model: str) -> int:
    embedder = MODELS[model]
    place = Namespace(SITE.tenant_id, SITE.site_id, embedder.name)
    index = LocalKnowledgeIndex(database)
    return len(await index.search(place, embedder.embed_query("pump"), PASSAGES * 2))
