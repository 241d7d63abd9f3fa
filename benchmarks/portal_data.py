"""A tenant with 10,000 leads and 100,000 messages, made from word lists and written in bulk.

Rows go straight into the tables, as many at a time as the database takes: talking them in would
take hours. The shapes are those that the product writes; what no list or page shows is empty. The
same rows on every machine, but for the ids and for the moment that all times are counted from.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks.portal_rows import LeadMaker, Size
from benchmarks.portal_talks import TalkMaker
from core.db import Database

_AT_ONCE = 2000
_Waiting = dict[type[Any], list[dict[str, Any]]]


async def fill(
    database: Database,
    tenant_id: str,
    site_id: str,
    owners: list[tuple[str, str]],
    now: datetime,
    size: Size | None = None,
) -> None:
    """Write a whole tenant. `owners`: ids of staff with their team's."""
    where = (tenant_id, site_id, now, size or Size())
    people = LeadMaker(*where, owners=owners)
    talks = TalkMaker(*where, leads=people.leads)
    for part in (people.make_leads, talks.make_conversations, talks.make_rest):
        waiting: _Waiting = {}
        async with database.engine.begin() as connection:
            for model, row in part():
                waiting.setdefault(model, []).append(row)
                if len(waiting[model]) >= _AT_ONCE:
                    await _write(connection, waiting)
            await _write(connection, waiting)


async def _write(connection: AsyncConnection, waiting: _Waiting) -> None:
    """In the order in which the tables first came: what others point at goes first."""
    for model, rows in waiting.items():
        if rows:
            await connection.execute(insert(model.__table__), rows)
            rows.clear()
