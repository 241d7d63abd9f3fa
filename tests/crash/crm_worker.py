"""A process to be killed: sends a lead and its history to a CRM.

`python -m tests.crash.crm_worker <database> <folder> <crm> <lead id> <kill at>`. The process kills
itself right after the CRM has said yes for the `kill at`th time, before anything of it is
written; 0: never. It prints how often the CRM was asked to write.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.protocols.crm import CrmActivity, CrmDeal, CrmPerson, CrmRef
from tests.sales.crm_sync.world import SETTINGS
from tests.sales.followups.world import open_world


class WatchedCrm:
    """The real one, with the process's end after a yes."""

    def __init__(self, crm: Any, last: int) -> None:
        self._crm, self._last, self.passed = crm, last, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._crm, name)

    def _pass(self) -> None:
        self.passed += 1
        if self.passed == self._last:
            os.kill(os.getpid(), signal.SIGKILL)

    async def upsert_people(self, tenant_id: str, people: Sequence[CrmPerson]) -> Any:
        done = await self._crm.upsert_people(tenant_id, people)
        self._pass()
        return done

    async def upsert_deal(self, tenant_id: str, deal: CrmDeal) -> CrmRef:
        done: CrmRef = await self._crm.upsert_deal(tenant_id, deal)
        self._pass()
        return done

    async def log_activity(self, tenant_id: str, activity: CrmActivity) -> CrmRef:
        done: CrmRef = await self._crm.log_activity(tenant_id, activity)
        self._pass()
        return done


async def work(url: str, folder: Path, crm_url: str, lead_id: str, last: int) -> int:
    """Plan the lead and send all that waits. How often the CRM was asked to write."""
    changes = SETTINGS.replace("URL", crm_url).replace("QUALIFIED", "false")
    secrets = {"TEST_HUBSPOT_TOKEN": "token-0"}
    world = await open_world(
        url, folder, changes=changes.replace("MORE", "poll_minutes: 5"), secrets=secrets
    )
    parts = world.services.crms
    accounts: Any = parts.sync.get_accounts()
    watched = WatchedCrm(accounts["hubspot"].crm, last)
    accounts["hubspot"] = replace(accounts["hubspot"], crm=watched)
    await parts.sync.send_again(world.tenant_id, lead_id)
    await parts.pusher.push(world.tenant_id, "hubspot")
    await world.resources.close()
    return watched.passed


def main() -> None:
    """From the command line."""
    url, folder, crm_url, lead_id, last = sys.argv[1:6]
    passed = asyncio.run(work(url, Path(folder), crm_url, lead_id, int(last)))
    sys.stdout.write(f"{passed}\n")


if __name__ == "__main__":
    main()
