"""The embedded knowledge index: vectors as rows of our own database, searched in memory.

Every process keeps a matrix of the sites it was asked about. Rows carry the revision at which
they were written, so a process that notices a newer revision reads only what is new.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from core.db import Database, UnitOfWork
from core.errors import BugError
from core.protocols.knowledge_index import Namespace, PassageLabel, VectorMatch, Vectors
from integrations.local.models import LocalVector, LocalVectorRevision
from integrations.local.vector_matrix import VectorMatrix

# How long a process may go on with what it knows before it asks for changes of others.
_POLL_SECONDS = 1.0
_BATCH = 500


@dataclass(slots=True)
class _Loaded:
    matrix: VectorMatrix | None = None
    revision: int = -1
    removals: int = 0
    checked_at: float = float("-inf")
    forgotten: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class LocalKnowledgeIndex:
    """A `KnowledgeIndex` for one machine: exact, no server, no extension of the database."""

    def __init__(self, database: Database, dimensions: int | None = None) -> None:
        """`dimensions` None: those of the vectors that are stored."""
        self._database = database
        self._dimensions = dimensions
        self._loaded: dict[Namespace, _Loaded] = {}

    async def upsert(
        self,
        namespace: Namespace,
        passage_ids: Sequence[int],
        vectors: Vectors,
        labels: Sequence[PassageLabel] = (),  # noqa: ARG002 - passages themselves lie beside
    ) -> None:
        """Store `vectors` (n, dimensions), replacing those of the same ids."""
        # An id that comes twice: its last vector counts.
        latest = {passage_id: row for row, passage_id in enumerate(passage_ids)}
        passage_ids, vectors = list(latest), vectors[list(latest.values())]
        async with self._database.unit_of_work(namespace.tenant_id) as uow:
            revision = await self._next_revision(uow, namespace, removed=0)
            await self._delete_rows(uow, namespace, passage_ids)
            rows = [
                {
                    "tenant_id": namespace.tenant_id,
                    "site_id": namespace.site_id,
                    "embedding": namespace.embedding,
                    "passage_id": passage_id,
                    "revision": revision,
                    "vector": vector.astype("<f4").tobytes(),
                }
                for passage_id, vector in zip(passage_ids, vectors, strict=True)
            ]
            if rows:
                await uow.session.execute(insert(LocalVector), rows)
        self.forget_freshness(namespace)

    async def delete(self, namespace: Namespace, passage_ids: Sequence[int]) -> None:
        """Forget these passages. Unknown ids are no error."""
        async with self._database.unit_of_work(namespace.tenant_id) as uow:
            await self._next_revision(uow, namespace, removed=1)
            await self._delete_rows(uow, namespace, passage_ids)
        self.forget_freshness(namespace)

    async def clear(self, namespace: Namespace) -> None:
        """Forget everything of a namespace."""
        async with self._database.unit_of_work(namespace.tenant_id) as uow:
            await self._next_revision(uow, namespace, removed=1)
            await uow.session.execute(
                delete(LocalVector)
                .where(
                    LocalVector.site_id == namespace.site_id,
                    LocalVector.embedding == namespace.embedding,
                )
                .execution_options(synchronize_session=False)
            )
        self.forget_freshness(namespace)

    async def search(self, namespace: Namespace, vector: Vectors, limit: int) -> list[VectorMatch]:
        """The `limit` nearest passages to `vector`, best first."""
        loaded = self._loaded.get(namespace)
        if loaded is None or time.monotonic() - loaded.checked_at > _POLL_SECONDS:
            loaded = await self._refresh(namespace)
        return loaded.matrix.search(vector, limit) if loaded.matrix is not None else []

    async def _refresh(self, namespace: Namespace) -> _Loaded:
        loaded = self._loaded.setdefault(namespace, _Loaded())
        async with loaded.lock:
            if time.monotonic() - loaded.checked_at <= _POLL_SECONDS:
                return loaded
            started, forgotten = time.monotonic(), loaded.forgotten
            async with self._database.reading(namespace.tenant_id) as uow:
                row = await self._find_revision(uow, namespace)
                if row is not None and row.revision != loaded.revision:
                    await self._load_changes(uow, namespace, loaded, row)
            # A change of our own that came in between may not have been read.
            if loaded.forgotten == forgotten:
                loaded.checked_at = started
        return loaded

    async def _load_changes(
        self, uow: UnitOfWork, namespace: Namespace, loaded: _Loaded, row: LocalVectorRevision
    ) -> None:
        query = select(LocalVector.passage_id, LocalVector.vector).where(
            LocalVector.site_id == namespace.site_id, LocalVector.embedding == namespace.embedding
        )
        whole = row.removals != loaded.removals
        if not whole:
            query = query.where(LocalVector.revision > loaded.revision)
        rows = (await uow.session.execute(query)).all()
        ids = [passage_id for passage_id, _ in rows]
        blob = b"".join(vector for _, vector in rows)
        dimensions = self._dimensions or (len(rows[0][1]) // 4 if rows else 0)
        if loaded.matrix is None and dimensions:
            loaded.matrix = VectorMatrix(dimensions)
        if loaded.matrix is not None:
            vectors = np.frombuffer(blob, dtype="<f4").reshape(len(ids), dimensions)
            if whole:
                loaded.matrix.replace_all(ids, vectors)
            elif ids:
                loaded.matrix.add(ids, vectors)
        loaded.revision, loaded.removals = row.revision, row.removals

    async def _find_revision(
        self, uow: UnitOfWork, namespace: Namespace, *, lock: bool = False
    ) -> LocalVectorRevision | None:
        query = select(LocalVectorRevision).where(
            LocalVectorRevision.site_id == namespace.site_id,
            LocalVectorRevision.embedding == namespace.embedding,
        )
        if lock:
            query = query.with_for_update()
        return (await uow.session.execute(query)).scalar()

    async def _next_revision(self, uow: UnitOfWork, namespace: Namespace, *, removed: int) -> int:
        row = await self._find_revision(uow, namespace, lock=True)
        if row is None:
            # Two may be the first at once: on PostgreSQL the second waits here for the other.
            engine = sqlite if uow.dialect == "sqlite" else postgresql
            values = {**namespace._asdict(), "revision": 0, "removals": 0}
            await uow.session.execute(
                engine.insert(LocalVectorRevision).on_conflict_do_nothing(), values
            )
            row = await self._find_revision(uow, namespace, lock=True)
        if row is None:
            raise BugError("the row of a namespace's revision was made and is not there")
        row.revision += 1
        row.removals += removed
        await uow.flush()
        return row.revision

    async def _delete_rows(
        self, uow: UnitOfWork, namespace: Namespace, passage_ids: Sequence[int]
    ) -> None:
        for first in range(0, len(passage_ids), _BATCH):
            chosen: Any = LocalVector.passage_id.in_(passage_ids[first : first + _BATCH])
            await uow.session.execute(
                delete(LocalVector)
                .where(
                    chosen,
                    LocalVector.embedding == namespace.embedding,
                    LocalVector.site_id == namespace.site_id,
                )
                .execution_options(synchronize_session=False)
            )

    def forget_freshness(self, namespace: Namespace) -> None:
        """The next search looks again: a process sees its own changes at once."""
        loaded = self._loaded.get(namespace)
        if loaded is not None:
            loaded.checked_at = float("-inf")
            loaded.forgotten += 1
