"""`make crash-campaign`: 500 kills over 10,000 leads, and what was found, as a document."""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.crash.handoff_campaign import Campaign, Killed, name_address
from tests.crash.handoff_checker import find_faults
from tests.crash.handoff_proxy import FaultyWire
from tests.crash.handoff_sides import PATH, build_receiver, build_sender

LONGEST_RECOVERY = 5.0
# With a receiver that dies every other second and 30 % that fail, the sender would mostly leave it
# alone, and there would be less to kill.
NEVER = 1_000_000


@dataclass
class Result:
    """What a campaign did and left behind."""

    faults: list[str]
    kills: list[Killed]
    leads: int
    seconds: float
    seen: Counter[str] = field(default_factory=Counter)
    asked_again: int = 0

    def recoveries(self, side: str) -> list[float]:
        """Seconds from each restart until that side did a part of a lead's way again."""
        return sorted(one.working for one in self.kills if one.side == side and one.working > 0)


async def run(folder: Path, kills: int, leads: int, seconds: float, *, seed: int = 6) -> Result:
    """Build both sides in `folder`, run the campaign, and check."""
    receiver = build_receiver(folder / "receiver")
    client = receiver.run("create-client", "marketing", "--role", "rep")
    receiver.port, sender_port = find_ports()
    wire = FaultyWire(receiver.port, seed)
    await wire.open()
    endpoint = f"http://127.0.0.1:{wire.port}{PATH}"
    sender = build_sender(folder / "sender", endpoint, client, breaker_after=NEVER)
    sender.port = sender_port
    key = sender.run("api-key", "tests").split()[-1]
    campaign = Campaign(sender, receiver, wire, key, seed=seed)
    took = await campaign.run(kills, leads, seconds)
    await wire.close()
    addresses = {name_address(number) for number in campaign.told}
    return Result(
        find_faults(sender, receiver, addresses),
        campaign.kills,
        len(campaign.told),
        took,
        wire.seen,
        campaign.entered["asked again"],
    )


def find_ports() -> tuple[int, int]:
    """Two that nobody listens at."""
    with socket.socket() as one, socket.socket() as other:
        for probe in (one, other):
            probe.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def describe(result: Result) -> str:
    """The report, in Markdown."""
    points = Counter((one.side, one.point) for one in result.kills)
    now = datetime.now(UTC)
    lines = [
        "# Crash campaign: handoffs",
        "",
        "Written by `make crash-campaign` (`tests/crash/handoff_report.py`): two real servers on",
        "SQLite with a wire between them that loses, delays and repeats; both are killed with",
        "SIGKILL at named points and anywhere, while leads are entered over HTTP; then both",
        "databases are read by a checker (`tests/crash/handoff_checker.py`).",
        "",
        f"{now:%Y-%m-%d %H:%M} UTC, Python {sys.version.split()[0]}, {os.cpu_count()} cores, load "
        f"{os.getloadavg()[0]:.1f} at the end; {result.seconds / 60:.1f} minutes.",
        "",
        "| | |",
        "| --- | --- |",
        f"| kills (SIGKILL) | {len(result.kills)} |",
        f"| leads handed over | {result.leads} |",
        f"| entered again because the sender was away | {result.asked_again} |",
        f"| faults found by the checker | {len(result.faults)} |",
        *(f"| {side} | {text} |" for side, text in _describe_recovery(result)),
        "",
        *(f"- **{fault}**" for fault in result.faults or ["0 lost, 0 doubled, every hash equal"]),
        "",
        "Recovery is counted from the start of the new process until that side did a part of a",
        "lead's way again: a package left the sender, or the receiver acknowledged one. It holds",
        "the start of the server and the sender's own waits between attempts (1, 2, 4 ... s). The",
        "breaker (`handoff.breaker_after`) is off here: it would leave the receiver alone.",
        "",
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


def _describe_recovery(result: Result) -> list[tuple[str, str]]:
    told = []
    for side in ("sender", "receiver"):
        found = result.recoveries(side)
        if found:
            late = sum(one > LONGEST_RECOVERY for one in found)
            middle, far = found[len(found) // 2], found[int(len(found) * 0.95)]
            told.append(
                (
                    side,
                    f"recovered {len(found)} times: median {middle:.2f} s, p95 {far:.2f} s, "
                    f"longest {found[-1]:.2f} s, {late} over {LONGEST_RECOVERY:.0f} s",
                )
            )
    return told


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--leads", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--report", type=Path, default=Path("docs/crash-campaign.md"))
    wish = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="crash-campaign-") as folder:
        result = asyncio.run(run(Path(folder), wish.kills, wish.leads, wish.minutes * 60))
    text = describe(result)
    wish.report.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return int(bool(result.faults))


if __name__ == "__main__":
    sys.exit(main())
