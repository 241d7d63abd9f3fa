"""What an ingestion did, for the person who asked for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from sales.knowledge.schemas import SourceReading

_EXAMPLES = 5


@dataclass(slots=True)
class IngestReport:
    """Counts of pages. `failed` says why the source did not come to its end, or is None.

    `found` = `new` + `changed` + `unchanged`. `skipped` counts reasons, `examples` names a few
    addresses for each. `unreachable` pages keep what the index holds of them; `kept` says why no
    page was removed though the source ended (a limit was reached), or is None.
    """

    source: str
    found: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    passages: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    unreachable: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    kept: str | None = None
    failed: str | None = None

    def describe(self, started_at: datetime, ended_at: datetime) -> SourceReading:
        """What is kept of it."""
        return SourceReading(
            source=self.source,
            started_at=started_at,
            ended_at=ended_at,
            found=self.found,
            new=self.new,
            changed=self.changed,
            unchanged=self.unchanged,
            removed=self.removed,
            skipped=self.skipped.total(),
            unreachable=self.unreachable.total(),
            passages=self.passages,
            failed=self.failed,
            kept=self.kept,
        )

    def skip(self, name: str, reason: str) -> None:
        """Count a page that is not for the index."""
        self.skipped[reason] += 1
        self._example(reason, name)

    def miss(self, url: str, reason: str) -> None:
        """Count a page that could not be read this time."""
        self.unreachable[reason] += 1
        self._example(reason, url)

    def _example(self, reason: str, name: str) -> None:
        examples = self.examples.setdefault(reason, [])
        if len(examples) < _EXAMPLES:
            examples.append(name)
