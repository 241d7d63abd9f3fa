"""Forks real servers of an installation, each to be killed, from a process that imported
everything once.

Run as `python -m tests.crash.handoff_nursery`; it reads one JSON object a line: `folder`, `port`,
`environment`, and `crash`, which names where the server kills itself (empty: nowhere). It answers
with the server's pid. The server is what `sales-agent serve` runs, with the keyword search only.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from app.cli.serving import serve_site
from app.places import Places
from app.server import create_app
from app.settings import load_app_settings
from tests.support.nursery import use_streams

# None outlives a campaign that was itself killed for long.
LONGEST_LIFE_SECONDS = 2 * 60 * 60


class CrashPoint(NamedTuple):
    """Where a server kills itself: the `times`-th time that it has done `verb` to `table`, and
    then while that is `written` (not committed), `committing`, or `committed`."""

    verb: str
    table: str
    phase: str
    times: int

    @classmethod
    def read(cls, spec: str) -> CrashPoint:
        """From `verb table phase count`."""
        verb, table, phase, count = spec.split()
        return cls(verb, table, phase, int(count))


def die() -> None:
    """As a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


class DatabaseWatch:
    """Sees every statement and commit of this process, and ends it at its point."""

    def __init__(self, point: CrashPoint) -> None:
        self._point, self._left = point, point.times
        self._start = f"{point.verb} {point.table} ".replace("INSERT ", "INSERT INTO ")
        self._armed = False

    def watch(self) -> None:
        """From now on."""
        event.listen(Engine, "after_cursor_execute", self._executed)
        event.listen(Engine, "commit", self._committing)
        event.listen(Session, "after_commit", self._committed)

    def _executed(self, connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not f"{statement} ".startswith(self._start):
            return
        self._left -= 1
        if self._left > 0:
            return
        if self._point.phase == "written":
            die()
        connection.info["to die"] = True

    def _committing(self, connection: Any) -> None:
        if connection.info.pop("to die", False):
            if self._point.phase == "committing":
                die()
            self._armed = True

    def _committed(self, _session: Any) -> None:
        if self._armed:
            die()


def serve(wish: dict[str, Any]) -> None:
    """Be the server."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.alarm(LONGEST_LIFE_SECONDS)
    folder = Path(wish["folder"])
    os.environ.update(wish["environment"])
    os.chdir(folder)
    use_streams(folder / "server.log", folder / "server.log")
    if wish["crash"]:
        DatabaseWatch(CrashPoint.read(wish["crash"])).watch()
    config = folder / "app.yaml"
    settings = load_app_settings(config)
    serve_site(settings, Places(config, folder / ".data"), None, "127.0.0.1", wish["port"])


def main() -> None:
    """Fork until the input ends; then end what still lives."""
    # What dies is taken away by the kernel at once.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    create_app  # noqa: B018 - imported for the children
    children: list[int] = []
    for line in sys.stdin:
        wish = json.loads(line)
        pid = os.fork()
        if pid == 0:
            try:
                serve(wish)
            finally:
                os._exit(0)
        children.append(pid)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
    for pid in children[-2:]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
