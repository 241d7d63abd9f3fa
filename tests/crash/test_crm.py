"""kill -9 between "created there" and "recorded here", at each thing a lead sends: one of each.
Two processes at once: one of each as well."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.sales.crm_sync.world import CrmWorld, open_crm_world

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


@pytest.fixture
async def opened(database_url: str, tmp_path: Path) -> AsyncIterator[CrmWorld]:
    """A CRM and the product, on each kind of database."""
    world = await open_crm_world(database_url, tmp_path / "data")
    yield world
    assert world.crm.errors == []
    await world.world.close()
    world.crm.stop()


async def talk_unheard(opened: CrmWorld) -> str:
    """A conversation that is over, its lead, and nothing sent yet; the lead's id."""
    account = opened.parts.sync.get_accounts()
    withheld = account.pop("hubspot")  # type: ignore[attr-defined]
    lead_id = await opened.talk_and_end()
    account["hubspot"] = withheld  # type: ignore[index]
    assert opened.list_contacts() == []
    return lead_id


async def test_no_kill_makes_a_second_contact_or_note(
    opened: CrmWorld, database_url: str, tmp_path: Path
) -> None:
    """What the kills meet is the CRM's side; the commits of both databases are killed in the
    outbox's own campaign."""
    lead_id = await talk_unheard(opened)
    given = (database_url, str(tmp_path / "data"), opened.crm.url, lead_id)
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
    assert (await opened.read_sync(lead_id)).state == "in_step"


async def test_two_processes_at_once_make_one_contact(
    opened: CrmWorld, database_url: str, tmp_path: Path
) -> None:
    lead_id = await talk_unheard(opened)
    given = (database_url, str(tmp_path / "data"), opened.crm.url, lead_id, "0")
    ended = await asyncio.gather(*(run_worker(*given) for _ in range(2)))
    assert [code for code, _ in ended] == [0, 0]
    asked = [one.path for one in opened.crm.requests if one.path.endswith("contacts/batch/upsert")]
    assert asked
    assert len(opened.list_contacts()) == 1
    assert len(opened.crm.store.list_ids("companies")) == 1
