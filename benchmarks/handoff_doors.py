"""What the doors of a handoff cost the server: a lead taken in, feedback, a signed update.

    python -m benchmarks.handoff_doors [LEADS] [REQUESTS]

One server on SQLite, asked over one kept connection, a request at a time: each door, then GET
/healthz as often. The figure is CPU of the server a request, as /proc tells it, less what it uses
when nobody asks: on a machine that others use, the clock says nothing. Once with few leads, once
with LEADS (10,000) more that were received and as many that were handed over and spoken of: what a
door costs must not grow with them.

S0 4.1 wants 1,000 packages and 5,000 reports a minute: 60 and 12 ms each on one core that does
nothing else.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.handoff_doors_data import add_reps, copy_handed, copy_received, settle_promises
from benchmarks.handoff_ours import CLI, HANDOVER, PATH, enter_leads
from benchmarks.processes import Started, describe_machine, find_free_port, running
from core.ids import new_id
from sales.feedback.door import open_signer
from sales.handoffs.canonical import hash_canonical, write_canonical

LEADS, REQUESTS, WARM_UP = 10_000, 200, 20
FEEDBACK, UPDATES = "/api/v1/marketing/lead-feedback", "/webhooks/sales-updates"
_IDLE_SECONDS = 4.0
_NOBODY = "http://127.0.0.1:9"
_PROOF = "whsec_" + "YmVuY2htYXJr" * 4
_CONFIG = """
server: {webhooks_per_minute: 10000000}
feedback: {per_minute: 10000000, webhook_secrets: {default: ["${BENCHMARK_PROOF}"]}}
"""
_SITE = "sites: [{key: bench, name: Benchmark, allowed_origins: [self]}]\n"
_DOORS = ("packages", "feedback", "updates")
Request = tuple[str, str, bytes, dict[str, str]]
Measured = dict[str, Any]


def run(leads: int = LEADS, requests: int = REQUESTS) -> Measured:
    """Measure and return every figure."""
    machine = describe_machine()
    base = Path(tempfile.mkdtemp(prefix="sales-agent-bench-doors-"))
    try:
        installed = Installation(base, requests)
        few = installed.measure(requests)
        installed.grow(leads)
        many = installed.measure(requests)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    load = round(os.getloadavg()[0], 2)
    return {"machine": {**machine, "load_after": load}, "leads": leads, "few": few, "many": many}


class Installation:
    """A server that takes leads in, and that handed others over, of which sales can speak."""

    def __init__(self, base: Path, requests: int) -> None:
        self._database = base / ".data" / "sales-agent.db"
        self._database.parent.mkdir()
        config = base / "app.yaml"
        handover = HANDOVER.format(endpoint=_NOBODY + PATH, origin=_NOBODY, client="b")
        config.write_text(_SITE + _CONFIG + handover)
        self._where = ["--config", str(config), "--data", str(self._database.parent)]
        # Each is spoken of five times; both doors, both times.
        handed = (requests + WARM_UP) // 5 * 4 + 4
        made = enter_leads(config, self._database.parent, handed, handed)
        self._package = json.loads(made["packages"][0]["body"])
        self._example, self._handed = made["lead_ids"][0], iter(made["lead_ids"])
        self._received = ""
        self._call("create-admin", "admin@acme.example")
        told = self._call("create-client", "bench", "--role", "rep").strip().splitlines()
        self._client = dict(line.split(": ") for line in told)
        with self._open() as connection:
            settle_promises(connection)
            add_reps(connection, 5)

    def grow(self, leads: int) -> None:
        """So many more of either kind."""
        with self._open() as connection:
            copy_received(connection, self._received, leads)
            copy_handed(connection, self._example, leads)

    def measure(self, requests: int) -> Measured:
        """CPU of each door, and of /healthz in the same minutes."""
        port = find_free_port()
        serve = [CLI, "serve", "--port", str(port), *self._where]
        with running(serve, BENCHMARK_PROOF=_PROOF) as server:
            server.wait_until_answering(f"http://127.0.0.1:{port}/readyz", 120)
            asked = Asker(server, port, _get_token(port, self._client))
            made = {
                "packages": self._make_packages,
                "feedback": self._make_feedback,
                "updates": self._make_updates,
            }
            found: Measured = {}
            for name in _DOORS:
                work = list(made[name](requests + WARM_UP))
                asked.send_all(work[:WARM_UP])
                found[name] = asked.measure(work[WARM_UP:])
            found["healthz"] = asked.measure([("GET", "/healthz", b"", {})] * requests)
        for name in _DOORS:
            ratio = found[name]["cpu_ms"] / max(found["healthz"]["cpu_ms"], 0.01)
            found[name]["times_healthz"] = round(ratio, 1)
        return found

    def _make_packages(self, count: int) -> Iterator[Request]:
        for _ in range(count):
            lead_id = new_id()
            contact = {**self._package["contact"], "email": f"{lead_id}@acme.example"}
            ids = {"leadId": lead_id, "externalLeadId": lead_id}
            body = write_canonical({**self._package, **ids, "contact": contact})
            self._received = self._received or lead_id
            headers = {"idempotency-key": new_id(), "x-transaction-id": new_id()}
            yield "POST", PATH, body, {**headers, "x-payload-hash": hash_canonical(body)}

    def _make_feedback(self, count: int) -> Iterator[Request]:
        for lead_id, said in self._make_reports(count):
            body = write_canonical({"leadId": lead_id, **said})
            yield "POST", FEEDBACK, body, {"idempotency-key": new_id()}

    def _make_updates(self, count: int) -> Iterator[Request]:
        signer = open_signer(_PROOF)
        for lead_id, said in self._make_reports(count):
            message = {"leadId": lead_id, "eventType": "lead.updated", "payload": said}
            at = datetime.now(UTC)
            body = write_canonical({**message, "timestamp": _write(at)})
            key = new_id()
            signed = {
                "webhook-id": key,
                "webhook-timestamp": str(int(at.timestamp())),
                "webhook-signature": signer.sign(key, at, body.decode()),
            }
            yield "POST", UPDATES, body, signed

    def _make_reports(self, count: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """The five kinds of S0 3.4, one after the other, of each lead."""
        for number in range(0, count, 5):
            lead_id, at = next(self._handed), datetime.now(UTC) - timedelta(minutes=10)
            times = [_write(at + timedelta(minutes=minute)) for minute in range(5)]
            attempt = {"attemptedAt": times[0], "method": "phone", "outcome": "contacted"}
            opened = {"opportunityId": lead_id, "opportunityStage": "proposal"}
            case = {"caseCreated": True, "caseId": lead_id, "caseValue": 900, "createdAt": times[3]}
            paid = {"caseId": lead_id, "caseCompleted": True, "revenue": 900}
            said: list[dict[str, Any]] = [
                {"contactAttempts": [attempt], "firstContactAt": times[0]},
                {"qualificationStatus": "qualified", "qualifiedAt": times[1]},
                {**opened, "estimatedValue": 1000, "timestamp": times[2]},
                case,
                {**paid, "completedAt": times[4]},
            ]
            for one in said[: count - number]:
                yield lead_id, one

    def _call(self, *arguments: str) -> str:
        variables = {**os.environ, "BENCHMARK_PROOF": _PROOF}
        variables["SALES_AGENT_ADMIN_PASSWORD"] = new_id()
        called = [CLI, *arguments, *self._where]
        return subprocess.run(
            called, stdout=subprocess.PIPE, text=True, check=True, env=variables
        ).stdout

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        opened = sqlite3.connect(self._database, timeout=60)
        with contextlib.closing(opened) as connection, connection:
            yield connection


class Asker:
    """One kept connection of a machine, and the process at its other end."""

    def __init__(self, server: Started, port: int, token: str) -> None:
        self._server = server
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        self._idle = 0.0

    def send_all(self, work: list[Request]) -> list[float]:
        """Seconds that each took.

        Raises:
            RuntimeError: one was not answered with 200.
        """
        return [self._time(lambda one=one: self._send(*one)) for one in work]  # type: ignore[misc]

    def measure(self, work: list[Request]) -> Measured:
        """CPU a request, less that of an idle server, which is measured right after."""
        self._measure_cpu(lambda: time.sleep(1))
        took: list[float] = []
        used, seconds = self._measure_cpu(lambda: took.extend(self.send_all(work)))
        idle, idle_seconds = self._measure_cpu(lambda: time.sleep(_IDLE_SECONDS))
        cpu = max(used - idle / idle_seconds * seconds, 0) / len(work)
        return {
            "cpu_ms": round(cpu * 1000, 2),
            "p50_ms": round(statistics.median(took) * 1000, 1),
            "p95_ms": round(statistics.quantiles(took, n=20)[-1] * 1000, 1),
        }

    def _measure_cpu(self, work: Callable[[], object]) -> tuple[float, float]:
        before = self._server.measure().cpu_seconds
        seconds = self._time(work)
        return self._server.measure().cpu_seconds - before, seconds

    def _send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> None:
        self._connection.request(method, path, body, {**self._headers, **headers})
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} was answered with {answer.status}: {text[:300]!r}")

    @staticmethod
    def _time(work: Callable[[], object]) -> float:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began


def _get_token(port: int, client: dict[str, str]) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    form = "grant_type=client_credentials&client_id={client_id}&client_secret={client_secret}"
    kind = {"content-type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/oauth/token", form.format(**client), kind)
    token: str = json.loads(connection.getresponse().read())["access_token"]
    connection.close()
    return token


def _write(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def show(result: Measured) -> str:
    """The figures as a table."""
    head = f"{'':12}{'CPU':>10}{'times /healthz':>16}{'p50':>10}{'p95':>10}"
    lines = []
    for name, leads in (("few", "few leads"), ("many", f"{result['leads']} leads more")):
        lines += [leads, head]
        for door, found in result[name].items():
            lines.append(
                f"{door:12}{found['cpu_ms']:>7} ms{found.get('times_healthz', 1):>16}"
                f"{found['p50_ms']:>7} ms{found['p95_ms']:>7} ms"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    measured = run(*(int(argument) for argument in sys.argv[1:3]))
    print(show(measured))
    print(json.dumps(measured))
