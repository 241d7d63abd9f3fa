"""What PostgreSQL keeps of rows that are gone: their dead versions stand in the tables' files, and
a plain VACUUM only frees their places. `VACUUM FULL` writes a table and its indexes anew."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.types import Text

_LOOKS, _PAUSE_SECONDS = 50, 0.1
# Who waits for longer stands in everybody's way: what comes behind waits as well.
_LOCK_TIMEOUT = "SET lock_timeout = '2s'"
_FILES = text(
    "SELECT relname, pg_relation_filenode(oid), pg_total_relation_size(oid) FROM pg_class"
    " WHERE relname = ANY(:names) AND relkind = 'r' AND pg_table_is_visible(oid)"
).bindparams(bindparam("names", type_=ARRAY(Text)))
_NEWEST = text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
# Rows that an older transaction may still see are taken along into the new file.
_OLDER = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid()"
    " AND age(backend_xmin) > age(CAST(CAST(:newest AS xid8) AS xid))"
)


@dataclass(frozen=True, slots=True)
class Rewritten:
    """Tables by name: `done` stand in new files; of `left` the file is too large, or is not ours
    to write anew."""

    done: tuple[str, ...]
    left: tuple[str, ...]


async def rewrite_tables(
    engine: AsyncEngine, names: Sequence[str], largest: int
) -> Rewritten | None:
    """Write those of these tables anew that have at most `largest` bytes, with their indexes, each
    while nobody else reads or writes it. None: somebody is at work in one for longer."""
    async with engine.connect() as plain:
        connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
        try:
            if not await _is_calm(connection):
                return None
            before = await _list_files(connection, names)
            # waiver: a setting of the connection; it reads and writes no rows.
            await connection.execute(text(_LOCK_TIMEOUT))
            for name, (_, size) in before.items():
                if 0 < size <= largest:
                    # The planner's samples of its values are taken anew as well.
                    # waiver: the name is one of the schema's own; no rows are read.
                    await connection.execute(text(f'VACUUM (FULL, ANALYZE) "{name}"'))
            after = await _list_files(connection, names)
        except OperationalError:
            return None
        finally:
            await plain.invalidate()
    done = [name for name, (file, _) in after.items() if file != before.get(name, (file, 0))[0]]
    left = [name for name, (_, size) in before.items() if size and name not in done]
    return Rewritten(tuple(sorted(done)), tuple(sorted(left)))


async def _is_calm(connection: AsyncConnection) -> bool:
    newest = (await connection.execute(_NEWEST)).scalar_one()
    for _ in range(_LOOKS):
        if not (await connection.execute(_OLDER, {"newest": newest})).scalar_one():
            return True
        await asyncio.sleep(_PAUSE_SECONDS)
    return False


async def _list_files(
    connection: AsyncConnection, names: Sequence[str]
) -> dict[str, tuple[int, int]]:
    """By name: the number of the file, and how many bytes there are in all."""
    rows = await connection.execute(_FILES, {"names": sorted(names)})
    return {str(row[0]): (int(row[1]), int(row[2])) for row in rows}
