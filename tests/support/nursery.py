"""Starts `sales-agent` as a process of its own, forked from one that imported the product once.

A start is mostly imports: seconds of a core on a slow machine, and the suite starts some hundred
commands and servers. What is forked here is the installed command from its first line on, with an
environment, a folder, streams and an exit code of its own; a process of its own to every signal.
What starts as an operator starts it is `tests.support.process` with `installed=True`.

Run as `python -m tests.support.nursery`; it reads one JSON object a line: `arguments`, `folder`,
`environment`, `output`, `errors`, `ended`. It answers with the pid; the exit code is written to
`ended` when there is one.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
COMMAND = str(Path(sys.executable).with_name("sales-agent"))


class Forked:
    """A process of the nursery: what `subprocess.Popen` offers, as far as tests use it."""

    def __init__(self, pid: int, ended: Path) -> None:
        self.pid, self._ended = pid, ended
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code; negative: the signal that ended it; None: it runs."""
        if self.returncode is None and self._ended.exists():
            self.returncode = int(self._ended.read_text())
        return self.returncode

    def wait(self, timeout: float) -> int:
        """Its exit code, awaited.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(COMMAND, timeout)
            time.sleep(0.005)
        return code

    def send_signal(self, number: int) -> None:
        """As `kill` does; nothing where it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


class Nursery:
    """The process that imported everything; it ends with the one that opened it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )

    def start(
        self,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        output: Path,
        errors: Path,
    ) -> Forked:
        """`sales-agent` with `arguments`, its streams appended to two files (or to one)."""
        ended = output.with_name(f"{output.name}.ended")
        wish = {
            "arguments": list(arguments),
            "folder": str(folder.absolute()),
            "environment": dict(environment),
            "output": str(output.absolute()),
            "errors": str(errors.absolute()),
            "ended": str(ended.absolute()),
        }
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(wish) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise AssertionError(f"the nursery ended: {self._process.wait(10)}")
        return Forked(int(answer), ended)


def _import_all() -> None:
    """What a command or a server would import at its start."""
    import app.cli  # noqa: PLC0415 - only the nursery itself needs it

    for found in pkgutil.iter_modules(app.cli.__path__):
        importlib.import_module(f"app.cli.{found.name}")
    for name in ("app.server", "uvicorn.loops.auto", "uvicorn.protocols.http.auto"):
        importlib.import_module(name)


def _watch(wish: dict[str, Any], tell: int) -> bool:
    """Fork once more and tell the pid. True: this is the new process; the other one never comes
    back: it writes down how that ended, and ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        os.close(tell)
        return True
    os.write(tell, f"{pid}\n".encode())
    os.close(tell)
    _, status = os.waitpid(pid, 0)
    written = Path(wish["ended"] + ".part")
    with contextlib.suppress(FileNotFoundError):  # the folder is gone, and so is whoever waited
        written.write_text(str(os.waitstatus_to_exitcode(status)))
        written.rename(wish["ended"])
    os._exit(0)


def use_streams(output: str | Path, errors: str | Path) -> None:
    """In a process that was forked: read nothing, and append what is said to two files."""
    for name, stream in ((os.devnull, 0), (output, 1), (errors, 2)):
        flags = os.O_RDONLY if stream == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND
        opened = os.open(name, flags)
        os.dup2(opened, stream)
        os.close(opened)


def _become(wish: dict[str, Any]) -> None:
    """Be the command."""
    os.environ.clear()
    os.environ.update(wish["environment"])
    time.tzset()
    os.chdir(wish["folder"])
    use_streams(wish["output"], wish["errors"])
    sys.argv = [COMMAND, *wish["arguments"]]
    # By this the command would tell its name in help and errors.
    sys.modules["__main__"].__package__ = None


def main() -> None:
    """Fork until the input ends."""
    _import_all()
    # What watches is taken away by the kernel at once.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    tell = os.dup(1)
    while line := sys.stdin.readline():
        wish = json.loads(line)
        if os.fork() == 0 and _watch(wish, tell):
            _become(wish)
            from app.cli.main import main as command  # noqa: PLC0415

            command()
            return


if __name__ == "__main__":
    main()
