"""What summaries show of a visitor: as it is stored and judged by `leads`."""

from __future__ import annotations

from dataclasses import dataclass

from sales.conversations.schemas import ConversationRecord
from sales.followups.schemas import LeadPicture
from sales.leads.service import LeadService


@dataclass(frozen=True, slots=True)
class JudgedLeads:
    """A `LeadLookup` over the stored profile and the rules of `app.yaml`."""

    leads: LeadService

    async def get_picture(self, record: ConversationRecord) -> LeadPicture:
        """Profile, score and briefing of a conversation, and its lead, judged by now."""
        tenant_id = record.site.tenant_id
        lead_id = await self.leads.qualify_conversation(tenant_id, record.id)
        judged = await self.leads.judge_conversation(tenant_id, record.id)
        return LeadPicture(*judged, lead_id=lead_id)
