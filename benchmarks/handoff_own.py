"""Leads handed over to our own sales system, the sender and it killed on the way."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from benchmarks.handoff_ours import CLI, Sender, ask, prepare, wait_for
from benchmarks.processes import Started, find_free_port, running

_CONFIG = """
sites: [{key: bench, name: Benchmark, allowed_origins: [self]}]
handoff: {receiver: {per_minute: 10000000}}
"""


def measure_own(base: Path, leads: int) -> dict[str, Any]:
    """How many leads stand there in the end, and what taking one in costs."""
    folder, port = base / "own", find_free_port()
    folder.mkdir()
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
        with sender.serving():
            wait_for(lambda: sender.count_open() < leads // 2, 120)
            receiving.process.kill()
            with running(serve) as again:
                _wait(again, port)
                before, left = again.measure().cpu_seconds, sender.count_open()
                wait_for(lambda: not sender.count_open(), 300)
                cpu = again.measure().cpu_seconds - before
    [(count,)] = ask(folder / ".data" / "sales-agent.db", "SELECT count(*) FROM sales_leads")
    return {
        "leads": leads,
        "lost": max(0, leads - count) + sender.count_open(),
        "doubled": max(0, count - leads),
        "receiver_cpu_ms": round(cpu / max(left, 1) * 1000, 2),
    }


def _wait(server: Started, port: int) -> None:
    server.wait_until_answering(f"http://127.0.0.1:{port}/readyz", 120)
