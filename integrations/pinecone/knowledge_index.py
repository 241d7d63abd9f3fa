"""A `KnowledgeIndex` at Pinecone: one namespace for each site and embedding model.

Pinecone is eventually consistent: what was written is found some seconds later. Until then a
passage is found by its words, because keywords are searched in our own database.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar

import numpy as np
from pinecone import AsyncIndex
from pinecone.errors import ResponseParsingError

from core.errors import ConfigurationError, Rejected
from core.outbound import name_failures
from core.protocols.knowledge_index import Namespace, PassageLabel, VectorMatch, Vectors
from core.protocols.vendor import VendorContext
from integrations.pinecone.client import (
    VENDOR,
    ControlPlane,
    ask,
    check_dimensions,
    open_data_plane,
)
from integrations.pinecone.settings import DIMENSIONS, PineconeSettings

# Pinecone's limits of one request: 2 MB, 1,000 ids (docs.pinecone.io, "Limits"); 100 vectors is
# what it recommends to send at once.
_VECTORS, _BYTES, _IDS = 100, 2_000_000, 1000
_TOP_K = 10_000
_BYTES_PER_NUMBER = 13
_OTHER_BYTES = 400
_DEFAULT_PREFIX = "sales_content"
_NO_LABEL = PassageLabel("", "")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class _Opened:
    """An index that is known to be there. `key` is what it was opened with."""

    key: str
    client: AsyncIndex


class PineconeKnowledgeIndex:
    """Vectors at Pinecone, with each tenant's own key."""

    def __init__(self, context: VendorContext, control: ControlPlane | None = None) -> None:
        self._settings: PineconeSettings = context.settings
        self._credentials = context.credentials
        self._control = control or ControlPlane(self._settings)
        self._opened: dict[tuple[str, str], _Opened] = {}
        self._dimensions: int | None = None
        self._opening = asyncio.Lock()

    async def prepare(self, tenant_id: str, dimensions: int) -> str:
        """See that the tenant's index is there and takes vectors of this length; it is made
        where `create_index` allows. Returns its name.

        Raises:
            ConfigurationError: missing and not to be made, or of other dimensions.
            ProviderError: no answer, a refused key.
        """
        name = self._name_index(dimensions)
        await self._open(tenant_id, name, dimensions)
        return name

    async def upsert(
        self,
        namespace: Namespace,
        passage_ids: Sequence[int],
        vectors: Vectors,
        labels: Sequence[PassageLabel] = (),
    ) -> None:
        """Store `vectors` (n, dimensions), replacing those of the same ids.

        Raises:
            ConfigurationError: the index is missing and not to be made, or of other dimensions.
            ProviderError: no answer, a refused key, too many requests.
        """
        if not len(passage_ids):
            return
        latest = {passage_id: row for row, passage_id in enumerate(passage_ids)}
        numbers = np.round(np.asarray(vectors, dtype=np.float64), 8)
        dimensions = numbers.shape[1]
        items = [
            {
                "id": str(passage_id),
                "values": numbers[row].tolist(),
                "metadata": _describe(namespace, labels[row] if labels else _NO_LABEL),
            }
            for passage_id, row in latest.items()
        ]
        name, place = self._name_index(dimensions), self._name_namespace(namespace)
        size = max(1, min(_VECTORS, _BYTES // (dimensions * _BYTES_PER_NUMBER + _OTHER_BYTES)))
        for batch in _batches(items, size):
            opened = await self._open(namespace.tenant_id, name, dimensions)
            work = _accept(opened.client.upsert(vectors=batch, namespace=place))
            await self._ask(namespace.tenant_id, name, "store vectors", work)

    async def delete(self, namespace: Namespace, passage_ids: Sequence[int]) -> None:
        """Forget these passages. Unknown ids are no error."""
        place = self._name_namespace(namespace)
        for batch in _batches([str(passage_id) for passage_id in passage_ids], _IDS):
            await self._remove(namespace, {"ids": batch, "namespace": place})

    async def delete_labelled(
        self, namespace: Namespace, *, page: str | None = None, source: str | None = None
    ) -> None:
        """Forget the passages of a page, of a source, or of that page in that source.

        Raises:
            ValueError: neither is named: that would be everything, see `clear`.
        """
        named = {"page": page, "source": source}
        chosen = {key: {"$eq": value} for key, value in named.items() if value is not None}
        if not chosen:
            raise ValueError("name a page or a source")
        place = self._name_namespace(namespace)
        await self._remove(namespace, {"filter": chosen, "namespace": place})

    async def clear(self, namespace: Namespace) -> None:
        """Forget everything of a namespace."""
        place = self._name_namespace(namespace)
        await self._remove(namespace, {"delete_all": True, "namespace": place})

    async def search(self, namespace: Namespace, vector: Vectors, limit: int) -> list[VectorMatch]:
        """The `limit` nearest passages to `vector`, best first; ties by id.

        Raises:
            ProviderError: no answer, a refused key, no such index.
        """
        if limit < 1:
            return []
        numbers = np.round(np.asarray(vector, dtype=np.float64), 8).tolist()
        name = self._name_index(len(numbers))
        opened = await self._open(namespace.tenant_id, name, None)
        found = await self._ask(
            namespace.tenant_id,
            name,
            "search",
            opened.client.query(
                top_k=min(limit, _TOP_K),
                vector=numbers,
                namespace=self._name_namespace(namespace),
                filter={
                    "tenant": {"$eq": namespace.tenant_id},
                    "site": {"$eq": namespace.site_id},
                },
            ),
        )
        # An id that is none of ours was written by somebody else.
        matches = [
            VectorMatch(int(match.id), float(match.score))
            for match in found.matches
            if match.id.isdecimal()
        ]
        return sorted(matches, key=lambda match: (-match.cosine, match.passage_id))

    async def close(self) -> None:
        """Give the connections back."""
        await self._control.close()
        for opened in self._opened.values():
            await opened.client.close()

    async def _remove(self, namespace: Namespace, chosen: dict[str, Any]) -> None:
        name = self._name_index(None)
        try:
            opened = await self._open(namespace.tenant_id, name, None)
            work = opened.client.delete(**chosen)
            await self._ask(namespace.tenant_id, name, "delete vectors", work)
        except Rejected as error:
            # No such index, or no such namespace: nothing is there to be deleted.
            if not error.excerpt.startswith("404"):
                raise

    async def _ask(
        self, tenant_id: str, name: str, operation: str, work: Awaitable[_Result]
    ) -> _Result:
        try:
            return await ask(work, operation)
        except Rejected as error:
            if error.excerpt.startswith("404"):
                # It may have been deleted and made anew at another address.
                self._opened.pop((tenant_id, name), None)
            raise

    async def _open(self, tenant_id: str, name: str, dimensions: int | None) -> _Opened:
        """The index's client. `dimensions`: the index is made or checked; None: only looked up.

        Raises:
            ConfigurationError: see `ControlPlane.open_index`.
            Rejected: there is no such index, and it was only looked up.
            ProviderError: no answer, a refused key.
        """
        key = (await self._credentials.get(tenant_id)).get("api_key", "")
        known = self._opened.get((tenant_id, name))
        if known is not None and known.key == key:
            return known
        async with self._opening:
            known = self._opened.get((tenant_id, name))
            if known is not None and known.key == key:
                return known
            host = await self._find_host(key, name, dimensions)
            client = open_data_plane(key, host, self._settings.timeout_seconds)
            if self._settings.index_host and dimensions is not None:
                await self._check_stats(client, name, dimensions)
            opened = self._opened[tenant_id, name] = _Opened(key, client)
            return opened

    async def _find_host(self, key: str, name: str, dimensions: int | None) -> str:
        if self._settings.index_host:
            return self._settings.index_host.rstrip("/")
        if dimensions is not None:
            return (await self._control.open_index(key, name, dimensions)).host
        found = await self._control.find_index(key, name)
        if found is None or not found.host:
            raise Rejected(VENDOR, "find the index", f"404 there is no index {name}")
        return found.host

    async def _check_stats(self, client: AsyncIndex, name: str, dimensions: int) -> None:
        try:
            stats = await ask(client.describe_index_stats(), "describe the index")
        except BaseException:
            await client.close()
            raise
        check_dimensions(name, stats.dimension, dimensions)

    def _name_index(self, dimensions: int | None) -> str:
        name = self._settings.index
        if DIMENSIONS not in name:
            return name
        dimensions = self._dimensions = dimensions or self._dimensions
        if dimensions is None:
            raise ConfigurationError(
                "integrations.pinecone", [f"index: {DIMENSIONS} is not known yet. Name the index"]
            )
        return name.replace(DIMENSIONS, str(dimensions))

    def _name_namespace(self, namespace: Namespace) -> str:
        return name_namespace(self._settings.namespace or _DEFAULT_PREFIX, namespace)


def name_namespace(prefix: str, namespace: Namespace) -> str:
    """S1's prefix, the site and the embedding model, e.g. `sales_content__<site>__<model>`."""
    plain = re.sub(r"[^A-Za-z0-9_.-]", "-", namespace.embedding)[:80]
    if plain != namespace.embedding:
        plain += "-" + sha256(namespace.embedding.encode()).hexdigest()[:8]
    return f"{prefix}__{namespace.site_id}__{plain}"


def build_index(context: VendorContext) -> PineconeKnowledgeIndex:
    """The capability, as the manifest names it."""
    return PineconeKnowledgeIndex(context)


@name_failures(VENDOR)
async def check_account(context: VendorContext, tenant_id: str) -> str:
    """Try the key: the state of the index, in one line.

    Raises:
        ProviderError: no answer, or a refused key.
    """
    settings: PineconeSettings = context.settings
    key = (await context.credentials.get(tenant_id)).get("api_key", "")
    control = ControlPlane(settings)
    try:
        # A name that still asks for the dimensions: any answer shows that the key is good.
        name = settings.index.replace(DIMENSIONS, "384")
        if settings.index_host:
            client = open_data_plane(key, settings.index_host.rstrip("/"), settings.timeout_seconds)
            async with client:
                stats = await ask(client.describe_index_stats(), "describe the index")
            return f"index at {settings.index_host}: {stats.total_vector_count} vectors"
        found = await control.find_index(key, name)
    finally:
        await control.close()
    if found is None:
        fate = "it will be created" if settings.create_index else "create_index is false"
        return f"the key is good; there is no index {name} yet ({fate})"
    return f"index {name}: {found.dimensions} dimensions, {'ready' if found.ready else 'not ready'}"


async def _accept(work: Awaitable[Any]) -> None:
    """A 2xx whose body the SDK does not understand: it was done all the same."""
    try:
        await work
    except ResponseParsingError:
        return


def _describe(namespace: Namespace, label: PassageLabel) -> dict[str, str]:
    return {
        "tenant": namespace.tenant_id,
        "site": namespace.site_id,
        "page": label.page,
        "source": label.source,
    }


def _batches(items: Sequence[Any], size: int) -> Iterator[list[Any]]:
    for first in range(0, len(items), size):
        yield list(items[first : first + size])
