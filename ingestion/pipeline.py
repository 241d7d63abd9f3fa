"""A website becomes knowledge. The story, in the order in which it happens.

1. plan: which pages of this source does the index hold, with which content?
2. discover and fetch: the source yields its documents, one by one
3. extract: take the content out of each document
4. chunk: cut it into passages
5. store what is new or changed, a batch in one commit; each batch is searchable at once
6. remove what vanished, but only if the source came to its end and missed nothing
7. report, and keep for later when and how the source was read

Killed at any point, the index holds each page as it was or as it is now, never half of one; the
next run finds the stored pages unchanged and goes on from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from ingestion.documents import Found, Skipped, SourceDocument, Unreachable
from ingestion.errors import SourceError
from ingestion.pages import read_pages
from ingestion.report import IngestReport
from ingestion.sources import Source
from sales.knowledge.schemas import PageContent
from sales.knowledge.service import KnowledgeService
from sales.organization.models import SiteRef

BATCH_PAGES = 64
"""Pages per commit: few enough to be lost when killed, enough for a commit to cost little."""

Progress = Callable[[int, int | None], None]
"""Told how many items were read so far, and of about how many (None: unknown)."""


async def ingest(
    source: Source,
    source_name: str,
    site: SiteRef,
    knowledge: KnowledgeService,
    on_progress: Progress | None = None,
) -> IngestReport:
    """Bring the index in line with a source; an unchanged source changes nothing in it.

    A source that fails ends in `report.failed`; what it yielded before is stored, nothing is
    removed. Errors of the database are raised. When and how it ended is kept (`record_reading`).
    """
    started_at = knowledge.now()
    report = await _bring_in_line(
        source, source_name, site, knowledge, on_progress or (lambda *_: None)
    )
    # 7. report
    await knowledge.record_reading(site, report.describe(started_at, knowledge.now()))
    return report


async def _bring_in_line(
    source: Source, source_name: str, site: SiteRef, knowledge: KnowledgeService, told: Progress
) -> IngestReport:
    report = IngestReport(source_name)

    # 1. plan
    stored = await knowledge.list_page_hashes(site, source_name)
    seen: set[str] = set()
    count = 0

    # 2. discover and fetch
    try:
        async for batch in _batches(source.documents()):
            count += len(batch)
            documents = _sort_out(batch, seen, report)

            # 3. extract, 4. chunk
            pages = await asyncio.to_thread(read_pages, documents)

            # 5. store
            changed = _compare(pages, stored, seen, report)
            await knowledge.store_pages(site, source_name, changed)
            told(count, source.count_hint)
    except SourceError as error:
        report.failed = error.message
        return report
    finally:
        report.notes.extend(source.notes)

    # 6. remove
    if gone := stored.keys() - seen:
        report.kept = _reason_to_keep(source, report)
    if gone and report.kept is None:
        report.removed = await knowledge.remove_pages(site, source_name, gone)
    return report


async def _batches(found: AsyncIterator[Found]) -> AsyncIterator[list[Found]]:
    batch: list[Found] = []
    try:
        async for item in found:
            batch.append(item)
            if len(batch) >= BATCH_PAGES:
                yield batch
                batch = []
    except SourceError:
        yield batch  # what came before the failure is good
        raise
    if batch:
        yield batch


def _sort_out(batch: Sequence[Found], seen: set[str], report: IngestReport) -> list[SourceDocument]:
    """Count what is no page; a page that could not be read counts as seen, so that it stays."""
    documents: list[SourceDocument] = []
    for item in batch:
        if isinstance(item, Skipped):
            report.skip(item.url_or_name, item.reason)
        elif isinstance(item, Unreachable):
            report.miss(item.url, item.reason)
            seen.add(item.url)
        else:
            documents.append(item)
    return documents


def _compare(
    pages: Sequence[PageContent], stored: dict[str, str], seen: set[str], report: IngestReport
) -> list[PageContent]:
    """The pages to write. Without text, or named a second time, a page is none."""
    changed: list[PageContent] = []
    for page in pages:
        if not page.passages:
            report.skip(page.url, "no text")
        elif page.url in seen:
            report.skip(page.url, "the same address as another page")
        else:
            seen.add(page.url)
            report.found += 1
            report.passages += len(page.passages)
            if stored.get(page.url) == page.content_hash:
                report.unchanged += 1
                continue
            report.new += page.url not in stored
            report.changed += page.url in stored
            changed.append(page)
    return changed


def _reason_to_keep(source: Source, report: IngestReport) -> str | None:
    """Why pages that the source did not name may still exist."""
    if source.incomplete:
        return source.incomplete
    return None if report.found else "the source holds no page at all any more"
