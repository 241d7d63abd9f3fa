"""A second process that writes to the same database."""

from __future__ import annotations

from sqlalchemy import text

from core.db import Database

_WRITE = text("INSERT INTO test_marks (id, at) VALUES (:id, '2026-01-01 00:00:00')")


async def write(url: str, first: int, count: int) -> None:
    """Insert marks, each in a transaction that reads before it writes."""
    database = Database(url)
    for number in range(first, first + count):
        async with database.unit_of_work(None) as uow:
            await uow.session.execute(text("SELECT count(*) FROM test_marks"))
            await uow.session.execute(_WRITE, {"id": number})
    await database.close()
