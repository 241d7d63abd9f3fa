"""A process whose children are killed: each goes on with an erasure and dies at a commit.

`python -m tests.crash.erasure_worker <folder> <erasure id> <step>:<commit> ...` with TEST_URL. Each
child dies right before that commit of that step: what it did outside was done, nothing of it is
written. Prints a line for each: the step in which it died, or `over`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import event

from tests.app.erasure_world import reopen_world


async def work(folder: Path, erasure_id: str, point: str, told: int) -> None:
    """Every step that is left, until the commit that `point` names."""
    step, _, last = point.partition(":")
    world = await reopen_world(folder)
    commits, now = 0, ""

    def die(_connection: Any) -> None:
        nonlocal commits
        commits += now == step
        if commits == int(last):
            os.write(told, now.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(world.resources.database.engine.sync_engine, "commit", die)
    privacy = world.services.privacy
    while due := await privacy.list_due(world.tenant_id, erasure_id):
        now = due[0][0]
        await privacy.perform(world.tenant_id, erasure_id, *due[0])
    os.write(told, b"over")
    await world.resources.close()


def spawn(folder: Path, erasure_id: str, point: str) -> str:
    """One child; how it ended."""
    heard, told = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(heard)
        status = 1
        try:
            asyncio.run(work(folder, erasure_id, point, told))
            status = 0
        finally:
            os._exit(status)
    os.close(told)
    with os.fdopen(heard) as words:
        said = words.read()
    _, status = os.waitpid(child, 0)
    expected = 0 if said == "over" else signal.SIGKILL
    assert status == expected, f"ended with {status} in {said!r}"
    return said


def main() -> None:
    """From the command line."""
    folder, erasure_id, *points = sys.argv[1:]
    for point in points:
        sys.stdout.write(spawn(Path(folder), erasure_id, point) + "\n")


if __name__ == "__main__":
    main()
