"""Which knowledge index and which embedding model `app.yaml` chooses, and how those of an earlier
configuration are opened again while a site is indexed anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog
from prometheus_client import CollectorRegistry

from app.settings import AppSettings
from app.vector_metrics import VectorMetrics
from app.vendor_catalogue import load_function
from core.clock import Clock
from core.db import Database
from core.errors import AuthenticationFailed, ConfigurationError, ProviderError
from core.protocols.knowledge_index import KnowledgeIndex, PassageEmbedder
from integrations.local.knowledge_index import LocalKnowledgeIndex
from sales.connections.schemas import Vendors
from sales.knowledge.service import KnowledgeService, VectorOptions
from sales.knowledge.vector_sets import LOCAL, VectorSet, VectorSource
from sales.organization.service import OrganizationService

log = structlog.get_logger(__name__)

PINECONE, PGVECTOR = "pinecone", "pgvector"


def read_embeddings(settings: AppSettings) -> str:
    """`model.embeddings`: `local`, or a model as LangChain names it."""
    return str(getattr(settings.model, "embeddings", LOCAL))


@dataclass(frozen=True, slots=True)
class KnowledgeIndexes:
    """Opens indexes and models by the names that `app.yaml` and stored vector sets give them."""

    settings: AppSettings
    database: Database
    vendors: Vendors
    local_model: PassageEmbedder

    def open_model(self, model: str) -> PassageEmbedder:
        """An embedding model.

        Raises:
            ConfigurationError: it needs a library or a key that is not there.
        """
        if model == LOCAL:
            return self.local_model
        from integrations.langchain.embeddings import open_embeddings  # noqa: PLC0415

        base_url, api_key = read_address(self.settings.model, model)
        return open_embeddings(model, base_url=base_url, api_key=api_key)

    async def open_index(self, place: str, dimensions: int | None = None) -> KnowledgeIndex:
        """An index, ready to be used.

        Raises:
            ConfigurationError: what it needs is not there; says what to do.
        """
        if place == LOCAL:
            return LocalKnowledgeIndex(self.database)
        if place == PGVECTOR:
            return await self._open_pgvector()
        return self._open_pinecone(place, dimensions)

    def name_place(self) -> str:
        """The configured index, with what tells two of them apart."""
        chosen: str = self.settings.sales_agent.vector_database.provider
        if chosen != PINECONE:
            return chosen
        return f"{PINECONE}:{self._get_pinecone().context.settings.index}"

    async def open_before(self, found: VectorSet) -> VectorSource | None:
        """What a vector set of an earlier configuration was made with."""
        index = await self.open_index(found.place, found.dimensions or None)
        embedder: PassageEmbedder | None
        try:
            embedder = self.open_model(found.model)
        except ConfigurationError as error:
            log.warning("old_model_unusable", model=found.model, reason=error.problems[0])
            embedder = None
        if embedder is not None and embedder.name != found.embedding:
            # Another version of the built-in model than the one that made them.
            embedder = None
        return VectorSource(found.place, found.model, found.embedding, index, embedder)

    async def _open_pgvector(self) -> KnowledgeIndex:
        try:
            from integrations.pgvector.knowledge_index import (  # noqa: PLC0415
                PgvectorKnowledgeIndex,
            )
            from integrations.pgvector.settings import PgvectorSettings  # noqa: PLC0415
            from integrations.pgvector.tables import prepare  # noqa: PLC0415
        except ModuleNotFoundError:
            raise ConfigurationError(
                "sales_agent.vector_database.provider",
                ["pgvector needs a library. Run: pip install 'sales-agent[pgvector]'"],
            ) from None
        await prepare(self.database)
        search = self.settings.sales_agent.vector_database.search
        return PgvectorKnowledgeIndex(self.database, settings=PgvectorSettings(search=search))

    def _open_pinecone(self, place: str, dimensions: int | None) -> KnowledgeIndex:
        vendor = self._get_pinecone()
        named = place.partition(":")[2] or vendor.context.settings.index
        if dimensions:
            named = named.replace("{dimensions}", str(dimensions))
        prefix = self.settings.sales_agent.vector_database.namespace
        values = {"index": named, "namespace": vendor.context.settings.namespace or prefix}
        chosen = vendor.context.settings.model_copy(update=values)
        build = load_function(vendor.manifest, vendor.manifest.build["knowledge_index"])
        index: KnowledgeIndex = build(replace(vendor.context, settings=chosen))
        return index

    def _get_pinecone(self) -> Any:
        return self.vendors[PINECONE]


def read_address(model: Any, name: str) -> tuple[str | None, str | None]:
    """Base URL and key for an embedding model: its own, or those of `chat` at the same
    provider."""
    key = getattr(model, "embeddings_api_key", None)
    base_url = getattr(model, "embeddings_base_url", None)
    chat = str(getattr(model, "chat", ""))
    if chat.partition(":")[0] == name.partition(":")[0]:
        key = key or getattr(model, "api_key", None)
        base_url = base_url or getattr(model, "base_url", None)
    return base_url, key.get_secret_value() if key else None


async def build_knowledge(
    settings: AppSettings,
    database: Database,
    clock: Clock,
    vendors: Vendors,
    embedder: PassageEmbedder | None,
    organization: OrganizationService,
    registry: CollectorRegistry,
) -> KnowledgeService:
    """The knowledge with the configured index and model. `embedder`: the built-in model; None:
    keywords only, for commands that need no vectors.

    Raises:
        ConfigurationError: index or model cannot be used as configured; says what to do.
    """
    if embedder is None:
        return KnowledgeService(database, clock, None, None)
    indexes = KnowledgeIndexes(settings, database, vendors, embedder)
    model = read_embeddings(settings)
    chosen = indexes.open_model(model)
    index = await indexes.open_index(indexes.name_place())
    # Another model's dimensions are asked for when the first vectors are made.
    if model == LOCAL:
        tenant_ids = sorted({site.ref.tenant_id for site in organization.list_sites()})
        await prepare_tenants(index, tenant_ids, chosen.dimensions)
    options = VectorOptions(
        place=indexes.name_place(),
        model=model,
        open_source=indexes.open_before,
        search_seconds=settings.sales_agent.vector_database.search_seconds,
        observer=VectorMetrics(registry),
    )
    return KnowledgeService(database, clock, index, chosen, vectors=options)


async def prepare_tenants(
    index: KnowledgeIndex, tenant_ids: Sequence[str], dimensions: int
) -> None:
    """See at the start that an index at a vendor can be used. One that does not answer is no
    reason not to start: keywords go on.

    Raises:
        ConfigurationError: it is missing, or made for vectors of another length.
    """
    prepare = getattr(index, "prepare", None)
    if prepare is None:
        return
    for tenant_id in tenant_ids:
        try:
            await prepare(tenant_id, dimensions)
        except AuthenticationFailed as error:
            log.warning("knowledge_index_not_connected", vendor=error.vendor, tenant=tenant_id)
        except ProviderError as error:
            log.warning("knowledge_index_does_not_answer", vendor=error.vendor, reason=str(error))
