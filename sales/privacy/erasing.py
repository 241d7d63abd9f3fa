"""Takes a person out of our own tables: in one transaction, so that nothing is half gone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Table,
    and_,
    delete,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import UnitOfWork
from core.ids import new_id
from core.outbox import EntryState
from sales.handoffs.audit import pseudonymise_trail
from sales.privacy.columns import BLANK, GONE, MENTIONING, NOBODY, PERSONAL
from sales.privacy.events import ErasureStepDue
from sales.privacy.rules import build_needles, find_kinds, redact
from sales.privacy.schemas import Subject
from sales.privacy.searching import (
    find_table,
    get_table,
    list_word_columns,
    mentions,
    name_any,
    names_one,
    split,
)

# Ids that say whom a promise or an event is about.
_NAMED_BY = ("lead", "conversation", "appointment", "mail", "visitor")
_FEW = 40


class RowEraser:
    """Erases in one unit of work. Every part can be repeated."""

    def __init__(self, uow: UnitOfWork, subject: Subject) -> None:
        self._uow, self._subject = uow, subject
        self._needles = build_needles(subject)

    async def stop(self) -> tuple[int, int]:
        """Drop promises about the person, and take the leads out of every list, so that nothing
        new is made of them: how many were dropped, and how many are being kept right now."""
        connection = await self._connect()
        await self._hide_leads(connection)
        table = get_table("outbox_entries")
        keys = await self._list_mentioning(connection, table)
        running = 0
        for key in keys:
            is_it = and_(key, table.c.state == EntryState.RUNNING.value)
            running += (
                await connection.execute(select(table.c.id).where(is_it))
            ).first() is not None
            await connection.execute(
                delete(table).where(key, table.c.state != EntryState.RUNNING.value)
            )
        return len(keys) - running, running

    async def erase(self, pseudonym: str) -> dict[str, int]:
        """Take everything out: how many rows of each table."""
        connection = await self._connect()
        if self._uow.dialect == "sqlite":
            # What is deleted is overwritten in the file as well.
            # waiver: a setting of the connection; it reads and writes no rows.
            await connection.execute(text("PRAGMA secure_delete=ON"))
        counts: dict[str, int] = {}
        for name in MENTIONING:
            if (table := find_table(name)) is not None:
                for key in await self._list_mentioning(connection, table):
                    await self._delete(connection, table, key, counts)
        for name, column, kind in GONE:
            if (table := find_table(name)) is not None:
                for part in split(self._subject.ids.get(kind, ())):
                    await self._delete(connection, table, table.c[column].in_(part), counts)
        for blank in BLANK:
            if (table := find_table(blank.table)) is not None:
                for part in split(self._subject.ids.get(blank.kind, ())):
                    changed = await connection.execute(
                        update(table)
                        .where(
                            table.c.tenant_id == self._uow.tenant_id,
                            table.c[blank.column].in_(part),
                        )
                        .values({table.c[key]: value for key, value in blank.values.items()})
                    )
                    _add(counts, blank.table, _count(changed))
        await self._blank_facts(connection)
        for lead_id in self._subject.ids.get("lead", ()):
            await pseudonymise_trail(self._uow, lead_id, pseudonym)
        for name in PERSONAL:
            await self._redact(connection, name, counts)
        return {name: count for name, count in counts.items() if count}

    async def suppress(self, hashes: Mapping[str, str], at: datetime) -> int:
        """Remember the addresses as hashes on the list of those who get no mail."""
        table = get_table("mail_suppressions")
        connection = await self._connect()
        for address, hashed in hashes.items():
            known = (table.c.tenant_id == self._uow.tenant_id) & (table.c.address == address)
            found = await connection.execute(select(table.c.reason).where(known))
            reason = found.scalar() or "unsubscribed"
            await connection.execute(delete(table).where(known))
            there = (table.c.tenant_id == self._uow.tenant_id) & (table.c.address == hashed)
            if (await connection.execute(select(table.c.id).where(there))).first() is None:
                row = {
                    "tenant_id": self._uow.tenant_id,
                    "id": new_id(),
                    "address": hashed,
                    "reason": reason,
                    "mail_id": None,
                    "created_at": at,
                }
                await connection.execute(insert(table), [row])
        return len(hashes)

    async def _hide_leads(self, connection: AsyncConnection) -> None:
        leads = find_table("sales_leads")
        if leads is None:
            return
        for part in split(self._subject.ids.get("lead", ())):
            await connection.execute(
                update(leads)
                .where(
                    leads.c.tenant_id == self._uow.tenant_id,
                    leads.c.id.in_(part),
                    leads.c.merged_into.is_(None),
                )
                .values(merged_into=NOBODY)
            )

    async def _list_mentioning(
        self, connection: AsyncConnection, table: Table
    ) -> list[ColumnElement[bool]]:
        """The rows that name the person, each as the condition that is it alone."""
        columns = list_word_columns(table)
        keys = list(table.primary_key.columns)
        ids = [one for kind in _NAMED_BY for one in self._subject.ids.get(kind, ())]
        ids += self._subject.mail_keys
        conditions = [
            or_(*(name_any(column, part) for column in columns)) for part in split(ids, _FEW)
        ]
        texts = [mentions(column, self._needles, names=False) for column in columns]
        known = [one for one in texts if one is not None]
        conditions += [or_(*known)] if known else []
        found: dict[tuple[Any, ...], ColumnElement[bool]] = {}
        for condition in conditions:
            own = [table.c.tenant_id == self._uow.tenant_id, condition]
            if table.name == "outbox_entries":
                own.append(table.c.event_type != ErasureStepDue.event_type())
            for row in (await connection.execute(select(table).where(*own))).mappings():
                words = [row[column.name] for column in columns]
                if find_kinds(words, self._needles) - {"name"} or names_one(words, ids):
                    value = tuple(row[key.name] for key in keys)
                    found[value] = and_(*(key == one for key, one in zip(keys, value, strict=True)))
        return list(found.values())

    async def _delete(
        self,
        connection: AsyncConnection,
        table: Table,
        condition: ColumnElement[bool],
        counts: dict[str, int],
    ) -> None:
        own = and_(table.c.tenant_id == self._uow.tenant_id, condition)
        _add(counts, table.name, _count(await connection.execute(delete(table).where(own))))

    async def _blank_facts(self, connection: AsyncConnection) -> None:
        """What sales said of the lead keeps amounts and choices; notes go."""
        table = find_table("feedback_facts")
        if table is None:
            return
        for part in split(self._subject.ids.get("lead", ())):
            own = and_(table.c.tenant_id == self._uow.tenant_id, table.c.lead_id.in_(part))
            rows = await connection.execute(select(table.c.id, table.c.data).where(own))
            for row in rows.all():
                kept = {key: one for key, one in row.data.items() if key != "notes"}
                if kept != row.data:
                    await connection.execute(
                        update(table).where(table.c.id == row.id).values(data=kept)
                    )

    async def _redact(self, connection: AsyncConnection, name: str, counts: dict[str, int]) -> None:
        """Take addresses and numbers out of rows that are about others: a colleague named them."""
        table = find_table(name)
        if table is None or name in MENTIONING or name == "mail_suppressions":
            return
        for key in PERSONAL[name].split():
            column = table.c[key]
            condition = mentions(column, self._needles, names=False)
            if condition is None:
                return
            keys = list(table.primary_key.columns)
            own = and_(table.c.tenant_id == self._uow.tenant_id, condition)
            rows = (await connection.execute(select(*keys, column).where(own))).all()
            for row in rows:
                same = and_(*(one == row[n] for n, one in enumerate(keys)))
                value = redact(row[len(keys)], self._needles, names=False)
                await connection.execute(update(table).where(same).values({column: value}))
            _add(counts, name, len(rows))

    async def _connect(self) -> AsyncConnection:
        return await self._uow.session.connection()


def _count(done: Any) -> int:
    return max(done.rowcount, 0) if isinstance(done, CursorResult) else 0


def _add(counts: dict[str, int], name: str, count: int) -> None:
    counts[name] = counts.get(name, 0) + count
