"""Staff hear of what happened: first a row for each recipient, then the notice.

A notice about what was deleted meanwhile is not sent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from core.errors import NotFound
from core.outbox import EffectContext, EffectGivenUp, EffectOptions, RetryPolicy, effect
from core.protocols.notifier import Notifier
from sales.appointments.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentRescheduled,
)
from sales.connections.events import NotifierEventReceived
from sales.connections.inbox import EventInbox
from sales.handoffs.events import HandoffAlerted
from sales.leads.events import LeadQualified
from sales.notices.events import NoticeDue
from sales.notices.rules import ACKNOWLEDGE, read_acknowledged
from sales.notices.service import NoticeService
from sales.notices.settings import Occasion

_SENDING = EffectOptions(
    retry=RetryPolicy(
        delays=(timedelta(seconds=2), timedelta(seconds=10)),
        ceiling=timedelta(minutes=15),
        max_attempts=20,
    )
)
_OWN = "notices."


@dataclass(frozen=True, slots=True)
class NoticeEffects:
    """The effects of `notices`. `open_notifier` gives the vendor of a key."""

    get_notices: Callable[[], NoticeService]
    get_inbox: Callable[[], EventInbox]
    open_notifier: Callable[[str], Notifier]

    @effect(LeadQualified, "notices.lead_qualified")
    async def tell_lead(self, event: LeadQualified, context: EffectContext) -> None:
        """A new lead."""
        await self._plan("lead.qualified", event.lead_id, context)

    @effect(AppointmentBooked, "notices.appointment_booked")
    async def tell_booked(self, event: AppointmentBooked, context: EffectContext) -> None:
        """A new meeting."""
        await self._plan("appointment.booked", event.appointment_id, context)

    @effect(AppointmentRescheduled, "notices.appointment_rescheduled")
    async def tell_moved(self, event: AppointmentRescheduled, context: EffectContext) -> None:
        """A meeting takes place at another time."""
        once = f"{event.appointment_id}:{event.sequence}"
        await self._plan("appointment.rescheduled", event.appointment_id, context, once=once)

    @effect(AppointmentCancelled, "notices.appointment_cancelled")
    async def tell_cancelled(self, event: AppointmentCancelled, context: EffectContext) -> None:
        """A meeting does not take place."""
        await self._plan("appointment.cancelled", event.appointment_id, context)

    @effect(HandoffAlerted, "notices.handoff_alert")
    async def tell_alert(self, event: HandoffAlerted, context: EffectContext) -> None:
        """A handoff needs somebody."""
        facts = {"title": f"Handoff: {event.kind.replace('_', ' ')}", "text": event.text}
        if event.lead_id:
            facts["path"] = f"/portal/leads/{event.lead_id}"
        once = context.idempotency_key
        await self._plan("handoff.alert", event.about, context, facts=facts, once=once)

    @effect(EffectGivenUp, "notices.promise_given_up")
    async def tell_given_up(self, event: EffectGivenUp, context: EffectContext) -> None:
        """Something could not be done outside. Of a notice that could not be sent none is sent:
        that would never end."""
        if event.effect.startswith(_OWN):
            return
        facts = {
            "title": "Something could not be done",
            "text": event.error,
            "Effect": event.effect,
        }
        await self._plan("promise.given_up", str(event.entry_id), context, facts=facts)

    async def _plan(
        self,
        occasion: Occasion,
        subject_id: str,
        context: EffectContext,
        *,
        facts: dict[str, str] | None = None,
        once: str = "",
    ) -> None:
        notices = self.get_notices()
        tenant_id, at = context.tenant_id, context.recorded_at
        await notices.plan(tenant_id, occasion, subject_id, at, facts, once)

    @effect(NoticeDue, "notices.send", _SENDING)
    async def send(self, event: NoticeDue, context: EffectContext) -> None:
        """One notice to one recipient."""
        notices = self.get_notices()
        try:
            notice = await notices.build(context.tenant_id, event, context.idempotency_key)
        except NotFound:
            return
        if notices.is_mail(event):
            await notices.write_mail(context.tenant_id, notice)
        else:
            await self.open_notifier(event.via).notify(context.tenant_id, notice)

    @effect(NotifierEventReceived, "notices.answered")
    async def take_answer(self, event: NotifierEventReceived, context: EffectContext) -> None:
        """Somebody pressed a button: that they have the lead stands in its history."""
        stored = await self.get_inbox().get_event(context.tenant_id, event.event_id)
        lead_id = read_acknowledged(str(stored.payload.get("value", "")))
        if stored.kind != ACKNOWLEDGE or not lead_id:
            return
        who = str(stored.payload.get("user", "")) or "somebody"
        at = stored.happened_at or stored.received_at
        notices = self.get_notices()
        await notices.note_acknowledged(context.tenant_id, lead_id, f"{who} ({stored.vendor})", at)
