"""Counts what became of the attacks: `python -m tests.red_team.measure`."""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.red_team.attacks import load_attacks, load_shared
from tests.red_team.judging import describe_stop, judge
from tests.red_team.world import open_battlefield
from tests.support.models import KEY, KEY_NAME
from tests.vendors.openai import OpenAiStandIn


def say(text: str) -> None:
    """To the terminal."""
    sys.stdout.write(text + "\n")


def main() -> None:
    """Run all attacks against both responders and print two tables."""
    os.environ[KEY_NAME] = KEY
    attacks = [*load_attacks(), *load_shared()]
    for name in sys.argv[1:] or ("model", "embedded"):
        with OpenAiStandIn() as model, tempfile.TemporaryDirectory() as folder:
            used = model if name == "model" else None
            with open_battlefield(Path(folder), attacks, used) as field:
                stops: Counter[tuple[str, str, str]] = Counter()
                for attack in attacks:
                    outcome = field.run(attack)
                    problems = judge(field, outcome)
                    stop = "GOT THROUGH" if problems else describe_stop(outcome)
                    stops[attack.channel, attack.kind, stop] += 1
                    if problems:
                        say(f"{attack.id}: {problems[:3]}")
        say(f"\n{name}: {len(attacks)} attacks")
        for (channel, kind, stop), count in sorted(stops.items()):
            say(f"{channel:13} {kind:20} {stop:22} {count:4}")


if __name__ == "__main__":
    main()
