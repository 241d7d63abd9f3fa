"""Starts the worker again and again and has it killed each time.

Run as `python -m tests.crash.outbox_campaign <url> <folder> <kills> <orders per kill>`. A
process of its own, because the workers are forked from it: importing everything once leaves
time for many kills, and a process without threads may fork.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
from pathlib import Path

from tests.crash.outbox_worker import CrashPoint, work

# In the transaction, after it, before the effect, after the effect, and anywhere.
POINTS = ("recorded", "committed", "claimed", "shipped", "anywhere")
LONGEST_LIFE_SECONDS = 280


def fork_worker(url: str, folder: Path, orders: int, crash: str) -> int:
    """A worker's pid, once it works."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        signal.alarm(LONGEST_LIFE_SECONDS)
        asyncio.run(work(url, folder, orders, CrashPoint(crash), writer))
        os._exit(0)
    os.close(writer)
    os.read(reader, 1)
    os.close(reader)
    return pid


def run_campaign(url: str, folder: Path, kills: int, orders_per_kill: int) -> None:
    """Kill `kills` workers, then let one finish."""
    dice = random.Random(kills)
    for kill in range(kills):
        point = POINTS[kill % len(POINTS)]
        # Little by little, so that every kill finds new orders to spoil.
        orders = (kill + 1) * orders_per_kill
        pid = fork_worker(url, folder, orders, f"{point}:{dice.randint(1, orders_per_kill)}")
        if point == "anywhere":
            time.sleep(dice.random() * 0.1)
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        if status not in (0, signal.SIGKILL):
            raise SystemExit(f"the worker ended by itself with {status}, at {point}")
    pid = fork_worker(url, folder, kills * orders_per_kill, "none")
    if os.waitpid(pid, 0)[1]:
        raise SystemExit("the last worker did not finish")


if __name__ == "__main__":
    run_campaign(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
