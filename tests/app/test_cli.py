"""The installed `sales-agent` command, as a newcomer meets it."""

from __future__ import annotations

import json
import os
import resource
import shutil
import socket
import sqlite3
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.support.nursery import COMMAND
from tests.support.process import ServerProcess, clean_environment, run_command
from tests.support.visitor import Visitor
from tests.support.website import BASE_URL, SITE_KEY, write_pages, write_website

COMMANDS = ("demo", "serve", "ingest", "search", "questions", "check", "migrate", "api-key")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_website(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def read_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose website was read in, without vectors. Copy it to change it."""
    folder = tmp_path_factory.mktemp("read-in")
    write_website(folder)
    done = run_command("ingest", "--no-vectors", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


def _copy(folder: Path, to: Path) -> Path:
    return shutil.copytree(folder, to / "copy")


def _find_by_keyword(folder: Path, word: str) -> str:
    """The page that the keyword index names first."""
    query = (
        "SELECT url FROM knowledge_passages WHERE id IN (SELECT rowid FROM knowledge_passages_fts "
        "WHERE knowledge_passages_fts MATCH ? ORDER BY rank LIMIT 1)"
    )
    with sqlite3.connect(folder / ".data" / "sales-agent.db") as connection:
        return str(connection.execute(query, (f"text : {word}",)).fetchone()[0])


def _taken_port() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def test_help_names_every_command() -> None:
    done = run_command("--help", installed=True)
    assert done.returncode == 0
    for command in COMMANDS:
        assert command in done.stdout


def test_an_unknown_command_is_refused() -> None:
    done = run_command("fly")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_demo_on_a_taken_port_says_which_one_it_uses(folder: Path) -> None:
    # The small website in the demo's place: its vectors are made in no time.
    config = folder / "app.yaml"
    config.write_text(config.read_text().replace(SITE_KEY, "demo"))
    with _taken_port() as taken:
        port = taken.getsockname()[1]
        environment = {"PORT": str(port), "SALES_AGENT_DATA": str(folder / "kept")}
        server = ServerProcess(folder, environment=environment, command="demo", port=-1)
        try:
            used = server.wait_for(rf"Port {port} is taken: using (\d+) instead")[1]
            page = server.wait_for(r"Open this page .*?(http://\S+)")[1]
            assert f":{used}/" in page
            server.wait_for("Application startup complete")
            assert httpx.get(page).status_code == 200
            with httpx.Client(base_url=f"http://127.0.0.1:{used}", timeout=30) as http:
                visitor = Visitor.arrive(http, site_key="demo")
                assert "€59" in visitor.ask("How much does a standard service cost?")["text"]
        finally:
            server.stop()
    assert (folder / "kept" / "sales-agent.db").exists()


def test_serve_listens_where_it_is_told_and_keeps_data_where_it_is_told(folder: Path) -> None:
    with _taken_port() as free:
        port = free.getsockname()[1]
    server = ServerProcess(
        folder, "--host", "127.0.0.1", "--data", "elsewhere", port=port, installed=True
    )
    try:
        assert server.address() == f"http://127.0.0.1:{port}"
        assert httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    finally:
        server.stop()
    assert (folder / "elsewhere" / "sales-agent.db").exists()
    assert (folder / "elsewhere" / "secret.key").stat().st_mode & 0o077 == 0
    assert not (folder / ".data").exists()


def test_an_address_that_is_not_ours_is_one_clear_message(folder: Path) -> None:
    done = run_command("serve", "--host", "203.0.113.7", cwd=folder)
    assert done.returncode == 1
    assert "--host" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_source_is_read_in_by_name_and_again_without_a_change(folder: Path) -> None:
    first = run_command("ingest", "pages", "--no-vectors", "--json", cwd=folder)
    assert first.returncode == 0, first.stderr
    (report,) = json.loads(first.stdout)
    assert (report["found"], report["new"], report["unchanged"]) == (4, 4, 0)
    (folder / "pages" / "warranty.md").unlink()
    (folder / "pages" / "index.md").write_text("# Brightwater\n\nWe moved to Harwich in May.\n")
    second = run_command("ingest", "--no-vectors", "--json", cwd=folder)
    (report,) = json.loads(second.stdout)
    counts = {key: report[key] for key in ("new", "changed", "unchanged", "removed")}
    assert counts == {"new": 0, "changed": 1, "unchanged": 2, "removed": 1}
    third = run_command("ingest", "--no-vectors", cwd=folder)
    assert "3 unchanged" in third.stdout


def test_a_folder_is_read_in_on_the_spot(folder: Path) -> None:
    more = write_pages(folder / "more", {"a.txt": "Tandems cost €40 a day at our workshop."})
    done = run_command(
        "ingest", str(more), "--base-url", "https://b.example", "--no-vectors", cwd=folder
    )
    assert done.returncode == 0, done.stderr
    assert _find_by_keyword(folder, "tandems") == "https://b.example/a"


def test_a_source_that_fails_ends_with_a_message_and_exit_code_1(read_in: Path) -> None:
    for source in ("no-such-folder", "https://127.0.0.1:1/"):
        done = run_command("ingest", source, "--no-vectors", cwd=read_in)
        assert done.returncode == 1, source
        assert done.stderr.strip()
        assert "Traceback" not in done.stderr
    (read_in / "empty").mkdir(exist_ok=True)
    empty = run_command("ingest", "empty", "--no-vectors", "--json", cwd=read_in)
    assert empty.returncode == 1
    assert json.loads(empty.stdout)[0]["failed"]


def test_a_broken_export_names_its_line_and_leaves_the_index_whole(
    read_in: Path, tmp_path: Path
) -> None:
    folder = _copy(read_in, tmp_path)
    broken = folder / "broken.xml"
    head = (
        '<?xml version="1.0"?>\n<rss version="2.0"\n  xmlns:wp="http://wordpress.org/export/1.2/">'
    )
    broken.write_text(f"{head}\n<channel>\n<item><title>x</title>\n</wrong>\n")
    done = run_command("ingest", str(broken), "--no-vectors", cwd=folder)
    assert done.returncode == 1
    assert "line 6" in done.stderr
    assert _find_by_keyword(folder, "service") == f"{BASE_URL}/pricing"


def test_search_prints_every_score_as_json(read_in: Path) -> None:
    done = run_command("search", "warranty of a repair", "--limit", "2", "--json", cwd=read_in)
    assert done.returncode == 0, done.stderr
    content = json.loads(done.stdout)
    best = content["passages"][0]
    assert best["url"] == f"{BASE_URL}/warranty"
    scores = {"keyword_score", "vector_score", "fused_score", "probability", "bm25"}
    assert scores <= set(best)


def test_check_accepts_what_works(read_in: Path) -> None:
    done = run_command("check", cwd=read_in)
    assert done.returncode == 0, done.stderr
    for part in ("configuration", "database", "source pages"):
        assert part in done.stderr


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("limit: {message_characters: 100}", ["limit", "limits"]),
        ("server: {secret: '${NOT_SET_ANYWHERE}'}", ["server.secret", "NOT_SET_ANYWHERE"]),
        ("server: {secret: plain-text-in-the-file-0123456789}", ["server.secret", "${NAME}"]),
        ("limits: {message_characters: many}", ["limits.message_characters"]),
        ("agent: {name: a, name: b}", ["name", "twice"]),
        ("agent: [", ["line"]),
    ],
)
def test_check_names_path_problem_and_fix(folder: Path, wrong: str, told: list[str]) -> None:
    with (folder / "app.yaml").open("a") as file:
        file.write(f"\n{wrong}\n")
    done = run_command("check", cwd=folder)
    assert done.returncode == 1
    for part in told:
        assert part in done.stderr
    assert "Traceback" not in done.stderr
    assert "plain-text-in-the-file" not in done.stderr


def test_a_source_without_a_folder_fails_the_check(folder: Path) -> None:
    shutil.rmtree(folder / "pages")
    done = run_command("check", cwd=folder)
    assert done.returncode == 1
    assert "pages" in done.stderr


def test_migrate_brings_a_database_to_its_shape_and_says_so(folder: Path) -> None:
    first = run_command("migrate", cwd=folder)
    again = run_command("migrate", cwd=folder)
    assert (first.returncode, again.returncode) == (0, 0)
    assert "was brought to revision" in first.stdout
    assert "already at revision" in again.stdout


def test_an_api_key_is_printed_alone_and_kept_only_as_a_hash(read_in: Path, tmp_path: Path) -> None:
    folder = _copy(read_in, tmp_path)
    done = run_command("api-key", "reporting", cwd=folder)
    assert done.returncode == 0
    key = done.stdout.strip()
    assert key.startswith("sak_")
    assert "\n" not in key
    for file in (folder / ".data").iterdir():
        assert key.encode() not in file.read_bytes()
    unknown = run_command("api-key", "x", "--tenant", "nobody", cwd=folder)
    assert unknown.returncode == 1
    assert "nobody" in unknown.stderr


def test_no_question_waits_at_the_beginning(read_in: Path) -> None:
    done = run_command("questions", cwd=read_in)
    assert done.returncode == 0
    assert "No question" in done.stderr


def test_a_data_folder_that_cannot_be_made_is_one_clear_message(folder: Path) -> None:
    (folder / "file").write_text("x")
    done = run_command("search", "x", "--data", "file/data", cwd=folder)
    assert done.returncode == 1
    assert "--data" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_configuration_is_one_clear_message(tmp_path: Path) -> None:
    done = run_command("check", "--config", "none.yaml", cwd=tmp_path)
    assert done.returncode == 1
    assert "none.yaml" in done.stderr
    assert "--config" in done.stderr


@pytest.mark.parametrize("command", ["serve", "search", "migrate"])
def test_a_database_that_does_not_answer_is_one_clear_message(folder: Path, command: str) -> None:
    with (folder / "app.yaml").open("a") as file:
        file.write("\ndatabase: {url: '${SOME_DATABASE}'}\n")
    url = {"SOME_DATABASE": "postgresql://me:geheim@127.0.0.1:1/nothing"}
    arguments = [command] + (["x"] if command == "search" else [])
    done = run_command(*arguments, cwd=folder, environment=url)
    assert done.returncode == 1
    assert "database" in done.stderr
    assert "Traceback" not in done.stderr
    assert "geheim" not in done.stderr + done.stdout


def _limit_files(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.skipif(os.name != "posix", reason="needs limits of the operating system")
def test_a_full_disk_is_said_and_leaves_the_old_index_whole(read_in: Path, tmp_path: Path) -> None:
    folder = _copy(read_in, tmp_path)
    words = " ".join(f"word{number}" for number in range(4000))
    many = {f"page{number}.md": f"# Page {number}\n\n{words}\n" for number in range(150)}
    write_pages(folder / "pages", many)
    database = folder / ".data" / "sales-agent.db"
    room = database.stat().st_size + 500_000
    done = subprocess.run(
        [COMMAND, "ingest", "--no-vectors"],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env=clean_environment(),
        preexec_fn=lambda: _limit_files(room),
        timeout=60,
    )
    assert done.returncode == 1, done.stderr
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
    with sqlite3.connect(database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert _find_by_keyword(folder, "service") == f"{BASE_URL}/pricing"
    finished = run_command("ingest", "--no-vectors", "--json", cwd=folder)
    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout)[0]["found"] == 154
