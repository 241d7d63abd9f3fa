"""Chat turns while leads are handed over: rounds with and without, in turns, on one server."""

from __future__ import annotations

import http.client
import json
import statistics
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks.handoff_ours import HANDOVER, PATH, Promised, Sender, enter_leads, wait_for
from benchmarks.made_site import make_questions
from benchmarks.prepared_data import prepare_data
from benchmarks.processes import run_json
from benchmarks.turn import Questions

PAGES, ROUNDS, TURNS_PER_ROUND = 200, 5, 30
_LEADS = 600


def measure_turns(folder: Path, origin: str, pace: int) -> dict[str, Any]:
    """p95 of turns, one at a time, with and without `pace` leads a second handed over."""
    config, data = prepare_data(PAGES)
    folder.mkdir()
    data.rename(folder / ".data")
    text = config.read_text() + HANDOVER.format(endpoint=origin + PATH, origin=origin, client="b")
    (folder / "app.yaml").write_text(text)
    made = enter_leads(folder / "app.yaml", folder / ".data", _LEADS, 0)
    promised = Promised(folder, made["lead_ids"], [], {})
    sender = Sender(promised, folder.with_name("turning"), origin)
    (sender.folder / "app.yaml").write_text(text)
    key = sender.run("api-key", "bench").split()[-1]
    seconds: dict[str, list[float]] = {"with": [], "without": []}
    with sender.serving():
        asked = Questions(sender.port, make_questions((2 * ROUNDS + 1) * TURNS_PER_ROUND, PAGES))
        _ask(asked)
        hander = Hander(sender.port, key, made["lead_ids"], pace)
        for _ in range(ROUNDS):
            seconds["without"] += _ask(asked)
            with hander:
                seconds["with"] += _ask(asked)
        wait_for(lambda: not sender.count_open(), 60)
    waits = [told - due for due, told in sender.read_times()]
    return {
        "pace": pace,
        "handed_over": len(waits),
        "reached_pace": round(hander.handed / hander.seconds, 1),
        "p50_s": round(statistics.median(waits), 3),
        "p95_s": round(statistics.quantiles(waits, n=20)[-1], 3),
        **{name: _describe(found) for name, found in seconds.items()},
    }


def _ask(asked: Questions) -> list[float]:
    plan = {"at_once": 1, "rounds": [asked.take(TURNS_PER_ROUND)]}
    [result] = run_json("benchmarks.load", plan)
    found: list[float] = result["seconds"]
    return found


def _describe(seconds: list[float]) -> dict[str, float]:
    return {
        "median_ms": round(statistics.median(seconds) * 1000, 1),
        "p95_ms": round(statistics.quantiles(seconds, n=20)[-1] * 1000, 1),
    }


class Hander:
    """Hands leads over by the API, so many a second, while its block lasts."""

    def __init__(self, port: int, key: str, lead_ids: list[str], pace: int) -> None:
        self._port, self._pace = port, pace
        self._headers = {"x-api-key": key, "content-type": "application/json"}
        self._lead_ids = iter(lead_ids)
        self._stopped = threading.Event()
        self._thread = threading.Thread()
        self.handed, self.seconds = 0, 0.0

    def __enter__(self) -> Hander:
        self._stopped.clear()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _work(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        began = time.monotonic()
        for number, lead_id in enumerate(self._lead_ids):
            if self._stopped.wait(max(0.0, began + number / self._pace - time.monotonic())):
                break
            body = json.dumps({"lead_id": lead_id})
            connection.request("POST", "/api/v1/handoffs", body, self._headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 202:
                raise RuntimeError(f"handing over was answered with {answer.status}")
            self.handed += 1
        self.seconds += time.monotonic() - began
        connection.close()
