"""The trail: every step with who and when, written beside what it tells of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.db import UnitOfWork
from core.ids import new_id
from sales.handoffs.repository import HandoffRepository
from sales.handoffs.schemas import AuditEntry, Side
from sales.organization.schemas import Principal

AGENT = "agent"
SALES_SYSTEM = "sales-system"


async def pseudonymise_trail(uow: UnitOfWork, lead_id: str, pseudonym: str) -> None:
    """Put `pseudonym` in the place of an erased lead's id: the one change a trail allows."""
    await HandoffRepository(uow).pseudonymise_audit(lead_id, pseudonym)


@dataclass(frozen=True, slots=True)
class Trail:
    """Writes the steps of one handoff in one transaction, with one time.

    `data` of a step: ids, hashes, times and words of ours. What people wrote or are called
    stays out of it.
    """

    uow: UnitOfWork
    side: Side
    about: str
    lead_id: str
    transaction_id: str
    at: datetime

    async def note(self, step: str, who: Principal | str = AGENT, **data: Any) -> None:
        """One step. `who`: a caller, or one of ourselves."""
        await self.note_all([(step, data)], who)

    async def note_all(
        self, steps: list[tuple[str, dict[str, Any]]], who: Principal | str = AGENT
    ) -> None:
        """Several steps of one moment, in their order."""
        await HandoffRepository(self.uow).add_audit(self.build(steps, who))

    def build(
        self, steps: list[tuple[str, dict[str, Any]]], who: Principal | str = AGENT
    ) -> list[AuditEntry]:
        """The same for a caller that writes them itself, with those of other handoffs."""
        actor, actor_id = (who, None) if isinstance(who, str) else (who.name, who.id)
        return [
            AuditEntry(
                id=new_id(),
                about=self.about,
                lead_id=self.lead_id,
                transaction_id=self.transaction_id,
                side=self.side,
                step=step,
                actor=actor,
                actor_id=actor_id,
                data={name: value for name, value in data.items() if value is not None},
                happened_at=self.at,
            )
            for step, data in steps
        ]
