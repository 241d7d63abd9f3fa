"""Encrypts rows anew with the newest key; servers may run meanwhile."""

from __future__ import annotations

from sqlalchemy import select, update

from core.db import Database
from core.encryption import Cipher
from sales.privacy.searching import get_table

# Rows that are encrypted as text of their own, by table and column. Credentials are renewed by
# `sales.connections`, sign-ins that wait live ten minutes.
SEALED_ROWS = (
    ("handoffs", "package"),
    ("received_leads", "package"),
    ("feedback_reports", "body"),
    ("privacy_keys", "sealed"),
    ("privacy_erasures", "subject"),
)
_AT_ONCE = 200


async def renew_sealed_rows(database: Database, cipher: Cipher) -> int:
    """Encrypt with the newest key whatever an older one encrypted: how many values. A value that
    somebody changes meanwhile is left to them: they use the newest key."""
    done = 0
    for name, column in SEALED_ROWS:
        table = get_table(name)
        after = ""
        while True:
            query = (
                select(table.c.id, table.c.tenant_id, table.c[column])
                .where(table.c.id > after, table.c[column] != "")
                .order_by(table.c.id)
                .limit(_AT_ONCE)
            )
            async with database.reading(None) as uow:
                rows = (await (await uow.session.connection()).execute(query)).all()
            for row in rows:
                after, before, bound = row[0], row[2], f"{name}.{column}"
                if not cipher.needs_renewal(before):
                    continue
                opened = cipher.decrypt(before, tenant_id=row[1], column=bound)
                sealed = cipher.encrypt(opened, tenant_id=row[1], column=bound)
                same = (table.c.id == row[0]) & (table.c[column] == before)
                async with database.unit_of_work(row[1]) as uow:
                    connection = await uow.session.connection()
                    changed = await connection.execute(
                        update(table).where(same).values({table.c[column]: sealed})
                    )
                    done += changed.rowcount
            if len(rows) < _AT_ONCE:
                break
    return done
