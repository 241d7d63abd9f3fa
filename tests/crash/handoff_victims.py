"""Servers that live to be killed: where, how they are started, and what is noted of them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.handoff_sides import Side
from tests.support.nursery import COMMAND
from tests.support.postgres import VARIABLE
from tests.support.process import clean_environment

ANYWHERE = "anywhere"
# Anywhere, and what was started was `sales-agent serve`.
RESTARTED = "anywhere, started by the command"
UNDER_WAY, TAKEN = "package under way", "taken, not answered"
# The process of PostgreSQL that holds a connection of this side; PostgreSQL then restarts itself.
DATABASE_WRITER = "PostgreSQL's own process"
_PHASES = ("written", "committing", "committed")
# What each side writes on a lead's way, and a kill in each phase of the transaction.
_TABLES = {
    "sender": (
        ("INSERT", "handoffs"),
        ("INSERT", "outbox_entries"),
        ("UPDATE", "outbox_entries"),
        ("UPDATE", "handoffs"),
        ("INSERT", "handoff_audit"),
    ),
    "receiver": (
        ("INSERT", "sales_leads"),
        ("INSERT", "received_leads"),
        ("INSERT", "received_requests"),
        ("INSERT", "handoff_audit"),
    ),
}


@dataclass
class Killed:
    """One kill, and how the side that was killed came back: in seconds from the start of its new
    process until it listened, and until it did a part of a lead's way again, less the time in
    which nothing was to be sent; 0 where it was killed before that. `cpu`: how long its process
    had computed by then, which does not depend on what else runs on the machine."""

    side: str
    point: str
    listening: float = 0.0
    working: float = 0.0
    cpu: float = 0.0
    # It was `sales-agent serve` that came back, not a fork that had imported everything.
    as_operator: bool = False
    # The other side was at work all the while: what is measured is this side alone.
    other_was_up: bool = False


@dataclass
class Victim:
    """A server that lives to be killed."""

    name: str
    side: Side
    dice: random.Random
    pid: int = 0
    started_at: float = 0.0
    as_operator: bool = False
    worked: asyncio.Event = field(default_factory=asyncio.Event)
    kills: list[Killed] = field(default_factory=list)
    # Set while the next package that comes by is the last it sees.
    wire_point: str = ""

    def points(self) -> list[str]:
        """Every place where it is killed."""
        named = [
            f"{verb} {table} {phase}" for verb, table in _TABLES[self.name] for phase in _PHASES
        ]
        # A server that was given by URL belongs to others.
        is_ours = self.side.database_url and VARIABLE not in os.environ
        own = [DATABASE_WRITER] if is_ours else []
        return [*named, UNDER_WAY, ANYWHERE, TAKEN, RESTARTED, *own]

    def passing(self, what: str) -> None:
        """The wire saw a package."""
        if (what == TAKEN) == (self.name == "receiver"):
            self.worked.set()
        if what == self.wire_point:
            self.wire_point = ""
            self.kill()

    def kill(self) -> None:
        """As a power cut would."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def is_alive(self) -> bool:
        """Whether the process is there."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def measure_cpu(self) -> float:
        """Seconds that its process has computed; 0 where that is not known."""
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8")
        except OSError:
            return 0.0
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def is_up(self) -> bool:
        """Whether it is there and did a part of a lead's way."""
        return self.worked.is_set() and self.is_alive()


class Nursery:
    """Starts servers: as forks that can be told where to die, or as an operator does."""

    def __init__(self) -> None:
        self._forks: asyncio.subprocess.Process | None = None
        self._asking = asyncio.Lock()

    async def open(self) -> None:
        """Import the product, once for all forks."""
        self._forks = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.crash.handoff_nursery",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )

    async def close(self) -> None:
        """Fork no more."""
        assert self._forks is not None
        assert self._forks.stdin is not None
        self._forks.stdin.close()
        await self._forks.wait()

    async def start(self, victim: Victim, crash: str, *, as_operator: bool = False) -> float:
        """A new server, that kills itself at `crash`; seconds until it listens, 0 where it died
        before."""
        victim.worked.clear()
        victim.as_operator = as_operator
        if as_operator:
            victim.started_at = time.monotonic()
            victim.pid = await _serve(victim.side)
        else:
            victim.pid = await self._fork(victim.side, crash)
            victim.started_at = time.monotonic()
        while victim.is_alive():
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", victim.side.port)
                writer.close()
                return time.monotonic() - victim.started_at
            await asyncio.sleep(0.01)
        return 0

    async def _fork(self, side: Side, crash: str) -> int:
        assert self._forks is not None
        assert self._forks.stdin is not None
        assert self._forks.stdout is not None
        wish = {
            "folder": str(side.folder),
            "port": side.port,
            "environment": dict(side.environment),
            "crash": crash,
        }
        async with self._asking:
            self._forks.stdin.write(json.dumps(wish).encode() + b"\n")
            return int(await self._forks.stdout.readline())


async def _serve(side: Side) -> int:
    """`sales-agent serve`; its pid."""
    with (side.folder / "server.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            COMMAND,
            "serve",
            "--port",
            str(side.port),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=side.folder,
            env=clean_environment(side.environment),
        )
    return process.pid


async def wait_for(is_so: Callable[[], bool], seconds: float = 600, *, pause: float = 0.01) -> bool:
    """Whether it came to be so in time."""
    until = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > until:
            return False
        await asyncio.sleep(pause)
    return True
