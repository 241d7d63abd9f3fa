"""Who holds a lease, and whether that process can still be alive.

A lease frees an entry in any case when it runs out. But a server that was killed and started
again should not have to wait for that: on one machine the operating system knows who is gone.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")
_STATE, _STARTED = 0, 19  # positions in /proc/<pid>/stat after the name
_GONE_STATES = ("Z", "X")


class LeaseOwner(NamedTuple):
    """A runner: its machine, process, when that process started, and a word to tell apart
    several runners in one process. An empty machine means that nothing can be known."""

    machine: str
    pid: int
    started: str
    name: str

    def __str__(self) -> str:
        return f"{self.machine}:{self.pid}:{self.started}:{self.name}"


def current_owner(name: str) -> LeaseOwner:
    """This process."""
    return LeaseOwner(_machine(), os.getpid(), _started(os.getpid()) or "", name)


def is_gone(text: str) -> bool:
    """Whether the owner written as `text` certainly does not run any more."""
    parts = text.split(":", 3)
    if len(parts) != len(LeaseOwner._fields) or not parts[1].isdigit():
        return False
    machine, pid, started, _ = parts
    if not machine or not started or machine != _machine():
        return False
    now_started = _started(int(pid))
    return now_started != started if now_started else not _answers(int(pid))


def _machine() -> str:
    """This boot of this machine, as seen from this container: elsewhere a pid means another."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        space = str((_PROC / "self/ns/pid").readlink())
    except OSError:
        return ""
    return hashlib.sha256(f"{boot} {space}".encode()).hexdigest()[:16]


def _started(pid: int) -> str | None:
    """When the process started, in ticks since boot; "gone" if it has ended, None if unseen."""
    try:
        stat = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return "gone" if fields[_STATE] in _GONE_STATES else fields[_STARTED]


def _answers(pid: int) -> bool:
    """Whether there is such a process: /proc may hide those of other users."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
