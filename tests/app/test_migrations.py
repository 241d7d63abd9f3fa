"""What the migrations promise to a start that has nothing to migrate."""

from __future__ import annotations

from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

import app.migrations.run
from app.migrations.run import current_revision, newest_revision
from core.db import Database

FOLDER = Path(app.migrations.run.__file__).parent


def _scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return ScriptDirectory.from_config(config)


def test_the_newest_revision_is_alembics_head() -> None:
    assert newest_revision() == _scripts().get_current_head()


def test_a_migration_is_named_after_its_revision() -> None:
    for script in _scripts().walk_revisions():
        assert Path(script.path).name.startswith(f"{script.revision}_")


async def test_a_migrated_database_is_at_the_newest_revision(database: Database) -> None:
    assert await current_revision(database) == newest_revision()


async def test_an_empty_database_has_no_revision(tmp_path: Path) -> None:
    empty = Database(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    assert await current_revision(empty) is None
    await empty.close()
