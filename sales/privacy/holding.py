"""Legal holds: leads that may not be erased now."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from core.clock import Clock
from core.db import Database, UnitOfWork
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from sales.organization.rules import check_may
from sales.organization.schemas import Principal
from sales.privacy.models import LegalHold
from sales.privacy.schemas import HoldView, Subject, Wish
from sales.privacy.searching import SubjectSearch

_LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class HoldKeeper:
    """The switch on each lead."""

    database: Database
    clock: Clock

    async def place(self, principal: Principal, lead_id: str, reason: str) -> None:
        """Let a lead not be erased until the hold is lifted. Twice changes the reason.

        Raises:
            Forbidden: only admins may.
            Invalid: there is no reason.
            NotFound: there is no such lead.
        """
        check_may(principal, "erase_people")
        words = " ".join(reason.split())[:_LONGEST_REASON]
        if not words:
            raise Invalid("Say why the lead is held.", {"field": "reason"})
        async with self.database.unit_of_work(principal.tenant_id) as uow:
            if not (await SubjectSearch(uow).find(Wish(lead_id=lead_id))).ids["lead"]:
                raise NotFound("There is no such lead.")
            row = await _find(uow, lead_id)
            if row is None:
                row = LegalHold(
                    tenant_id=principal.tenant_id,
                    id=new_id(),
                    lead_id=lead_id,
                    placed_by=principal.name,
                    placed_at=self.clock.now(),
                    lifted_by=None,
                    lifted_at=None,
                )
                uow.session.add(row)
            row.reason = words

    async def lift(self, principal: Principal, lead_id: str) -> None:
        """From now on the lead may be erased again.

        Raises:
            Forbidden: only admins may.
            NotFound: it is under no hold.
        """
        check_may(principal, "erase_people")
        async with self.database.unit_of_work(principal.tenant_id) as uow:
            row = await _find(uow, lead_id)
            if row is None:
                raise NotFound("This lead is under no legal hold.")
            row.lifted_by, row.lifted_at = principal.name, self.clock.now()

    async def list_holds(self, principal: Principal) -> list[HoldView]:
        """The holds in force, the oldest first."""
        check_may(principal, "erase_people")
        query = select(LegalHold).where(LegalHold.lifted_at.is_(None)).order_by(LegalHold.id)
        async with self.database.reading(principal.tenant_id) as uow:
            rows = (await uow.session.execute(query)).scalars()
            return [HoldView(row.lead_id, row.reason, row.placed_by, row.placed_at) for row in rows]

    async def check(self, tenant_id: str, subject: Subject) -> None:
        """Let nobody be erased who is held.

        Raises:
            Conflict: a lead of the person is; with the reason.
        """
        query = select(LegalHold).where(
            LegalHold.lead_id.in_(subject.ids.get("lead", [])), LegalHold.lifted_at.is_(None)
        )
        async with self.database.reading(tenant_id) as uow:
            held = (await uow.session.execute(query)).scalars().first()
        if held is not None:
            raise Conflict(
                f"The lead {held.lead_id} is under a legal hold since {held.placed_at:%Y-%m-%d}: "
                f"{held.reason}. Lift it first.",
                {"lead_id": held.lead_id},
            )


async def _find(uow: UnitOfWork, lead_id: str) -> LegalHold | None:
    query = select(LegalHold).where(LegalHold.lead_id == lead_id, LegalHold.lifted_at.is_(None))
    return (await uow.session.execute(query)).scalar()
