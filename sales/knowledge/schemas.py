"""Values that cross the border of `knowledge`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

PRODUCT = "product"
"""The kind of a page that sells one product."""


@dataclass(frozen=True, slots=True)
class PassageContent:
    """A passage as ingestion made it: `text` is `page_text[start:end]`."""

    ordinal: int
    heading_path: tuple[str, ...]
    text: str
    start: int
    end: int
    content_hash: str


@dataclass(frozen=True, slots=True)
class SourceReading:
    """How a source was read in: counts of pages. `failed` says why it did not come to its end,
    `kept` why nothing was removed; else None."""

    source: str
    started_at: datetime
    ended_at: datetime
    found: int
    new: int
    changed: int
    unchanged: int
    removed: int
    skipped: int
    unreachable: int
    passages: int
    failed: str | None
    kept: str | None

    @property
    def outcome(self) -> str:
        """In a word: "failed", "incomplete" or "done"."""
        return "failed" if self.failed else "incomplete" if self.kept else "done"


@dataclass(frozen=True, slots=True)
class PageContent:
    """A page with all its passages. `content_hash` covers everything that is stored of it."""

    url: str
    title: str
    kind: str
    language: str | None
    description: str
    content_hash: str
    passages: tuple[PassageContent, ...]


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage as it lies in the database. `kind` is that of its page."""

    passage_id: int
    url: str
    title: str
    heading_path: tuple[str, ...]
    text: str
    start: int
    end: int
    content_hash: str
    kind: str = "page"


@dataclass(frozen=True, slots=True)
class EmbeddingProgress:
    """How many of a site's passages have their vector."""

    done: int
    total: int

    @property
    def complete(self) -> bool:
        """Whether none is waiting."""
        return self.done >= self.total


@dataclass(frozen=True, slots=True)
class VectorState:
    """How a site's vectors stand. `serving` answers questions; `building` is made to take its
    place. `usable` is False where the serving model or index cannot be opened any more, so that
    keywords alone are searched. `trouble`: what the index or the model said last; empty: well."""

    serving: str
    progress: EmbeddingProgress
    building: str | None
    building_progress: EmbeddingProgress | None
    usable: bool
    trouble: str

    def describe(self) -> dict[str, Any]:
        """For health checks: what is usual is not said. Nothing that a vendor wrote is in it."""
        made = {"done": self.progress.done, "total": self.progress.total}
        said: dict[str, Any] = {**made}
        if self.building_progress is not None:
            ahead = self.building_progress
            said["building"] = {"done": ahead.done, "total": ahead.total}
        if self.trouble or (self.serving and not self.usable):
            said["search"] = "keywords only"
        return said

    @property
    def note(self) -> str:
        """For staff: what is out of the ordinary; empty when nothing is."""
        parts = []
        if self.building_progress is not None:
            ahead = self.building_progress
            parts.append(f"Being indexed anew: {ahead.done} of {ahead.total}.")
        if self.trouble:
            parts.append(f"Searched by keyword: {self.trouble}")
        elif self.serving and not self.usable:
            parts.append("Searched by keyword: the model or index of its vectors is not set up.")
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class PageState:
    """What is known of a stored page without reading its text."""

    url: str
    title: str
    content_hash: str
    changed_at: datetime
