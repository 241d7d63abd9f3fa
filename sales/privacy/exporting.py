"""Everything that is held of a person, as rows by table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import LargeBinary, select

from core.db import UnitOfWork
from core.encryption import Cipher
from sales.privacy.columns import BLANK, GONE, SEALED
from sales.privacy.schemas import Subject
from sales.privacy.searching import find_table, split

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
    ("received_leads", "lead_id", "received"),
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
    connection = await uow.session.connection()
    rows = found.setdefault(name, {})
    for part in split(values):
        query = select(table).where(table.c.tenant_id == uow.tenant_id, table.c[column].in_(part))
        for row in (await connection.execute(query)).mappings():
            key = "|".join(str(row[one.name]) for one in table.primary_key.columns)
            rows[key] = {
                one.name: _open(cipher, uow.tenant_id, name, one.name, row)
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
