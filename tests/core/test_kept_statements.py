"""Kept statements go to the driver without a session, and keep all of its promises."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import bindparam, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from core.db import Ask, Database, TenantRow, UtcDateTime, keep
from core.db.tables import Json
from core.errors import BugError
from tests.core.test_tenant_scope import MINE, QUERIES, THEIRS, notes

__all__ = ["notes"]
SAID_AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


class Base(DeclarativeBase):
    """Tables of this test alone."""

    type_annotation_map = {datetime: UtcDateTime(), dict[str, Any]: Json}  # noqa: RUF012


class Saying(TenantRow, Base):
    __tablename__ = "test_sayings"

    id: Mapped[int] = mapped_column(primary_key=True)
    words: Mapped[str] = mapped_column(unique=True)
    said_at: Mapped[datetime]
    more: Mapped[dict[str, Any]]
    loud: Mapped[bool]
    weight: Mapped[float]


ADD = keep(insert(Saying))
ALL = keep(select(Saying.id, Saying.words).order_by(Saying.id))
WHOLE = keep(select(Saying).where(Saying.id == bindparam("id")))
REWORD = keep(
    update(Saying)
    .where(Saying.id == bindparam("which"))
    .values(words=bindparam("new_words"), said_at=bindparam("at", type_=UtcDateTime()))
)
FORGET = keep(delete(Saying).where(Saying.words != bindparam("kept")))


def say(number: int, words: str, tenant_id: str = MINE) -> dict[str, Any]:
    common = {"said_at": SAID_AT, "more": {"as": ["said"]}, "loud": True, "weight": 0.5}
    return {"tenant_id": tenant_id, "id": number, "words": words, **common}


@pytest.fixture
async def sayings(database: Database) -> Database:
    """Saying 1 is mine, saying 2 is theirs."""
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    for number, words, tenant in ((1, "one", MINE), (2, "two", THEIRS)):
        async with database.unit_of_work(tenant) as uow:
            await uow.write((ADD, [say(number, words, tenant)]))
    return database


async def list_sayings(database: Database, tenant_id: str) -> list[tuple[Any, ...]]:
    [rows] = await database.fetch(tenant_id, (ALL, {}))
    return rows


@pytest.mark.parametrize("name", QUERIES)
async def test_no_kept_query_sees_another_tenants_rows(notes: Database, name: str) -> None:
    build, expected = QUERIES[name]
    asked: Ask = keep(build()), {}
    [apart] = await notes.fetch(MINE, asked)
    async with notes.reading(MINE) as uow:
        [inside] = await uow.fetch(asked)
        by_session = (await uow.session.execute(build())).scalars().all()
    assert apart == inside == [(value,) for value in by_session]
    assert [bool(value) if expected is False else value for value in by_session] == (
        [] if expected is None else [expected]
    )


async def test_the_same_statement_serves_one_tenant_after_another(sayings: Database) -> None:
    for _ in range(2):
        assert await list_sayings(sayings, MINE) == [(1, "one")]
        assert await list_sayings(sayings, THEIRS) == [(2, "two")]


async def test_values_come_back_as_the_models_have_them(sayings: Database) -> None:
    [rows] = await sayings.fetch(MINE, (WHOLE, {"id": 1}))
    columns = [column.key for column in Saying.__mapper__.columns]
    assert dict(zip(columns, rows[0], strict=True)) == say(1, "one")


async def test_what_was_written_is_seen_within_and_gone_when_undone(sayings: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with sayings.unit_of_work(MINE) as uow:
            await uow.write((ADD, [say(3, "three"), say(4, "four")]), (ADD, []))
            [rows] = await uow.fetch((ALL, {}))
            assert [row[0] for row in rows] == [1, 3, 4]
            assert await list_sayings(sayings, MINE) == [(1, "one")]
            raise ZeroDivisionError
    assert await list_sayings(sayings, MINE) == [(1, "one")]


async def test_nobody_elses_row_is_written_changed_or_deleted(sayings: Database) -> None:
    async with sayings.unit_of_work(MINE) as uow:
        values = {"new_words": "mine", "at": SAID_AT}
        await uow.write((REWORD, [{"which": number, **values} for number in (2, 1)]))
        await uow.write((FORGET, [{"kept": "mine"}]))
    assert await list_sayings(sayings, MINE) == [(1, "mine")]
    assert await list_sayings(sayings, THEIRS) == [(2, "two")]
    for row in (say(5, "five", THEIRS), {**say(5, "five"), "tenant_id": None}):
        with pytest.raises(BugError):
            async with sayings.unit_of_work(MINE) as uow:
                await uow.write((ADD, [say(4, "four"), row]))
    assert await list_sayings(sayings, MINE) == [(1, "mine")]


async def test_what_cannot_be_held_to_a_tenant_is_refused(sayings: Database) -> None:
    moving = keep(update(Saying).where(Saying.id == 1).values(tenant_id=THEIRS))
    anybody: Any = keep(select(bindparam("x")))
    several = keep(select(Saying.id).where(Saying.id.in_(bindparam("ids", expanding=True))))
    nameless = {key: value for key, value in say(6, "six").items() if key != "tenant_id"}
    async with sayings.unit_of_work(MINE) as uow:
        with pytest.raises(BugError):
            await uow.write((moving, [{}]))
        with pytest.raises(BugError):
            await uow.write((ADD, [nameless]))
        for refused, values in ((anybody, {"x": 1}), (several, {"ids": [1]}), (WHOLE, {})):
            with pytest.raises(BugError):
                await uow.fetch((refused, values))
    async with sayings.reading(None) as uow:
        with pytest.raises(BugError):
            await uow.fetch((ALL, {}))


async def test_errors_are_sqlalchemys_and_hold_no_values(sayings: Database) -> None:
    with pytest.raises(IntegrityError) as refused:
        async with sayings.unit_of_work(MINE) as uow:
            await uow.write((ADD, [say(7, "one")]))
    assert "seven" not in str(refused.value)
    with pytest.raises(DBAPIError):
        await sayings.fetch(MINE, (keep(text("SELECT nothing FROM nowhere")), {}))  # waiver: wrong
    assert await list_sayings(sayings, MINE) == [(1, "one")]


async def test_what_is_asked_together_sees_one_state(sayings: Database) -> None:
    async def write() -> None:
        for number in range(10, 40):
            async with sayings.unit_of_work(MINE) as uow:
                await uow.write((ADD, [say(number, f"saying {number}")]))

    if sayings.dialect != "sqlite":
        pytest.skip("PostgreSQL's reads see what is committed, statement by statement")
    writing = asyncio.create_task(write())
    while not writing.done():
        one, other = await sayings.fetch(MINE, (ALL, {}), (ALL, {}))
        assert one == other
    await writing


async def test_reading_goes_on_after_the_database_was_closed(sayings: Database) -> None:
    await sayings.close()
    assert await list_sayings(sayings, MINE) == [(1, "one")]
