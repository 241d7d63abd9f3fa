"""Kills a sender and a receiver of leads, again and again, while leads go from one to the other.

Two real servers, each with a database of its own, and a wire between them that loses, delays and
repeats. It stops by itself; `handoff_checker` then reads both databases. `make crash-campaign`
runs it at length (`handoff_report`), `test_handoff_campaign` in a small version.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import httpx

from tests.crash.handoff_proxy import FaultyWire
from tests.crash.handoff_sides import Side
from tests.crash.handoff_victims import (
    ANYWHERE,
    DATABASE_WRITER,
    RESTARTED,
    TAKEN,
    UNDER_WAY,
    Killed,
    Nursery,
    Victim,
    wait_for,
)

_log = logging.getLogger(__name__)
_WIRE = (UNDER_WAY, TAKEN)
# A server that does not come to its point is killed where it is, once its share of leads was
# entered, and at the latest after the longer time.
_SHORT_LIFE, _LONG_LIFE = 1.5, 8.0
# And one that does nothing for so long is a finding.
_LONGEST_WAIT = 20.0
_ENTRIES_AT_ONCE = 12
_MOST_WAITING = 200
# What waits is given up for this run where nothing of it moved for so long.
_LONGEST_STANDSTILL = 150.0
_FIRST_DUE = """
    SELECT min(available_at) FROM outbox_entries
    WHERE effect = 'handoffs.push' AND state IN ('pending', 'running')"""
_LATEST_MADE = """
    SELECT created_at FROM outbox_entries
    WHERE effect = 'handoffs.push' ORDER BY id DESC LIMIT 200"""


@dataclass
class Pace:
    """How leads are spread over the kills, so that each finds some under way."""

    kills: int
    leads: int
    deadline: float

    def may_enter(self, number: int, killed: int) -> bool:
        """Whether it is the turn of this lead after so many kills: a kill is to find leads under
        way, and what waits is to be sent in the end."""
        ahead = 4 * self.leads // max(self.kills, 1)
        return number <= self._share(killed) + ahead or self.is_over()

    def may_kill(self, told: int, killed: int) -> bool:
        """Whether as many leads were entered as there are to one more kill."""
        return told >= min(self._share(killed + 1), self.leads) or self.is_over()

    def is_over(self) -> bool:
        """Whether its time is up."""
        return time.monotonic() > self.deadline

    def _share(self, killed: int) -> int:
        return self.leads * killed // max(self.kills, 1)


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
        self.waiting = 0
        self._nursery = Nursery()
        wire.on_request = lambda: self._tell(UNDER_WAY)
        wire.on_answer = lambda: self._tell(TAKEN)

    def _tell(self, what: str) -> None:
        for victim in self.victims.values():
            victim.passing(what)

    @property
    def kills(self) -> list[Killed]:
        """All of them, the sender's first."""
        return [kill for victim in self.victims.values() for kill in victim.kills]

    async def run(self, kills: int, leads: int, seconds: float, rest: float = 900) -> float:
        """Kill `kills` times while `leads` are entered, then let all come to rest, for `rest`
        seconds at most; or stop killing and entering after `seconds`, with as many of both as
        there were. Seconds that it took."""
        await self._nursery.open()
        began = time.monotonic()
        watching = asyncio.create_task(self._watch())
        try:
            await self._run(Pace(kills, leads, began + seconds))
            await self._rest(rest)
            return time.monotonic() - began
        finally:
            watching.cancel()
            for victim in self.victims.values():
                victim.kill()
            await self._nursery.close()

    async def _run(self, pace: Pace) -> None:
        for victim in self.victims.values():
            await self._nursery.start(victim, "")
        numbers = iter(range(pace.leads))
        entering = [
            asyncio.create_task(self._enter(numbers, pace)) for _ in range(_ENTRIES_AT_ONCE)
        ]
        share = {"sender": pace.kills - pace.kills // 2, "receiver": pace.kills // 2}
        await asyncio.gather(
            *(self._haunt(self.victims[name], share[name], pace) for name in share)
        )
        self._say("killed enough")
        await asyncio.gather(*entering)
        self._say("entered all")

    async def _haunt(self, victim: Victim, kills: int, pace: Pace) -> None:
        """One life after another, each with the point where it ends; the last one lives."""
        points = victim.points()
        number = 0
        victim.kill()
        while len(victim.kills) < kills and not pace.is_over():
            await wait_for(lambda: not victim.is_alive())
            await self._live(victim, points[number % len(points)], pace)
            number += 1
            if number % 5 == 0:
                self._say(victim.name)
        await self._nursery.start(victim, "")

    async def _live(self, victim: Victim, point: str, pace: Pace) -> None:
        is_named = point not in (ANYWHERE, RESTARTED, DATABASE_WRITER, *_WIRE)
        most = max(2, 2 * pace.leads // max(pace.kills, 1))
        crash = f"{point} {victim.dice.randint(1, most)}" if is_named else ""
        await self._come_back(victim, crash, as_operator=point == RESTARTED)
        if point == DATABASE_WRITER:
            await self._kill_writer(victim)
        if not is_named:
            await self._wait_for_share(victim, pace)
            await asyncio.sleep(victim.dice.uniform(0, 0.6))
        if point in _WIRE:
            victim.wire_point = point
        elif not is_named:
            point = ANYWHERE
            victim.kill()
        reached = await wait_for(lambda: not victim.is_alive(), _SHORT_LIFE)
        if not reached:
            reached = await self._wait_for_share(victim, pace)
        if not reached:
            victim.wire_point = ""
            victim.kill()
            await wait_for(lambda: not victim.is_alive())
        victim.kills.append(Killed(victim.name, point if reached else ANYWHERE))

    async def _come_back(self, victim: Victim, crash: str, *, as_operator: bool) -> None:
        (other,) = (one for one in self.victims.values() if one is not victim)
        was_up, pid = other.is_up(), other.pid
        began, due = time.time(), await asyncio.to_thread(self._find_due)
        listening = await self._nursery.start(victim, crash, as_operator=as_operator)
        await wait_for(lambda: victim.worked.is_set() or not victim.is_alive(), _LONGEST_WAIT)
        if victim.kills:
            last = victim.kills[-1]
            last.listening, last.as_operator = listening, as_operator
            if victim.worked.is_set():
                took = time.monotonic() - victim.started_at
                last.working = took - await asyncio.to_thread(self._measure_idle, began, due, took)
                last.cpu = victim.measure_cpu()
            last.other_was_up = was_up and other.pid == pid and other.is_alive()

    def _find_due(self) -> float | None:
        """When the first of what waits is to be sent, in seconds since 1970; None: nothing."""
        ((first,),) = self._sender.ask(_FIRST_DUE)
        return _read_time(first)

    def _measure_idle(self, began: float, due: float | None, took: float) -> float:
        """For how long of `took` seconds nothing was to be sent: neither of what waited before,
        nor of what was entered since. A side cannot show that it is back before that."""
        moments = [due, *(_read_time(made) for (made,) in self._sender.ask(_LATEST_MADE))]
        waited_for = [at for at in moments if at is not None and (at == due or at > began)]
        idle = min(waited_for, default=began) - began
        return idle if 0 < idle < took else 0.0

    @property
    def _sender(self) -> Side:
        return self.victims["sender"].side

    async def _wait_for_share(self, victim: Victim, pace: Pace) -> bool:
        """Until its share of leads was entered, for some time; whether it died meanwhile."""

        def is_time() -> bool:
            is_due = pace.may_kill(len(self.told), len(self.kills))
            return is_due or not victim.is_alive()

        await wait_for(is_time, _LONG_LIFE)
        return not victim.is_alive()

    async def _kill_writer(self, victim: Victim) -> None:
        """A process of the database is killed under the server, which lives on."""
        await asyncio.sleep(victim.dice.uniform(0, 0.6))
        if not victim.side.kill_writer():
            return
        victim.worked.clear()
        at = time.monotonic()
        back = await wait_for(victim.worked.is_set, _LONGEST_WAIT)
        took = time.monotonic() - at if back else 0
        victim.kills.append(Killed(victim.name, DATABASE_WRITER, working=took))

    async def _enter(self, numbers: Iterator[int], pace: Pace) -> None:
        """Enter leads by the API and hand them over, each until the sender said that it will."""
        sender = self.victims["sender"].side
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{sender.port}",
            headers={"x-api-key": self._key},
            timeout=10,
        ) as http:
            for number in numbers:
                await wait_for(partial(self._may_enter, pace, number), pause=0.02)
                made: list[str] = []
                while number not in self.told:
                    if pace.is_over():
                        return
                    try:
                        await self._enter_one(http, number, made)
                    except httpx.HTTPError:
                        self.entered["asked again"] += 1
                        await asyncio.sleep(0.05)

    def _may_enter(self, pace: Pace, number: int) -> bool:
        is_turn = self.waiting < _MOST_WAITING and pace.may_enter(number, len(self.kills))
        return is_turn or pace.is_over()

    async def _watch(self) -> None:
        """Count what waits, every other second."""
        sender = self._sender
        query = "SELECT count(*) FROM handoffs WHERE state = 'queued'"
        while True:
            ((self.waiting,),) = await asyncio.to_thread(sender.ask, query)
            await asyncio.sleep(2)

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

    def _say(self, what: str) -> None:
        _log.info("%s: %d kills, %d leads", what, len(self.kills), len(self.told))

    async def _rest(self, seconds: float) -> None:
        """Until the sender has an acknowledgement of every handoff, or none came for long."""
        sender = self.victims["sender"].side
        query = "SELECT count(*) FROM handoffs WHERE state != 'accepted'"
        until, moved_at, before = time.monotonic() + seconds, time.monotonic(), -1
        while time.monotonic() < min(until, moved_at + _LONGEST_STANDSTILL):
            ((left,),) = await asyncio.to_thread(sender.ask, query)
            if not left:
                return
            if left != before:
                moved_at, before = time.monotonic(), left
            await asyncio.sleep(0.25)


def _read_time(value: datetime | str | None) -> float | None:
    """A moment as either database gives it, in seconds since 1970."""
    if value is None:
        return None
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def name_address(number: int) -> str:
    """The address of a lead."""
    return f"{hashlib.sha256(str(number).encode()).hexdigest()[:12]}@acme.example"
