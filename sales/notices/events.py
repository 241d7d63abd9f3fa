"""What is due to be told."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from core.outbox import Event


class NoticeDue(Event):
    """One recipient is to hear of one thing. Each has an entry of its own, so that a channel
    that is gone keeps nobody else waiting. `facts`: what the event knew and no row holds."""

    occasion: str
    subject_id: str
    via: str
    to: str
    names: bool
    happened_at: datetime
    facts: dict[str, str] = Field(default_factory=dict)
