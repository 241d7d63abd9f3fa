"""kill -9 at every step between the last message and both mails: one mail each.

`SALES_AGENT_CRASH_PACE` is how many steps lie between two kills (6 if it is not set; 1 kills at
every single one).
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from pathlib import Path

from core.db import Database
from tests.crash.checker import read_rows

ROOT = Path(__file__).parents[2]
PACE = int(os.environ.get("SALES_AGENT_CRASH_PACE", "6"))
# Fewer would mean that the campaign no longer passes the steps there are.
LEAST_STEPS = 30


async def test_no_kill_loses_or_doubles_a_mail(database: Database, tmp_path: Path) -> None:
    url = database.url.set(drivername=database.dialect).render_as_string(hide_password=False)
    await database.close()
    campaign = [sys.executable, "-m", "tests.crash.followups_campaign"]
    running = await asyncio.create_subprocess_exec(
        *campaign,
        *(url, str(tmp_path / "data"), str(PACE)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    output, errors = await running.communicate()
    assert running.returncode == 0, errors.decode()[-2000:]
    kills = int(output.decode().rpartition("kills: ")[2])
    assert kills >= LEAST_STEPS // PACE
    faults = find_faults(url, tmp_path / "data" / "mail", kills + 1)
    assert faults == []


def find_faults(url: str, folder: Path, conversations: int) -> list[str]:
    """Everything that is not as promised, in words. None is what we want."""
    faults = []
    ended = {one for (one,) in read_rows(url, "SELECT id FROM conversations WHERE status='ended'")}
    if len(ended) != conversations:
        faults.append(f"{conversations} conversations, but {len(ended)} ended")
    mails = Counter(read_rows(url, "SELECT conversation_id, kind, state FROM mails"))
    summaries = Counter(read_rows(url, "SELECT conversation_id, audience FROM summaries"))
    files = Counter(path.name for path in folder.iterdir())
    for one in ended:
        for audience in ("visitor", "sales"):
            counts = (
                mails.pop((one, f"summary_{audience}", "sent"), 0),
                summaries.pop((one, audience), 0),
                files.pop(f"summary-{audience}.{one}.eml", 0),
            )
            if counts != (1, 1, 1):
                faults.append(f"{audience} of {one}: rows, summaries, files {counts}")
    drafts = [name for name in files if name.startswith(".")]
    faults += [f"not asked for: {one}" for one in (*mails, *summaries)]
    faults += [f"not asked for: {name}" for name in files if name not in drafts]
    entries = read_rows(url, "SELECT effect, state, attempts FROM outbox_entries")
    # The look at a handoff's SLA comes hours later.
    ahead = {("handoffs.check_sla", "pending")}
    faults += [
        f"{effect} is {state}"
        for effect, state, _ in entries
        if state != "done" and (effect, state) not in ahead
    ]
    leads = read_rows(url, "SELECT conversation_id, count(*) FROM lead_conversations GROUP BY 1")
    faults += [f"{count} leads of {one}" for one, count in leads if count != 1]
    return faults
