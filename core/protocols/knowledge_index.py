"""Where vectors live and are searched: in memory, in PostgreSQL, or at a vendor.

Keyword search is not part of it: that stays in our own database for every implementation,
so that a new page is found at once and a vendor's outage costs quality, not answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class Namespace(NamedTuple):
    """Which site's vectors, made by which embedding model."""

    tenant_id: str
    site_id: str
    embedding: str


class VectorMatch(NamedTuple):
    """A passage and the cosine of its vector with the question's, -1 to 1."""

    passage_id: int
    cosine: float


class PassageLabel(NamedTuple):
    """Where a passage comes from, kept beside its vector by indexes that can filter by it."""

    page: str
    source: str


class KnowledgeIndex(Protocol):
    """Stores one unit vector for each passage, and finds the nearest.

    Every method raises `ProviderError` when the index does not answer or refuses.
    """

    async def upsert(
        self,
        namespace: Namespace,
        passage_ids: Sequence[int],
        vectors: Vectors,
        labels: Sequence[PassageLabel] = (),
    ) -> None:
        """Store `vectors` (n, dimensions), replacing those of the same ids. Safe to repeat, and
        of any length. `labels`: one for each vector, or none."""
        ...

    async def delete(self, namespace: Namespace, passage_ids: Sequence[int]) -> None:
        """Forget these passages. Unknown ids are no error."""
        ...

    async def search(self, namespace: Namespace, vector: Vectors, limit: int) -> list[VectorMatch]:
        """The `limit` nearest passages to `vector` (dimensions,), best first."""
        ...

    async def clear(self, namespace: Namespace) -> None:
        """Forget everything of a namespace. An unknown one is no error."""
        ...


class PassageEmbedder(Protocol):
    """Turns text into unit vectors.

    The method names are those of LangChain's `Embeddings`, so that any model LangChain opens
    can stand here; `name` tells vectors of different models apart.
    """

    @property
    def name(self) -> str:
        """The model's name and version, as stored beside each vector."""
        ...

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has."""
        ...

    def embed_batch(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (len(texts), dimensions). Blocking: call it in a thread."""
        ...

    def embed_query(self, text: str) -> Vectors:
        """The unit vector of a question, shape (dimensions,). Blocking."""
        ...
