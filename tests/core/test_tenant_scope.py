"""A unit of work of one tenant can neither see nor touch another tenant's rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Select, bindparam, delete, exists, func, insert, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, aliased, mapped_column

from core.db import Database, TenantRow, keep
from core.errors import BugError

MINE, THEIRS = "tenant-a", "tenant-b"


class Base(DeclarativeBase):
    """Tables of this test alone."""


class Note(TenantRow, Base):
    __tablename__ = "test_notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    words: Mapped[str]


class Tag(TenantRow, Base):
    __tablename__ = "test_tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[int]


@pytest.fixture
async def notes(database: Database) -> Database:
    """Note 1 and tag 1 are mine, note 2 and tag 2 are theirs."""
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with database.unit_of_work(None) as uow:
        for number, tenant in ((1, MINE), (2, THEIRS)):
            uow.session.add(Note(id=number, tenant_id=tenant, words="hello"))
            uow.session.add(Tag(id=number, tenant_id=tenant, note_id=number))
    return database


async def read_all(database: Database) -> list[tuple[int, str, str]]:
    async with database.reading(None) as uow:
        found = await uow.session.execute(
            select(Note.id, Note.tenant_id, Note.words).order_by(Note.id)
        )
        return [(row.id, row.tenant_id, row.words) for row in found]


OTHER = aliased(Note)
QUERIES: dict[str, tuple[Callable[[], Select[Any]], object]] = {
    "entity ids": (lambda: select(Note.id), 1),
    "an alias": (lambda: select(OTHER.id), 1),
    "a count": (lambda: select(func.count()).select_from(Note), 1),
    "a count of a column": (lambda: select(func.count(Note.id)), 1),
    "a join": (lambda: select(Tag.id).join(Note, true()), 1),
    "an outer join": (lambda: select(func.count(Note.id)).outerjoin(Tag, true()), 1),
    "a subquery": (lambda: select(func.count()).select_from(select(Note.id).subquery()), 1),
    "a common table": (lambda: select(select(Note.id).cte().c.id), 1),
    "a list from a query": (lambda: select(Tag.id).where(Tag.note_id.in_(select(Note.id))), 1),
    "a scalar query": (lambda: select(select(func.count(Note.id)).scalar_subquery()), 1),
    "a condition": (lambda: select(Note.id).where(Note.id == 2), None),
    "existence": (lambda: select(exists().where(Note.id == 2)), False),
    "existence of an entity": (lambda: select(select(Note).where(Note.id == 2).exists()), False),
}


@pytest.mark.parametrize("name", QUERIES)
async def test_no_query_sees_another_tenants_rows(notes: Database, name: str) -> None:
    build, expected = QUERIES[name]
    async with notes.reading(MINE) as uow:
        values = (await uow.session.execute(build())).scalars().all()
    assert values == ([] if expected is None else [expected])


async def test_a_union_and_a_row_by_its_key_are_scoped_too(notes: Database) -> None:
    async with notes.reading(MINE) as uow:
        both = await uow.session.execute(select(Note.id).union(select(OTHER.id)))
        assert both.scalars().all() == [1]
        assert await uow.session.get(Note, 2) is None
        assert await uow.session.get(Note, 1) is not None


async def test_the_scope_follows_each_unit_of_work(notes: Database) -> None:
    for _ in range(2):
        for tenant, number in ((MINE, 1), (THEIRS, 2)):
            async with notes.reading(tenant) as uow:
                assert (await uow.session.execute(select(Note.id))).scalars().all() == [number]


async def test_updates_and_deletes_reach_only_ones_own_rows(notes: Database) -> None:
    async with notes.unit_of_work(MINE) as uow:
        await uow.session.execute(update(Note).values(words="changed"))
        await uow.session.execute(update(Note).where(Note.id == 2).values(words="hacked"))
    assert await read_all(notes) == [(1, MINE, "changed"), (2, THEIRS, "hello")]
    async with notes.unit_of_work(MINE) as uow:
        await uow.session.execute(delete(Note))
    assert await read_all(notes) == [(2, THEIRS, "hello")]


FORBIDDEN = {
    "an update by key": (update(Note), [{"id": 2, "words": "hacked"}]),
    "giving a row away": (update(Note).where(Note.id == 1).values(tenant_id=THEIRS), None),
    "an insert by values": (insert(Note).values(id=3, tenant_id=THEIRS, words="x"), None),
    "an insert of rows": (insert(Note), [{"id": 3, "tenant_id": THEIRS, "words": "x"}]),
    "a second row of an insert": (
        insert(Note),
        [
            {"id": 3, "tenant_id": MINE, "words": "x"},
            {"id": 4, "tenant_id": THEIRS, "words": "x"},
        ],
    ),
    "an insert of many values": (
        insert(Note).values([{"id": 3, "tenant_id": THEIRS, "words": "x"}]),
        None,
    ),
    "an insert from a query": (
        insert(Note).from_select(["id", "tenant_id", "words"], select(Tag.id, Tag.id, Tag.id)),
        None,
    ),
}


@pytest.mark.parametrize("name", FORBIDDEN)
async def test_no_statement_writes_another_tenants_rows(notes: Database, name: str) -> None:
    statement, rows = FORBIDDEN[name]
    with pytest.raises(BugError):
        async with notes.unit_of_work(MINE) as uow:
            await uow.session.execute(statement, rows)
    assert await read_all(notes) == [(1, MINE, "hello"), (2, THEIRS, "hello")]


async def test_new_rows_get_the_tenant_and_not_another(notes: Database) -> None:
    async with notes.unit_of_work(MINE) as uow:
        uow.session.add(Note(id=3, words="mine"))
        await uow.session.execute(insert(Note), [{"id": 4, "tenant_id": MINE, "words": "mine"}])
    assert [row[:2] for row in await read_all(notes)] == [
        (1, MINE),
        (2, THEIRS),
        (3, MINE),
        (4, MINE),
    ]
    with pytest.raises(BugError, match="another tenant"):
        async with notes.unit_of_work(MINE) as uow:
            uow.session.add(Note(id=5, tenant_id=THEIRS, words="x"))


async def test_a_row_without_a_tenant_is_refused_by_the_database(notes: Database) -> None:
    with pytest.raises(IntegrityError):
        async with notes.unit_of_work(None) as uow:
            uow.session.add(Note(id=5, words="x"))


async def test_a_row_that_somebody_handed_over_cannot_be_changed(notes: Database) -> None:
    async def load() -> Note:
        async with notes.reading(THEIRS) as uow:
            return (await uow.session.execute(select(Note))).scalar_one()

    for column, value in (("words", "hacked"), ("tenant_id", MINE)):
        note = await load()
        with pytest.raises(BugError, match="another tenant"):
            async with notes.unit_of_work(MINE) as uow:
                uow.session.add(note)
                setattr(note, column, value)
    with pytest.raises(BugError, match="another tenant"):
        async with notes.unit_of_work(MINE) as uow:
            await uow.session.delete(await load())
    assert await read_all(notes) == [(1, MINE, "hello"), (2, THEIRS, "hello")]


async def test_a_row_cannot_be_given_away(notes: Database) -> None:
    with pytest.raises(BugError, match="another tenant"):
        async with notes.unit_of_work(MINE) as uow:
            note = (await uow.session.execute(select(Note))).scalar_one()
            note.tenant_id = THEIRS
    assert await read_all(notes) == [(1, MINE, "hello"), (2, THEIRS, "hello")]


async def test_work_for_all_tenants_sees_all_and_has_no_tenant(notes: Database) -> None:
    async with notes.reading(None) as uow:
        assert (await uow.session.execute(select(func.count(Note.id)))).scalar() == 2
        with pytest.raises(BugError):
            _ = uow.tenant_id


KEPT = keep(select(Note.id).where(Note.words == bindparam("words")))


async def test_a_kept_statement_sees_each_tenants_own_rows(notes: Database) -> None:
    for tenant, expected in ((MINE, [1]), (THEIRS, [2]), (MINE, [1]), (None, [1, 2])):
        async with notes.reading(tenant) as uow:
            found = await uow.session.execute(KEPT, {"words": "hello"})
            assert sorted(found.scalars()) == expected
