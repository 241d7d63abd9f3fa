"""Our own handing over, as the handoff benchmark measures it: a real server, started and killed."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.processes import Started, find_free_port, run_json, running

PATH = "/api/v1/sales/leads"
# The limits as shipped are a thousand packages a minute, both ways: raised, they do not measure.
_SITE = "sites: [{{key: bench, name: Benchmark, allowed_origins: [self]}}]\n"
HANDOVER = """
handoff:
  system: sales_system
  per_minute: 10000000
  alarms: {{queue_depth: 10000000}}
  receiver: {{per_minute: 10000000}}
integrations:
  sales_system:
    endpoint: {endpoint}
    token_url: {origin}/oauth/token
    client_id: {client}
    client_secret: ${{BENCHMARK_PROOF}}
"""
_VARIABLE = "BENCHMARK_PROOF"
CLI = str(Path(sys.executable).with_name("sales-agent"))


@dataclass(frozen=True)
class Promised:
    """An installation that promised to hand leads over and is not running. `packages` are what
    it will send; `cost` what it cost to build, check and keep them."""

    folder: Path
    lead_ids: list[str]
    packages: list[dict[str, str]]
    cost: dict[str, float]


def prepare(folder: Path, leads: int, promised: int) -> Promised:
    """`leads` leads, of which the first `promised` wait to be handed over."""
    folder.mkdir(parents=True)
    write_config(folder, "http://127.0.0.1:9")
    data = folder / ".data"
    data.mkdir()
    made = enter_leads(folder / "app.yaml", data, leads, promised)
    cost = {
        "ms": round(made["seconds"] / max(promised, 1) * 1000, 2),
        "cpu_ms": round(made["cpu_seconds"] / max(promised, 1) * 1000, 2),
    }
    return Promised(folder, made["lead_ids"], made["packages"], cost)


def enter_leads(config: Path, data: Path, leads: int, promised: int) -> dict[str, Any]:
    """What `handoff_promises` made."""
    request = {"config": str(config), "data": str(data), "leads": leads, "promised": promised}
    made: dict[str, Any] = run_json(
        "benchmarks.handoff_promises", request, timeout=1800, **{_VARIABLE: "bench"}
    )
    return made


def write_config(folder: Path, origin: str, client: str = "bench") -> None:
    """app.yaml of an installation that hands its leads over to `origin`."""
    text = (_SITE + HANDOVER).format(endpoint=origin + PATH, origin=origin, client=client)
    (folder / "app.yaml").write_text(text)


class Sender:
    """A copy of a promised installation, and its server."""

    def __init__(
        self,
        promised: Promised,
        folder: Path,
        origin: str,
        *,
        client: str = "bench",
        proof: str = "bench",
    ) -> None:
        shutil.copytree(promised.folder, folder)
        write_config(folder, origin, client)
        self._variables = {_VARIABLE: proof}
        self.folder, self._database = folder, folder / ".data" / "sales-agent.db"
        self._where = ("--config", str(folder / "app.yaml"), "--data", str(folder / ".data"))
        self.port = find_free_port()

    def run(self, *arguments: str) -> str:
        """What a command of ours says."""
        return subprocess.run(
            [CLI, *arguments, *self._where],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env={**os.environ, **self._variables},
        ).stdout

    @contextlib.contextmanager
    def serving(self) -> Iterator[Started]:
        """The server, ready, for as long as the block lasts."""
        command = [CLI, "serve", "--port", str(self.port), *self._where]
        with running(command, **self._variables) as server:
            server.wait_until_answering(f"http://127.0.0.1:{self.port}/readyz", 120)
            yield server

    def hold_until(self, moment: float) -> None:
        """Nothing is due before `moment`, in seconds since 1970; from then on everything is."""
        at = datetime.fromtimestamp(moment, UTC).replace(tzinfo=None)
        opened = sqlite3.connect(self._database, timeout=60)
        with contextlib.closing(opened) as connection, connection:
            connection.execute(
                "UPDATE outbox_entries SET available_at = ? WHERE state = 'pending'",
                [at.isoformat(sep=" ", timespec="microseconds")],
            )

    def count_open(self) -> int:
        """Handoffs without an acknowledgement."""
        return int(self.ask("SELECT count(*) FROM handoffs WHERE state = 'queued'")[0][0])

    def read_times(self) -> list[tuple[float, float]]:
        """Of each handoff when it was due and when its acknowledgement was committed, in seconds
        since 1970."""
        query = """
            SELECT outbox_entries.available_at, handoff_audit.happened_at
            FROM handoffs JOIN handoff_audit ON handoff_audit.about = handoffs.id
              AND handoff_audit.step = 'acknowledged' AND handoff_audit.side = 'sender'
            JOIN outbox_entries ON outbox_entries.effect = 'handoffs.push'
              AND json_extract(outbox_entries.payload, '$.handoff_id') = handoffs.id"""
        return [(_read(due), _read(told)) for due, told in self.ask(query)]

    def ask(self, query: str) -> list[Any]:
        """What its database tells."""
        return ask(self._database, query)


def ask(database: Path, query: str) -> list[Any]:
    """What a server's database tells."""
    with contextlib.closing(sqlite3.connect(database, timeout=60)) as connection:
        return connection.execute(query).fetchall()


def _read(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def drain(sender: Sender, seconds: float = 600) -> dict[str, Any]:
    """Let the server work through all that was promised, due at one moment."""
    sender.hold_until(time.time() + 3600)
    with sender.serving() as server:
        _wait_until_idle(server)
        due = time.time() + 0.5
        sender.hold_until(due)
        before = server.measure().cpu_seconds
        wait_for(lambda: not sender.count_open(), seconds)
        cpu = server.measure().cpu_seconds - before
    waits = [told - due for _, told in sender.read_times()]
    return {"waits": waits, "seconds": max(waits) - min(waits), "cpu_seconds": cpu}


def _wait_until_idle(server: Started, seconds: float = 60) -> None:
    """Until what a server does once in its life is over: it is no part of handing over."""
    until, before = time.monotonic() + seconds, -1.0
    while time.monotonic() < until:
        now = server.measure().cpu_seconds
        if before >= 0 and now - before < 0.1:
            return
        before = now
        time.sleep(1)


def wait_for(is_so: Callable[[], bool], seconds: float, pause: float = 0.1) -> bool:
    """Whether it came to be so in time; looks every `pause` seconds."""
    until = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > until:
            return False
        time.sleep(pause)
    return True
