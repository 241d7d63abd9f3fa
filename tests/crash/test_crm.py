"""kill -9 between "created there" and "recorded here", at each thing a lead sends: one of each."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
from pathlib import Path

from tests.sales.crm_sync.world import open_crm_world

ROOT = Path(__file__).parents[2]


async def run_worker(*arguments: str) -> tuple[int, str]:
    """A process of its own; how it ended and what it printed."""
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.crash.crm_worker", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    output, errors = await running.communicate()
    code = running.returncode or 0
    assert code in (0, -signal.SIGKILL), errors.decode()[-2000:]
    return code, output.decode()


async def test_no_kill_makes_a_second_contact_or_note(
    sqlite_template: Path, tmp_path: Path
) -> None:
    """What the kills meet is the CRM's side; the commits of both databases are killed in the
    outbox's own campaign."""
    shutil.copy(sqlite_template, tmp_path / "test.sqlite")
    url = f"sqlite:///{tmp_path / 'test.sqlite'}"
    folder = tmp_path / "data"
    opened = await open_crm_world(url, folder)
    # A conversation that is over, its lead, and nothing sent yet.
    account = opened.parts.sync.get_accounts()
    withheld = account.pop("hubspot")  # type: ignore[attr-defined]
    lead_id = await opened.talk_and_end()
    account["hubspot"] = withheld  # type: ignore[index]
    assert opened.list_contacts() == []

    given = (url, str(folder), opened.crm.url, lead_id)
    # The person; then, the person said again and written down, the conversation; then, that said
    # again, the transcript.
    for last in ("1", "2", "2"):
        code, _ = await run_worker(*given, last)
        assert code == -signal.SIGKILL
        assert len(opened.list_contacts()) == 1
    code, _ = await run_worker(*given, "0")
    assert code == 0
    assert len(opened.list_contacts()) == 1
    bodies = opened.list_bodies("notes", "hs_note_body")
    assert sum("Transcript of the chat" in one for one in bodies) == 1
    assert sum("Chat with" in one for one in bodies) == 1
    assert opened.crm.errors == []
    assert (await opened.read_sync(lead_id)).state == "in_step"
    await opened.world.close()
    opened.crm.stop()
