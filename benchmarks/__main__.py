"""`python -m benchmarks [name ...]`: run them and keep what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.processes import ROOT

# In the order of a visitor's interest. Those that judge answers need a folder of questions.
NAMES = (
    "turn",
    "ingest",
    "retrieval",
    "answers",
    "extraction",
    "time_phrases",
    "model_turn",
    "verification",
    "portal",
    "handoff",
    "handoff_doors",
)
DEFAULT = ("turn", "ingest")


def main(names: list[str]) -> int:
    """Run each as a process of its own, so that none leaves memory or threads to the next."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"No benchmark is called {unknown[0]}. There are: {', '.join(NAMES)}")
        return 2
    failed = False
    for name in names or DEFAULT:
        print(f"== {name}", flush=True)
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=ROOT, check=False)
        failed |= done.returncode != 0
    return int(failed)


if __name__ == "__main__":
    if any(option in sys.argv[1:] for option in ("-h", "--help")):
        print((Path(__file__).parent / "README.md").read_text(encoding="utf-8"))
        sys.exit(0)
    sys.exit(main(sys.argv[1:]))
