"""Our own sales system without a wire: the same reception as behind HTTP, one call away."""

from __future__ import annotations

from dataclasses import dataclass

from core.clock import Clock
from core.errors import UserError
from core.protocols.sales_system import Acknowledgement, LeadPackage, LeadStanding, Standings
from sales.handoffs.receiving import Arrival, ReceptionService
from sales.organization.schemas import Principal

NAME = "local"


@dataclass(frozen=True, slots=True)
class InHouseSalesSystem:
    """`core.protocols.sales_system.SalesSystem` over the reception of this installation."""

    reception: ReceptionService
    clock: Clock

    async def push(self, tenant_id: str, package: LeadPackage) -> Acknowledgement:
        """Hand a package over to ourselves. What the reception refuses is a rejection."""
        principal = Principal(tenant_id, "client", NAME, "this installation", "admin")
        arrival = Arrival(
            body=package.body,
            idempotency_key=package.idempotency_key,
            transaction_id=package.transaction_id,
            claimed_hash=package.body_hash,
        )
        try:
            return await self.reception.receive(principal, arrival)
        except UserError as error:
            return Acknowledgement(
                lead_id=package.lead_id,
                status="rejected",
                acknowledged_at=self.clock.now(),
                rejection_reason="invalid-data",
                problems=tuple(error.details.get("problems", ())),
            )

    async def find_standing(self, tenant_id: str, lead_id: str) -> LeadStanding | None:
        """Where one lead stands."""
        return await self.reception.find_standing(tenant_id, lead_id)

    async def list_standings(self, tenant_id: str, cursor: str, limit: int = 200) -> Standings:
        """What changed since `cursor`."""
        return await self.reception.list_standings(tenant_id, cursor, limit)

    async def erase(self, tenant_id: str, lead_id: str) -> bool:
        """Forget the person."""
        return await self.reception.erase(tenant_id, lead_id)
