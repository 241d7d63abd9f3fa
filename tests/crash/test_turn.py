"""kill -9 in the middle of turns: asked again, each question has one answer, with its sources."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import threading
from collections import Counter
from pathlib import Path

import httpx

from tests.support.process import ServerProcess, run_command
from tests.support.visitor import Visitor
from tests.support.website import write_website

KILLS = 3
QUESTIONS = (
    "How much does a standard service cost?",
    "Can I return parts?",
    "When is the workshop open?",
    "What warranty do I get?",
    "How much is a rental?",
)


def test_no_kill_loses_or_doubles_an_answer(tmp_path: Path) -> None:
    write_website(tmp_path)
    assert run_command("ingest", "--no-vectors", cwd=tmp_path).returncode == 0
    dice = random.Random(3)
    sent: list[tuple[Visitor, str, str]] = []
    started: list[Visitor] = []
    for _ in range(KILLS):
        server = ServerProcess(tmp_path)
        with httpx.Client(base_url=server.address(), timeout=10) as http:
            visitor = Visitor.arrive(http)
            started.append(visitor)
            killer = threading.Timer(dice.uniform(0.15, 0.7), server.kill)
            killer.start()
            with contextlib.suppress(httpx.HTTPError):
                for number in range(10_000):
                    question = QUESTIONS[number % len(QUESTIONS)]
                    sent.append((visitor, f"m{number}", question))
                    visitor.send(question, f"m{number}")
            killer.join()
    server = ServerProcess(tmp_path)
    try:
        with httpx.Client(base_url=server.address(), timeout=30) as http:
            _check_everything(http, sent, started)
    finally:
        server.stop()
    _check_rows(tmp_path / ".data" / "sales-agent.db")


def _check_everything(
    http: httpx.Client, sent: list[tuple[Visitor, str, str]], started: list[Visitor]
) -> None:
    by_visitor: Counter[str] = Counter()
    for visitor, message_id, question in sent:
        mine = Visitor(http, visitor.started)
        by_visitor[visitor.path] += 1
        # The last ones before each kill are asked again; the others are known to be answered.
        if (visitor, message_id, question) in _last_of_each(sent):
            answer = mine.ask(question, message_id)
            assert answer == mine.ask(question, message_id)
            for citation in answer["citations"]:
                shown = http.get(f"/api/v1/citations/{citation['id']}").json()
                assert shown["stands"] is True
                assert shown["quote"] == citation["quote"]
    for visitor in started:
        messages = Visitor(http, visitor.started).transcript()["messages"]
        asked = by_visitor[visitor.path]
        assert asked > 1
        names = Counter((one["message_id"], one["role"]) for one in messages)
        assert set(names.values()) == {1}
        assert len(names) == 2 * asked
        assert [one["role"] for one in messages] == ["visitor", "agent"] * asked


def _last_of_each(sent: list[tuple[Visitor, str, str]]) -> list[tuple[Visitor, str, str]]:
    last: dict[str, list[tuple[Visitor, str, str]]] = {}
    for one in sent:
        last.setdefault(one[0].path, []).append(one)
    return [one for each in last.values() for one in each[-2:]]


def _check_rows(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        lonely = connection.execute(
            "SELECT count(*) FROM citations WHERE message_id NOT IN (SELECT id FROM messages)"
        ).fetchone()
        rows = connection.execute("SELECT payload, id FROM messages WHERE role = 'agent'")
        stored = dict(
            connection.execute("SELECT message_id, count(*) FROM citations GROUP BY message_id")
        )
        for payload, message_id in rows:
            assert payload.count('"quote"') == stored.get(message_id, 0)
    assert lonely == (0,)
