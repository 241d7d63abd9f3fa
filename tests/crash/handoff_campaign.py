"""Kills a sender and a receiver of leads, again and again, while leads go from one to the other.

Two real servers, each with a database of its own, and a wire between them that loses, delays and
repeats. It stops by itself; `handoff_checker` then reads both databases. `make crash-campaign`
runs it at length (`handoff_report`), `test_handoff_campaign` in a small version.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx

from tests.crash.handoff_proxy import FaultyWire
from tests.crash.handoff_sides import Side

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
_WIRE = ("package under way", "taken, not answered")
_ANYWHERE = "anywhere"
# A server that does not come to its point is killed where it is.
_LONGEST_LIFE = 2.0
# And one that does nothing for so long is a finding.
_LONGEST_WAIT = 20.0
_ENTRIES_AT_ONCE = 6


@dataclass
class Killed:
    """One kill, and how the side that was killed came back: seconds from its restart until it
    answered, and until it did a part of a lead's way again; -1 where it was killed before."""

    side: str
    point: str
    ready: float = 0.0
    working: float = 0.0


@dataclass
class Victim:
    """A server that lives to be killed."""

    name: str
    side: Side
    dice: random.Random
    pid: int = 0
    started_at: float = 0.0
    worked: asyncio.Event = field(default_factory=asyncio.Event)
    kills: list[Killed] = field(default_factory=list)
    # Set while the next package that comes by is the last it sees.
    wire_point: str = ""

    def points(self) -> list[str]:
        """Every place where it is killed."""
        named = [
            f"{verb} {table} {phase}" for verb, table in _TABLES[self.name] for phase in _PHASES
        ]
        return [*named, *_WIRE, _ANYWHERE, _ANYWHERE]

    def passing(self, what: str) -> None:
        """The wire saw a package."""
        if (what == _WIRE[1]) == (self.name == "receiver"):
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


@dataclass
class Pace:
    """How leads are spread over the kills, so that each finds some under way."""

    kills: int
    leads: int
    deadline: float

    def may_enter(self, number: int, killed: int) -> bool:
        """Whether it is the turn of this lead after so many kills."""
        ahead = 4 * self.leads // max(self.kills, 1)
        return (
            number <= self.leads * killed // max(self.kills, 1) + ahead
            or time.monotonic() > self.deadline
        )


class Campaign:
    """Both sides, the wire, and the leads."""

    def __init__(
        self, sender: Side, receiver: Side, wire: FaultyWire, key: str, *, seed: int = 6
    ) -> None:
        self.victims = {
            name: Victim(name, side, random.Random(f"{seed} {name}"))
            for name, side in (("sender", sender), ("receiver", receiver))
        }
        self.wire, self._key = wire, key
        self.told: set[int] = set()
        self.entered: Counter[str] = Counter()
        self._nursery: asyncio.subprocess.Process | None = None
        self._asking = asyncio.Lock()
        wire.on_request = lambda: self._tell(_WIRE[0])
        wire.on_answer = lambda: self._tell(_WIRE[1])

    def _tell(self, what: str) -> None:
        for victim in self.victims.values():
            victim.passing(what)

    @property
    def kills(self) -> list[Killed]:
        """All of them, the sender's first."""
        return [kill for victim in self.victims.values() for kill in victim.kills]

    async def run(self, kills: int, leads: int, seconds: float) -> float:
        """Kill `kills` times while `leads` are entered, then let all come to rest; or stop killing
        and entering after `seconds`, with as many of both as there were. Seconds until all was
        acknowledged."""
        self._nursery = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.crash.handoff_nursery",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        began = time.monotonic()
        try:
            await self._run(kills, leads, began + seconds)
            return time.monotonic() - began
        finally:
            for victim in self.victims.values():
                victim.kill()
            assert self._nursery.stdin is not None
            self._nursery.stdin.close()
            await self._nursery.wait()

    async def _run(self, kills: int, leads: int, deadline: float) -> None:
        for victim in self.victims.values():
            await self._start(victim, "")
        numbers = iter(range(leads))
        pace = Pace(kills, leads, deadline)
        entering = [
            asyncio.create_task(self._enter(numbers, pace)) for _ in range(_ENTRIES_AT_ONCE)
        ]
        share = {"sender": kills - kills // 2, "receiver": kills // 2}
        await asyncio.gather(
            *(self._haunt(self.victims[name], share[name], deadline) for name in share)
        )
        await asyncio.gather(*entering)
        await self._rest()

    async def _start(self, victim: Victim, crash: str) -> float:
        """A new server; seconds until it answers, -1 where it died before."""
        assert self._nursery is not None
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        wish = {
            "folder": str(victim.side.folder),
            "port": victim.side.port,
            "environment": dict(victim.side.environment),
            "crash": crash,
        }
        async with self._asking:
            self._nursery.stdin.write(json.dumps(wish).encode() + b"\n")
            victim.pid = int(await self._nursery.stdout.readline())
        victim.worked.clear()
        victim.started_at = time.monotonic()
        while victim.is_alive():
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", victim.side.port)
                writer.close()
                return time.monotonic() - victim.started_at
            await asyncio.sleep(0.01)
        return -1

    async def _haunt(self, victim: Victim, kills: int, deadline: float) -> None:
        """One life after another, each with the point where it ends; the last one lives."""
        points = victim.points()
        for number in range(kills):
            if time.monotonic() > deadline:
                break
            point = points[number % len(points)]
            await self._live(victim, point, is_first=number == 0)
        await self._start(victim, "")

    async def _live(self, victim: Victim, point: str, *, is_first: bool) -> None:
        is_named = point not in (_ANYWHERE, *_WIRE)
        if is_first:
            victim.kill()
            await _wait_for(lambda: not victim.is_alive())
        crash = f"{point} {victim.dice.randint(1, 12)}" if is_named else ""
        ready = await self._start(victim, crash)
        await _wait_for(lambda: victim.worked.is_set() or not victim.is_alive(), _LONGEST_WAIT)
        took = time.monotonic() - victim.started_at
        if victim.kills:
            victim.kills[-1].ready = ready
            victim.kills[-1].working = took if victim.worked.is_set() else -1
        if point == _ANYWHERE:
            await asyncio.sleep(victim.dice.uniform(0, 0.6))
            victim.kill()
        elif point in _WIRE:
            victim.wire_point = point
        reached = await _wait_for(lambda: not victim.is_alive(), _LONGEST_LIFE)
        if not reached:
            victim.wire_point = ""
            victim.kill()
            await _wait_for(lambda: not victim.is_alive())
        victim.kills.append(Killed(victim.name, point if reached else _ANYWHERE))

    async def _enter(self, numbers: Any, pace: Pace) -> None:
        """Enter leads by the API and hand them over, each until the sender said that it will."""
        sender = self.victims["sender"].side
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{sender.port}",
            headers={"x-api-key": self._key},
            timeout=10,
        ) as http:
            for number in numbers:
                if time.monotonic() > pace.deadline:
                    return
                await _wait_for(partial(self._may_enter, pace, number))
                made: list[str] = []
                while number not in self.told:
                    try:
                        await self._enter_one(http, number, made)
                    except httpx.HTTPError:
                        self.entered["asked again"] += 1
                        await asyncio.sleep(0.05)

    def _may_enter(self, pace: Pace, number: int) -> bool:
        return pace.may_enter(number, len(self.kills))

    async def _enter_one(self, http: httpx.AsyncClient, number: int, made: list[str]) -> None:
        """`made` keeps the lead's id over attempts: entered twice, it would be one that returns."""
        email = name_address(number)
        body = {"first_name": "Ada", "last_name": email.partition("@")[0], "email": email}
        if not made:
            lead = await http.post("/api/v1/leads", json=body)
            lead.raise_for_status()
            made.append(lead.json()["id"])
        done = await http.post("/api/v1/handoffs", json={"lead_id": made[0]})
        done.raise_for_status()
        self.told.add(number)

    async def _rest(self, seconds: float = 300) -> None:
        """Until the sender has an acknowledgement of every handoff."""
        sender = self.victims["sender"].side
        states: dict[str, int] = {}

        def is_at_rest() -> bool:
            states.clear()
            states.update(sender.ask("SELECT state, count(*) FROM handoffs GROUP BY state"))
            return set(states) == {"accepted"}

        if not await _wait_for(is_at_rest, seconds, pause=0.25):
            raise SystemExit(f"not at rest after {seconds} seconds: {states}")


def name_address(number: int) -> str:
    """The address of a lead."""
    return f"{hashlib.sha256(str(number).encode()).hexdigest()[:12]}@acme.example"


async def _wait_for(
    is_so: Callable[[], bool], seconds: float = 600, *, pause: float = 0.01
) -> bool:
    """Whether it came to be so in time."""
    until = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > until:
            return False
        await asyncio.sleep(pause)
    return True
