"""What happens to feedback that has effects."""

from __future__ import annotations

from datetime import datetime

from core.outbox import Event


class FeedbackGiven(Event):
    """Our own sales side said something of a lead that another installation handed over: that
    one is to be told. `report_id` names the report."""

    report_id: str
    lead_id: str


class LeadCameBack(Event):
    """A lead that was handed over came again, and what follows from it was written: the rep is
    to be told. `flag`: what they should know; `channel` how the person came."""

    lead_id: str
    channel: str
    returned_at: datetime
    flag: str | None = None
    conversation_id: str | None = None
