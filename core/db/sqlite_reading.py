"""Reads on SQLite without a transaction of one's own: one trip from its beginning to its end."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import Any

from core.db.sqlite_driver import SqliteConnection, connect

# As many as a small machine has processors: a keyword search of some milliseconds then holds up
# nobody else, and each has a cache of its own.
_CONNECTIONS = 2
_PRAGMAS = (
    "PRAGMA query_only=ON",
    "PRAGMA busy_timeout=15000",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-4000",
)
Sent = Sequence[tuple[str, Any]]


class SqliteReaders:
    """A few connections that only read, shared by everybody: what is asked together sees one
    state of the database, and nothing is left open between two requests."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = asyncio.Lock()
        self._open: list[SqliteConnection] = []
        self._busy: dict[SqliteConnection, int] = {}

    async def fetch_all(self, sent: Sent) -> list[list[Any]]:
        """The rows of each statement.

        Raises:
            sqlite3.Error: SQLite refuses.
        """
        if len(self._open) < _CONNECTIONS:
            await self._open_all()
        chosen = min(self._open, key=self._busy.__getitem__)
        self._busy[chosen] += 1
        try:
            return await chosen.call(partial(_read_all, sent))
        finally:
            self._busy[chosen] -= 1

    async def close(self) -> None:
        """Let the connections go; the next read opens new ones."""
        opened, self._open, self._busy = self._open, [], {}
        for connection in opened:
            await connection.close()

    async def _open_all(self) -> None:
        async with self._lock:
            while len(self._open) < _CONNECTIONS:
                connection = await connect(self._path)
                await connection.call(_configure)
                self._busy[connection] = 0
                self._open.append(connection)


def _configure(connection: sqlite3.Connection) -> None:
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _read_all(sent: Sent, connection: sqlite3.Connection) -> list[list[Any]]:
    if len(sent) == 1:
        # One statement sees one state by itself.
        [(text, values)] = sent
        return [connection.execute(text, values).fetchall()]
    connection.execute("BEGIN")
    try:
        return [connection.execute(text, values).fetchall() for text, values in sent]
    finally:
        connection.rollback()
