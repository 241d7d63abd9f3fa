"""PostgreSQL's files hold nothing of rows that are gone once their tables were written anew."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from core.db import Database

_LARGE = 10**9


async def test_tables_are_written_anew_when_nobody_can_see_what_is_gone(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database.dialect != "postgresql":
        assert await database.rewrite_tables(["sites"], _LARGE) is None
        return
    monkeypatch.setattr("core.db.rewriting._LOOKS", 2)
    async with database.engine.connect() as other:
        # A transaction that began before, and may look at rows as they were.
        await other.execution_options(isolation_level="REPEATABLE READ")
        await other.execute(text("SELECT count(*) FROM sites"))
        async with database.unit_of_work(None) as uow:
            await uow.session.execute(text("DELETE FROM sites"))
        assert await database.rewrite_tables(["sites"], _LARGE) is None
    done = await database.rewrite_tables(["sites", "tenants", "no_such"], _LARGE)
    assert done is not None
    assert (done.done, done.left) == (("sites", "tenants"), ())
    # One that is too large is named, and left as it is.
    small = await database.rewrite_tables(["sites"], 1)
    assert small is not None
    assert (small.done, small.left) == ((), ("sites",))
    # Others go on with their own settings.
    async with database.reading(None) as uow:
        assert (await uow.session.execute(text("SHOW lock_timeout"))).scalar_one() == "0"
