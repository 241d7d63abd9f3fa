"""What follows from events of leads and of feedback."""

from __future__ import annotations

from collections.abc import Callable

from core.outbox import EffectContext, EffectOptions, effect
from sales.feedback.events import FeedbackGiven, LeadCameBack
from sales.feedback.returning import ReturnService
from sales.feedback.telling import OutcomeTeller
from sales.handoffs.events import ReceivedAgain
from sales.handoffs.rules import RETRY
from sales.leads.events import LeadReturned, LeadStatusChanged

_FOR_EVER = EffectOptions(retry=RETRY)
HANDOFF_CHANNEL = "the system that handed them over"


class FeedbackEffects:
    """Every one may run twice and does no harm."""

    def __init__(
        self, get_returns: Callable[[], ReturnService], get_teller: Callable[[], OutcomeTeller]
    ) -> None:
        self._get_returns, self._get_teller = get_returns, get_teller

    @effect(LeadStatusChanged, "feedback.take_status", _FOR_EVER)
    async def take_status(self, event: LeadStatusChanged, context: EffectContext) -> None:
        """Our own sales side set a status: the same feedback as any other."""
        teller = self._get_teller()
        await teller.take_status(context.tenant_id, event, context.idempotency_key)

    @effect(FeedbackGiven, "feedback.tell", _FOR_EVER)
    async def tell(self, event: FeedbackGiven, context: EffectContext) -> None:
        """Whoever handed the lead over is to hear of it."""
        await self._get_teller().tell(context.tenant_id, event)

    @effect(LeadReturned, "feedback.count_return", _FOR_EVER)
    async def count_return(self, event: LeadReturned, context: EffectContext) -> None:
        """A lead came back."""
        await self._get_returns().take(context.tenant_id, event)

    @effect(LeadCameBack, "feedback.send_return", _FOR_EVER)
    async def send_return(self, event: LeadCameBack, context: EffectContext) -> None:
        """Sales gets the news."""
        await self._get_returns().send(context.tenant_id, event)

    @effect(LeadCameBack, "feedback.tell_rep", _FOR_EVER)
    async def tell_rep(self, event: LeadCameBack, context: EffectContext) -> None:
        """The rep hears of it. The key makes it one mail."""
        await self._get_returns().tell_rep(context.tenant_id, event, context.idempotency_key)

    @effect(ReceivedAgain, "feedback.tell_owner")
    async def tell_owner(self, event: ReceivedAgain, context: EffectContext) -> None:
        """A lead that another installation handed to us came back there: its rep here hears of
        it."""
        back = LeadCameBack(
            lead_id=event.lead_id,
            channel=HANDOFF_CHANNEL,
            flag=event.flag,
            conversation_id=None,
            returned_at=event.returned_at,
        )
        await self._get_returns().tell_rep(context.tenant_id, back, context.idempotency_key)
