"""The `sales-agent` command as a real process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tests.support.nursery import COMMAND, Forked, Nursery

_ADDRESS = re.compile(r"The server is at (http://\S+)")


def clean_environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without what would steer the command, and with `more`.

    The command finds its modules compiled, as an installed one does: where the environment says
    that Python is to write no bytecode, each start would compile a thousand of them again. They
    lie beside the system's temporary files, never in the tree.
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith("SALES_AGENT_")}
    kept.pop("PORT", None)
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    kept["PYTHONPYCACHEPREFIX"] = str(Path(tempfile.gettempdir()) / "sales-agent-bytecode")
    return {**kept, "NO_COLOR": "1", "COLUMNS": "200", **(more or {})}


def _is_importing(environment: Mapping[str, str]) -> bool:
    """Whether it is to find other modules than the nursery has imported."""
    return environment.get("PYTHONPATH") != os.environ.get("PYTHONPATH")


@cache
def _open_nursery() -> Nursery:
    return Nursery(clean_environment())


def run_command(
    *arguments: str | Path,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    timeout: float = 180,
    installed: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run `sales-agent` to its end; `installed`: as it is installed, imports and all."""
    given, environment = [*map(str, arguments)], clean_environment(environment)
    if installed or _is_importing(environment):
        return subprocess.run(
            [COMMAND, *given],
            check=False,
            capture_output=True,
            text=True,
            cwd=cwd,
            env=environment,
            timeout=timeout,
        )
    with tempfile.TemporaryDirectory(prefix="command-") as folder:
        output, errors = Path(folder, "output"), Path(folder, "errors")
        running = _open_nursery().start(given, cwd or Path.cwd(), environment, output, errors)
        try:
            code = running.wait(timeout)
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGKILL)
            running.wait(10)
            raise
        said, complained = output.read_text("utf-8"), errors.read_text("utf-8")
        return subprocess.CompletedProcess([COMMAND, *given], code, said, complained)


class ServerProcess:
    """A running `sales-agent serve`; its log lies in a file. `installed`: started as an operator
    starts it, imports and all."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        command: str = "serve",
        port: int = 0,
        installed: bool = False,
    ) -> None:
        self.log = folder / f"server-{time.monotonic_ns()}.log"
        given = [command, *(("--port", str(port)) if port >= 0 else ()), *arguments]
        environment = clean_environment(environment)
        self.process: Forked | subprocess.Popen[bytes]
        if not (installed or _is_importing(environment)):
            self.log.touch()
            self.process = _open_nursery().start(given, folder, environment, self.log, self.log)
            return
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [COMMAND, *given], stdout=log, stderr=log, cwd=folder, env=environment
            )

    def read_log(self) -> str:
        """What it wrote so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, pattern: str, seconds: float = 120) -> re.Match[str]:
        """The first match of `pattern` in the log."""
        deadline = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.read_log())
            if found:
                return found
            ended = self.process.poll() is not None
            if ended or time.monotonic() > deadline:
                raise AssertionError(f"no {pattern!r} in: {self.read_log()[-2000:]}")
            time.sleep(0.02)

    def address(self) -> str:
        """Where it listens, once it is ready."""
        address = self.wait_for(_ADDRESS.pattern)[1]
        self.wait_for("Application startup complete")
        return address

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> None:
        """End it as an operator would."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()
