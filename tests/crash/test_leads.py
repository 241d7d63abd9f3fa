"""kill -9 between the last message and the lead: asked again, there is one lead, with one
conversation and one promise."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import threading
from pathlib import Path

import httpx

from tests.support.process import ServerProcess, run_command
from tests.support.visitor import Visitor
from tests.support.website import write_website

KILLS = 3
ADDRESS = "priya@acme.example"


def test_no_kill_loses_or_doubles_a_lead(tmp_path: Path) -> None:
    write_website(tmp_path)
    assert run_command("ingest", "--no-vectors", cwd=tmp_path).returncode == 0
    dice = random.Random(5)
    started: list[Visitor] = []
    for _ in range(KILLS):
        server = ServerProcess(tmp_path)
        with httpx.Client(base_url=server.address(), timeout=10) as http:
            visitor = Visitor.arrive(http)
            visitor.ask("How much does a service cost?", "m1")
            started.append(visitor)
            killer = threading.Timer(dice.uniform(0, 0.06), server.kill)
            killer.start()
            with contextlib.suppress(httpx.HTTPError):
                visitor.send(f"I'm Priya Raman from Acme, {ADDRESS}", "m2")
            killer.join()
    server = ServerProcess(tmp_path)
    try:
        with httpx.Client(base_url=server.address(), timeout=30) as http:
            for visitor in started:
                done = Visitor(http, visitor.started).ask(
                    f"I'm Priya Raman from Acme, {ADDRESS}", "m2"
                )
                assert done["profile"]["fields"]["email"]["value"] == ADDRESS
    finally:
        server.stop()
    with sqlite3.connect(tmp_path / ".data" / "sales-agent.db") as connection:

        def ask(query: str) -> list[tuple[object, ...]]:
            return connection.execute(query).fetchall()

        assert ask("SELECT count(*), min(email_key) FROM sales_leads") == [(1, ADDRESS)]
        linked = ask("SELECT count(*), count(DISTINCT lead_id) FROM lead_conversations")
        assert linked == [(KILLS, 1)]
        assert ask("SELECT count(*) FROM lead_touches") == [(KILLS,)]
        values = "SELECT count(*) FROM profile_values WHERE field = 'email' AND state = 'current'"
        assert ask(values) == [(KILLS,)]
