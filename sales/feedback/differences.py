"""Both sides laid beside each other: where they differ, and who is right. Pure.

The sales system's word on status and acknowledgement counts (S0 4.2); what we sent counts for
what it should have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from core.protocols.sales_system import LeadStanding
from sales.feedback.rules import LEAD_STATUSES, read_status

Mend = Literal["send_again", "take_acknowledgement", "take_status", "none"]
_TAKEN_OVER = ("accepted", "deferred")
_ANSWERED = ("accepted", "deferred", "rejected")


@dataclass(frozen=True, slots=True)
class Here:
    """A lead as our side has it: its latest handoff and what sales said so far."""

    lead_id: str
    handoff_id: str
    state: str
    package_hash: str
    acknowledged_at: datetime | None
    lifecycle: str
    lifecycle_at: datetime | None
    lead_status: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference with both values. `mend` is what makes both sides the same."""

    lead_id: str
    kind: str
    here: str | None
    there: str | None
    mend: Mend


def find_differences(here: Iterable[Here], there: Mapping[str, LeadStanding]) -> list[Difference]:
    """Every difference, by lead."""
    known = {one.lead_id: one for one in here}
    found: list[Difference] = []
    for lead_id in sorted({*known, *there}):
        mine, theirs = known.get(lead_id), there.get(lead_id)
        if mine is None:
            said = theirs.status if theirs else None
            found.append(Difference(lead_id, "missing_here", None, said, "none"))
        elif theirs is None:
            if mine.state in _TAKEN_OVER:
                found.append(Difference(lead_id, "missing_there", mine.state, None, "send_again"))
        else:
            found += _compare(mine, theirs)
    return found


def _compare(mine: Here, theirs: LeadStanding) -> list[Difference]:
    found: list[Difference] = []

    def add(kind: str, here: str | None, there: str | None, mend: Mend) -> None:
        found.append(Difference(mine.lead_id, kind, here, there, mend))

    said = theirs.acknowledgement
    if mine.state == "queued" and mine.package_hash == theirs.body_hash:
        add("lost_acknowledgement", mine.state, said, "take_acknowledgement")
    elif mine.state in _ANSWERED and mine.state != said:
        add("acknowledgement", mine.state, said, "take_acknowledgement")
    elif mine.state in _TAKEN_OVER and theirs.body_hash not in ("", mine.package_hash):
        add("package", mine.package_hash, theirs.body_hash, "send_again")
    lifecycle = read_status(theirs.status)
    # Handed over only says that nobody has said anything yet.
    if lifecycle is not None and lifecycle != "handed_over":
        status = LEAD_STATUSES[lifecycle]
        if lifecycle != mine.lifecycle:
            add("status", mine.lifecycle, lifecycle, "take_status")
        elif status is not None and mine.lead_status not in (None, status):
            add("lead_status", mine.lead_status, status, "take_status")
    return found


def count_here(here: Iterable[Here]) -> dict[str, int]:
    """Our leads by state."""
    return dict(sorted(Counter(one.state for one in here).items()))


def count_there(there: Mapping[str, LeadStanding]) -> dict[str, int]:
    """Theirs, by status."""
    return dict(sorted(Counter(one.status for one in there.values()).items()))
