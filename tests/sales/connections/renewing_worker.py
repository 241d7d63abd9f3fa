"""A process that renews credentials: `python -m ... <url> <tenant> <counter file> <mode>`.

Each renewal appends a line to the counter file. Mode `hang`: it says so and never ends.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path

import sales.organization.models  # noqa: F401 - the table of tenants
from core.clock import SystemClock
from core.db import Database
from core.encryption import Cipher
from sales.connections.credential_store import StoredCredentials

KEY = b"k" * 32


async def work(url: str, tenant_id: str, counter: Path, mode: str) -> None:
    database = Database(url)
    store = StoredCredentials(database, SystemClock(), Cipher([KEY]), "acme", lambda _: {})
    stale = await store.get(tenant_id)
    print("ready", flush=True)  # noqa: T201 - the test waits for it
    await asyncio.to_thread(sys.stdin.readline)

    async def renew(values: Mapping[str, str]) -> Mapping[str, str]:
        with counter.open("a") as file:
            file.write("renewed\n")
        print("renewing", flush=True)  # noqa: T201
        if mode == "hang":
            await asyncio.sleep(600)
        await asyncio.sleep(0.2)
        return {"api_key": f"new of {values['refresh_token']}", "refresh_token": "second"}

    fresh = await store.refresh(tenant_id, stale, renew)
    print(fresh["api_key"], flush=True)  # noqa: T201
    await database.close()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4]))
