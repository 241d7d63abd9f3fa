"""Where documents come from: one module per kind of source, all with the same small interface."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from ingestion.documents import Found
from ingestion.settings import (
    AstroSettings,
    FilesSettings,
    SourceSettings,
    WebsiteSettings,
    WordPressSettings,
)
from ingestion.sources.astro import AstroSource
from ingestion.sources.files import FilesSource
from ingestion.sources.website import WebsiteSource
from ingestion.sources.wordpress import WordPressSource


class Source(Protocol):
    """A stream of documents, read once.

    `count_hint` is about how many there will be, once known. After the stream's end `incomplete`
    says why pages may exist that it did not name (then none may be removed), or None; `notes`
    are remarks for the person who ingests.
    """

    name: str
    count_hint: int | None
    incomplete: str | None
    notes: list[str]

    def documents(self) -> AsyncIterator[Found]:
        """Yield what the source holds; raises SourceError if it cannot be read to its end."""
        ...


def open_source(settings: SourceSettings) -> Source:
    """Return the source that settings describe. Nothing is read yet."""
    match settings:
        case WordPressSettings():
            return WordPressSource(settings)
        case AstroSettings():
            return AstroSource(settings)
        case FilesSettings():
            return FilesSource(settings)
        case WebsiteSettings():
            return WebsiteSource(settings)
