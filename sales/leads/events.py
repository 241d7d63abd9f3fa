"""What happens to leads that others act upon."""

from __future__ import annotations

from datetime import datetime

from core.outbox import Event


class LeadQualified(Event):
    """A lead's conversation qualified for the first time; recorded once for each lead."""

    lead_id: str


class LeadStatusChanged(Event):
    """A person or machine set a lead's status here, in our words."""

    lead_id: str
    status: str
    changed_at: datetime
    by: str


class LeadReturned(Event):
    """A lead that was handed over came again: in another conversation, or by another channel.
    `occasion` names the time they came."""

    lead_id: str
    occasion: str
    channel: str
    conversation_id: str | None = None
    returned_at: datetime
