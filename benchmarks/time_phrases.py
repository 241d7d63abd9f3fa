"""Precision and recall of the time grammar, on the phrase table and on a set named on the line.

    python -m benchmarks.time_phrases [folder with messages.jsonl]

The folder may also be named by SALES_AGENT_APPOINTMENTS_DEV. A right date or time is one that is
labelled and read the same; a false one is read where none is labelled.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sales.appointments.time_phrases import read_time_phrases  # noqa: E402
from tests.sales.appointments.phrase_table import load_phrases, show_wish  # noqa: E402

TODAY = date(2019, 3, 1)
ZONE = ZoneInfo("America/Los_Angeles")


def measure_messages(folder: Path) -> None:
    now = datetime.combine(TODAY, time_of_day(9), ZONE)
    rows = [json.loads(line) for line in (folder / "messages.jsonl").read_text().splitlines()]
    counts = {
        field: dict.fromkeys(("right", "wrong", "missed", "false"), 0) for field in ("date", "time")
    }
    started = time.perf_counter()
    for row in rows:
        wish = read_time_phrases(row["text"], now, ZONE)
        read = {
            "date": wish.date.isoformat() if wish.date else None,
            "time": wish.time.strftime("%H:%M") if wish.time else None,
        }
        for field, value in read.items():
            kind = "right" if value == row[field] else "wrong"
            if row[field] is None:
                kind = "false" if value else ""
            elif value is None:
                kind = "missed"
            if kind:
                counts[field][kind] += 1
    spent = time.perf_counter() - started
    print(f"{folder.name}: {len(rows)} messages, {spent / len(rows) * 1000:.2f} ms each")
    for field, count in counts.items():
        labelled = count["right"] + count["wrong"] + count["missed"]
        said = count["right"] + count["wrong"] + count["false"]
        print(
            f"  {field}: recall {count['right'] / labelled:.3f} ({count['right']} of {labelled}), "
            f"precision {count['right'] / said:.3f}, read where none is labelled "
            f"{count['false']} ({count['false'] / len(rows):.2%} of messages)"
        )


def measure_suite() -> None:
    cases = list(load_phrases())
    right = sum(case.read() == case.expected for case in cases)
    print(f"phrase table: {right} of {len(cases)} read exactly as stated")
    folder = ROOT / "tests/sales/appointments"
    silent = (folder / "no_times.txt").read_text("utf-8").splitlines()
    now = datetime(2026, 3, 4, 10, tzinfo=UTC)
    spoken = [text for text in silent if read_time_phrases(text, now, ZoneInfo("UTC"))]
    print(f"messages without a time: {len(spoken)} of {len(silent)} read falsely")
    for text in spoken:
        print("  ", text, "->", show_wish(read_time_phrases(text, now, ZoneInfo("UTC")), 2026))


if __name__ == "__main__":
    measure_suite()
    named = sys.argv[1:] or [os.environ.get("SALES_AGENT_APPOINTMENTS_DEV", "")]
    for name in filter(None, named):
        measure_messages(Path(name))
