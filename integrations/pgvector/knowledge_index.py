"""A `KnowledgeIndex` in our own PostgreSQL, by the extension pgvector.

Exact by default: the vectors of one site and model are picked by a B-tree and all compared.
Approximate (`hnsw`): one index for each model over all sites; pgvector's iterative scan goes on
until enough of the site's own are found (a plain HNSW search with a filter on the site lost 80 %
of them, see docs/knowledge-indexes.md).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import bindparam, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.elements import ColumnElement

from core.db import Database, UnitOfWork
from core.errors import Rejected, Unavailable
from core.protocols.knowledge_index import Namespace, PassageLabel, VectorMatch, Vectors
from integrations.pgvector.settings import PgvectorSettings
from integrations.pgvector.tables import VECTORS, measured_column, prepare_search

_VENDOR = "pgvector"
_BATCH = 200
# Rows that an iterative scan looks at before it gives up (pgvector's own default is 20,000,
# which a small site among many large ones would not be found within).
_MAX_SCAN = 200_000
_NO_LABEL = PassageLabel("", "")


class PgvectorKnowledgeIndex:
    """Vectors as rows of `pgvector_vectors`. `tables.prepare` must have run."""

    def __init__(
        self,
        database: Database,
        dimensions: int | None = None,
        settings: PgvectorSettings | None = None,
    ) -> None:
        """`dimensions`: vectors of another length are refused; None: any."""
        self.database, self._dimensions = database, dimensions
        self._settings = settings or PgvectorSettings()
        self._indexed: set[str] = set()

    async def upsert(
        self,
        namespace: Namespace,
        passage_ids: Sequence[int],
        vectors: Vectors,
        labels: Sequence[PassageLabel] = (),
    ) -> None:
        """Store `vectors` (n, dimensions), replacing those of the same ids.

        Raises:
            Rejected: they are of another length.
        """
        if vectors.size and self._dimensions and vectors.shape[1] != self._dimensions:
            raise Rejected(
                _VENDOR,
                "store vectors",
                f"{vectors.shape[1]} dimensions, {self._dimensions} wanted",
            )
        latest = {passage_id: row for row, passage_id in enumerate(passage_ids)}
        rows = [
            {
                **namespace._asdict(),
                "passage_id": passage_id,
                "vector": vectors[row],
                **(labels[row] if labels else _NO_LABEL)._asdict(),
            }
            # In one order everywhere, so that two writers do not wait for each other for ever.
            for passage_id, row in sorted(latest.items())
        ]
        made = insert(VECTORS)
        changed = {name: made.excluded[name] for name in ("vector", "page", "source")}
        statement = made.on_conflict_do_update(
            index_elements=["passage_id", "embedding"],
            set_=changed,
            where=_same_site(made.excluded),
        )
        if rows:
            await self._prepare_search(namespace.embedding, vectors.shape[1])
        async with self._writing(namespace, "store vectors") as uow:
            for first in range(0, len(rows), _BATCH):
                await uow.session.execute(statement, rows[first : first + _BATCH])

    async def delete(self, namespace: Namespace, passage_ids: Sequence[int]) -> None:
        """Forget these passages. Unknown ids are no error."""
        async with self._writing(namespace, "delete vectors") as uow:
            for first in range(0, len(passage_ids), _BATCH):
                batch = list(passage_ids[first : first + _BATCH])
                chosen = VECTORS.c.passage_id.in_(batch)
                await uow.session.execute(delete(VECTORS).where(chosen, *_belongs(namespace)))

    async def clear(self, namespace: Namespace) -> None:
        """Forget everything of a namespace."""
        async with self._writing(namespace, "delete a namespace") as uow:
            await uow.session.execute(delete(VECTORS).where(*_belongs(namespace)))

    async def search(self, namespace: Namespace, vector: Vectors, limit: int) -> list[VectorMatch]:
        """The `limit` nearest passages to `vector`, best first; ties by id."""
        if limit < 1:
            return []
        approximate = self._settings.search == "hnsw"
        column: Any = measured_column(len(vector)) if approximate else VECTORS.c.vector
        distance = column.cosine_distance(literal(vector, type_=column.type))
        query = (
            select(VECTORS.c.passage_id, distance.label("distance"))
            .where(*_belongs(namespace))
            .order_by("distance", *(() if approximate else (VECTORS.c.passage_id,)))
            .limit(limit)
        )
        try:
            async with self.database.reading(namespace.tenant_id) as uow:
                if approximate:
                    await self._allow_iterating(uow)
                rows = (await uow.session.execute(query)).all()
        except SQLAlchemyError as error:
            raise Unavailable(_VENDOR, "search", _reason(error)) from None
        found = [VectorMatch(int(passage_id), 1.0 - float(far)) for passage_id, far in rows]
        return sorted(found, key=lambda match: (-match.cosine, match.passage_id))

    async def _prepare_search(self, embedding: str, dimensions: int) -> None:
        """The index that the settings ask for, or none: once in a process, before any vector of
        the model is stored."""
        if embedding in self._indexed:
            return
        approximate = self._settings.search == "hnsw"
        try:
            await prepare_search(self.database, embedding, dimensions, approximate=approximate)
        except SQLAlchemyError as error:
            raise Unavailable(_VENDOR, "prepare the index", _reason(error)) from None
        self._indexed.add(embedding)

    async def _allow_iterating(self, uow: UnitOfWork) -> None:
        values = {
            "hnsw.iterative_scan": "strict_order",
            "hnsw.ef_search": str(self._settings.ef_search),
            "hnsw.max_scan_tuples": str(_MAX_SCAN),
        }
        settings = [func.set_config(name, value, True) for name, value in values.items()]
        await uow.session.execute(select(*settings))

    @asynccontextmanager
    async def _writing(self, namespace: Namespace, operation: str) -> AsyncIterator[UnitOfWork]:
        try:
            async with self.database.unit_of_work(namespace.tenant_id) as uow:
                yield uow
        except SQLAlchemyError as error:
            raise Unavailable(_VENDOR, operation, _reason(error)) from None


def _belongs(namespace: Namespace) -> tuple[ColumnElement[bool], ...]:
    # Written into the statement: an index for one model is only seen by a plan that knows it.
    embedding: Any = bindparam("embedding_name", namespace.embedding, literal_execute=True)
    return (
        VECTORS.c.tenant_id == namespace.tenant_id,
        VECTORS.c.site_id == namespace.site_id,
        VECTORS.c.embedding == embedding,
    )


def _same_site(excluded: Any) -> ColumnElement[bool]:
    """An id never moves to another site: a row of somebody else stays as it is."""
    mine: ColumnElement[bool] = (VECTORS.c.tenant_id == excluded.tenant_id) & (
        VECTORS.c.site_id == excluded.site_id
    )
    return mine


def _reason(error: SQLAlchemyError) -> str:
    return type(getattr(error, "orig", None) or error).__name__
