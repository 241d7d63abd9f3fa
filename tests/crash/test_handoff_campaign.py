"""The campaign in a small version: both sides are killed over a wire that loses and repeats. Its
length: `make crash-campaign`, docs/crash-campaign.md."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from tests.crash.handoff_campaign import name_address
from tests.crash.handoff_checker import find_faults
from tests.crash.handoff_report import describe, run
from tests.crash.handoff_sides import Side

KILLS, LEADS = 4, 24
LONGEST_SECONDS = 200.0


def test_a_campaign_finds_no_lead_lost_or_doubled(tmp_path: Path) -> None:
    result = asyncio.run(run(tmp_path, KILLS, LEADS, LONGEST_SECONDS, rest=80))
    assert result.faults == []
    assert len(result.kills) == KILLS
    assert result.leads == LEADS
    assert result.is_whole()
    assert "0 lost, 0 doubled" in describe(result)
    check_that_harm_is_noticed(Side(tmp_path / "sender"), Side(tmp_path / "receiver"))


def check_that_harm_is_noticed(sender: Side, receiver: Side) -> None:
    """The checker must not be blind: what would have gone wrong is done by hand, one after the
    other."""
    told = {name_address(number) for number in range(LEADS)}
    # A second handoff of a person, made to look as if they had come back.
    copy_row(sender, "handoffs", {"number": 2}, "number = 1")
    found = find_faults(sender, receiver, told)
    assert any(one.startswith("handed over a second time, and nobody returned") for one in found)
    delete(sender, "handoffs", "number = 2")
    copy_row(receiver, "handoff_audit", {"step": "received_again"}, "step = 'received'")
    found = find_faults(sender, receiver, told)
    assert any(one.startswith("received again under another key") for one in found)
    # A lead of which sales knows nothing, though it was acknowledged; and one never kept.
    delete(receiver, "received_leads", "lead_id = (SELECT min(lead_id) FROM received_leads)")
    assert any(one.startswith("lost on the way: 1") for one in find_faults(sender, receiver, told))
    found = find_faults(sender, receiver, {*told, "nobody@acme.example"})
    assert any(one.startswith("promised, and not there: 1") for one in found)


def copy_row(side: Side, table: str, changed: dict[str, object], where: str) -> None:
    """One more row like one that is there, under an id of its own."""
    with sqlite3.connect(side.folder / ".data" / "sales-agent.db") as connection:
        connection.row_factory = sqlite3.Row
        row = connection.execute(f"SELECT * FROM {table} WHERE {where} LIMIT 1").fetchone()  # noqa: S608
        values = {**dict(row), "id": row["id"][::-1], **changed}
        if "transaction_id" in values and table == "handoffs":
            values["transaction_id"] = values["id"]
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", [*values.values()])  # noqa: S608


def delete(side: Side, table: str, where: str) -> None:
    """Rows are lost."""
    with sqlite3.connect(side.folder / ".data" / "sales-agent.db") as connection:
        connection.execute(f"DELETE FROM {table} WHERE {where}")  # noqa: S608
