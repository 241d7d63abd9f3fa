"""Reads and writes pages and passages of one tenant, in the caller's unit of work."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from core.db import UnitOfWork, keep
from core.ids import new_id
from core.protocols.knowledge_index import PassageLabel
from sales.knowledge.models import (
    KnowledgePage,
    KnowledgePassage,
    KnowledgeRemovedVector,
    KnowledgeRevision,
)
from sales.knowledge.schemas import (
    PRODUCT,
    EmbeddingProgress,
    PageContent,
    PassageContent,
    StoredPassage,
)

# Both databases limit the parameters of one statement (SQLite: 32,766).
_BATCH = 500

_STORED = (
    KnowledgePassage.id,
    KnowledgePassage.url,
    KnowledgePassage.title,
    KnowledgePassage.heading_path,
    KnowledgePassage.text,
    KnowledgePassage.start,
    KnowledgePassage.end,
    KnowledgePassage.content_hash,
    KnowledgePage.kind,
)
_SELECT_STORED = select(*_STORED).join(KnowledgePage, KnowledgePage.id == KnowledgePassage.page_id)
# Every question needs these two: built once, because building costs as much as executing.
_BY_ID = keep(
    _SELECT_STORED.where(
        KnowledgePassage.id.in_(bindparam("ids", expanding=True)),
        KnowledgePassage.site_id == bindparam("site_id"),
    )
)
REVISION = keep(
    select(KnowledgeRevision.revision).where(KnowledgeRevision.site_id == bindparam("site_id"))
)


def _batches(items: Collection[Any]) -> Iterator[list[Any]]:
    listed = list(items)
    for first in range(0, len(listed), _BATCH):
        yield listed[first : first + _BATCH]


def _stored(row: Any) -> StoredPassage:
    return StoredPassage(row[0], row[1], row[2], tuple(row[3]), *row[4:])


class KnowledgeRepository:
    """One site's pages and passages."""

    def __init__(self, uow: UnitOfWork, site_id: str) -> None:
        self._uow = uow
        self._session = uow.session
        self._site_id = site_id

    async def list_page_hashes(self, source: str) -> dict[str, str]:
        """The content hash of every page of a source, by URL."""
        rows = await self._session.execute(
            select(KnowledgePage.url, KnowledgePage.content_hash).where(
                KnowledgePage.site_id == self._site_id, KnowledgePage.source == source
            )
        )
        return {row[0]: row[1] for row in rows}

    async def count_pages(self) -> int:
        """How many pages the site has, of all sources."""
        query = select(func.count()).select_from(KnowledgePage)
        return int(await self._scalar(query.where(KnowledgePage.site_id == self._site_id)))

    async def list_sources(self) -> list[str]:
        """The names of the sources that pages came from."""
        query = select(KnowledgePage.source).distinct()
        rows = await self._session.execute(query.where(KnowledgePage.site_id == self._site_id))
        return sorted(rows.scalars())

    async def store_pages(self, source: str, pages: Sequence[PageContent], at: datetime) -> None:
        """Insert pages, or replace those of the same URL.

        A passage whose words did not change keeps its row, and with it its id, its vector and
        the citations that point at it.
        """
        known = await self._find_pages(source, [page.url for page in pages])
        new_pages: list[dict[str, Any]] = []
        new_passages: list[dict[str, Any]] = []
        for page in pages:
            page_id = known.get(page.url)
            values = self._page_values(source, page, at)
            if page_id is None:
                page_id = new_id()
                new_pages.append({"id": page_id, **values})
                fresh: Sequence[PassageContent] = page.passages
            else:
                await self._session.execute(
                    update(KnowledgePage).where(KnowledgePage.id == page_id).values(**values)
                )
                fresh = await self._keep_unchanged(page_id, page)
            new_passages += [self._passage_values(page_id, page, passage) for passage in fresh]
        if new_pages:
            await self._session.execute(insert(KnowledgePage), new_pages)
        for batch in _batches(new_passages):
            await self._session.execute(insert(KnowledgePassage), batch)

    async def remove_pages(self, source: str, urls: Collection[str]) -> int:
        """Take pages and their passages out; returns how many pages went."""
        removed = 0
        for batch in _batches(urls):
            page_ids = list((await self._find_pages(source, batch)).values())
            chosen = KnowledgePassage.page_id.in_(page_ids)
            ids = (await self._session.execute(select(KnowledgePassage.id).where(chosen))).scalars()
            await self._remove_passages(list(ids))
            await self._session.execute(delete(KnowledgePage).where(KnowledgePage.id.in_(page_ids)))
            removed += len(page_ids)
        return removed

    async def list_passages(self, ids: Collection[int]) -> dict[int, StoredPassage]:
        """The passages that exist among `ids`, by id."""
        found: dict[int, StoredPassage] = {}
        for batch in _batches(ids):
            rows = await self._session.execute(_BY_ID, {"ids": batch, "site_id": self._site_id})
            found |= {row[0]: _stored(row) for row in rows}
        return found

    async def find_product(self, urls: Collection[str]) -> tuple[str, str] | None:
        """Address and title of a product's page that is read at one of `urls`."""
        query = select(KnowledgePage.url, KnowledgePage.title).where(
            KnowledgePage.site_id == self._site_id,
            KnowledgePage.url.in_(list(urls)),
            KnowledgePage.kind == PRODUCT,
        )
        found = (await self._session.execute(query.limit(1))).first()
        return (found[0], found[1]) if found else None

    async def list_question_headings(self, page_url: str | None, limit: int) -> list[str]:
        """Headings that are questions, of one page or of the whole site, in reading order."""
        query = select(KnowledgePassage.heading_path).where(
            KnowledgePassage.site_id == self._site_id, KnowledgePassage.headings.like("%?")
        )
        if page_url is not None:
            query = query.where(KnowledgePassage.url == page_url)
        query = query.order_by(KnowledgePassage.id).limit(limit)
        rows = (await self._session.execute(query)).scalars()
        return [str(path[-1]) for path in rows if path]

    async def list_unembedded(
        self, embedding: str, limit: int, *, building: bool = False
    ) -> list[StoredPassage]:
        """Passages whose vector is still to be made for this vector set, oldest first."""
        lacking = self._lacks(embedding, building=building)
        query = (
            _SELECT_STORED.where(KnowledgePassage.site_id == self._site_id, lacking)
            .order_by(KnowledgePassage.id)
            .limit(limit)
        )
        return [_stored(row) for row in await self._session.execute(query)]

    async def list_sample(self, limit: int) -> list[StoredPassage]:
        """Passages from all over the site, the same at every call while it does not change."""
        query = _SELECT_STORED.where(KnowledgePassage.site_id == self._site_id)
        rows = await self._session.execute(
            query.order_by(KnowledgePassage.content_hash).limit(limit)
        )
        return [_stored(row) for row in rows]

    async def list_labels(self, ids: Collection[int]) -> dict[int, PassageLabel]:
        """Page and source of passages, by id."""
        query = (
            select(KnowledgePassage.id, KnowledgePassage.url, KnowledgePage.source)
            .join(KnowledgePage, KnowledgePage.id == KnowledgePassage.page_id)
            .where(KnowledgePassage.id.in_(list(ids)))
        )
        rows = await self._session.execute(query)
        return {key: PassageLabel(page, source) for key, page, source in rows}

    async def find_unembedded(self, embedding: str, ids: Collection[int]) -> set[int]:
        """Those of `ids` whose vector is still to be made by this model."""
        query = select(KnowledgePassage.id)
        query = query.where(KnowledgePassage.id.in_(list(ids)), self._lacks(embedding))
        return set((await self._session.execute(query)).scalars())

    async def mark_embedded(
        self, ids: Collection[int], embedding: str, *, building: bool = False
    ) -> None:
        """The knowledge index holds these passages' vectors of this set."""
        column = "next_embedding" if building else "embedding"
        for batch in _batches(ids):
            chosen = update(KnowledgePassage).where(KnowledgePassage.id.in_(batch))
            await self._session.execute(chosen.values({column: embedding}))

    async def list_embeddings(self) -> list[str]:
        """The vector sets that passages are marked with as serving."""
        query = select(KnowledgePassage.embedding).distinct()
        query = query.where(
            KnowledgePassage.site_id == self._site_id, KnowledgePassage.embedding.is_not(None)
        )
        return [str(name) for name in (await self._session.execute(query)).scalars()]

    async def forget_next_embedding(self) -> None:
        """No other vector set is being built any more."""
        chosen = update(KnowledgePassage).where(
            KnowledgePassage.site_id == self._site_id,
            KnowledgePassage.next_embedding.is_not(None),
        )
        await self._session.execute(chosen.values(next_embedding=None))

    async def take_next_embedding(self) -> None:
        """The set that was built is the one that serves now."""
        chosen = update(KnowledgePassage).where(KnowledgePassage.site_id == self._site_id)
        values = {"embedding": KnowledgePassage.next_embedding, "next_embedding": None}
        await self._session.execute(chosen.values(values))

    async def count_embedded(self, embedding: str, *, building: bool = False) -> EmbeddingProgress:
        """How far the vectors of this set are."""
        of_site = KnowledgePassage.site_id == self._site_id
        lacking = self._lacks(embedding, building=building)
        total = await self._scalar(select(func.count()).where(of_site))
        waiting = await self._scalar(select(func.count()).where(of_site, lacking))
        return EmbeddingProgress(done=int(total) - int(waiting), total=int(total))

    async def list_removed_vectors(self, limit: int) -> list[int]:
        """Passages that are gone but may still have a vector in the knowledge index."""
        query = select(KnowledgeRemovedVector.passage_id)
        query = query.where(KnowledgeRemovedVector.site_id == self._site_id).limit(limit)
        return list((await self._session.execute(query)).scalars())

    async def forget_removed_vectors(self, ids: Collection[int]) -> None:
        """The knowledge index no longer holds these."""
        for batch in _batches(ids):
            chosen = KnowledgeRemovedVector.passage_id.in_(batch)
            await self._session.execute(delete(KnowledgeRemovedVector).where(chosen))

    async def find_revision(self) -> int:
        """How often the site's knowledge has changed; 0 when it never was ingested."""
        found = await self._session.execute(REVISION, {"site_id": self._site_id})
        return int(found.scalar() or 0)

    async def bump_revision(self) -> None:
        """Tell every process that the site's knowledge has changed."""
        row = await self._revision_row()
        row.revision += 1

    async def claim_embedding(self, owner: str, now: datetime, lease: timedelta) -> bool:
        """Whether `owner` alone makes this site's vectors until `now + lease`."""
        row = await self._revision_row()
        held = row.embedder_until is not None and row.embedder_until > now
        if held and row.embedder != owner:
            return False
        row.embedder, row.embedder_until = owner, now + lease
        return True

    async def release_embedding(self, owner: str) -> None:
        """Let another process make the vectors."""
        row = await self._revision_row()
        if row.embedder == owner:
            row.embedder, row.embedder_until = None, None

    async def _revision_row(self) -> KnowledgeRevision:
        query = select(KnowledgeRevision).where(KnowledgeRevision.site_id == self._site_id)
        row = (await self._session.execute(query.with_for_update())).scalar()
        if row is None:
            row = KnowledgeRevision(
                tenant_id=self._uow.tenant_id, site_id=self._site_id, revision=0
            )
            self._session.add(row)
        return row

    async def _find_pages(self, source: str, urls: Collection[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for batch in _batches(urls):
            query = select(KnowledgePage.url, KnowledgePage.id).where(
                KnowledgePage.site_id == self._site_id,
                KnowledgePage.source == source,
                KnowledgePage.url.in_(batch),
            )
            rows = await self._session.execute(query)
            found |= {row[0]: row[1] for row in rows}
        return found

    async def _keep_unchanged(self, page_id: str, page: PageContent) -> list[PassageContent]:
        """Keep the rows of passages that stayed; returns those that need a new row."""
        query = select(KnowledgePassage).where(KnowledgePassage.page_id == page_id)
        stored: dict[str, list[KnowledgePassage]] = {}
        for row in (await self._session.execute(query)).scalars():
            stored.setdefault(row.content_hash, []).append(row)
        fresh: list[PassageContent] = []
        for passage in page.passages:
            rows = stored.get(passage.content_hash)
            if not rows:
                fresh.append(passage)
                continue
            row = rows.pop(0)
            row.ordinal, row.start, row.end = passage.ordinal, passage.start, passage.end
            if row.title != page.title:
                # The title is part of what is embedded.
                row.title, row.embedding, row.next_embedding = page.title, None, None
        await self._session.flush()
        await self._remove_passages([row.id for rows in stored.values() for row in rows])
        return fresh

    async def _remove_passages(self, ids: Collection[int]) -> None:
        for batch in _batches(ids):
            await self._session.execute(
                insert(KnowledgeRemovedVector),
                [
                    {
                        "passage_id": passage_id,
                        "site_id": self._site_id,
                        "tenant_id": self._uow.tenant_id,
                    }
                    for passage_id in batch
                ],
            )
            await self._session.execute(
                delete(KnowledgePassage)
                .where(KnowledgePassage.id.in_(batch))
                .execution_options(synchronize_session=False)
            )

    def _page_values(self, source: str, page: PageContent, at: datetime) -> dict[str, Any]:
        return {
            "tenant_id": self._uow.tenant_id,
            "site_id": self._site_id,
            "source": source,
            "url": page.url,
            "title": page.title,
            "kind": page.kind,
            "language": page.language,
            "description": page.description,
            "content_hash": page.content_hash,
            "changed_at": at,
        }

    def _passage_values(
        self, page_id: str, page: PageContent, passage: PassageContent
    ) -> dict[str, Any]:
        return {
            "tenant_id": self._uow.tenant_id,
            "site_id": self._site_id,
            "page_id": page_id,
            "ordinal": passage.ordinal,
            "url": page.url,
            "title": page.title,
            "headings": " > ".join(passage.heading_path),
            "heading_path": list(passage.heading_path),
            "text": passage.text,
            "start": passage.start,
            "end": passage.end,
            "word_count": len(passage.text.split()),
            "content_hash": passage.content_hash,
            "site_token": site_token(self._site_id),
            "embedding": None,
            "next_embedding": None,
        }

    def _lacks(self, embedding: str, *, building: bool = False) -> Any:
        column = KnowledgePassage.next_embedding if building else KnowledgePassage.embedding
        return or_(column.is_(None), column != embedding)

    async def _scalar(self, query: Any) -> Any:
        return (await self._session.execute(query)).scalar_one()


def site_token(site_id: str) -> str:
    """A site's id as one word of the keyword index."""
    return "s" + site_id.replace("-", "")
