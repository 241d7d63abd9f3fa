"""The engine, and how units of work begin and end on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from sqlalchemy import event, make_url, text
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from core.db.prepared import Ask, Rows, as_database_errors, bind_all, read_all
from core.db.rewriting import Rewritten, rewrite_tables
from core.db.sqlite_driver import SqliteConnection, connect
from core.db.sqlite_reading import SqliteReaders
from core.db.unit_of_work import UnitOfWork

_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # FULL: a commit is on the disk when it returns, so that not even a power cut takes back
    # a promise that was made to the world.
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=15000",
    "PRAGMA temp_store=MEMORY",
    # For each of a dozen connections. Misses are served from the system's cache of the file.
    "PRAGMA cache_size=-2000",
)


class Database:
    """Opens units of work. SQLite has one writer at a time: writers queue here, in order."""

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        parsed = make_url(url)
        self.dialect = parsed.get_backend_name()
        options: dict[str, Any] = {
            "pool_size": pool_size,
            "max_overflow": 4,
            "pool_timeout": 30,
            # What people wrote must not end up in errors, and so in logs.
            "hide_parameters": True,
        }
        if self.dialect == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
            options["pool_pre_ping"] = True
        else:
            parsed = parsed.set(drivername="sqlite+aiosqlite")
            options["async_creator"] = partial(connect, parsed.database or ":memory:")
            # The connection given back last is taken first: few of them keep a warm cache.
            options["pool_use_lifo"] = True
        self.url = parsed
        self.engine: AsyncEngine = create_async_engine(parsed, **options)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False, autoflush=False)
        self._writer = asyncio.Lock()
        self._readers: SqliteReaders | None = None
        if self.dialect == "postgresql":
            event.listen(self.engine.sync_engine, "connect", _configure_postgresql)
        if self.dialect == "sqlite":
            event.listen(self.engine.sync_engine, "connect", _configure_sqlite)
            event.listen(self.engine.sync_engine, "begin", _begin_sqlite)
            if parsed.database not in (None, "", ":memory:"):
                self._readers = SqliteReaders(str(parsed.database))

    @asynccontextmanager
    async def unit_of_work(self, tenant_id: str | None) -> AsyncIterator[UnitOfWork]:
        """A transaction that writes; committed at the end of the block, undone on an error."""
        if self.dialect != "sqlite":
            async with self._begin(tenant_id, writes=True) as uow:
                yield uow
            return
        async with self._writer, self._begin(tenant_id, writes=True) as uow:
            yield uow

    @asynccontextmanager
    async def reading(self, tenant_id: str | None) -> AsyncIterator[UnitOfWork]:
        """A transaction that only reads: one consistent picture, never waits for writers."""
        async with self._begin(tenant_id, writes=False) as uow:
            yield uow

    async def fetch(self, tenant_id: str, *asked: Ask) -> list[Rows]:
        """What kept statements find, in their order and in one consistent picture: the same as
        `reading` and its `fetch`, for less.

        Raises:
            sqlalchemy.exc.DBAPIError: the database refuses.
        """
        if self._readers is None:
            async with self.reading(tenant_id) as uow:
                return await uow.fetch(*asked)
        ready, sent = bind_all(asked, self.engine.dialect, tenant_id)
        with as_database_errors(self.engine.dialect):
            found = await self._readers.fetch_all(sent)
        return read_all(ready, found)

    @asynccontextmanager
    async def _begin(self, tenant_id: str | None, *, writes: bool) -> AsyncIterator[UnitOfWork]:
        async with self._sessions() as session:
            if self.dialect == "sqlite":
                await session.connection(execution_options={"sqlite_writes": writes})
            uow = UnitOfWork(session, tenant_id, dialect=self.dialect)
            yield uow
            if writes:
                await uow.commit()

    async def check(self) -> None:
        """Ask the database for one row.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: it does not answer.
        """
        async with self._sessions() as session:
            await session.execute(text("SELECT 1"))

    async def measure_file(self) -> int | None:
        """How many bytes SQLite's file has; None: PostgreSQL keeps no one file."""
        if self.dialect != "sqlite":
            return None
        async with self.reading(None) as uow:
            # waiver: the size of the file; they read no rows.
            count = await uow.session.execute(text("PRAGMA page_count"))
            size = await uow.session.execute(text("PRAGMA page_size"))  # waiver: the same
            return int(count.scalar_one()) * int(size.scalar_one())

    async def rewrite_file(self) -> bool:
        """Write SQLite's file anew and empty its log, so that nothing of what was deleted or
        changed is left in free places. Writers wait meanwhile. False: somebody else is at work in
        it just now, or it is PostgreSQL."""
        if self.dialect != "sqlite":
            return False
        async with self._writer:
            # Outside of any transaction: within one SQLite refuses.
            raw = await self.engine.raw_connection()
            try:
                driver: SqliteConnection = raw.driver_connection  # type: ignore[assignment]
                return await driver.call(_rewrite)
            finally:
                raw.close()

    async def rewrite_tables(self, names: Sequence[str], largest: int) -> Rewritten | None:
        """The same for PostgreSQL, table by table (`core.db.rewriting`). None: somebody else is
        at work there, or it is SQLite."""
        if self.dialect != "postgresql":
            return None
        return await rewrite_tables(self.engine, names, largest)

    async def close(self) -> None:
        """Give back every connection."""
        if self._readers is not None:
            await self._readers.close()
        await self.engine.dispose()


def _rewrite(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("VACUUM")
        (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError:
        return False
    return not busy


def _configure_postgresql(connection: Any, _record: Any) -> None:
    # `off` confirms commits that only the server's memory holds: a promise that was told to the
    # world would be gone with one of its processes. The stricter values are the operator's choice.
    cursor = connection.cursor()
    cursor.execute(
        "SELECT set_config('synchronous_commit', 'on', false)"
        " WHERE current_setting('synchronous_commit') = 'off'"
    )
    cursor.close()
    connection.commit()


def _configure_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in _SQLITE_PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    # IMMEDIATE takes the write lock at once. A transaction that reads first and writes later
    # could otherwise fail with "database is locked" in spite of the busy timeout.
    writes = connection.get_execution_options().get("sqlite_writes", True)
    driver: SqliteConnection = connection.connection.driver_connection
    driver.begin_with_next("BEGIN IMMEDIATE" if writes else "BEGIN")


__all__ = ["AsyncSession", "Database"]
