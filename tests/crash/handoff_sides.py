"""A sender and a receiver as two real servers, and what lies in both their databases."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg

from core.encryption import Cipher
from tests.support.process import ServerProcess, run_command
from tests.support.website import write_website

PATH = "/api/v1/sales/leads"


@dataclass
class Side:
    """One installation: its folder, its server, and where that listens. Without a URL its
    database is SQLite, in the folder."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = 0
    database_url: str = ""
    process: ServerProcess | None = None

    def run(self, *arguments: str) -> str:
        done = run_command(*arguments, cwd=self.folder, environment=self.environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self) -> str:
        """Start the server, at the port it had before; its address."""
        self.process = ServerProcess(self.folder, environment=self.environment, port=self.port)
        address = self.process.address()
        self.port = int(address.rpartition(":")[2])
        return address

    def kill(self) -> None:
        """As a power cut would."""
        assert self.process is not None
        self.process.kill()

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop()

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """What the database answers, read without the product."""
        if self.database_url:
            return self._ask_server(query, time.monotonic() + 60)
        with sqlite3.connect(self.folder / ".data" / "sales-agent.db", timeout=20) as connection:
            return connection.execute(query).fetchall()

    def _ask_server(self, query: str, deadline: float) -> list[tuple[Any, ...]]:
        while True:
            try:
                with psycopg.connect(self.database_url) as server:
                    return server.execute(query.encode()).fetchall()
            except psycopg.OperationalError:
                # It restarts itself: one of its processes was killed.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def kill_writer(self) -> bool:
        """End a process of PostgreSQL that works for this side, so that it restarts itself.
        Whether there was one."""
        me = "pid != pg_backend_pid() AND datname = current_database()"
        found = self.ask(f"SELECT pid FROM pg_stat_activity WHERE {me} ORDER BY query_start DESC")  # noqa: S608
        for (pid,) in found[:1]:
            os.kill(pid, signal.SIGKILL)
        return bool(found)

    def read_packages(self, table: str) -> dict[str, tuple[str, bytes]]:
        """Hash and package of each lead, as they are stored."""
        cipher = Cipher([(self.folder / ".data" / "secret.key").read_bytes()])
        found = {}
        rows = self.ask(f"SELECT lead_id, package_hash, package, tenant_id FROM {table}")  # noqa: S608
        for lead_id, digest, sealed, tenant_id in rows:
            text = cipher.decrypt(sealed, tenant_id=tenant_id, column=f"{table}.package")
            found[lead_id] = (digest, text.encode())
        return found


def build_receiver(
    folder: Path,
    more: str = "handoff: {receiver: {per_minute: 100000}}",
    *,
    database_url: str = "",
) -> Side:
    """Our own sales system, with a rep and a client for the sender."""
    return _build(folder, more, {}, database_url)


def _build(folder: Path, more: str, environment: Mapping[str, str], database_url: str) -> Side:
    folder.mkdir()
    if not database_url:
        write_website(folder, more=more)
        return Side(folder, environment)
    write_website(folder, more=more, database='database: {url: "${TEST_DATABASE_URL}"}')
    side = Side(
        folder, {**environment, "TEST_DATABASE_URL": database_url}, database_url=database_url
    )
    side.run("migrate")
    return side


def build_sender(
    folder: Path,
    endpoint: str,
    client: str,
    more: str = "",
    *,
    breaker_after: int = 5,
    database_url: str = "",
) -> Side:
    """An installation that hands its leads over to `endpoint`."""
    values = dict(line.split(": ") for line in client.strip().splitlines())
    origin = endpoint.removesuffix(PATH)
    more = f"""
handoff: {{system: sales_system, per_minute: 100000, breaker_after: {breaker_after}}}
integrations:
  sales_system:
    endpoint: {endpoint}
    token_url: {origin}/oauth/token
    timeout_seconds: 5
    client_id: {values["client_id"]}
    client_secret: ${{TEST_CLIENT_SECRET}}
    {more}
"""
    return _build(folder, more, {"TEST_CLIENT_SECRET": values["client_secret"]}, database_url)


def enter_leads(http: httpx.Client, key: str, count: int, *, first: int = 0) -> list[str]:
    """Leads by the API, handed over; their ids."""
    made = []
    headers = {"x-api-key": key}
    for number in range(first, first + count):
        mark = hashlib.sha256(str(number).encode()).hexdigest()[:10]
        body = {"first_name": "Ada", "last_name": mark, "email": f"{mark}@acme.example"}
        lead = http.post("/api/v1/leads", json=body, headers=headers).json()
        answer = http.post("/api/v1/handoffs", json={"lead_id": lead["id"]}, headers=headers)
        assert answer.status_code == 202, answer.text
        made.append(lead["id"])
    return made


def wait_until_accepted(sender: Side, count: int, seconds: float = 60) -> None:
    """Until every handoff was acknowledged."""
    deadline = time.monotonic() + seconds
    while True:
        states = dict(sender.ask("SELECT state, count(*) FROM handoffs GROUP BY state"))
        if states == {"accepted": count}:
            return
        assert time.monotonic() < deadline, (
            states,
            sender.ask(
                "SELECT effect, state, last_error FROM outbox_entries WHERE state != 'done'"
            )[:5],
        )
        time.sleep(0.05)


def check_both(sender: Side, receiver: Side, lead_ids: list[str]) -> None:
    """0 lost, 0 doubled, every package what was promised: read from both databases, and hashed
    here anew."""
    sent, received = sender.read_packages("handoffs"), receiver.read_packages("received_leads")
    assert set(sent) == set(received) == set(lead_ids)
    for lead_id, (digest, body) in sent.items():
        assert received[lead_id] == (digest, body)
        assert digest == f"sha256:{hashlib.sha256(body).hexdigest()}"
        assert json.loads(body)["leadId"] == lead_id
    assert receiver.ask("SELECT count(*) FROM sales_leads") == [(len(lead_ids),)]
    answered = dict(receiver.ask("SELECT lead_id, id FROM received_leads"))
    kept = dict(sender.ask("SELECT lead_id, sales_lead_id FROM handoffs"))
    assert answered == kept
