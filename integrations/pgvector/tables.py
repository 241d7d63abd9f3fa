"""The table of vectors. It is none of Alembic's, because its column type needs an extension that
many PostgreSQL servers do not have: `prepare` makes it where pgvector was chosen."""

from __future__ import annotations

from hashlib import sha256

from pgvector.sqlalchemy import HALFVEC, VECTOR
from sqlalchemy import BigInteger, Column, Index, MetaData, String, Table, cast, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.elements import ColumnElement

from core.db import Database
from core.errors import ConfigurationError

METADATA = MetaData()
VECTORS = Table(
    "pgvector_vectors",
    METADATA,
    Column("passage_id", BigInteger, primary_key=True, autoincrement=False),
    Column("embedding", String, primary_key=True),
    Column("tenant_id", String(36), nullable=False),
    Column("site_id", String(36), nullable=False),
    Column("page", String, nullable=False),
    Column("source", String, nullable=False),
    # Without a number of dimensions: models of several lengths lie beside each other.
    Column("vector", VECTOR, nullable=False),
    Index("ix_pgvector_vectors_site_id_embedding", "site_id", "embedding"),
)
# pgvector indexes at most so many dimensions of 32 and of 16 bits (README, "HNSW").
_FULL_LIMIT, _HALF_LIMIT = 2000, 4000
_INDEX_PREFIX = "ix_pgvector_hnsw_"
# Any constant of our own: one process at a time prepares.
_LOCK = 7_305_011_921
_PLACE = "sales_agent.vector_database.provider"


async def prepare(database: Database) -> str:
    """Make the extension and the table where they lack; returns the extension's version.

    Raises:
        ConfigurationError: not PostgreSQL, or the extension cannot be had; says what to do.
    """
    if database.dialect != "postgresql":
        raise ConfigurationError(
            _PLACE,
            ["pgvector needs PostgreSQL. Set database.url to ${DATABASE_URL}, or write local."],
        )
    try:
        async with database.engine.begin() as connection:
            # waiver: definitions of tables have no ORM, and hold no tenant's rows
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            # waiver: definitions have no ORM, and hold no tenant's rows
            await connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
            # waiver: definitions have no ORM, and hold no tenant's rows
            found = text("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
            version = str(await connection.scalar(found))
            await connection.run_sync(METADATA.create_all)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or type(error).__name__).splitlines()[0]
        raise ConfigurationError(
            _PLACE,
            [
                f"the extension vector cannot be had ({reason}). Install pgvector on the database "
                "server (Debian: postgresql-17-pgvector), run `CREATE EXTENSION vector` as its "
                "superuser, then `sales-agent migrate`; or write local."
            ],
        ) from None
    return version


async def prepare_search(
    database: Database, embedding: str, dimensions: int, *, approximate: bool
) -> None:
    """Build the model's HNSW index, or drop all of them where search is exact: the planner would
    use one that is there.

    Raises:
        ConfigurationError: vectors of this length cannot be indexed.
    """
    if approximate and dimensions > _HALF_LIMIT:
        raise ConfigurationError(
            "sales_agent.vector_database.search",
            [f"{dimensions} dimensions are more than hnsw takes ({_HALF_LIMIT}). Write exact."],
        )
    name = _INDEX_PREFIX + sha256(embedding.encode()).hexdigest()[:16]
    async with database.engine.begin() as connection:
        # waiver: definitions of indexes have no ORM, and hold no tenant's rows
        await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        if approximate:
            kind = "vector" if dimensions <= _FULL_LIMIT else "halfvec"
            quoted = embedding.replace("'", "''").replace(":", "\\:")
            # waiver: as above, tables have no rows yet; the model's name is quoted, from app.yaml
            statement = text(
                f"CREATE INDEX IF NOT EXISTS {name} ON pgvector_vectors USING hnsw "
                f"(CAST(vector AS {kind}({dimensions})) {kind}_cosine_ops) "
                f"WHERE embedding = '{quoted}'"
            )
            await connection.execute(statement)
            return
        # waiver: definitions have no ORM, and hold no tenant's rows
        query = text("SELECT indexname FROM pg_indexes WHERE indexname LIKE :prefix")
        found = await connection.execute(query, {"prefix": f"{_INDEX_PREFIX}%"})
        for index in found.scalars().all():
            # waiver: as above; the name is one of ours
            await connection.execute(text(f'DROP INDEX IF EXISTS "{index}"'))


def measured_column(dimensions: int) -> ColumnElement[list[float]]:
    """The column in the words of the index, so that the planner knows it again."""
    kind = VECTOR(dimensions) if dimensions <= _FULL_LIMIT else HALFVEC(dimensions)
    return cast(VECTORS.c.vector, kind)
