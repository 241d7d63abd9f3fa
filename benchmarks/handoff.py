"""A thousand leads handed over to acknowledgement, beside Celery with Redis, huey and a bare loop.

    python -m benchmarks.handoff [LEADS]

All send the same stored packages to the same receiver, one after the other in one run: a sales
system that answers at once (`instant_receiver`), so that what is measured is the sender; and ours
once more to our own sales system. Ours commits the promise, every attempt and every answer with
`synchronous=FULL`; the others are as shipped, which is less: Redis without files, huey's SQLite
without waiting for the disk.

Killed: SIGKILL in the middle, and started again. *Lost* had not arrived a minute later; *again* are
packages that arrived more than once (by key): after a kill no sender can know whether the last
arrived. What counts is that the receiver knows them by their key: *doubled* are leads that stand
twice in our own sales system after the same kills.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import statistics
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.handoff_ours import PATH, Promised, Sender, drain, prepare, wait_for
from benchmarks.handoff_own import measure_own
from benchmarks.handoff_peers import Peer, find_python, redis, write_packages
from benchmarks.handoff_turns import measure_turns
from benchmarks.processes import Started, describe_machine, find_free_port, running

LEADS, KILLED_LEADS, KILLS, OWN_LEADS = 1000, 1000, 3, 200
PACE = 20
# Seconds after which Redis gives out again what a dead worker had; as shipped it is an hour.
PATIENCE = 5
_NAMES = {"celery": "Celery with Redis, acks late", "huey": "huey on SQLite", "loop": "a bare loop"}

Measured = dict[str, Any]
Seen = dict[str, tuple[int, float, float]]


class Receiver:
    """A sales system that answers at once, and what it saw."""

    def __init__(self, port: int, process: Started) -> None:
        self.origin, self.process = f"http://127.0.0.1:{port}", process

    def seen(self) -> Seen:
        """Of each key: how often it came, when first, and when it was last answered."""
        with urllib.request.urlopen(f"{self.origin}/seen", timeout=30) as answer:  # noqa: S310
            found: Seen = json.load(answer)
        return found

    def forget(self) -> None:
        """Begin anew."""
        urllib.request.urlopen(f"{self.origin}/forget", b"", timeout=30).close()  # noqa: S310


@contextlib.contextmanager
def receiving() -> Iterator[Receiver]:
    """The receiver, for as long as the block lasts."""
    port = find_free_port()
    with running([sys.executable, "-m", "benchmarks.instant_receiver", str(port)]) as process:
        process.wait_until_answering(f"http://127.0.0.1:{port}/healthz")
        yield Receiver(port, process)


def run(leads: int = LEADS) -> Measured:
    """Measure and return every figure."""
    machine = describe_machine()
    killed = max(leads * KILLED_LEADS // LEADS, 20)
    python = find_python()
    base = Path(tempfile.mkdtemp(prefix="sales-agent-bench-handoff-"))
    try:
        promised = prepare(base / "promised", leads, leads)
        few = prepare(base / "few", killed, killed)
        with receiving() as receiver:
            senders = Senders(base, receiver, promised, few, python)
            drained = senders.compare(senders.drain_ours, senders.drain_peer)
            kills = senders.compare(senders.kill_ours, senders.kill_peer)
            own = measure_own(base, max(leads * OWN_LEADS // LEADS, 20))
            print(f"our own sales system: {own}", file=sys.stderr, flush=True)
            turns = measure_turns(base / "turns", receiver.origin, PACE)
        return {
            "machine": {**machine, "load_after": round(os.getloadavg()[0], 2)},
            "leads": leads,
            "package_bytes": len(promised.packages[0]["body"]),
            "package": promised.cost,
            "drained": drained,
            "killed": {"leads": killed, "kills": KILLS, **kills},
            "own_sales_system": own,
            "turns": turns,
        }
    finally:
        shutil.rmtree(base, ignore_errors=True)


class Senders:
    """Each way to send the packages, drained and killed."""

    def __init__(
        self, base: Path, receiver: Receiver, whole: Promised, few: Promised, python: Path | None
    ) -> None:
        self._base, self._receiver, self._python = base, receiver, python
        self._whole, self._few = whole, few

    def compare(
        self, ours: Callable[[], Measured], peer: Callable[[str], Measured]
    ) -> dict[str, Measured | None]:
        """Ours, and each peer that can run, one after the other; with the load at the time."""
        works: dict[str, Callable[[], Measured]] = {"ours": ours}
        works |= {name: lambda name=name: peer(name) for name in _NAMES}  # type: ignore[misc]
        found: dict[str, Measured | None] = {}
        for name, work in works.items():
            can_run = name == "ours" or (
                self._python and (name != "celery" or shutil.which("redis-server"))
            )
            load = round(os.getloadavg()[0], 1)
            self._receiver.forget()
            found[name] = {**work(), "load": load} if can_run else None
            print(f"{name}: {found[name]}", file=sys.stderr, flush=True)
        return found

    def drain_ours(self) -> Measured:
        """All that was promised, due at one moment."""
        before = self._receiver.process.measure().cpu_seconds
        done = drain(Sender(self._whole, self._base / "drained", self._receiver.origin))
        cpu = self._receiver.process.measure().cpu_seconds - before
        return _describe(done["waits"], done["seconds"], done["cpu_seconds"], cpu)

    def drain_peer(self, name: str) -> Measured:
        """The same packages, all queued before the worker starts. From the first arrival to the
        last answer, as the receiver saw it: what the worker's start takes does not count."""
        with self._open(name, self._whole) as peer:
            if name != "loop":
                peer.fill()
            before = self._receiver.process.measure().cpu_seconds
            peer.start()
            wait_for(lambda: bool(self._receiver.seen()), 120)
            idle = peer.measure_cpu()
            cpu = idle

            def is_done() -> bool:
                # The loop ends with its last package, and its figures with it.
                nonlocal cpu
                cpu = max(cpu, peer.measure_cpu())
                return len(self._receiver.seen()) >= len(self._whole.packages)

            wait_for(is_done, 600)
            seen = self._receiver.seen().values()
            own = self._receiver.process.measure().cpu_seconds - before
        first = min(one[1] for one in seen)
        waits = [one[2] - first for one in seen]
        return _describe(waits, max(waits), cpu - idle, own)

    def kill_ours(self) -> Measured:
        """Promised leads while the server is killed, again and again."""
        sender = Sender(self._few, self._base / "killed", self._receiver.origin)
        left = []
        for number in range(KILLS):
            with sender.serving() as server:
                left.append(self._wait_for_share(number))
                server.process.kill()
        with sender.serving():
            wait_for(lambda: not sender.count_open(), 120)
        return {**self._count(self._few), "left_at_kills": left}

    def kill_peer(self, name: str) -> Measured:
        """The same with a peer's worker and its children. The loop knows no place to go on from:
        it begins again."""
        with self._open(name, self._few) as peer:
            if name != "loop":
                peer.fill()
            total, left = len(self._few.packages), []
            for number in range(KILLS):
                peer.start()
                left.append(self._wait_for_share(number))
                peer.kill()
            peer.start()
            wait_for(lambda: len(self._receiver.seen()) >= total, 12 * PATIENCE)
        return {**self._count(self._few), "left_at_kills": left}

    def _wait_for_share(self, number: int) -> int:
        """Until it is time for the next kill; how many packages had not arrived by then."""
        total, seen = len(self._few.packages), 0
        share = total * (number + 1) // (KILLS + 2)

        def is_time() -> bool:
            nonlocal seen
            seen = len(self._receiver.seen())
            return seen >= share

        wait_for(is_time, 60, 0.01)
        return total - seen

    def _count(self, promised: Promised) -> Measured:
        seen = self._receiver.seen()
        keys = {package["key"] for package in promised.packages}
        again = sum(count - 1 for count, _, _ in seen.values())
        return {"lost": len(keys - set(seen)), "again": again}

    @contextlib.contextmanager
    def _open(self, name: str, promised: Promised) -> Iterator[Peer]:
        assert self._python is not None
        folder = Path(tempfile.mkdtemp(dir=self._base))
        packages = write_packages(folder / "packages", promised.packages)
        url = self._receiver.origin + PATH
        with contextlib.ExitStack() as stack:
            broker, pid = str(folder / "huey.db"), 0
            if name == "celery":
                broker, pid = stack.enter_context(redis(folder))
            peer = Peer(name, self._python, url, "bench", packages, broker, pid, PATIENCE)
            stack.callback(peer.kill)
            yield peer


def _describe(
    waits: list[float], seconds: float, sender_cpu: float, receiver_cpu: float
) -> Measured:
    cuts = statistics.quantiles(waits, n=20)
    return {
        "a_second": round((len(waits) - 1) / seconds, 1),
        "p50_s": round(statistics.median(waits), 2),
        "p95_s": round(cuts[-1], 2),
        "sender_cpu_ms": round(sender_cpu / len(waits) * 1000, 2),
        "receiver_cpu_ms": round(receiver_cpu / len(waits) * 1000, 2),
    }


def show(result: Measured) -> str:
    """The figures as tables."""
    drained, killed, turns = result["drained"], result["killed"], result["turns"]
    own, package = result["own_sales_system"], result["package"]
    lines = [
        f"{result['leads']} packages of {result['package_bytes']} bytes, due at one moment",
        f"{'':30}{'a second':>10}{'p50':>9}{'p95':>9}{'CPU a package':>15}{'load':>6}",
    ]
    for name, found in drained.items():
        label = _NAMES.get(name, "ours")
        if found is None:
            lines.append(f"{label:30}   left out: it cannot run here")
            continue
        lines.append(
            f"{label:30}{found['a_second']:>10}{found['p50_s']:>7} s{found['p95_s']:>7} s"
            f"{found['sender_cpu_ms']:>12} ms{found['load']:>6}"
        )
    lines += [
        f"to build, check and keep a package: {package['cpu_ms']} ms of CPU, {package['ms']} ms",
        f"our own sales system takes one in: {own['receiver_cpu_ms']} ms of CPU",
        "",
        f"{killed['leads']} packages, {killed['kills']} kills {'':6}{'lost':>8}{'again':>8}"
        "   not arrived at the kills",
    ]
    for name, label in {"ours": "ours", **_NAMES}.items():
        found = killed[name]
        told = (
            "left out"
            if found is None
            else f"{found['lost']:>8}{found['again']:>8}   {found['left_at_kills']}"
        )
        lines.append(f"{label:30}{told}")
    lines += [
        f"ours to our own sales system, {own['leads']} leads, both killed: {own['lost']} lost, "
        f"{own['doubled']} doubled",
        "",
        f"p95 of a chat turn: {turns['without']['p95_ms']} ms",
        f"with {turns['reached_pace']} leads a second handed over (asked for: {turns['pace']}): "
        f"{turns['with']['p95_ms']} ms",
        f"from promise to answer meanwhile: p50 {turns['p50_s']} s, p95 {turns['p95_s']} s, "
        f"{turns['handed_over']} leads",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    measured = run(*(int(argument) for argument in sys.argv[1:2]))
    print(show(measured))
    print(json.dumps(measured))
