"""Which tenants got new rows lately, whichever process wrote them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from core.clock import Clock
from core.db import Database

# An id is made before its row is committed: rows appear this late at most behind newer ones.
_WINDOW = timedelta(seconds=30)
_ROWS = 500


class RecentChanges:
    """Watches tables whose ids are UUIDs of version 7, which begin with the time.

    Each call reads only the ids of the last seconds, from the primary key, so it costs the
    same however large the tables have grown.
    """

    def __init__(self, database: Database, clock: Clock, tables: Sequence[type[Any]]) -> None:
        self._database = database
        self._clock = clock
        self._tables = tuple(tables)
        self._known: set[str] | None = None

    async def read(self) -> set[str]:
        """The tenants with rows that were not there at the last call; none at the first."""
        floor = _lowest_id(int((self._clock.now() - _WINDOW).timestamp() * 1000))
        found: dict[str, str] = {}
        async with self._database.reading(None) as uow:
            for table in self._tables:
                query = (
                    select(table.id, table.tenant_id)
                    .where(table.id > floor)
                    .order_by(table.id.desc())
                    .limit(_ROWS)
                )
                rows = (await uow.session.execute(query)).all()
                found.update((row[0], row[1]) for row in rows)
        before, self._known = self._known, set(found)
        if before is None:
            return set()
        return {tenant_id for row_id, tenant_id in found.items() if row_id not in before}


def _lowest_id(milliseconds: int) -> str:
    return str(uuid.UUID(int=max(milliseconds, 0) << 80))
