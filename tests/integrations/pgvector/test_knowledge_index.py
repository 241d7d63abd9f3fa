"""pgvector keeps the promises of all, exact and approximate, and names what it lacks."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from core.db import Database
from core.errors import ConfigurationError, Rejected
from core.protocols.knowledge_index import KnowledgeIndex
from integrations.pgvector.knowledge_index import PgvectorKnowledgeIndex
from integrations.pgvector.settings import PgvectorSettings
from integrations.pgvector.tables import prepare, prepare_search
from tests.contracts.knowledge_index import DIMENSIONS, HERE, KnowledgeIndexContract, make_vectors
from tests.support.postgres import PostgresServer


@pytest.fixture
async def database(
    postgres_server: PostgresServer, postgres_template: str
) -> AsyncIterator[Database]:
    """PostgreSQL alone; skipped where the extension is not to be had."""
    url = postgres_server.create_database(postgres_template)
    opened = Database(url)
    async with opened.engine.connect() as connection:
        query = text("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'")
        if not await connection.scalar(query):
            pytest.skip("this PostgreSQL has no pgvector")
    yield opened
    await opened.close()
    postgres_server.drop_database(url)


class TestExactSearch(KnowledgeIndexContract):
    @pytest.fixture
    async def index(self, database: Database) -> KnowledgeIndex:
        await prepare(database)
        return PgvectorKnowledgeIndex(database, DIMENSIONS)


class TestApproximateSearch(KnowledgeIndexContract):
    @pytest.fixture
    async def index(self, database: Database) -> KnowledgeIndex:
        await prepare(database)
        for embedding in ("model-a", "model/b, 2nd", 'it\'s: a "name"'):
            await prepare_search(database, embedding, DIMENSIONS, approximate=True)
        return PgvectorKnowledgeIndex(database, DIMENSIONS, PgvectorSettings(search="hnsw"))

    async def test_a_small_site_is_found_among_a_large_one(
        self, index: KnowledgeIndex, database: Database
    ) -> None:
        vectors = make_vectors(2000)
        other = HERE._replace(site_id="large")
        await index.upsert(other, list(range(100, 2000)), vectors[100:])
        await index.upsert(HERE, list(range(1, 11)), vectors[:10])
        async with database.engine.begin() as connection:
            await connection.execute(text("ANALYZE pgvector_vectors"))
        # Nearest to the other site's: an index without iterating would find none of ours.
        assert len(await index.search(HERE, vectors[500], 10)) == 10


async def test_preparing_twice_and_at_once_is_harmless(database: Database) -> None:
    assert await prepare(database) == await prepare(database)
    await prepare_search(database, "m", 64, approximate=True)
    await prepare_search(database, "m", 64, approximate=True)
    await prepare_search(database, "m", 64, approximate=False)
    async with database.engine.connect() as connection:
        query = text("SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'ix_pgvector_hnsw%'")
        assert await connection.scalar(query) == 0


async def test_vectors_of_another_length_are_refused_before_they_are_sent(
    database: Database,
) -> None:
    await prepare(database)
    with pytest.raises(Rejected, match="64 wanted"):
        await PgvectorKnowledgeIndex(database, 64).upsert(HERE, [1], make_vectors(1)[:, :32])


async def test_another_database_is_refused_with_the_fix(tmp_path: object) -> None:
    sqlite = Database(f"sqlite:///{tmp_path}/a.sqlite")
    with pytest.raises(ConfigurationError, match="needs PostgreSQL"):
        await prepare(sqlite)
    await sqlite.close()


async def test_a_server_that_will_not_give_the_extension_is_named_with_the_fix(
    database: Database, postgres_server: PostgresServer
) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(text("DROP ROLE IF EXISTS vectorless"))
        await connection.execute(text("CREATE ROLE vectorless LOGIN"))
    weak = Database(str(database.url.render_as_string(False)).replace("postgres@", "vectorless@"))
    with pytest.raises(ConfigurationError, match="superuser"):
        await prepare(weak)
    await weak.close()


async def test_too_many_dimensions_for_an_index_are_refused_with_the_fix(
    database: Database,
) -> None:
    with pytest.raises(ConfigurationError, match="Write exact"):
        await prepare_search(database, "m", 5000, approximate=True)
