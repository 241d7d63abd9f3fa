"""kill -9 while a website is read in: each page is as it was or as it is now, never half."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

from tests.support.nursery import COMMAND
from tests.support.process import clean_environment, run_command
from tests.support.website import BASE_URL, write_website

PAGES = 300
KILLS = 4
# Each page says its edition in every paragraph, so that half of a page would show.
_PAGE = "# Model {number}\n\n" + "\n\n".join(
    f"## Part {part}\n\nModel {{number}} is of edition {{edition}} in part {part}, "
    f"and it weighs {{number}}{part} grams when it is dry and clean."
    for part in range(3)
)


def _write(folder: Path, edition: int, first: int, last: int) -> None:
    for number in range(first, last):
        text = _PAGE.format(number=number, edition=edition)
        (folder / f"model-{number}.md").write_text(text)


def _read_editions(database: Path) -> dict[str, set[str]]:
    """Which editions the passages of each page are of."""
    editions: dict[str, set[str]] = {}
    with sqlite3.connect(database) as connection:
        for url, text in connection.execute("SELECT url, text FROM knowledge_passages"):
            if "edition" in text:
                words = text.split("edition ")[1:]
                editions.setdefault(url, set()).update(word.split()[0] for word in words)
    return editions


def _check_whole(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        # FTS5 compares itself with the passages it indexes.
        connection.execute(
            "INSERT INTO knowledge_passages_fts(knowledge_passages_fts, rank) "
            "VALUES ('integrity-check', 1)"
        )
        orphans = connection.execute(
            "SELECT count(*) FROM knowledge_passages WHERE page_id NOT IN "
            "(SELECT id FROM knowledge_pages)"
        ).fetchone()
        bare = connection.execute(
            "SELECT count(*) FROM knowledge_pages WHERE id NOT IN "
            "(SELECT page_id FROM knowledge_passages)"
        ).fetchone()
    assert (orphans, bare) == ((0,), (0,))
    mixed = {url: found for url, found in _read_editions(database).items() if len(found) > 1}
    assert mixed == {}


def _dump(database: Path) -> set[str]:
    """Every statement that would make this database, but for when its sources were read in."""
    with sqlite3.connect(database) as connection:
        return {line for line in connection.iterdump() if 'INTO "knowledge_readings"' not in line}


def _kill_ingestion(folder: Path, seconds: float) -> None:
    with subprocess.Popen(
        [COMMAND, "ingest", "--no-vectors"],
        cwd=folder,
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        deadline = time.monotonic() + seconds
        while running.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        if running.poll() is None:
            running.send_signal(signal.SIGKILL)


def test_no_kill_leaves_half_of_a_page(tmp_path: Path) -> None:
    write_website(tmp_path)
    _write(tmp_path / "pages", 1, 0, PAGES)
    started = time.monotonic()
    assert run_command("ingest", "--no-vectors", cwd=tmp_path).returncode == 0
    whole_run = time.monotonic() - started
    database = tmp_path / ".data" / "sales-agent.db"
    dice = random.Random(7)
    kept = PAGES
    for kill in range(KILLS):
        # Some pages change, some go, some come.
        _write(tmp_path / "pages", kill + 2, 0, kept)
        (tmp_path / "pages" / f"model-{kept - 1}.md").unlink()
        kept -= 1
        _kill_ingestion(tmp_path, whole_run * dice.uniform(0.35, 1.0))
        _check_whole(database)
        old, new = str(kill + 1), str(kill + 2)
        said = {edition for found in _read_editions(database).values() for edition in found}
        assert said <= {str(one) for one in range(1, kill + 3)}, (old, new)
    done = run_command("ingest", "--no-vectors", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    _check_whole(database)
    found = run_command("search", "How heavy is model 17?", "--json", cwd=tmp_path)
    assert found.returncode == 0, found.stderr
    editions = _read_editions(database)
    assert len(editions) == kept
    assert set().union(*editions.values()) == {str(KILLS + 1)}
    assert f"{BASE_URL}/model-{kept}" not in editions

    before = _dump(database)
    again = run_command("ingest", "--no-vectors", cwd=tmp_path)
    assert f"{kept + 4} unchanged" in again.stdout, again.stdout
    assert sorted(_dump(database) ^ before) == []


def test_vectors_are_gone_on_with_after_a_kill(tmp_path: Path) -> None:
    write_website(tmp_path)
    _write(tmp_path / "pages", 1, 0, 60)
    assert run_command("ingest", "--no-vectors", cwd=tmp_path).returncode == 0
    database = tmp_path / ".data" / "sales-agent.db"
    embedding = subprocess.Popen(
        [COMMAND, "ingest"],
        cwd=tmp_path,
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 240
        while _count_vectors(database) == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        embedding.kill()
        embedding.wait()
    some = _count_vectors(database)
    assert some > 0
    _check_whole(database)
    # The dead process's claim runs out by itself; nobody waits for it here.
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE knowledge_revisions SET embedder_until = NULL, embedder = NULL")
    assert run_command("ingest", cwd=tmp_path).returncode == 0
    with sqlite3.connect(database) as connection:
        waiting = connection.execute(
            "SELECT count(*) FROM knowledge_passages WHERE embedding IS NULL"
        ).fetchone()
    assert waiting == (0,)


def _count_vectors(database: Path) -> int:
    with sqlite3.connect(database, timeout=10) as connection:
        query = "SELECT count(*) FROM knowledge_passages WHERE embedding IS NOT NULL"
        return int(connection.execute(query).fetchone()[0])
