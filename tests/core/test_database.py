"""Units of work: all or nothing, times with a zone, and writers that wait for each other."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError, StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from core.db import Database, UtcDateTime
from tests.support.postgres import PostgresServer

ROOT = Path(__file__).parents[2]


class Base(DeclarativeBase):
    """Tables of this test alone."""


class Mark(Base):
    __tablename__ = "test_marks"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime())


NOON = datetime(2026, 1, 2, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
async def marks(database: Database) -> Database:
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    return database


async def read_ids(database: Database) -> list[int]:
    async with database.reading(None) as uow:
        return list((await uow.session.execute(select(Mark.id).order_by(Mark.id))).scalars())


async def test_what_a_unit_of_work_wrote_is_there_after_it(marks: Database) -> None:
    async with marks.unit_of_work(None) as uow:
        uow.session.add(Mark(id=1, at=NOON))
        await uow.flush()
        assert await read_ids(marks) == []
    assert await read_ids(marks) == [1]


async def test_an_error_undoes_everything(marks: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with marks.unit_of_work(None) as uow:
            uow.session.add(Mark(id=1, at=NOON))
            await uow.flush()
            raise ZeroDivisionError
    assert await read_ids(marks) == []


async def test_cancelling_undoes_everything_and_lets_others_write(marks: Database) -> None:
    inside = asyncio.Event()

    async def write_slowly() -> None:
        async with marks.unit_of_work(None) as uow:
            uow.session.add(Mark(id=1, at=NOON))
            await uow.flush()
            inside.set()
            await asyncio.Event().wait()

    writer = asyncio.create_task(write_slowly())
    await inside.wait()
    writer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writer
    async with marks.unit_of_work(None) as uow:
        uow.session.add(Mark(id=2, at=NOON))
    assert await read_ids(marks) == [2]


async def test_reading_writes_nothing(marks: Database) -> None:
    async with marks.reading(None) as uow:
        uow.session.add(Mark(id=1, at=NOON))
        await uow.flush()
    assert await read_ids(marks) == []


async def test_actions_after_the_commit_happen_once_and_only_on_success(marks: Database) -> None:
    done: list[str] = []
    async with marks.unit_of_work(None) as uow:
        uow.after_commit(lambda: done.append("first"))
        uow.after_commit(lambda: done.append("second"))
        assert done == []
    assert done == ["first", "second"]
    with pytest.raises(ZeroDivisionError):
        async with marks.unit_of_work(None) as uow:
            uow.after_commit(lambda: done.append("never"))
            raise ZeroDivisionError
    with pytest.raises(SQLAlchemyError):
        async with marks.unit_of_work(None) as uow:
            uow.after_commit(lambda: done.append("never"))
            uow.session.add(Mark(id=1))
    async with marks.reading(None) as uow:
        uow.after_commit(lambda: done.append("never"))
    assert done == ["first", "second"]


async def test_actions_see_the_rows(marks: Database) -> None:
    seen: list[asyncio.Task[list[int]]] = []
    async with marks.unit_of_work(None) as uow:
        uow.session.add(Mark(id=1, at=NOON))
        uow.after_commit(lambda: seen.append(asyncio.create_task(read_ids(marks))))
    assert await seen[0] == [1]


async def test_times_come_back_in_utc_to_the_microsecond(marks: Database) -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
    async with marks.unit_of_work(None) as uow:
        uow.session.add(Mark(id=1, at=elsewhere))
    async with marks.reading(None) as uow:
        at = (await uow.session.execute(select(Mark.at))).scalar_one()
        earlier = select(Mark.id).where(Mark.at < elsewhere + timedelta(microseconds=1))
        assert (await uow.session.execute(earlier)).scalars().all() == [1]
    assert at == NOON
    assert at.tzinfo is UTC


async def test_a_time_without_a_zone_is_refused(marks: Database) -> None:
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(StatementError, match="needs a time zone"):
        async with marks.unit_of_work(None) as uow:
            uow.session.add(Mark(id=1, at=naive))
    with pytest.raises(StatementError, match="needs a time zone"):
        async with marks.reading(None) as uow:
            await uow.session.execute(select(Mark).where(Mark.at < naive))


async def test_errors_of_the_database_do_not_repeat_what_was_written(marks: Database) -> None:
    with pytest.raises(SQLAlchemyError) as caught:
        async with marks.unit_of_work(None) as uow:
            await uow.session.execute(
                text("INSERT INTO test_nothing VALUES (:words)"), {"words": "jo's secret"}
            )
    assert "jo's secret" not in str(caught.value)


async def test_many_writers_of_one_process_wait_for_each_other(marks: Database) -> None:
    async def write(number: int) -> None:
        async with marks.unit_of_work(None) as uow:
            await uow.session.execute(select(Mark.id))
            uow.session.add(Mark(id=number, at=NOON))

    await asyncio.gather(*(write(number) for number in range(40)))
    assert await read_ids(marks) == list(range(40))


async def test_writers_of_two_processes_wait_for_each_other(
    marks: Database, database_url: str
) -> None:
    writer = "import asyncio, sys; from tests.core.writer import write; "
    writer += "asyncio.run(write(sys.argv[1], int(sys.argv[2]), 30))"
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", writer, database_url, str(first), cwd=ROOT
        )
        for first in (100, 200)
    ]
    assert [await process.wait() for process in processes] == [0, 0]
    assert await read_ids(marks) == [*range(100, 130), *range(200, 230)]


async def test_a_database_that_is_not_there_says_so(tmp_path: Path) -> None:
    missing = Database(f"sqlite:///{tmp_path}/no/such/folder.sqlite")
    with pytest.raises(OperationalError):
        await missing.check()
    await missing.close()
    # aiosqlite's thread still tells the loop of its failure.
    await asyncio.sleep(0.1)


async def test_a_database_that_is_there_is_found_well(database: Database) -> None:
    await database.check()


@pytest.mark.parametrize(("found", "used"), [("off", "on"), ("local", "local")])
async def test_postgresql_confirms_no_commit_before_it_is_written(
    postgres_server: PostgresServer, found: str, used: str
) -> None:
    url = postgres_server.create_database()
    postgres_server.set_default(url, "synchronous_commit", found)
    database = Database(url)
    try:
        for _ in range(2):  # also on a connection that was given back
            async with database.reading(None) as uow:
                shown = await uow.session.execute(text("SHOW synchronous_commit"))
                assert shown.scalar_one() == used
    finally:
        await database.close()
        postgres_server.drop_database(url)
