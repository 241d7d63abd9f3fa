"""Precision and recall of the profile rules, field by field.

    python -m benchmarks.extraction [--misses]

Two hand-written sets: the one the rules were tuned on, and the one that was set down before
and not looked at. Figures count values, not messages: a wrong value is one false and one missed.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sales.leads.noticing import notice_profile

MESSAGES = Path(__file__).parent.parent / "tests" / "sales" / "leads"
SETS = ("messages.yaml", "messages_held_out.yaml")


@dataclass
class Figures:
    right: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    misses: list[str] = field(default_factory=list)

    def precision(self, name: str) -> float:
        said = self.right[name] + self.false[name]
        return self.right[name] / said if said else 1.0

    def recall(self, name: str) -> float:
        wanted = self.right[name] + self.missed[name]
        return self.right[name] / wanted if wanted else 1.0


def load_messages(name: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = yaml.safe_load((MESSAGES / name).read_text(encoding="utf-8"))
    return loaded


def read_message(message: dict[str, Any]) -> dict[str, Any]:
    noticed = notice_profile(
        message["text"],
        asked_for=message.get("asked"),
        known=message.get("known", {}),
        default_region=message.get("region", "US"),
        locale="en",
    )
    return {item.field: item.value for item in noticed if item.problem is None}


def same(name: str, got: Any, wanted: Any) -> bool:
    if name in ("company", "job_title", "timeline", "industry"):
        return str(got).lower().strip(" .") == str(wanted).lower().strip(" .")
    return bool(got == wanted)


def measure(messages: list[dict[str, Any]]) -> Figures:
    figures = Figures()
    for message in messages:
        got, wanted = read_message(message), message["want"]
        for name in {*got, *wanted}:
            if name in got and name in wanted and same(name, got[name], wanted[name]):
                figures.right[name] += 1
                continue
            figures.false[name] += name in got
            figures.missed[name] += name in wanted
            line = (
                f"{name}: got {got.get(name)!r}, wanted {wanted.get(name)!r}: {message['text']!r}"
            )
            figures.misses.append(line)
    return figures


def main() -> None:
    for name in SETS:
        messages = load_messages(name)
        started = time.perf_counter()
        figures = measure(messages)
        each = (time.perf_counter() - started) / len(messages) * 1000
        nothing = sum(not message["want"] for message in messages)
        print(f"\n{name}: {len(messages)} messages, {nothing} hold nothing; {each:.2f} ms each")
        print(
            f"{'field':26} {'precision':>9} {'recall':>7} {'right':>6} {'false':>6} {'missed':>7}"
        )
        for key in sorted({*figures.right, *figures.false, *figures.missed}):
            print(
                f"{key:26} {figures.precision(key):9.3f} {figures.recall(key):9.3f} "
                f"{figures.right[key]:9} {figures.false[key]:9} {figures.missed[key]:9}"
            )
        if "--misses" in sys.argv and name == SETS[0]:
            print("\n".join(figures.misses))


if __name__ == "__main__":
    main()
