"""Erasures as they are asked for and looked at, exports and legal holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from core.clock import Clock
from core.db import Database, UnitOfWork
from core.encryption import Cipher
from core.errors import Conflict, NotFound
from core.ids import new_id
from sales.organization.rules import check_may
from sales.organization.schemas import Principal
from sales.privacy.exporting import export_rows
from sales.privacy.hashing import PersonHasher
from sales.privacy.holding import HoldKeeper
from sales.privacy.models import Erasure, HashKey
from sales.privacy.performing import ErasureSteps
from sales.privacy.records import ErasureBook
from sales.privacy.rules import check_wish, join_subjects
from sales.privacy.schemas import ErasureView, Subject, Wish
from sales.privacy.searching import SubjectSearch


@dataclass(frozen=True, slots=True)
class PrivacyService:
    """Erasures, exports and legal holds of all tenants."""

    book: ErasureBook
    steps: ErasureSteps
    hasher: PersonHasher
    holds: HoldKeeper

    @property
    def database(self) -> Database:
        """Where rows are."""
        return self.book.database

    @property
    def clock(self) -> Clock:
        """The time."""
        return self.book.clock

    @property
    def cipher(self) -> Cipher:
        """Opens what is encrypted, for the person's own export."""
        return self.book.cipher

    async def preview(self, principal: Principal, wish: Wish) -> dict[str, int]:
        """What would be erased, as counts; nothing happens.

        Raises:
            Forbidden: only admins may.
            Invalid: the wish names nobody.
        """
        check_may(principal, "erase_people")
        subject = await self.steps.find(principal.tenant_id, check_wish(wish))
        return subject.counts

    async def request(self, principal: Principal, wish: Wish) -> str:
        """Promise to erase a person; the id of the erasure. Who asks while one is under way gets
        that one; one that is incomplete begins anew.

        Raises:
            Forbidden: only admins may.
            Invalid: the wish names nobody.
            NotFound: there is no such lead.
            Conflict: a lead of the person is under a legal hold.
        """
        check_may(principal, "erase_people")
        tenant_id, wish = principal.tenant_id, check_wish(wish)
        subject = await self.steps.find(tenant_id, wish)
        if wish.lead_id and not subject.ids.get("lead"):
            raise NotFound("There is no such lead.")
        await self.holds.check(tenant_id, subject)
        hashed = await self._name(tenant_id, wish, subject)
        async with self.database.unit_of_work(tenant_id) as uow:
            row = await self._find_open(uow, hashed)
            if row is not None:
                if row.state == "incomplete":
                    # What is erased here already is found no more: the row knows who it was.
                    known = join_subjects(self.book.open(row), subject)
                    row.subject = self.book.seal(tenant_id, known)
                    await self._begin_again(uow, row)
                return row.id
            row = Erasure(
                tenant_id=tenant_id,
                id=new_id(),
                state="running",
                subject_hash=hashed,
                subject=self.book.seal(tenant_id, subject),
                round=1,
                answers={},
                certificate={},
                requested_by=principal.name,
                requested_at=self.clock.now(),
                finished_at=None,
            )
            uow.session.add(row)
            await uow.flush()
            await self.book.promise(uow, row)
        return row.id

    async def retry(self, principal: Principal, erasure_id: str) -> None:
        """Ask again those who refused, and look again.

        Raises:
            Conflict: it is under way, or done.
        """
        check_may(principal, "erase_people")
        async with self.database.unit_of_work(principal.tenant_id) as uow:
            row = await self.book.lock(uow, erasure_id)
            if row.state != "incomplete":
                raise Conflict(f"This erasure is {row.state}; there is nothing to repeat.")
            await self._begin_again(uow, row)

    async def get_erasure(self, principal: Principal, erasure_id: str) -> ErasureView:
        """How far it got.

        Raises:
            NotFound: there is none of that id.
        """
        check_may(principal, "erase_people")
        return await self.book.read(principal.tenant_id, erasure_id)

    async def get_certificate(self, principal: Principal, erasure_id: str) -> dict[str, Any]:
        """What everybody answered, and what was found afterwards.

        Raises:
            NotFound: there is no such erasure.
            Conflict: it is under way.
        """
        found = await self.get_erasure(principal, erasure_id)
        if found.state == "running":
            waiting = ", ".join(found.waiting_for)
            raise Conflict(f"This erasure is under way. It waits for: {waiting}.")
        return found.certificate

    async def list_due(self, tenant_id: str, erasure_id: str) -> list[tuple[str, int]]:
        """The steps that can be done now, with their round."""
        async with self.database.reading(tenant_id) as uow:
            row = await self.book.lock(uow, erasure_id)
            return [(step, row.round) for step in self.book.list_due(row)]

    async def perform(
        self,
        tenant_id: str,
        erasure_id: str,
        step: str,
        number: int,
        *,
        attempt: int = 1,
        is_last: bool = False,
    ) -> None:
        """Do one step of one round, once. `is_last`: who does not answer now has refused.

        Raises:
            TransientError: somebody does not answer.
            NotBefore: something about the person is being done just now.
        """
        await self.steps.perform(tenant_id, erasure_id, step, number, attempt=attempt, last=is_last)

    async def export(self, principal: Principal, wish: Wish) -> dict[str, Any]:
        """Everything that is held of a person, by table.

        Raises:
            Forbidden: only admins may.
            Invalid: the wish names nobody.
        """
        check_may(principal, "erase_people")
        tenant_id, wish = principal.tenant_id, check_wish(wish)
        async with self.database.reading(tenant_id) as uow:
            subject = await SubjectSearch(uow).find(wish)
            held = await export_rows(uow, subject, self.cipher)
        head = {"emails": subject.emails, "phones": subject.phones, "names": subject.names}
        return {"exported_at": self.clock.now().isoformat(), "person": head, "held": held}

    async def _find_open(self, uow: UnitOfWork, hashed: str) -> Erasure | None:
        # Wishes of a tenant queue at its key: two at once for one person are one.
        await uow.session.execute(select(HashKey.id).with_for_update())
        query = select(Erasure).where(Erasure.subject_hash == hashed, Erasure.state != "done")
        return (await uow.session.execute(query.order_by(Erasure.id.desc()))).scalars().first()

    async def _begin_again(self, uow: UnitOfWork, row: Erasure) -> None:
        row.state, row.round, row.answers = "running", row.round + 1, {}
        await self.book.promise(uow, row)

    async def _name(self, tenant_id: str, wish: Wish, subject: Subject) -> str:
        known = (*subject.emails, *subject.phones, *subject.ids.get("lead", ()))
        return await self.hasher.hash(tenant_id, wish.email or wish.phone or known[0])
