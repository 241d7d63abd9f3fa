"""What happens to leads that others act upon."""

from __future__ import annotations

from core.outbox import Event


class LeadQualified(Event):
    """A lead's conversation qualified for the first time; recorded once for each lead."""

    lead_id: str
