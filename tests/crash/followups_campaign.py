"""Ends conversation after conversation, each in a process that is killed some steps later.

Run as `python -m tests.crash.followups_campaign <url> <folder> <pace>`. A process of its own,
because the workers are forked from it: importing everything once leaves time for many kills,
and a process without threads may fork.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from sales.conversations.service import Pass
from sales.organization.models import SiteRef
from tests.crash.followups_worker import Steps, work
from tests.sales.followups.world import open_world

LONGEST_LIFE_SECONDS = 280
# More than there are steps.
MOST_KILLS = 120


async def prepare(url: str, folder: Path, count: int) -> list[Pass]:
    """Conversations whose last messages were just stored."""
    world = await open_world(url, folder)
    tickets = [await world.talk() for _ in range(count)]
    await world.resources.close()
    return tickets


def fork_prepared(url: str, folder: Path, count: int) -> list[Pass]:
    """The same in a process of its own: this one stays free of threads."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        for one in asyncio.run(prepare(url, folder, count)):
            os.write(writer, "|".join((one.conversation_id, one.visitor_id, *one.site)).encode())
            os.write(writer, b"\n")
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        lines = [line.strip().split("|") for line in told]
    if os.waitpid(pid, 0)[1]:
        raise SystemExit("no conversations could be made")
    return [Pass(line[0], line[1], SiteRef(line[2], line[3])) for line in lines]


def survives(url: str, folder: Path, tickets: Sequence[Pass], last_step: int) -> bool:
    """Whether a worker came to its end before that step."""
    pid = os.fork()
    if pid == 0:
        signal.alarm(LONGEST_LIFE_SECONDS)
        asyncio.run(work(url, folder, tickets, Steps(last_step)))
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if status not in (0, signal.SIGKILL):
        raise SystemExit(f"the worker ended by itself with {status}, at step {last_step}")
    return status == 0


def run_campaign(url: str, folder: Path, pace: int) -> int:
    """Kill at the first step and then `pace` steps later each time, until a worker gets through
    all of them. How many kills. After each, a worker finishes what was left behind."""
    tickets = fork_prepared(url, folder, MOST_KILLS // pace)
    for kills, ticket in enumerate(tickets):
        if survives(url, folder, [ticket], 1 + kills * pace):
            return kills
        if not survives(url, folder, [ticket], 0):
            raise SystemExit("the worker that should have finished was killed")
    raise SystemExit(f"{len(tickets)} kills, and still no worker got through")


if __name__ == "__main__":
    found = run_campaign(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
    sys.stdout.write(f"kills: {found}\n")
