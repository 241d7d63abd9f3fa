"""Celery with Redis, huey on SQLite and a bare loop, as the handoff benchmark measures them.

They run in an environment of their own: the Python that HANDOFF_PEERS_PYTHON names, or one that is
made below the system's folder for temporary files. A peer that cannot run is left out, visibly.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.processes import ROOT, find_free_port

VARIABLE = "HANDOFF_PEERS_PYTHON"
_NEEDED = ("celery>=5.4,<6", "redis", "packaging", "huey>=2.5,<4")
_IMPORTED = "import celery, huey, packaging, redis"
_SCRIPT = ROOT / "benchmarks" / "queue_peer.py"
_TICKS = os.sysconf("SC_CLK_TCK")
# As many at a time as there are cores, twice: they wait for the receiver.
WORKERS = 2 * (os.cpu_count() or 1)


def find_python() -> Path | None:
    """The Python that has the peers' packages; None where they cannot be installed."""
    named = os.environ.get(VARIABLE)
    folder = Path(tempfile.gettempdir()) / "sales-agent-bench-queues"
    python = Path(named) if named else folder / "bin" / "python"
    try:
        if not named and not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        check = [str(python), "-c", _IMPORTED]
        if subprocess.run(check, check=False, stderr=subprocess.DEVNULL).returncode != 0:
            print("Installing Celery and huey beside the product (once) ...", file=sys.stderr)
            install = [str(python), "-m", "pip", "install", "--quiet", "--quiet", *_NEEDED]
            subprocess.run(install, check=True, timeout=600)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"Celery and huey are left out: {error}", file=sys.stderr)
        return None
    return python


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[tuple[str, int]]:
    """A Redis of our own, as it is shipped but without files; its address and its process."""
    port = find_free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    command = [shutil.which("redis-server") or "redis-server", *options]
    started = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        yield f"redis://127.0.0.1:{port}/0", started.pid
    finally:
        started.kill()
        started.wait()


@dataclass
class Peer:
    """One queue, or the loop, and where it sends to."""

    name: str
    python: Path
    url: str
    token: str
    packages: Path
    broker: str = ""
    broker_pid: int = 0
    patience: float = 3600
    worker: subprocess.Popen[bytes] | None = None

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "HANDOFF_PEER": self.name,
            "HANDOFF_PACKAGES": str(self.packages),
            "HANDOFF_URL": self.url,
            "HANDOFF_TOKEN": self.token,
            "HANDOFF_BROKER": self.broker,
            "HANDOFF_PATIENCE": str(self.patience),
            "C_FORCE_ROOT": "1",
        }

    def fill(self, pace: float = 0) -> dict[str, float]:
        """Queue every package; when which was, in seconds since 1970."""
        done = subprocess.run(
            [str(self.python), str(_SCRIPT), "fill", str(pace)],
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
            timeout=300,
        )
        queued: dict[str, float] = json.loads(done.stdout)
        return queued

    def start(self) -> None:
        """Its worker; the bare loop begins at once."""
        what = ["loop"] if self.name == "loop" else ["work", str(WORKERS)]
        self.worker = subprocess.Popen(
            [str(self.python), str(_SCRIPT), *what],
            env=self._environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # A group of its own, so that it is killed with its children.
            start_new_session=True,
        )

    def kill(self) -> None:
        """The worker with all its children, as a power cut would."""
        if self.worker is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.worker.pid, signal.SIGKILL)
            self.worker.wait()
            self.worker = None

    def measure_cpu(self) -> float:
        """Seconds that the worker, its children and its broker have used."""
        assert self.worker is not None
        return sum(
            seconds
            for pid, group, seconds in _list_processes()
            if group == self.worker.pid or pid == self.broker_pid
        )


def _list_processes() -> Iterator[tuple[int, int, float]]:
    """Of each process its id, its group and its seconds of CPU."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            yield (
                int(path.parent.name),
                int(fields[2]),
                (int(fields[11]) + int(fields[12])) / _TICKS,
            )


def write_packages(path: Path, packages: list[dict[str, Any]]) -> Path:
    """As the peers read them."""
    path.write_text("".join(json.dumps(package) + "\n" for package in packages))
    return path
