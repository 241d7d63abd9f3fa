"""The campaign in a small version: both sides are killed over a wire that loses and repeats. Its
length: `make crash-campaign`, docs/crash-campaign.md."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.crash.handoff_report import describe, run

KILLS, LEADS = 4, 40
LONGEST_SECONDS = 120.0


def test_a_campaign_finds_no_lead_lost_or_doubled(tmp_path: Path) -> None:
    result = asyncio.run(run(tmp_path, KILLS, LEADS, LONGEST_SECONDS))
    assert result.faults == []
    assert len(result.kills) == KILLS
    assert result.leads == LEADS
    assert "0 lost, 0 doubled" in describe(result)
