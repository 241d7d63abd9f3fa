"""The database: one engine, one unit of work, rows scoped to their tenant."""

from core.db.database import Database
from core.db.prepared import Ask, Rows, Write
from core.db.tables import Base, TenantRow, UtcDateTime
from core.db.unit_of_work import UnitOfWork, keep

__all__ = [
    "Ask",
    "Base",
    "Database",
    "Rows",
    "TenantRow",
    "UnitOfWork",
    "UtcDateTime",
    "Write",
    "keep",
]
