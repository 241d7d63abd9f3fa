"""What leads do when something happened elsewhere."""

from __future__ import annotations

from collections.abc import Callable

from core.outbox import EffectContext, effect
from sales.conversations.events import ConversationEnded
from sales.leads.service import LeadService


class LeadEffects:
    """Judges a conversation once more at its end: by then the visitor may have booked by a card
    or opened pages without another word."""

    def __init__(self, get_leads: Callable[[], LeadService]) -> None:
        self._get_leads = get_leads

    @effect(ConversationEnded, "leads.qualify_ended")
    async def qualify_ended(self, event: ConversationEnded, context: EffectContext) -> None:
        """The same conversation gives the same lead, so that doing it twice does no harm."""
        await self._get_leads().qualify_conversation(context.tenant_id, event.conversation_id)
