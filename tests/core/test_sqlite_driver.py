"""The SQLite driver: one trip a statement, and a transaction that ends whatever happens."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.db.sqlite_driver import SqliteConnection, connect


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[SqliteConnection]:
    opened = await connect(str(tmp_path / "driver.sqlite"))
    await opened.cursor().execute("CREATE TABLE marks (name TEXT UNIQUE)")
    yield opened
    await opened.close()


async def _names(connection: SqliteConnection) -> list[str]:
    cursor = await connection.cursor().execute("SELECT name FROM marks ORDER BY name")
    return [name for (name,) in await cursor.fetchall()]


async def test_a_statement_brings_its_rows_and_its_count(connection: SqliteConnection) -> None:
    cursor = connection.cursor()
    await cursor.executemany("INSERT INTO marks VALUES (?)", [("a",), ("b",)])
    assert cursor.rowcount == 2
    await cursor.execute("SELECT name FROM marks WHERE name > ?", ("a",))
    assert [column[0] for column in cursor.description] == ["name"]
    assert await cursor.fetchall() == [("b",)]


async def test_the_begin_rides_along_and_is_undone_by_a_rollback(
    connection: SqliteConnection,
) -> None:
    connection.begin_with_next("BEGIN IMMEDIATE")
    assert not connection.in_transaction
    await connection.cursor().execute("INSERT INTO marks VALUES ('a')")
    assert connection.in_transaction
    await connection.rollback()
    assert not connection.in_transaction
    assert await _names(connection) == []


async def test_a_transaction_without_a_statement_never_begins(connection: SqliteConnection) -> None:
    connection.begin_with_next("BEGIN IMMEDIATE")
    await connection.commit()
    await connection.cursor().execute("INSERT INTO marks VALUES ('a')")
    assert not connection.in_transaction


async def test_a_begin_that_is_refused_fails_the_first_statement(
    connection: SqliteConnection, tmp_path: Path
) -> None:
    other = sqlite3.connect(tmp_path / "driver.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    await connection.cursor().execute("PRAGMA busy_timeout=0")
    connection.begin_with_next("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        await connection.cursor().execute("INSERT INTO marks VALUES ('a')")
    other.execute("ROLLBACK")
    other.close()
    await connection.rollback()
    assert await _names(connection) == []


async def test_a_cancelled_statement_does_not_leave_its_transaction_open(
    connection: SqliteConnection,
) -> None:
    connection.begin_with_next("BEGIN IMMEDIATE")
    slow = (
        "INSERT INTO marks WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < 200000) SELECT i FROM n"
    )
    work = asyncio.create_task(connection.cursor().execute(slow))
    await asyncio.sleep(0)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    await connection.rollback()
    assert not connection.in_transaction
    assert await _names(connection) == []
