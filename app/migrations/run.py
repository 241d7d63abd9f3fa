"""Brings a database to the newest shape, and tells whether it is there."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from core.db import Database

# Any constant of our own: PostgreSQL lets one process at a time hold the lock of that number.
_MIGRATION_LOCK = 7_305_011_920


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def newest_revision() -> str:
    """The revision that this version of the code needs."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


async def current_revision(database: Database) -> str | None:
    """The revision the database is at; None when it is empty."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(
            lambda sync: MigrationContext.configure(sync).get_current_revision()
        )


async def migrate(database: Database) -> None:
    """Apply what is missing, in one transaction; several processes may try at once."""
    if await current_revision(database) == newest_revision():
        return
    async with database.engine.begin() as connection:
        if database.dialect == "postgresql":
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
        await connection.run_sync(lambda sync: command.upgrade(_config(sync), "head"))


async def generate(database: Database, message: str) -> None:
    """Write a new migration from what the models say (for developers)."""
    async with database.engine.begin() as connection:
        await connection.run_sync(
            lambda sync: command.revision(_config(sync), message, autogenerate=True)
        )
