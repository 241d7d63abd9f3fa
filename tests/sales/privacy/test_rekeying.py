"""Keys of encryption rotate, with everything that is under them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.migrations.tables import metadata
from core.clock import SystemClock
from core.db import Database
from core.encryption import Cipher
from core.errors import ConfigurationError
from core.ids import new_id
from sales.privacy.columns import SEALED
from sales.privacy.hashing import PersonHasher
from sales.privacy.models import Erasure
from sales.privacy.rekeying import SEALED_ROWS, renew_sealed_rows

OLD, NEW = b"o" * 32, b"n" * 32


async def test_every_sealed_row_is_under_the_newest_key_afterwards(database: Database) -> None:
    old, both, new = Cipher([OLD]), Cipher([NEW, OLD]), Cipher([NEW])
    tenant_id, erasure_id = new_id(), new_id()
    hashed = await PersonHasher(database, SystemClock(), old).hash(tenant_id, "ann@x.example")
    bound = {"tenant_id": tenant_id, "column": "privacy_erasures.subject"}
    async with database.unit_of_work(tenant_id) as uow:
        uow.session.add(
            Erasure(
                id=erasure_id,
                state="running",
                subject_hash=hashed,
                subject=old.encrypt("Ann", **bound),
                round=1,
                answers={},
                certificate={},
                requested_by="Sam",
                requested_at=datetime.now(UTC),
                finished_at=None,
            )
        )
    assert await renew_sealed_rows(database, both) == 2
    assert await renew_sealed_rows(database, both) == 0
    async with database.reading(tenant_id) as uow:
        row = await uow.session.get(Erasure, erasure_id)
        assert row is not None
    assert new.decrypt(row.subject, **bound) == "Ann"
    with pytest.raises(ConfigurationError):
        old.decrypt(row.subject, **bound)
    # Hashes stay what they were: their key was only wrapped anew.
    assert (
        await PersonHasher(database, SystemClock(), new).hash(tenant_id, "ann@x.example") == hashed
    )


def test_no_sealed_column_is_forgotten() -> None:
    assert metadata.tables
    by_connections = {("crm_integrations", "api_credentials"), ("connection_sign_ins", "sealed")}
    sealed = {(table, column) for table, columns in SEALED.items() for column in columns.split()}
    assert sealed - by_connections == set(SEALED_ROWS)
