"""Leads handed over to our own sales system, the sender and it killed on the way."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.handoff_ours import CLI, Sender, ask, prepare, wait_for
from benchmarks.processes import Started, find_free_port, running

_REST_SECONDS = 3
_CONFIG = """
sites: [{key: bench, name: Benchmark, allowed_origins: [self]}]
handoff: {receiver: {per_minute: 10000000}}
"""


def measure_own(base: Path, leads: int) -> dict[str, Any]:
    """How many leads stand there in the end, and what taking one in costs."""
    folder, port = base / "own", find_free_port()
    folder.mkdir()
    data = folder / ".data" / "sales-agent.db"
    (folder / "app.yaml").write_text(_CONFIG)
    where = ["--config", str(folder / "app.yaml"), "--data", str(folder / ".data")]
    made = subprocess.run(
        [CLI, "create-client", "bench", "--role", "rep", *where],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    client = dict(line.split(": ") for line in made.strip().splitlines())
    sender = Sender(
        prepare(base / "to-own", leads, leads),
        base / "to-own-run",
        f"http://127.0.0.1:{port}",
        client=client["client_id"],
        proof=client["client_secret"],
    )
    serve = [CLI, "serve", "--port", str(port), *where]
    with running(serve) as receiving:
        _wait(receiving, port)
        with sender.serving() as sending:
            wait_for(lambda: sender.count_open() < leads * 3 // 4, 120)
            sending.process.kill()
        # What it has to do once is done. Nobody sends just now: what it uses is subtracted.
        time.sleep(1)
        resting = _look(receiving, data)
        time.sleep(_REST_SECONDS)
        begun = _look(receiving, data)
        with sender.serving():
            wait_for(lambda: sender.count_open() < leads // 2, 120)
            ended = _look(receiving, data)
            receiving.process.kill()
            with running(serve) as again:
                _wait(again, port)
                wait_for(lambda: not sender.count_open(), 300)
    idle = (begun.cpu - resting.cpu) / (begun.at - resting.at)
    cpu = ended.cpu - begun.cpu - idle * (ended.at - begun.at)
    count = _count(data)
    return {
        "leads": leads,
        "lost": max(0, leads - count) + sender.count_open(),
        "doubled": max(0, count - leads),
        "receiver_cpu_ms": round(cpu / max(ended.received - begun.received, 1) * 1000, 2),
        "measured": ended.received - begun.received,
    }


class _Seen(NamedTuple):
    """CPU of the receiver in seconds, how many leads it has, and when that was looked at."""

    cpu: float
    received: int
    at: float


def _look(server: Started, database: Path) -> _Seen:
    return _Seen(server.measure().cpu_seconds, _count(database), time.monotonic())


def _count(database: Path) -> int:
    [(count,)] = ask(database, "SELECT count(*) FROM sales_leads")
    return int(count)


def _wait(server: Started, port: int) -> None:
    server.wait_until_answering(f"http://127.0.0.1:{port}/readyz", 120)
