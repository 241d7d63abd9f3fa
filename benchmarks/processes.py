"""Processes that a benchmark starts, watches and ends: always by their own pid."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
_TICKS = os.sysconf("SC_CLK_TCK")
# As after an installation: modules are compiled once, not at every start, whatever the
# environment says about writing them into the tree.
_COMPILED = {
    **{key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"},
    "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "sales-agent-bench-bytecode"),
}


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used since it began, and what it holds now. Megabytes are 2**20."""

    cpu_seconds: float
    memory_mb: float
    peak_memory_mb: float


class Started:
    """A process and the time it was started at."""

    def __init__(self, command: Sequence[str], **variables: str) -> None:
        self.started_at = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**_COMPILED, **variables},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait_until_answering(self, url: str, seconds: float = 60) -> float:
        """Seconds from the start to the first good answer at `url`."""
        until = self.started_at + seconds
        while time.perf_counter() < until:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.process.args!r} ended by itself")
            with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310
                if answer.status == 200:
                    return time.perf_counter() - self.started_at
            time.sleep(0.01)
        raise RuntimeError(f"no answer at {url} within {seconds} seconds")

    def measure(self) -> Usage:
        """From /proc: Linux only."""
        pid = self.process.pid
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        status = Path(f"/proc/{pid}/status").read_text()
        sizes = {
            line.partition(":")[0]: int(line.split()[1]) / 1024
            for line in status.splitlines()
            if line.startswith(("VmRSS", "VmHWM"))
        }
        cpu = (int(fields[11]) + int(fields[12])) / _TICKS
        return Usage(cpu, sizes["VmRSS"], sizes["VmHWM"])

    def stop(self) -> None:
        """Ask it to end; insist after a while."""
        self.process.terminate()
        try:
            self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def running(command: Sequence[str], **variables: str) -> Iterator[Started]:
    """A process for as long as the block lasts."""
    started = Started(command, **variables)
    try:
        yield started
    finally:
        started.stop()


def run_json(module: str, request: dict[str, Any], timeout: float = 600, **variables: str) -> Any:
    """Run `python -m module` as a process of its own: JSON in, JSON out."""
    done = subprocess.run(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env={**os.environ, **variables},
        input=json.dumps(request).encode(),
        stdout=subprocess.PIPE,
        timeout=timeout,
        check=True,
    )
    return json.loads(done.stdout)


def find_free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def describe_machine() -> dict[str, Any]:
    """What the figures depend on."""
    model = "unknown"
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "python": sys.version.split()[0],
        "load_before": round(os.getloadavg()[0], 2),
    }
