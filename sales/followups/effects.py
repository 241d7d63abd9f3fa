"""What leaves us after a conversation: first a row, then the mail.

Three steps, each of which may be repeated: a conversation ends or a meeting changes, and mails
are written as rows (once: unique keys); a row is handed to whoever delivers mail (under its key,
so that a repeat is the same mail); the row is marked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from core.errors import PermanentError, ProviderError
from core.logging import redact
from core.outbox import EffectContext, EffectOptions, NotBefore, Priority, RetryPolicy, effect
from core.protocols.email import CalendarPart, EmailSender, MailAddress, OutgoingMail
from sales.appointments.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentRescheduled,
)
from sales.connections.events import EmailEventReceived
from sales.connections.inbox import EventInbox
from sales.conversations.events import ConversationEnded
from sales.followups.events import MailWritten
from sales.followups.mail_service import MailService
from sales.followups.schemas import StoredMail
from sales.followups.service import FollowupService

# A mail server that is down for a night is back in the morning.
_SENDING = RetryPolicy(
    delays=(timedelta(seconds=2), timedelta(seconds=15)),
    ceiling=timedelta(hours=1),
    max_attempts=24,
)
_MeetingChange = AppointmentBooked | AppointmentRescheduled | AppointmentCancelled
_MEETINGS = EffectOptions(priority=Priority.HIGH, lane="followups.meetings")


@dataclass(frozen=True, slots=True)
class FollowupEffects:
    """The effects of `followups`."""

    get_followups: Callable[[], FollowupService]
    get_mails: Callable[[], MailService]
    sender: EmailSender

    @effect(ConversationEnded, "followups.summarise")
    async def summarise(self, event: ConversationEnded, context: EffectContext) -> None:
        """The summaries of a conversation that is over."""
        followups = self.get_followups()
        await followups.summarise_conversation(context.tenant_id, event.conversation_id)

    @effect(AppointmentBooked, "followups.confirm_meeting", _MEETINGS)
    async def confirm(self, event: AppointmentBooked, context: EffectContext) -> None:
        """The confirmation, with an invitation."""
        await self._write(event, context)

    @effect(AppointmentRescheduled, "followups.tell_meeting_moved", _MEETINGS)
    async def tell_moved(self, event: AppointmentRescheduled, context: EffectContext) -> None:
        """The change, with an invitation that updates the first."""
        await self._write(event, context)

    @effect(AppointmentCancelled, "followups.tell_meeting_cancelled", _MEETINGS)
    async def tell_cancelled(self, event: AppointmentCancelled, context: EffectContext) -> None:
        """The cancellation, which takes the event out of calendars."""
        await self._write(event, context)

    async def _write(self, event: _MeetingChange, context: EffectContext) -> None:
        if event.is_told:
            return
        followups = self.get_followups()
        wait = await followups.find_calendar_wait(
            context.tenant_id, event.appointment_id, event.sequence, context.recorded_at
        )
        if wait is not None:
            raise NotBefore(wait, "waits for the calendar")
        await followups.write_meeting_mails(context.tenant_id, event.appointment_id, event.sequence)

    @effect(MailWritten, "followups.send_mail", EffectOptions(retry=_SENDING))
    async def send(self, event: MailWritten, context: EffectContext) -> None:
        """One mail."""
        mails, tenant_id = self.get_mails(), context.tenant_id
        mail = await mails.find_unsent(tenant_id, event.mail_id)
        if mail is None:
            return
        try:
            await self.sender.send(replace(build_outgoing(mail), tenant_id=tenant_id))
        except ProviderError as error:
            refused = isinstance(error, PermanentError)
            is_final = refused or _SENDING.is_exhausted(context.attempt)
            reason = redact(str(error))
            await mails.note_failure(tenant_id, event.mail_id, reason, is_final=is_final)
            raise
        await mails.note_sent(tenant_id, event.mail_id)


@dataclass(frozen=True, slots=True)
class DeliveryEffects:
    """What vendors tell of mails that have left."""

    get_mails: Callable[[], MailService]
    get_inbox: Callable[[], EventInbox]

    @effect(EmailEventReceived, "followups.note_delivery")
    async def note(self, event: EmailEventReceived, context: EffectContext) -> None:
        """Keep it at the mail, and mark an address that does not exist."""
        stored = await self.get_inbox().get_event(context.tenant_id, event.event_id)
        await self.get_mails().note_delivery(context.tenant_id, stored)


def build_outgoing(mail: StoredMail) -> OutgoingMail:
    """A stored mail as it goes out: the same row is the same mail, to the last byte."""
    abstract = mail.abstract
    return OutgoingMail(
        idempotency_key=mail.idempotency_key,
        sender=MailAddress(*mail.sender),
        recipients=tuple(MailAddress(*person) for person in mail.recipients),
        subject=abstract.subject,
        text=mail.text,
        html=mail.html,
        written_at=abstract.created_at,
        language=mail.language,
        reply_to=MailAddress(mail.reply_to) if mail.reply_to else None,
        calendar=CalendarPart(mail.calendar, mail.calendar_method) if mail.calendar else None,
        unsubscribe_url=mail.unsubscribe_url,
    )
