"""A row of the person in every table that can hold something of them, made from the schema: a
table that nobody thought of is stuffed as well."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Date, DateTime, LargeBinary, Table, insert, select
from sqlalchemy import types as sqltypes

from core.ids import new_id
from sales.conversations.service import Pass
from sales.leads.models import Lead
from sales.privacy.columns import PERSONAL, SEALED
from sales.privacy.searching import get_table, list_tables
from tests.app.erasure_world import ANN, MARK, World

# Secrets of the installation, not a person's.
_NOT_A_PERSONS = {"connection_sign_ins", "crm_integrations", "privacy_keys", "privacy_erasures"}
_FIXED: Mapping[str, Mapping[str, Any]] = {
    "mail_suppressions": {"address": ANN},
    "outbox_entries": {"state": "done", "event_type": "made.up", "effect": "made.up"},
    "profile_values": {"state": "past", "field": "note"},
    "handoffs": {"state": "settled"},
}


def write(table: str, column: str) -> str:
    """What stands in a column of the person's row."""
    fixed = _FIXED.get(table, {}).get(column)
    # A golden question is made of the very words of an open one.
    place = "unanswered_questions.text" if column == "ask" else f"{table}.{column}"
    return str(fixed or f"{MARK} {ANN} in {place}")


def list_places() -> list[tuple[str, str]]:
    """Every column that may hold something of a person."""
    sealed = {name: columns for name, columns in SEALED.items() if name not in _NOT_A_PERSONS}
    return [
        (table, column)
        for tables in (PERSONAL, sealed)
        for table, columns in tables.items()
        for column in columns.split()
    ]


async def stuff(world: World, ticket: Pass, lead: Lead) -> None:
    """A second lead that was merged with the person's, and a row of theirs everywhere."""
    wanted: dict[str, set[str]] = {}
    for name, column in list_places():
        wanted.setdefault(name, set()).add(column)
    ids = {
        kind: new_id()
        for kind in ("lead", "conversation", "appointment", "mail", "message", "session", "profile")
    }
    ids |= {"visitor": ticket.visitor_id, "first lead": lead.id, "site": ticket.site.site_id}
    tenant_id = world.tenant_id
    async with world.resources.database.unit_of_work(tenant_id) as uow:
        connection = await uow.session.connection()
        profiles = get_table("profiles")
        own = profiles.c.visitor_id == ticket.visitor_id
        ids["profile"] = str((await connection.execute(select(profiles.c.id).where(own))).scalar())
        for table in list_tables():
            if table.name not in wanted:
                continue
            row = _build_row(world, table, wanted[table.name], ids)
            await connection.execute(insert(table), [row])


def _build_row(
    world: World, table: Table, personal: set[str], ids: Mapping[str, str]
) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for column in table.c:
        name = column.name
        if name == "tenant_id":
            row[name] = world.tenant_id
        elif name in SEALED.get(table.name, "").split():
            bound = {"tenant_id": world.tenant_id, "column": f"{table.name}.{name}"}
            words = json.dumps({"say": write(table.name, name)})
            row[name] = world.resources.vendors.cipher.encrypt(words, **bound)
        elif name in personal:
            words = write(table.name, name)
            # What sales wrote in its own words of a lead; the rest of a fact is amounts and kinds.
            key = "notes" if table.name == "feedback_facts" else "say"
            row[name] = {key: words} if isinstance(column.type, JSON) else words
        elif (found := _choose_id(table, column, ids)) is not None:
            row[name] = found
        elif name in _FIXED.get(table.name, {}):
            row[name] = _FIXED[table.name][name]
        elif not column.nullable and not (column.primary_key and _is_number(column)):
            row[name] = _fill(world, column)
    return row


def _choose_id(table: Table, column: Column[Any], ids: Mapping[str, str]) -> str | None:
    rows = {
        "sales_leads": "lead",
        "conversations": "conversation",
        "appointments": "appointment",
        "local_calendar_events": "appointment",
        "mails": "mail",
        "messages": "message",
        "sessions": "session",
    }
    links = {
        "source_id": "lead",
        "target_id": "first lead",
        "merged_into": "first lead",
        "own_lead_id": "lead",
    }
    if column.name == "id":
        made = rows.get(table.name)
        return ids[made] if made else (None if _is_number(column) else new_id())
    kind = links.get(column.name, column.name.removesuffix("_id"))
    return ids.get(kind) if column.name.endswith("_id") or column.name in links else None


def _is_number(column: Column[Any]) -> bool:
    return isinstance(column.type, sqltypes.Integer | sqltypes.Float | sqltypes.Numeric)


def _fill(world: World, column: Column[Any]) -> Any:
    now: datetime = world.resources.clock.now()
    kinds: tuple[tuple[Any, Any], ...] = (
        (Boolean, False),
        (sqltypes.Integer, 0),
        (sqltypes.Float, 0.0),
        (DateTime, now),
        (Date, date(2026, 11, 22)),
        (LargeBinary, b""),
        (JSON, {}),
    )
    for kind, value in kinds:
        if isinstance(column.type, kind):
            return value
    is_time = "DateTime" in type(column.type).__name__
    return now if is_time else new_id()[: getattr(column.type, "length", None) or 36]
