"""Tables of what a website says.

The keyword index over `knowledge_passages` is made by the migrations, because the two
databases differ: an FTS5 table kept in step by triggers on SQLite, a generated `tsvector`
column on PostgreSQL.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db.tables import Base, Id, TenantRow


class KnowledgePage(TenantRow, Base):
    """A page of a site, as one source delivered it."""

    __tablename__ = "knowledge_pages"
    __table_args__ = (UniqueConstraint("site_id", "source", "url"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    site_id: Mapped[str] = mapped_column(Id)
    source: Mapped[str]
    url: Mapped[str]
    title: Mapped[str]
    kind: Mapped[str]
    language: Mapped[str | None]
    description: Mapped[str]
    content_hash: Mapped[str]
    changed_at: Mapped[datetime]


class KnowledgeReading(TenantRow, Base):
    """How a source was read in the last time, also where nothing had changed.

    `failed` says why it did not come to its end, `kept` why nothing was removed; else null.
    """

    __tablename__ = "knowledge_readings"

    site_id: Mapped[str] = mapped_column(Id, primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    found: Mapped[int]
    new: Mapped[int]
    changed: Mapped[int]
    unchanged: Mapped[int]
    removed: Mapped[int]
    skipped: Mapped[int]
    unreachable: Mapped[int]
    passages: Mapped[int]
    failed: Mapped[str | None]
    kept: Mapped[str | None]


class KnowledgePassage(TenantRow, Base):
    """A passage: the piece of a page that a citation points at.

    `start` and `end` are the character span in the page's text. `site_token` is the site's id
    as one word, so that the keyword index can hold all sites and search one.
    `embedding` names the vector set that serves the site, once it holds the passage's vector;
    null while the vector is still to be made. `next_embedding` is the same of the set that is
    being built to take its place.
    """

    __tablename__ = "knowledge_passages"
    __table_args__ = (
        Index("ix_knowledge_passages_page_id", "page_id"),
        Index("ix_knowledge_passages_site_id_embedding", "site_id", "embedding"),
        # Ids are never given twice: a late vector can then not point at another passage.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    site_id: Mapped[str] = mapped_column(Id)
    page_id: Mapped[str] = mapped_column(ForeignKey("knowledge_pages.id", ondelete="CASCADE"))
    ordinal: Mapped[int]
    url: Mapped[str]
    title: Mapped[str]
    headings: Mapped[str]
    heading_path: Mapped[list[Any]]
    text: Mapped[str]
    start: Mapped[int]
    end: Mapped[int]
    word_count: Mapped[int]
    content_hash: Mapped[str]
    site_token: Mapped[str]
    embedding: Mapped[str | None]
    next_embedding: Mapped[str | None]


class KnowledgeVectorSet(TenantRow, Base):
    """A site's vectors of one embedding model in one knowledge index.

    `state`: `serving` answers questions, one for each site; `building` is made beside it, at most
    one; `retired` is to be deleted. `place` and `model` say how it is opened again, `embedding` is
    the model's own name. `wanted_at`: the start of the process that was configured so; an older
    process that still runs does not undo it. `calibration`: see `calibration.py`.
    """

    __tablename__ = "knowledge_vector_sets"

    site_id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[str]
    model: Mapped[str]
    embedding: Mapped[str]
    dimensions: Mapped[int]
    state: Mapped[str]
    wanted_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    calibration: Mapped[dict[str, Any] | None]


class KnowledgeRemovedVector(TenantRow, Base):
    """A vector that must leave the knowledge index because its passage is gone."""

    __tablename__ = "knowledge_removed_vectors"

    passage_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    site_id: Mapped[str] = mapped_column(Id, index=True)


class KnowledgeRevision(TenantRow, Base):
    """Counts the changes of a site's knowledge, so that every process notices them.

    `embedder` is the process that makes the site's vectors, until `embedder_until`.
    """

    __tablename__ = "knowledge_revisions"

    site_id: Mapped[str] = mapped_column(Id, primary_key=True)
    revision: Mapped[int]
    embedder: Mapped[str | None]
    embedder_until: Mapped[datetime | None]
