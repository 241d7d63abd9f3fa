"""Exact nearest-neighbour search over one site's vectors, in memory.

A float32 matrix and one product on one thread: 0.1 ms at 1,000 passages, and exact. Readers never
wait: they take the current snapshot, which a writer replaces as a whole.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.protocols.knowledge_index import VectorMatch, Vectors


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """Rows `[:size]` of both arrays are final; rows behind may be filled by the next snapshot."""

    ids: NDArray[np.int64]
    vectors: Vectors
    size: int


class VectorMatrix:
    """Passage ids and their vectors of length 1, so that a dot product is the cosine."""

    def __init__(self, dimensions: int = 384) -> None:
        self._dimensions = dimensions
        self._write = threading.Lock()
        self._rows: dict[int, int] = {}
        self._snapshot = self._build_empty(64)

    def __len__(self) -> int:
        return self._snapshot.size

    def __contains__(self, passage_id: int) -> bool:
        return passage_id in self._rows

    def add(self, passage_ids: Sequence[int], vectors: Vectors) -> None:
        """Add rows, or replace those whose id is known. `vectors`: (len(passage_ids), dimensions).

        Raises ValueError: the shapes do not fit.
        """
        if vectors.shape != (len(passage_ids), self._dimensions):
            raise ValueError(
                f"{len(passage_ids)} ids need vectors of shape "
                f"({len(passage_ids)}, {self._dimensions}), not {vectors.shape}"
            )
        with self._write:
            latest = {passage_id: row for row, passage_id in enumerate(passage_ids)}
            known = [passage_id for passage_id in latest if passage_id in self._rows]
            # A row that a reader may be looking at is never overwritten: it moves.
            kept = self._build_without(known) if known else self._snapshot
            self._publish(self._build_with(kept, list(latest), vectors[list(latest.values())]))

    def remove(self, passage_ids: Iterable[int]) -> None:
        """Forget these passages; unknown ids are ignored."""
        with self._write:
            known = [passage_id for passage_id in passage_ids if passage_id in self._rows]
            if known:
                self._publish(self._build_without(known))

    def replace_all(self, passage_ids: Sequence[int], vectors: Vectors) -> None:
        """Load a whole site at once; readers see either the old or the new content.

        Raises ValueError: the shapes do not fit, or an id comes twice.
        """
        if vectors.shape != (len(passage_ids), self._dimensions):
            raise ValueError(f"{len(passage_ids)} ids do not fit vectors {vectors.shape}")
        rows = {passage_id: row for row, passage_id in enumerate(passage_ids)}
        if len(rows) != len(passage_ids):
            raise ValueError("a passage id comes twice")
        snapshot = _Snapshot(
            np.array(passage_ids, dtype=np.int64),
            np.array(vectors, dtype=np.float32, order="C"),
            len(passage_ids),
        )
        with self._write:
            self._publish(snapshot)

    def search(self, query: Vectors, limit: int) -> list[VectorMatch]:
        """The `limit` nearest passages , best first; ties by id."""
        now = self._snapshot
        if not now.size or limit < 1:
            return []
        # Not `@`: its BLAS starts a thread per core for one product, and on a busy machine they
        # wait for each other (5,000 passages: 48 ms instead of 3, with every core at work).
        vectors = now.vectors[: now.size]
        scores = np.einsum("rd,d->r", vectors, np.asarray(query, dtype=np.float32))
        if limit < now.size:
            best = np.argpartition(scores, now.size - limit)[now.size - limit :]
        else:
            best = np.arange(now.size)
        best = best[np.lexsort((now.ids[best], -scores[best]))]
        found = zip(now.ids[best].tolist(), scores[best].tolist(), strict=True)
        return [VectorMatch(passage_id, cosine) for passage_id, cosine in found]

    def _build_empty(self, capacity: int) -> _Snapshot:
        return _Snapshot(
            np.zeros(capacity, dtype=np.int64),
            np.zeros((capacity, self._dimensions), dtype=np.float32),
            0,
        )

    def _build_with(self, old: _Snapshot, passage_ids: list[int], vectors: Vectors) -> _Snapshot:
        size = old.size + len(passage_ids)
        ids, matrix = old.ids, old.vectors
        if size > len(ids):
            # Room for half as much again, so that adding row by row stays linear.
            grown = self._build_empty(size + size // 2)
            ids, matrix = grown.ids, grown.vectors
            ids[: old.size], matrix[: old.size] = old.ids[: old.size], old.vectors[: old.size]
        # Rows behind `old.size` are invisible to readers of the old snapshot.
        ids[old.size : size] = passage_ids
        matrix[old.size : size] = vectors
        return _Snapshot(ids, matrix, size)

    def _build_without(self, passage_ids: list[int]) -> _Snapshot:
        old = self._snapshot
        keep = np.ones(old.size, dtype=bool)
        keep[[self._rows[passage_id] for passage_id in passage_ids]] = False
        ids, vectors = old.ids[: old.size][keep], old.vectors[: old.size][keep]
        return _Snapshot(ids, vectors, len(ids))

    def _publish(self, snapshot: _Snapshot) -> None:
        ids = snapshot.ids[: snapshot.size].tolist()
        self._rows = {passage_id: row for row, passage_id in enumerate(ids)}
        self._snapshot = snapshot
