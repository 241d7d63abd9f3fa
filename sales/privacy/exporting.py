"""Everything that is held of a person, as rows by table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Table, select

from core.db import UnitOfWork
from core.encryption import Cipher
from sales.privacy.columns import BLANK, GONE, MENTIONING, SEALED
from sales.privacy.schemas import Subject
from sales.privacy.searching import find_table, list_golden, list_mentioning, split

# What hangs on others by a foreign key, after what it hangs on: table, column, that table.
_BELOW = (
    ("messages", "conversation_id", "conversations"),
    ("page_views", "conversation_id", "conversations"),
    ("unanswered_questions", "conversation_id", "conversations"),
    ("citations", "message_id", "messages"),
    ("profile_values", "profile_id", "profiles"),
    ("appointment_events", "appointment_id", "appointments"),
)
_ALSO = (
    ("feedback_facts", "lead_id", "lead"),
    ("lead_revenues", "lead_id", "lead"),
)


async def export_rows(
    uow: UnitOfWork, subject: Subject, cipher: Cipher
) -> dict[str, list[dict[str, Any]]]:
    """The rows by table, each once. What is encrypted is opened: it is the person's own."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    wanted = [*GONE, *((one.table, one.column, one.kind) for one in BLANK), *_ALSO]
    for table, column, kind in dict.fromkeys(wanted):
        await _collect(uow, cipher, found, table, column, subject.ids.get(kind, []))
    for table, column, above in _BELOW:
        ids = [str(row["id"]) for row in found.get(above, {}).values()]
        await _collect(uow, cipher, found, table, column, ids)
    await _collect(uow, cipher, found, "mail_suppressions", "address", list(subject.emails))
    golden = await list_golden(uow, subject)
    await _collect(uow, cipher, found, "golden_questions", "id", golden)
    for name in MENTIONING:
        if (mentioning := find_table(name)) is not None:
            for condition in await list_mentioning(uow, subject, mentioning):
                await _keep(uow, cipher, found, mentioning, condition)
    return {name: list(rows.values()) for name, rows in found.items() if rows}


async def _collect(
    uow: UnitOfWork,
    cipher: Cipher,
    found: dict[str, dict[str, dict[str, Any]]],
    name: str,
    column: str,
    values: list[str],
) -> None:
    table = find_table(name)
    if table is None:
        return
    for part in split(values):
        await _keep(uow, cipher, found, table, table.c[column].in_(part))


async def _keep(
    uow: UnitOfWork,
    cipher: Cipher,
    found: dict[str, dict[str, dict[str, Any]]],
    table: Table,
    condition: ColumnElement[bool],
) -> None:
    connection = await uow.session.connection()
    rows = found.setdefault(table.name, {})
    query = select(table).where(table.c.tenant_id == uow.tenant_id, condition)
    for row in (await connection.execute(query)).mappings():
        key = "|".join(str(row[one.name]) for one in table.primary_key.columns)
        rows[key] = {
            one.name: _open(cipher, uow.tenant_id, table.name, one.name, row)
            for one in table.c
            if one.name != "tenant_id" and not isinstance(one.type, LargeBinary)
        }


def _open(cipher: Cipher, tenant_id: str, table: str, column: str, row: Mapping[Any, Any]) -> Any:
    value = row[column]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if value and column in SEALED.get(table, "").split():
        return cipher.decrypt(value, tenant_id=tenant_id, column=f"{table}.{column}")
    return value
