"""What happens elsewhere, as wishes for CRMs; and the wishes, kept.

Two steps, each of which may be repeated: something happens to a lead, and rows wait (once for each
thing); a push takes up all rows that wait. A push that fails for the whole account is tried again
with patience, one that fails for one record leaves its words at the lead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from core.errors import NotFound
from core.outbox import EffectContext, EffectOptions, NotBefore, RetryPolicy, effect
from sales.appointments.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentRescheduled,
)
from sales.connections.events import CrmEventReceived
from sales.conversations.events import ConversationEnded
from sales.crm_sync.events import CrmPushDue
from sales.crm_sync.parts import CrmSyncParts
from sales.leads.events import LeadQualified

# A CRM that is down for a day is caught up with.
_PUSHING = RetryPolicy(
    delays=(timedelta(seconds=5), timedelta(seconds=30)),
    ceiling=timedelta(minutes=20),
    max_attempts=80,
)
_PUSH = EffectOptions(retry=_PUSHING, timeout=timedelta(minutes=10))
_LEAD_COMES = timedelta(seconds=30)
_MEETINGS = EffectOptions(lane="crm_sync.meetings")


@dataclass(frozen=True, slots=True)
class CrmSyncEffects:
    """The effects of `crm_sync`."""

    get_parts: Callable[[], CrmSyncParts]

    @effect(LeadQualified, "crm_sync.plan_qualified")
    async def plan_qualified(self, event: LeadQualified, context: EffectContext) -> None:
        """A lead that qualified goes to the CRMs."""
        await self.get_parts().sync.plan_lead(context.tenant_id, event.lead_id)

    @effect(ConversationEnded, "crm_sync.plan_conversation")
    async def plan_conversation(self, event: ConversationEnded, context: EffectContext) -> None:
        """A conversation that is over stands in its lead's history there."""
        sync = self.get_parts().sync
        planned = await sync.plan_conversation(context.tenant_id, event.conversation_id)
        now = sync.clock.now()
        if not planned and now - context.recorded_at < _LEAD_COMES:
            # The end of a conversation is also when its lead is judged for the last time.
            raise NotBefore(now + _LEAD_COMES / 3, "waits for the conversation's lead")

    @effect(AppointmentBooked, "crm_sync.plan_meeting", _MEETINGS)
    async def plan_booked(self, event: AppointmentBooked, context: EffectContext) -> None:
        """A meeting, and the deal that moves with it."""
        await self._plan_meeting(event.appointment_id, context)

    @effect(AppointmentRescheduled, "crm_sync.move_meeting", _MEETINGS)
    async def plan_moved(self, event: AppointmentRescheduled, context: EffectContext) -> None:
        """The same meeting at another time."""
        await self._plan_meeting(event.appointment_id, context)

    @effect(AppointmentCancelled, "crm_sync.cancel_meeting", _MEETINGS)
    async def plan_cancelled(self, event: AppointmentCancelled, context: EffectContext) -> None:
        """The same meeting, which does not take place."""
        await self._plan_meeting(event.appointment_id, context)

    async def _plan_meeting(self, appointment_id: str, context: EffectContext) -> None:
        await self.get_parts().sync.plan_meeting(context.tenant_id, appointment_id)

    @effect(CrmPushDue, "crm_sync.push", _PUSH)
    async def push(self, event: CrmPushDue, context: EffectContext) -> None:
        """Send what waits."""
        is_last = _PUSHING.is_exhausted(context.attempt)
        await self.get_parts().pusher.push(context.tenant_id, event.crm, is_last=is_last)

    @effect(CrmEventReceived, "crm_sync.hear", EffectOptions(retry=_PUSHING))
    async def hear(self, event: CrmEventReceived, context: EffectContext) -> None:
        """A CRM told us of a change."""
        parts = self.get_parts()
        try:
            stored = await parts.inbox.get_event(context.tenant_id, event.event_id)
        except NotFound:
            return
        await parts.inbound.hear(context.tenant_id, event.vendor, stored.kind, stored.payload)
