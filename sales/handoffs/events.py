"""What happens to handoffs that has effects. Events carry ids, not people."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from core.outbox import Event

Audience = Literal["integration", "marketing", "sales"]


class HandoffQueued(Event):
    """A package was stored and is to be sent. `revision` names which one."""

    handoff_id: str
    revision: int


class HandoffDeferred(Event):
    """The sales system put a lead off; to be looked at when `expected_at` has come."""

    handoff_id: str
    expected_at: datetime


class HandoffAcknowledged(Event):
    """The sales system's word on a lead was taken over: accepted, rejected or deferred."""

    handoff_id: str
    lead_id: str
    status: str


class HandoffAlerted(Event):
    """Somebody has to know. `kind` is a stable name: rejected, invalid, no_acknowledgement,
    credentials_refused, sla_breached, or an alarm of `sight_rules` and, with _cleared, its end.
    `about` is a handoff's, a received lead's or an alarm's id; `text` holds no personal data."""

    kind: str
    audience: Audience
    about: str
    lead_id: str | None = None
    text: str = ""


class LeadReceived(Event):
    """Our sales system took a lead over. `lead_id` is that of our own list."""

    received_id: str
    lead_id: str


class ReceivedAgain(Event):
    """A lead that our sales system took over came back at its sender. `lead_id` is that of our
    own list, `flag` what staff is to see on it."""

    received_id: str
    lead_id: str
    flag: str | None = None
    returned_at: datetime


class SlaDue(Event):
    """The deadline of a received lead has come: was it contacted?"""

    received_id: str
    due_at: datetime


class SlaBreached(Event):
    """A received lead was not contacted by its deadline."""

    received_id: str
    lead_id: str
    due_at: datetime
