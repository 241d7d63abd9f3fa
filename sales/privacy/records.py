"""Rows of erasures: how far each got, and what comes next."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import select

from core.clock import Clock
from core.db import Database, UnitOfWork
from core.encryption import Cipher
from core.errors import NotFound
from core.ids import is_id
from core.outbox import Outbox
from sales.privacy.events import ErasureStepDue
from sales.privacy.models import Erasure
from sales.privacy.outside import OutsideSystem
from sales.privacy.rules import list_due
from sales.privacy.schemas import Answer, ErasureView, Meeting, Subject

COLUMN = "privacy_erasures.subject"
_VIEW = tuple(name for name in ErasureView.__dataclass_fields__ if name != "waiting_for")


@dataclass(frozen=True, slots=True)
class ErasureBook:
    """Reads and keeps erasures. `get_outside`: the systems to ask, by the name of their step."""

    database: Database
    clock: Clock
    outbox: Outbox
    cipher: Cipher
    get_outside: Callable[[], Mapping[str, OutsideSystem]]

    async def read(self, tenant_id: str, erasure_id: str) -> ErasureView:
        """An erasure as others see it.

        Raises:
            NotFound: there is none of that id.
        """
        async with self.database.reading(tenant_id) as uow:
            row = await self.lock(uow, erasure_id)
            values = {name: getattr(row, name) for name in _VIEW}
            return ErasureView(**values, waiting_for=tuple(self.list_due(row)))

    async def lock(self, uow: UnitOfWork, erasure_id: str) -> Erasure:
        """The row, for whoever changes it next.

        Raises:
            NotFound: there is none of that id.
        """
        row = None
        if is_id(erasure_id):
            query = select(Erasure).where(Erasure.id == erasure_id).with_for_update()
            row = (await uow.session.execute(query)).scalar()
        if row is None:
            raise NotFound("There is no such erasure.")
        return row

    def list_due(self, row: Erasure) -> list[str]:
        """The steps that can be done now."""
        return list_due(row.answers, list(self.get_outside())) if row.state == "running" else []

    async def promise(self, uow: UnitOfWork, row: Erasure) -> None:
        """Let the steps that can be done now be done."""
        for step in self.list_due(row):
            event = ErasureStepDue(erasure_id=row.id, step=step, round=row.round)
            await self.outbox.record(uow, event, once=f"{row.id} {row.round} {step}")

    async def note(
        self, tenant_id: str, erasure_id: str, step: str, number: int, answers: list[Answer]
    ) -> None:
        """Keep what was answered in a round, and promise what comes next."""
        async with self.database.unit_of_work(tenant_id) as uow:
            row = await self.lock(uow, erasure_id)
            if row.state == "running" and row.round == number and step not in row.answers:
                row.answers = {**row.answers, step: [asdict(one) for one in answers]}
                await self.promise(uow, row)

    def seal(self, tenant_id: str, subject: Subject) -> str:
        """A person as their row keeps them: encrypted."""
        return self.cipher.encrypt(json.dumps(asdict(subject)), tenant_id=tenant_id, column=COLUMN)

    def open(self, row: Erasure) -> Subject:
        """Whom a row means."""
        read = json.loads(self.cipher.decrypt(row.subject, tenant_id=row.tenant_id, column=COLUMN))
        return Subject(
            emails=tuple(read["emails"]),
            phones=tuple(read["phones"]),
            names=tuple(read["names"]),
            ids=read["ids"],
            meetings=tuple(Meeting(**one) for one in read["meetings"]),
            mail_keys=tuple(read["mail_keys"]),
        )
