"""What Alembic runs. The connection is handed over by `app.migrations.run`."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import JSON

from app.migrations.tables import metadata
from core.db.tables import UtcDateTime


def render_item(kind: str, item: Any, autogen: Any) -> str | Literal[False]:
    """Our own types, by their own names."""
    if kind == "type" and isinstance(item, UtcDateTime):
        autogen.imports.add("from core.db.tables import UtcDateTime")
        return "UtcDateTime()"
    if kind == "type" and isinstance(item, JSON):
        autogen.imports.add("from core.db.tables import Json")
        return "Json"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=False,
    render_item=render_item,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
