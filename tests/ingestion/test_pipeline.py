# ruff: noqa: E501 - pages, exports and links are shown as they are
"""The whole way, from files into the real index, on every database."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from core.clock import SystemClock
from core.db import Database
from ingestion.pipeline import ingest
from ingestion.report import IngestReport
from ingestion.settings import FilesSettings, WordPressSettings
from ingestion.sources.files import FilesSource
from ingestion.sources.wordpress import WordPressSource
from sales.knowledge.service import KnowledgeService
from sales.organization.models import SiteRef
from tests.ingestion.test_wordpress_source import HEAD, TAIL, item

SITE = SiteRef("tenant-1", "site-1")


@pytest.fixture
def knowledge(database: Database) -> KnowledgeService:
    return KnowledgeService(database, SystemClock(), None, None)


def write_pages(folder: Path, **pages: str) -> None:
    for name, body in pages.items():
        (folder / f"{name}.md").write_text(body, encoding="utf-8")


async def run(folder: Path, knowledge: KnowledgeService) -> IngestReport:
    settings = FilesSettings.model_validate(
        {"type": "files", "path": folder, "base_url": "https://x.example"}
    )
    return await ingest(FilesSource(settings), "help", SITE, knowledge)


async def count_writes(database: Database) -> tuple[int, ...]:
    """What an unchanged run must leave as it is: rows, newest ids, and the revision."""
    async with database.reading(SITE.tenant_id) as uow:
        queries = (
            "select count(*) from knowledge_pages",
            "select count(*) from knowledge_passages",
            "select coalesce(max(id), 0) from knowledge_passages",
            "select coalesce(sum(revision), 0) from knowledge_revisions",
        )
        return tuple([int((await uow.session.execute(text(q))).scalar_one()) for q in queries])


async def test_new_changed_unchanged_and_removed_pages(
    tmp_path: Path, knowledge: KnowledgeService, database: Database
) -> None:
    write_pages(
        tmp_path,
        a="# Aardvark\n\nEats ants.",
        b="# Bear\n\nEats honey.",
        c="# Cat\n\nEats mice.",
        d="",
    )
    first = await run(tmp_path, knowledge)
    assert (first.found, first.new, first.changed, first.unchanged, first.removed) == (
        3,
        3,
        0,
        0,
        0,
    )
    assert first.skipped == {"empty": 1}
    before = await count_writes(database)

    second = await run(tmp_path, knowledge)
    assert (second.found, second.new, second.changed, second.unchanged) == (3, 0, 0, 3)
    assert await count_writes(database) == before, "an unchanged source wrote something"

    write_pages(tmp_path, b="# Bear\n\nEats salmon.")
    (tmp_path / "c.md").unlink()
    third = await run(tmp_path, knowledge)
    assert (third.new, third.changed, third.unchanged, third.removed) == (0, 1, 1, 1)
    recall = await knowledge.recall(SITE, "salmon", 5)
    assert recall.passages[0].url == "https://x.example/b"
    assert recall.passages[0].text == "Eats salmon."
    assert not (await knowledge.recall(SITE, "mice", 5)).passages


async def test_when_a_source_was_read_and_how_that_ended_is_kept(
    tmp_path: Path, knowledge: KnowledgeService
) -> None:
    write_pages(tmp_path, a="# Aardvark\n\nEats ants.", b="# Bear\n\nEats honey.")
    await run(tmp_path, knowledge)
    [first] = await knowledge.list_readings(SITE)
    assert (first.source, first.outcome, first.found, first.new) == ("help", "done", 2, 2)
    assert first.started_at <= first.ended_at

    await run(tmp_path, knowledge)
    [second] = await knowledge.list_readings(SITE)
    assert (second.found, second.new, second.unchanged) == (2, 0, 2)
    assert second.started_at >= first.ended_at, "an unchanged run is a run"

    broken = tmp_path / "e.xml"
    broken.write_text(HEAD.format(v="1.2") + item(1, "Text") + "<item>")
    source = WordPressSource(WordPressSettings(type="wordpress", path=broken))
    await ingest(source, "export", SITE, knowledge)
    failed, _ = await knowledge.list_readings(SITE)
    assert (failed.source, failed.outcome) == ("export", "failed")
    assert failed.failed
    assert await knowledge.list_readings(SiteRef("tenant-2", "site-1")) == []


async def test_progress_is_told(tmp_path: Path, knowledge: KnowledgeService) -> None:
    write_pages(tmp_path, **{f"p{n}": f"# Page {n}\n\nText {n}." for n in range(150)})
    settings = FilesSettings.model_validate({"type": "files", "path": tmp_path})
    told: list[tuple[int, int | None]] = []
    await ingest(FilesSource(settings), "help", SITE, knowledge, lambda *step: told.append(step))
    assert told == [(64, 150), (128, 150), (150, 150)]


async def test_a_source_that_fails_in_the_middle_removes_nothing(
    tmp_path: Path, knowledge: KnowledgeService
) -> None:
    path = tmp_path / "e.xml"

    def source() -> WordPressSource:
        return WordPressSource(WordPressSettings(type="wordpress", path=path))

    path.write_text(HEAD.format(v="1.2") + "".join(item(n, f"Text {n}") for n in range(5)) + TAIL)
    assert (await ingest(source(), "wp", SITE, knowledge)).new == 5
    path.write_text(
        HEAD.format(v="1.2") + item(0, "Text 0") + item(9, "New text") + "<item></channel>"
    )
    report = await ingest(source(), "wp", SITE, knowledge)
    assert report.failed is not None
    assert "line" in report.failed
    assert (report.new, report.unchanged, report.removed) == (1, 1, 0)
    assert len(await knowledge.list_page_hashes(SITE, "wp")) == 6


async def test_a_source_that_says_nothing_any_more_removes_nothing(
    tmp_path: Path, knowledge: KnowledgeService
) -> None:
    write_pages(tmp_path, a="# A\n\nText.")
    await run(tmp_path, knowledge)
    write_pages(tmp_path, a="   ")
    report = await run(tmp_path, knowledge)
    assert (report.removed, report.kept) == (0, "the source holds no page at all any more")


async def test_two_sources_of_one_site_do_not_remove_each_others_pages(
    tmp_path: Path, knowledge: KnowledgeService
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_pages(tmp_path / name, a=f"# A\n\nText of {name}.")
        settings = FilesSettings.model_validate(
            {"type": "files", "path": tmp_path / name, "base_url": f"https://{name}.example"}
        )
        assert (await ingest(FilesSource(settings), name, SITE, knowledge)).new == 1
    assert await knowledge.count_pages(SITE) == 2


_RUN = """
import asyncio, sys
from pathlib import Path
from core.clock import SystemClock
from core.db import Database
from ingestion.pipeline import ingest
from ingestion.settings import FilesSettings
from ingestion.sources.files import FilesSource
from sales.knowledge.service import KnowledgeService
from sales.organization.models import SiteRef
async def main():
    database = Database(sys.argv[1])
    knowledge = KnowledgeService(database, SystemClock(), None, None)
    settings = FilesSettings.model_validate({"type": "files", "path": Path(sys.argv[2]), "base_url": "https://x.example"})
    report = await ingest(FilesSource(settings), "help", SiteRef("tenant-1", "site-1"), knowledge,
        lambda done, total: print(done, flush=True))
    print("end", report.found, report.new + report.changed, flush=True)
    await database.close()
asyncio.run(main())
"""


async def test_killed_in_the_middle_every_page_is_whole_and_the_next_run_finishes(
    tmp_path: Path, knowledge: KnowledgeService, database: Database, database_url: str
) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    write_pages(
        folder,
        **{f"p{n}": f"# Page {n}\n\nOld text {n}.\n\n## More\n\nOld more {n}." for n in range(300)},
    )
    await run(folder, knowledge)
    write_pages(
        folder,
        **{f"p{n}": f"# Page {n}\n\nNew text {n}.\n\n## More\n\nNew more {n}." for n in range(300)},
    )
    process = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs meanwhile
        [sys.executable, "-c", _RUN, database_url, str(folder)], stdout=subprocess.PIPE, text=True, env={**os.environ}
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "64"
    process.send_signal(signal.SIGKILL)
    process.wait()
    await asyncio.sleep(0.2)

    async with database.reading(SITE.tenant_id) as uow:
        rows = await uow.session.execute(
            text("select url, text from knowledge_passages order by url, ordinal")
        )
        versions: dict[str, list[str]] = {}
        for url, words in rows:
            versions.setdefault(url, []).append(words.split()[0])
    assert len(versions) == 300
    assert all(len(words) == 2 and len(set(words)) == 1 for words in versions.values()), (
        "half a page"
    )

    report = await run(folder, knowledge)
    assert report.changed < 300
    assert report.changed + report.unchanged == 300
    assert report.removed == 0
