"""SQLite connections for the event loop, with one trip to the connection's thread a statement.

aiosqlite goes there four times for a select (open a cursor, execute, fetch, close) and twice more
for BEGIN; a chat turn has a dozen statements, and each trip wakes two threads. Here a statement
with all its rows is one trip, and BEGIN rides along with the first one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar

import aiosqlite

_Result = TypeVar("_Result")


class SqliteConnection(aiosqlite.Connection):
    """A connection as SQLAlchemy's aiosqlite dialect uses one."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self._thread.daemon = True
        self._begin: str | None = None
        # Whether anything was sent since the last end of a transaction. SQLite itself is not
        # asked: after a cancelled request it may still be about to begin.
        self._used = False

    def begin_with_next(self, statement: str) -> None:
        """Run this BEGIN right before the next statement."""
        self._begin = statement

    def cursor(self) -> SqliteCursor:  # type: ignore[override]
        """A cursor; nothing happens before it executes."""
        return SqliteCursor(self)

    async def commit(self) -> None:
        """Make what was written stay."""
        self._begin = None
        if self._used:
            await super().commit()
            self._used = False

    async def rollback(self) -> None:
        """Undo what was written, and end what was read."""
        self._begin = None
        if self._used:
            await super().rollback()
            self._used = False

    async def execute_whole(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Do `work` on the connection's thread, within the transaction that is due."""
        begin, self._begin = self._begin, None
        self._used = True
        await self._execute(self._begin_and, begin, work)  # type: ignore[no-untyped-call]

    async def fetch_all(self, sent: Sequence[tuple[str, Any]]) -> list[list[Any]]:
        """The rows of several statements, in one trip, within the transaction that is due."""
        found: list[list[Any]] = []

        def work(connection: sqlite3.Connection) -> None:
            found.extend(connection.execute(*one).fetchall() for one in sent)

        await self.execute_whole(work)
        return found

    async def write_all(self, sent: Sequence[tuple[str, Sequence[Any]]]) -> None:
        """Several statements, each with its rows of parameters, in one trip, within the
        transaction that is due."""

        def work(connection: sqlite3.Connection) -> None:
            for text, rows in sent:
                connection.executemany(text, rows)

        await self.execute_whole(work)

    async def call(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """What `work` gives, done on the connection's thread outside of any transaction."""
        found: _Result = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]
        return found

    def _begin_and(self, begin: str | None, work: Callable[[sqlite3.Connection], None]) -> None:
        if begin is not None:
            self._conn.execute(begin)
        work(self._conn)


class SqliteCursor:
    """One statement and all of its rows."""

    def __init__(self, connection: SqliteConnection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> SqliteCursor:
        """Nothing is open yet."""
        return self

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> SqliteCursor:
        """Execute, and fetch what it finds."""
        await self._connection.execute_whole(partial(self._run, statement, parameters))
        return self

    async def executemany(
        self, statement: str, parameters: Iterable[Sequence[Any]]
    ) -> SqliteCursor:
        """Execute once for each row of parameters."""
        await self._connection.execute_whole(partial(self._run_many, statement, parameters))
        return self

    async def fetchall(self) -> list[Any]:
        """What was found."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """It was closed when it was executed."""
        self._rows = []

    def _run(
        self, statement: str, parameters: Sequence[Any], connection: sqlite3.Connection
    ) -> None:
        cursor = connection.execute(statement, parameters)
        self.description = cursor.description
        if cursor.description is not None:
            self._rows = cursor.fetchall()
        self._close(cursor)

    def _run_many(
        self,
        statement: str,
        parameters: Iterable[Sequence[Any]],
        connection: sqlite3.Connection,
    ) -> None:
        self._close(connection.executemany(statement, parameters))

    def _close(self, cursor: sqlite3.Cursor) -> None:
        self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        cursor.close()


async def connect(path: str) -> SqliteConnection:
    """Open a database file."""
    # No isolation level: the driver must not begin transactions by itself.
    opener = partial(sqlite3.connect, path, isolation_level=None, check_same_thread=False)
    connection = SqliteConnection(opener)
    await connection
    return connection


__all__ = ["SqliteConnection", "connect"]
