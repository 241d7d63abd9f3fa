"""Erasures that a machine demands which handed the lead over: the person goes, not the package
alone (S0 7: right to erasure across systems)."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from core.errors import NotFound
from sales.handoffs.receiving import ReceptionService
from sales.organization.schemas import Principal
from sales.privacy.schemas import Wish
from sales.privacy.service import PrivacyService

_ERASED = "erased"


@dataclass(frozen=True, slots=True)
class SenderDemands:
    """What `DELETE /api/v1/sales/leads/{leadId}` does."""

    privacy: PrivacyService
    reception: ReceptionService

    async def forget(self, principal: Principal, lead_id: str) -> bool:
        """Begin to erase the person whom a lead of the sender's id is; False: it never came. The
        lead's standing says `erased` when it is over. Of one that was rejected the package
        goes: the lead that it doubled is not the sender's.

        Raises:
            Conflict: the lead is under a legal hold.
        """
        tenant_id = principal.tenant_id
        received = await self.reception.find_received(tenant_id, lead_id)
        if received is None:
            return False
        own = received.own_lead_id
        if received.status != _ERASED and own and received.acknowledgement != "rejected":
            # Whoever may hand a person over may take them back: in that much an admin.
            who = Principal(tenant_id, principal.kind, principal.id, principal.name, "admin")
            with contextlib.suppress(NotFound):
                await self.privacy.request(who, Wish(lead_id=own))
                return True
        return await self.reception.erase(tenant_id, lead_id)
