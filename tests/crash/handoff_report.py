"""`make crash-campaign`: 500 kills over 10,000 leads, and what was found, as a document."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import random
import shutil
import socket
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.crash.handoff_campaign import Campaign, name_address
from tests.crash.handoff_checker import find_faults, find_waiting
from tests.crash.handoff_proxy import FaultyWire
from tests.crash.handoff_sides import PATH, build_receiver, build_sender
from tests.crash.handoff_victims import DATABASE_WRITER, Killed
from tests.support.postgres import PostgresServer, start_postgres

LONGEST_RECOVERY = 5.0
# With a receiver that dies every other second and 30 % that fail, the sender would mostly leave it
# alone, and there would be less to kill.
NEVER = 1_000_000
_REPORTS = {"sqlite": "docs/crash-campaign.md", "postgresql": "docs/crash-campaign-postgresql.md"}


@dataclass
class Result:
    """What a campaign did and left behind."""

    database: str
    wanted: tuple[int, int]
    faults: list[str]
    kills: list[Killed]
    leads: int
    seconds: float
    seen: Counter[str] = field(default_factory=Counter)
    asked_again: int = 0
    # Leads whose promise to be sent still stood in the outbox when the time was up.
    waiting: int = 0

    def is_whole(self) -> bool:
        """Whether everything was done that was to be done."""
        kills, leads = self.wanted
        return len(self.kills) >= kills and self.leads >= leads and not self.waiting

    def list_recoveries(self, side: str, *, as_operator: bool, alone: bool = True) -> list[Killed]:
        """Those from which that side came back. `alone`: only while the other side was at work
        all the time."""
        return [
            one
            for one in self.kills
            if one.side == side
            and one.working > 0
            and one.point != DATABASE_WRITER
            and one.as_operator == as_operator
            and (one.other_was_up or not alone)
        ]


async def run(
    folder: Path,
    kills: int,
    leads: int,
    seconds: float,
    *,
    seed: int = 6,
    postgres: PostgresServer | None = None,
    rest: float = 900,
) -> Result:
    """Build both sides in `folder`, run the campaign, and check."""
    receiver = build_receiver(folder / "receiver", database_url=_make_database(postgres))
    client = receiver.run("create-client", "marketing", "--role", "rep")
    receiver.port, sender_port = find_ports()
    wire = FaultyWire(receiver.port, seed)
    await wire.open()
    endpoint = f"http://127.0.0.1:{wire.port}{PATH}"
    sender = build_sender(
        folder / "sender",
        endpoint,
        client,
        breaker_after=NEVER,
        database_url=_make_database(postgres),
    )
    sender.port = sender_port
    key = sender.run("api-key", "tests").split()[-1]
    campaign = Campaign(sender, receiver, wire, key, seed=seed)
    took = await campaign.run(kills, leads, seconds, rest)
    await wire.close()
    addresses = {name_address(number) for number in campaign.told}
    return Result(
        "PostgreSQL" if postgres else "SQLite",
        (kills, leads),
        find_faults(sender, receiver, addresses),
        campaign.kills,
        len(campaign.told),
        took,
        wire.seen,
        campaign.entered["asked again"],
        len(find_waiting(sender)),
    )


def _make_database(postgres: PostgresServer | None) -> str:
    return postgres.create_database() if postgres else ""


def find_ports() -> tuple[int, int]:
    """Two that nobody listens at, below those that the kernel gives to clients: one who calls a
    server that is away would else now and then be given the server's port, and reach itself."""
    free: list[int] = []
    for port in random.SystemRandom().sample(range(20_000, 32_000), 200):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            free.append(port)
    return free[0], free[1]


def describe(result: Result) -> str:
    """The report, in Markdown."""
    points = Counter((one.side, one.point) for one in result.kills)
    now = datetime.now(UTC)
    lines = [
        f"# Crash campaign: handoffs on {result.database}",
        "",
        "Written by `make crash-campaign` (`tests/crash/handoff_report.py`): two real servers on",
        f"{result.database} with a wire between them that loses, delays and repeats; both are",
        "killed with SIGKILL at named points and anywhere, while leads are entered over HTTP; then",
        "both databases are read by a checker (`tests/crash/handoff_checker.py`).",
        "",
        *_describe_shortfall(result),
        f"{now:%Y-%m-%d %H:%M} UTC, Python {sys.version.split()[0]}, {os.cpu_count()} cores, load "
        f"{os.getloadavg()[0]:.1f} at the end; {result.seconds / 60:.1f} minutes.",
        "",
        "| | |",
        "| --- | --- |",
        f"| kills (SIGKILL) | {len(result.kills)} |",
        f"| leads handed over | {result.leads} |",
        f"| entered again because the sender was away | {result.asked_again} |",
        f"| faults found by the checker | {len(result.faults)} |",
        "",
        *(f"- **{fault}**" for fault in result.faults or ["0 lost, 0 doubled, every hash equal"]),
        "",
        *_describe_recovery(result),
        "## What the wire did",
        "",
        "| | packages |",
        "| --- | --- |",
        *(f"| {what} | {count} |" for what, count in sorted(result.seen.items())),
        "",
        "## Where they were killed",
        "",
        "Of a transaction: `written` is after the statement, `committing` just before its commit,",
        "`committed` just after.",
        "",
        "| side | point | kills |",
        "| --- | --- | --- |",
        *(f"| {side} | {point} | {count} |" for (side, point), count in sorted(points.items())),
    ]
    return "\n".join(lines) + "\n"


def _describe_shortfall(result: Result) -> list[str]:
    kills, leads = result.wanted
    if result.is_whole():
        return []
    return [
        f"**A part of the campaign, not the whole:** its time was up after {len(result.kills)} of",
        f"{kills} kills and {result.leads} of {leads} leads; {result.waiting} of these still",
        "waited in the sender's outbox, neither acknowledged nor lost.",
        "",
    ]


def _describe_recovery(result: Result) -> list[str]:
    """How each side came back."""
    rows = []
    for side in ("sender", "receiver"):
        for as_operator, alone in ((True, True), (False, True), (True, False), (False, False)):
            found = result.list_recoveries(side, as_operator=as_operator, alone=alone)
            if found:
                start = "`sales-agent serve`" if as_operator else "a fork"
                other = "at work" if alone else "any"
                rows.append(f"| {side} | {start} | {other} | {_sum_up(found)} |")
    writers = [one for one in result.kills if one.point == DATABASE_WRITER]
    if writers:
        found = [one for one in writers if one.working]
        rows.append(f"| both | PostgreSQL itself | any | {_sum_up(found)} |")
    return [
        "## How they came back",
        "",
        "Seconds from the start of the new process until that side did a part of a lead's way",
        "again: a package left the sender, or the receiver acknowledged one. The time in which no",
        "package was to be sent, because all had arrived or waited for their next attempt (1, 2,",
        "4 ... s), is no part of it: a side cannot show that it is back before that.",
        "`sales-agent serve` is a start as an operator makes it; a fork, which can be killed at a",
        "named point, had imported the product before. Neither can work without the other, so the",
        "rows that show the aim are those where the other side was at work all the while; it was",
        "killed as often. On a machine that others use, the last column says what a restart costs.",
        "The breaker (`handoff.breaker_after`) is off here: it would leave the receiver alone.",
        "",
        "| side | started as | the other side | times | listening, median | recovered, median "
        f"| p95 | longest | over {LONGEST_RECOVERY:.0f} s | computed by then, median |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *rows,
        "",
    ]


def _sum_up(found: list[Killed]) -> str:
    working = sorted(one.working for one in found)
    late = sum(one > LONGEST_RECOVERY for one in working)
    listening = statistics.median(one.listening for one in found)
    cpu = statistics.median(one.cpu for one in found)
    far = working[int(len(working) * 0.95)]
    return (
        f"{len(found)} | {listening:.2f} | {statistics.median(working):.2f} | {far:.2f} "
        f"| {working[-1]:.2f} | {late} | {cpu:.2f}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; 1 where something was found, 2 where its time was up before its end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--leads", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=60, help="of killing")
    parser.add_argument("--rest", type=float, default=15, help="minutes for what still waits then")
    parser.add_argument("--database", choices=tuple(_REPORTS), default="sqlite")
    parser.add_argument("--report", type=Path, help="where to write what was found")
    wish = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    postgres = start_postgres() if wish.database == "postgresql" else None
    try:
        folder = Path(tempfile.mkdtemp(prefix="crash-campaign-"))
        work = run(
            folder,
            wish.kills,
            wish.leads,
            wish.minutes * 60,
            postgres=postgres,
            rest=wish.rest * 60,
        )
        result = asyncio.run(work)
    finally:
        if postgres is not None:
            postgres.stop()
    text = describe(result)
    (wish.report or Path(_REPORTS[wish.database])).write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    if result.faults:
        sys.stderr.write(f"Both sides are kept, to be looked at: {folder}\n")
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    return 0 if result.is_whole() else 2


if __name__ == "__main__":
    sys.exit(main())
