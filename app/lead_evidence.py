"""What packages say beside the lead's own page: mails that were opened, and what sales tried."""

from __future__ import annotations

from dataclasses import dataclass

from core.db import Database
from sales.feedback.contacts import list_contacts
from sales.followups.engagement import find_engagement
from sales.handoffs.package import Contact, EmailEngagement
from sales.leads.schemas import LeadDetail


@dataclass(frozen=True, slots=True)
class LeadEvidence:
    """Reads both for the gatherer of packages."""

    database: Database

    async def read_engagement(self, tenant_id: str, detail: LeadDetail) -> EmailEngagement | None:
        """What the mails' carrier told; None where it told nothing."""
        lead, talks = detail.lead, detail.conversation_ids
        if not lead.email:
            return None
        found = await find_engagement(self.database, tenant_id, lead.id, lead.email, talks)
        if found is None:
            return None
        return EmailEngagement(True, found.clicked, found.last_opened_at)

    async def read_contacts(self, tenant_id: str, detail: LeadDetail) -> tuple[Contact, ...]:
        """What sales tried with a lead that it has; nothing of one that it has not."""
        if detail.lead.handoff_state is None:
            return ()
        return await list_contacts(self.database, tenant_id, detail.lead.id)
