"""Brings a database to the newest shape, and tells whether it is there."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from core.db import Database

if TYPE_CHECKING:
    from alembic.config import Config

_FOLDER = Path(__file__).parent
# Any constant of our own: PostgreSQL lets one process at a time hold the lock of that number.
_MIGRATION_LOCK = 7_305_011_920


@cache
def newest_revision() -> str:
    """The revision that this version of the code needs.

    Read from the names of the migrations, which begin with their revision (a test holds them to
    it): a start that has nothing to migrate then need not import Alembic.
    """
    return max(path.name.partition("_")[0] for path in _FOLDER.glob("versions/[0-9]*_*.py"))


async def current_revision(database: Database) -> str | None:
    """The revision the database is at; None when it is empty."""
    async with database.engine.connect() as connection:
        if not await connection.run_sync(lambda sync: inspect(sync).has_table("alembic_version")):
            return None
        found = await connection.scalar(text("SELECT version_num FROM alembic_version"))
        return None if found is None else str(found)


async def migrate(database: Database) -> None:
    """Apply what is missing, in one transaction; several processes may try at once."""
    if await current_revision(database) == newest_revision():
        return
    from alembic import command  # noqa: PLC0415 - most starts have nothing to migrate

    async with database.engine.begin() as connection:
        if database.dialect == "postgresql":
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
        await connection.run_sync(lambda sync: command.upgrade(_config(sync), "head"))


async def generate(database: Database, message: str) -> None:
    """Write a new migration from what the models say (for developers)."""
    from alembic import command  # noqa: PLC0415

    revision = f"{int(newest_revision()) + 1:04d}"
    async with database.engine.begin() as connection:
        await connection.run_sync(
            lambda sync: command.revision(
                _config(sync), message, autogenerate=True, rev_id=revision
            )
        )


def _config(connection: Connection) -> Config:
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
