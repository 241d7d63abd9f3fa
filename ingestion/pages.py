"""Steps 3 and 4 of the pipeline for one document: extract, then chunk. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from ingestion.chunk import chunk
from ingestion.documents import SourceDocument
from ingestion.extract import extract
from sales.knowledge.schemas import PageContent, PassageContent


def read_pages(documents: Sequence[SourceDocument]) -> list[PageContent]:
    """Extract and chunk documents, in their order."""
    return [read_page(document) for document in documents]


def read_page(document: SourceDocument) -> PageContent:
    """Extract and chunk one document. Pure; a page without text has no passages."""
    page = extract(document)
    passages = tuple(
        PassageContent(p.ordinal, p.heading_path, p.text, p.start, p.end, p.content_hash)
        for p in chunk(page)
    )
    shown = (page.title, page.kind, page.language, page.description)
    whole = repr((shown, [(p.heading_path, p.text, p.start, p.end) for p in passages]))
    digest = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()
    return PageContent(page.url, *shown, content_hash=digest, passages=passages)
