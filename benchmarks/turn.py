"""A turn over 5,000 passages, through HTTP, beside a bare FastAPI endpoint in the same run.

Every question is asked once only, in a conversation that goes on, so no cache of answers or of
questions makes the figures better than a visitor's. Both servers run all the time; the load
generator asks them in turns, so what else the machine does falls on both.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import urllib.request
from pathlib import Path
from typing import Any

from benchmarks.made_site import make_questions
from benchmarks.prepared_data import SITE_KEY, prepare_data
from benchmarks.processes import (
    Started,
    describe_machine,
    find_free_port,
    run_json,
    running,
)

PAGES, PASSAGES_PER_PAGE = 1000, 5
ROUNDS, TURNS_PER_ROUND = 10, 60
TURNS_AT_ONCE, THROUGHPUT_TURNS = 12, 2000
TURNS_PER_CONVERSATION = 10

Request = list[Any]


def run() -> dict[str, Any]:
    """Measure and return every figure."""
    machine = describe_machine()
    config, data = prepare_data(PAGES)
    try:
        return {"machine": machine, **_measure(config, data)}
    finally:
        shutil.rmtree(data.parent, ignore_errors=True)


def _measure(config: Path, data: Path) -> dict[str, Any]:
    port, bare_port = find_free_port(), find_free_port()
    cli = str(Path(sys.executable).with_name("sales-agent"))
    serve = [cli, "serve", "--port", str(port), "--config", str(config), "--data", str(data)]
    bare = [sys.executable, "-m", "benchmarks.bare", str(bare_port)]
    with running(serve) as server:
        ready = server.wait_until_answering(f"http://127.0.0.1:{port}/readyz")
        start_cpu = server.measure().cpu_seconds
        with running(bare) as other:
            bare_ready = other.wait_until_answering(f"http://127.0.0.1:{bare_port}/healthz")
            needed = (ROUNDS + 1) * TURNS_PER_ROUND + THROUGHPUT_TURNS
            asked = Questions(port, make_questions(needed, PAGES))
            before = server.measure()
            latency = _measure_latency(asked, bare_port)
            after_latency = server.measure()
            throughput = _measure_throughput(asked, server)
            after = server.measure()
    return {
        "passages": PAGES * PASSAGES_PER_PAGE,
        "ready_seconds": round(ready, 2),
        "ready_cpu_seconds": round(start_cpu, 2),
        "bare_ready_seconds": round(bare_ready, 2),
        **latency,
        **throughput,
        "memory_mb": {
            "before_the_first_turn": round(before.memory_mb),
            f"after_{(ROUNDS + 1) * TURNS_PER_ROUND}_turns": round(after_latency.memory_mb),
            f"after_{needed}_turns": round(after.memory_mb),
            "peak": round(after.peak_memory_mb),
        },
    }


class Questions:
    """Turns that were not asked before, each in a conversation that is begun when needed."""

    def __init__(self, port: int, questions: list[str]) -> None:
        self._port = port
        self._questions = iter(questions)
        self._asked = 0
        self._path = ""
        self._headers: dict[str, str] = {}

    def take(self, count: int) -> list[Request]:
        """Requests of turns, ten of each conversation."""
        return [self._next() for _ in range(count)]

    def take_spread(self, count: int) -> list[Request]:
        """The same, ordered so that neighbours belong to different conversations."""
        taken = self.take(count)
        step = TURNS_PER_CONVERSATION
        return [request for first in range(step) for request in taken[first::step]]

    def _next(self) -> Request:
        if self._asked % TURNS_PER_CONVERSATION == 0:
            self._begin()
        self._asked += 1
        body = {"message_id": f"turn-{self._asked}", "text": next(self._questions)}
        return [self._port, self._path, self._headers, body]

    def _begin(self) -> None:
        url = f"http://127.0.0.1:{self._port}/api/v1/chat/conversations"
        page = {"url": "https://made.example/", "title": "Home", "referrer": ""}
        body = json.dumps({"site_key": SITE_KEY, "page": page}).encode()
        request = urllib.request.Request(url, body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            begun = json.load(answer)
        self._path = f"/api/v1/chat/conversations/{begun['conversation_id']}/messages"
        self._headers = {
            "authorization": f"Bearer {begun['token']}",
            "accept": "text/event-stream",
        }


def _measure_latency(asked: Questions, bare_port: int) -> dict[str, Any]:
    """One at a time: a round of turns, a round of the bare endpoint, and so on."""
    bodies = [{"message_id": f"bare-{n}", "text": "How much?"} for n in range(TURNS_PER_ROUND)]
    bare_round: list[Request] = [[bare_port, "/bare", {}, body] for body in bodies]
    rounds = []
    for _ in range(ROUNDS + 1):
        rounds += [asked.take(TURNS_PER_ROUND), bare_round]
    results = run_json("benchmarks.load", {"at_once": 1, "rounds": rounds})
    _check_statuses(results)
    # The first round of each fills caches: a server does that once in its life.
    turns = [seconds for result in results[2::2] for seconds in result["seconds"]]
    bare = [seconds for result in results[3::2] for seconds in result["seconds"]]
    described = {"turn": _describe(turns), "bare": _describe(bare)}
    p95 = described["turn"]["p95_ms"] - described["bare"]["p95_ms"]
    median = described["turn"]["median_ms"] - described["bare"]["median_ms"]
    ratio = described["turn"]["median_ms"] / described["bare"]["median_ms"]
    return {
        **described,
        "median_difference_ms": round(median, 2),
        "p95_difference_ms": round(p95, 2),
        "median_ratio": round(ratio, 1),
    }


def _measure_throughput(asked: Questions, server: Started) -> dict[str, Any]:
    requests = asked.take_spread(THROUGHPUT_TURNS)
    before = server.measure()
    plan = {"at_once": TURNS_AT_ONCE, "rounds": [requests]}
    [result] = run_json("benchmarks.load", plan)
    _check_statuses([result])
    cpu = server.measure().cpu_seconds - before.cpu_seconds
    return {
        "turns_a_second": round(THROUGHPUT_TURNS / result["elapsed"], 1),
        "turns_at_once": TURNS_AT_ONCE,
        "turn_under_load": _describe(result["seconds"]),
        "server_cpu_ms_a_turn": round(cpu / THROUGHPUT_TURNS * 1000, 2),
        "answer_bytes": round(result["bytes"] / THROUGHPUT_TURNS),
    }


def _check_statuses(results: list[dict[str, Any]]) -> None:
    failed = {status for result in results for status in result["statuses"]} - {"200"}
    if failed:
        raise RuntimeError(f"the server answered with {sorted(failed)}")


def _describe(seconds: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=20)
    return {
        "median_ms": round(statistics.median(seconds) * 1000, 2),
        "p95_ms": round(cuts[-1] * 1000, 2),
        "count": len(seconds),
    }


def show(result: dict[str, Any]) -> str:
    """The figures as a table."""
    turn, bare, loaded = result["turn"], result["bare"], result["turn_under_load"]
    at_once = result["turns_at_once"]
    lines = [
        f"{'':34}{'median':>10}{'p95':>10}",
        f"{'a turn, one at a time':34}{turn['median_ms']:>7} ms{turn['p95_ms']:>7} ms",
        f"{'the bare endpoint':34}{bare['median_ms']:>7} ms{bare['p95_ms']:>7} ms",
        f"{'difference':34}{result['median_difference_ms']:>7} ms"
        f"{result['p95_difference_ms']:>7} ms   (aim: p95 within 40 ms)",
        f"{f'a turn, {at_once} at once':34}{loaded['median_ms']:>7} ms{loaded['p95_ms']:>7} ms",
        f"turns a second, {at_once} at once: {result['turns_a_second']} (aim: 100); "
        f"server CPU {result['server_cpu_ms_a_turn']} ms a turn",
        f"ready after {result['ready_seconds']} s, CPU {result['ready_cpu_seconds']} s (aim: 3 s)",
        f"memory in MB: {result['memory_mb']} (aim: under 300)",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    measured = run()
    print(show(measured))
    print(json.dumps(measured))
