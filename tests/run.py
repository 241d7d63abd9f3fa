"""`make test`: every check, in the order in which mistakes are cheapest to find.

Chromium is installed where that is possible; elsewhere the browser tests are skipped and it is
said what to install. In CI a missing Chromium is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CHECKS = (
    ("style", (str(BIN / "ruff"), "check", ".")),
    ("format", (str(BIN / "ruff"), "format", "--check", ".")),
    ("types", (str(BIN / "mypy"),)),
)


def ensure_chromium() -> None:
    """Install Debian's Chromium when we may; else say what to do."""
    if shutil.which("chromium") or shutil.which("chromium-browser"):
        return
    if shutil.which("apt-get") and os.geteuid() == 0:
        say("installing Chromium for the browser tests ...")
        install = ("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (("apt-get", "update", "-qq"), install):
            subprocess.run(command, check=False, env=environment, capture_output=True)
    if not shutil.which("chromium"):
        say("Chromium is not installed: the browser tests cannot run.")
        say("  Debian, Ubuntu: apt-get install chromium")
        if os.environ.get("CI"):
            sys.exit("In CI a missing Chromium is a failure.")


def say(text: str) -> None:
    """A line for the person who waits."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run everything; the first failing kind of check ends the run."""
    os.chdir(ROOT)
    for name, command in CHECKS:
        started = time.monotonic()
        done = subprocess.run(command, check=False)
        verdict = "FAILED" if done.returncode else "ok"
        say(f"{name}: {verdict} ({time.monotonic() - started:.0f} s)")
        if done.returncode:
            return done.returncode
    ensure_chromium()
    # The import contracts are tests as well (tests/architecture). Many tests wait for servers they
    # started, so one more process than there are cores; a file's tests share their server.
    processes = str(max(3, (os.cpu_count() or 1) + 1))
    spread = ("-n", processes, "--dist", "loadfile", "--durations", "25")
    pytest = (sys.executable, "-m", "pytest", *spread, *sys.argv[1:])
    return subprocess.run(pytest, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
