"""What happens to conversations that others act upon."""

from __future__ import annotations

from typing import Literal

from core.outbox import Event

EndReason = Literal["goodbye", "ended", "idle"]


class ConversationEnded(Event):
    """A conversation is over, once and for good: a visitor who writes again begins a new one.

    `goodbye`: they said so and wrote nothing more. `ended`: they pressed the button. `idle`:
    they fell silent for as long as `app.yaml` says.
    """

    conversation_id: str
    reason: EndReason
