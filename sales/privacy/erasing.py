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
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import UnitOfWork
from core.ids import new_id
from core.outbox import EntryState
from sales.feedback.forgetting import forget_feedback
from sales.handoffs.audit import pseudonymise_trail
from sales.privacy.columns import BLANK, GONE, MENTIONING, NOBODY, OWN_WORDS, PERSONAL
from sales.privacy.rules import build_needles, redact
from sales.privacy.schemas import Subject
from sales.privacy.searching import (
    find_table,
    get_table,
    list_golden,
    list_mentioning,
    mentions,
    split,
)


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
        keys = await list_mentioning(self._uow, self._subject, table)
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
        golden = get_table("golden_questions")
        for part in split(await list_golden(self._uow, self._subject)):
            # Before the questions go from which they were made.
            await self._delete(connection, golden, golden.c.id.in_(part), counts)
        for name in MENTIONING:
            if (table := find_table(name)) is not None:
                for key in await list_mentioning(self._uow, self._subject, table):
                    await self._delete(connection, table, key, counts)
        for name, column, kind in GONE:
            if (table := find_table(name)) is not None:
                for part in split(self._subject.ids.get(kind, ())):
                    await self._delete(connection, table, table.c[column].in_(part), counts)
        await self._blank(connection, counts)
        await forget_feedback(self._uow, self._subject.ids.get("lead", []))
        await self._redact_own(connection)
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

    async def _delete(
        self,
        connection: AsyncConnection,
        table: Table,
        condition: ColumnElement[bool],
        counts: dict[str, int],
    ) -> None:
        own = and_(table.c.tenant_id == self._uow.tenant_id, condition)
        _add(counts, table.name, _count(await connection.execute(delete(table).where(own))))

    async def _blank(self, connection: AsyncConnection, counts: dict[str, int]) -> None:
        for blank in BLANK:
            if (table := find_table(blank.table)) is None:
                continue
            values = {table.c[key]: value for key, value in blank.values.items()}
            own = table.c.tenant_id == self._uow.tenant_id
            for part in split(self._subject.ids.get(blank.kind, ())):
                whose = and_(own, table.c[blank.column].in_(part))
                changed = await connection.execute(update(table).where(whose).values(values))
                _add(counts, blank.table, _count(changed))

    async def _redact_own(self, connection: AsyncConnection) -> None:
        """Names too, in what others wrote of the lead: here nobody else can be meant."""
        for name, columns in OWN_WORDS:
            table = get_table(name)
            for part in split(self._subject.ids.get("lead", ())):
                own = and_(table.c.tenant_id == self._uow.tenant_id, table.c.lead_id.in_(part))
                for row in (await connection.execute(select(table).where(own))).mappings().all():
                    values = {
                        key: redacted
                        for key in columns.split()
                        if (redacted := redact(row[key], self._needles)) != row[key]
                    }
                    if values:
                        same = and_(*(key == row[key.name] for key in table.primary_key))
                        await connection.execute(update(table).where(same).values(values))

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
