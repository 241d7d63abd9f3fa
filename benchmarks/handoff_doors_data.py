"""Rows for `handoff_doors`, written straight into SQLite: more of what one lead left behind."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from core.ids import new_id

# Where each table names what a lead left, and columns that no two rows may share.
_OF_LEAD = {"sales_leads": "id", "lead_events": "lead_id", "handoff_audit": "lead_id"}
_OF_HANDED = {**_OF_LEAD, "handoffs": "lead_id", "feedback_reports": "lead_id",
              "feedback_facts": "lead_id", "lead_outcomes": "lead_id",
              "lead_revenues": "lead_id"}  # fmt: skip
_UNIQUE = ("email_key", "email", "phone_key", "transaction_id", "idempotency_key", "report_key")


def settle_promises(connection: sqlite3.Connection) -> None:
    """What was to be sent is said to have been acknowledged: nothing of it is due."""
    connection.execute("UPDATE outbox_entries SET state = 'done'")
    connection.execute("UPDATE handoffs SET state = 'accepted', acknowledgement = 'accepted'")
    connection.execute("UPDATE sales_leads SET handoff_state = 'accepted'")


def add_reps(connection: sqlite3.Connection, count: int) -> None:
    """Colleagues beside the admin who is there: leads are shared out among them."""
    for number in range(count):
        changes = {"id": new_id(), "role": "rep", "name": f"Rep {number}"}
        changes["email"] = f"rep{number}@acme.example"
        [row] = _read(connection, "SELECT * FROM staff WHERE role = 'admin'")
        _insert(connection, "staff", {**row, **changes})


def copy_received(connection: sqlite3.Connection, lead_id: str, count: int) -> None:
    """`count` leads as this one, which was handed over to us under the sender's `lead_id`."""
    [received] = _read(connection, "SELECT * FROM received_leads WHERE lead_id = ?", lead_id)
    rows = _read_all(connection, _OF_LEAD, received["own_lead_id"])
    rows += _read_all(connection, {"handoff_audit": "lead_id"}, lead_id)
    rows += [("received_leads", received)]
    rows += _read_all(connection, {"received_requests": "received_id"}, received["id"])
    promised = "SELECT * FROM outbox_entries WHERE json_extract(payload, '$.received_id') = ?"
    rows += [("outbox_entries", row) for row in _read(connection, promised, received["id"])]
    names = {received["own_lead_id"], lead_id, received["id"]}
    [(last,)] = connection.execute("SELECT max(position) FROM received_leads")
    owners = [row["id"] for row in _read(connection, "SELECT id FROM staff WHERE role = 'rep'")]
    for number in range(count):
        extra = {"position": last + 1 + number, "assigned_to": owners[number % len(owners)]}
        _copy(connection, rows, names, extra)


def copy_handed(connection: sqlite3.Connection, lead_id: str, count: int) -> None:
    """`count` leads as this one, which was handed over by us and spoken of."""
    rows = _read_all(connection, _OF_HANDED, lead_id)
    for _ in range(count):
        _copy(connection, rows, {lead_id}, {})


def _copy(
    connection: sqlite3.Connection,
    rows: list[tuple[str, dict[str, Any]]],
    names: set[str],
    extra: Mapping[str, Any],
) -> None:
    renamed = {name: new_id() for name in names}
    for table, row in rows:
        made = {key: renamed.get(value, value) for key, value in row.items()}
        if table == "outbox_entries":
            del made["id"]
            for old, new in renamed.items():
                made["payload"] = made["payload"].replace(old, new)
        elif "id" in made and made["id"] == row["id"]:
            made["id"] = new_id()
        for key in _UNIQUE:
            if made.get(key):
                made[key] = new_id()
        made.update({key: value for key, value in extra.items() if made.get(key) is not None})
        _insert(connection, table, made)


def _read_all(
    connection: sqlite3.Connection, tables: Mapping[str, str], value: str
) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for table, column in tables.items():
        rows = _read(connection, f"SELECT * FROM {table} WHERE {column} = ?", value)  # noqa: S608
        found += [(table, row) for row in rows]
    return found


def _read(connection: sqlite3.Connection, query: str, *values: str) -> list[dict[str, Any]]:
    cursor = connection.execute(query, values)
    names = [one[0] for one in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _insert(connection: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> None:
    names, marks = ", ".join(f'"{name}"' for name in row), ", ".join("?" * len(row))
    statement = f'INSERT INTO "{table}" ({names}) VALUES ({marks})'  # noqa: S608
    connection.execute(statement, list(row.values()))
