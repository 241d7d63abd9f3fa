"""What `check` says of embedding model and knowledge index, and what `migrate` prepares."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from app.knowledge_indexes import PGVECTOR, read_address, read_embeddings
from app.places import Places
from app.settings import AppSettings
from core.db import Database
from core.errors import ConfigurationError, ProviderError
from sales.knowledge.vector_sets import LOCAL, list_serving

Tell = Callable[[str], bool]


async def prepare_vectors(settings: AppSettings, database: Database) -> str:
    """Make what the configured index needs in our own database; what was made, or nothing.

    Raises:
        ConfigurationError: the extension pgvector cannot be had; says what to do.
    """
    if settings.sales_agent.vector_database.provider != PGVECTOR:
        return ""
    from integrations.pgvector.tables import prepare  # noqa: PLC0415 - only where it is chosen

    return f"pgvector {await prepare(database)} is ready."


async def check_vectors(settings: AppSettings, places: Places, good: Tell, bad: Tell) -> bool:
    """Try the embedding model and our own side of the index; say what is to be indexed anew."""
    well = await _check_model(settings, good, bad)
    database = Database(places.database_url(settings))
    try:
        prepared = await prepare_vectors(settings, database)
        if prepared:
            good(f"knowledge index: {prepared}")
        await _tell_changes(settings, database, good)
    except ConfigurationError as error:
        well = bad(f"knowledge index: {error.problems[0]}")
    except SQLAlchemyError:
        # The database has its own line.
        return well
    finally:
        await database.close()
    return well


async def _check_model(settings: AppSettings, good: Tell, bad: Tell) -> bool:
    model = read_embeddings(settings)
    if model == LOCAL:
        return True
    from integrations.langchain.embeddings import open_embeddings  # noqa: PLC0415

    base_url, api_key = read_address(settings.model, model)
    try:
        embedder = open_embeddings(model, base_url=base_url, api_key=api_key)
        dimensions = await asyncio.to_thread(lambda: embedder.dimensions)
    except ConfigurationError as error:
        return bad(f"embeddings: {error.problems[0]}")
    except ProviderError as error:
        return bad(f"embeddings: {model} does not answer: {error}. Keywords answer until it does.")
    return good(f"embeddings: {model}, {dimensions} dimensions")


async def _tell_changes(settings: AppSettings, database: Database, good: Tell) -> None:
    provider, model = settings.sales_agent.vector_database.provider, read_embeddings(settings)
    async with database.reading(None) as uow:
        serving = await list_serving(uow)
    other = [one for one in serving if (one[0].partition(":")[0], one[1]) != (provider, model)]
    if other:
        good(
            f"vectors: {len(other)} of {len(serving)} websites are served by another model or "
            "index than app.yaml says. The server builds them anew beside the old ones and "
            "changes over when they are complete"
        )
