"""What follows a conversation: its summaries, and the mails of its meetings."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from core.clock import Clock
from core.db import Database
from core.ids import new_id
from sales.appointments.schemas import AppointmentFilter, BookedAppointment, RecordedChange
from sales.appointments.service import AppointmentService
from sales.appointments.slots import Slot
from sales.conversations.schemas import ConversationRecord
from sales.conversations.service import ConversationService
from sales.followups.mail_service import MailService
from sales.followups.mail_writing import MailWriter, MeetingMail
from sales.followups.models import Summary
from sales.followups.repository import FollowupRepository
from sales.followups.rules import choose_language, open_link
from sales.followups.schemas import (
    Audience,
    LeadLookup,
    LeadPicture,
    MailDraft,
    MailKind,
    MeetingLine,
    StoredSummary,
)
from sales.followups.settings import ConversationSummarySettings
from sales.followups.summary_sales import build_sales_summary
from sales.followups.summary_visitor import build_visitor_summary, describe_meeting
from sales.leads.fields import Field
from sales.organization.service import KnownSite, OrganizationService

# How long a meeting's mails wait for a vendor's calendar, and how often it is looked.
_CALENDAR_PATIENCE = timedelta(seconds=90)
_CALENDAR_PAUSE = timedelta(seconds=2)

_KINDS: dict[str, MailKind] = {
    "booked": "appointment_booked",
    "rescheduled": "appointment_rescheduled",
    "cancelled": "appointment_cancelled",
}


@dataclass(frozen=True, slots=True)
class FollowupService:
    """Summaries and meeting mails, as `app.yaml` says now."""

    database: Database
    clock: Clock
    settings: ConversationSummarySettings
    organization: OrganizationService
    conversations: ConversationService
    appointments: AppointmentService
    leads: LeadLookup
    mails: MailService
    writer: MailWriter
    public_url: Callable[[], str]

    async def summarise_conversation(self, tenant_id: str, conversation_id: str) -> None:
        """Make the summaries of a conversation that is over, and the mails that carry them.
        What was made before stays as it is, so this may be repeated.

        Raises:
            NotFound: there is no such conversation, or its website left `app.yaml`.
        """
        if not self.settings.auto_generate:
            return
        record = await self.conversations.get_record(tenant_id, conversation_id)
        site = self.organization.get_site_of(record.site)
        picture = await self.leads.get_picture(record)
        booked = await self._list_meetings(record)
        await self._summarise_for_visitor(record, site, picture, booked)
        await self._summarise_for_sales(record, site, picture, booked)

    async def find_calendar_wait(
        self, tenant_id: str, appointment_id: str, sequence: int, since: datetime
    ) -> datetime | None:
        """When to look again whether a vendor's calendar has this state of an appointment, so
        that the mail can name its room, and no meeting is confirmed that is refused a moment
        later; None when there is nothing (more) to wait for."""
        settings = self.appointments.slots.settings
        if settings.calendar_provider == "local":
            return None
        now = self.clock.now()
        present = await self.appointments.get_appointment(tenant_id, appointment_id)
        is_settled = present.placed_sequence >= sequence or present.sequence > sequence
        if is_settled or now >= since + _CALENDAR_PATIENCE:
            return None
        return now + _CALENDAR_PAUSE

    async def write_meeting_mails(self, tenant_id: str, appointment_id: str, sequence: int) -> None:
        """Write the mails of one state of an appointment, once.

        Raises:
            NotFound: there is no such appointment, or its website left `app.yaml`.
        """
        present = await self.appointments.get_appointment(tenant_id, appointment_id)
        changes = {
            change.sequence: change for change in await self.appointments.list_changes(present)
        }
        change = changes[sequence]
        following = changes.get(sequence + 1)
        if following is not None and following.changed_by == "refusal":
            # The calendar refused this state, which was taken back: it never came true.
            return
        appointment = _as_of(present, change)
        before = changes.get(sequence - 1) if change.kind == "rescheduled" else None
        site = self.organization.get_site_of(appointment.site)
        rep = self.appointments.slots.find_rep(appointment.rep_id)
        mail = MeetingMail(
            kind=_KINDS[change.kind],
            appointment=appointment,
            previous=_slot_of(before, appointment.rep_id) if before else None,
            site_name=site.settings.name,
            language=choose_language(appointment.locale, site.settings.language),
            rep_timezone=rep.timezone if rep else "",
            change_url=self._change_url(present),
            transcript_url=self.transcript_url(appointment.conversation_id),
            host=urlsplit(self.public_url()).hostname or "localhost",
        )
        async with self.database.unit_of_work(tenant_id) as uow:
            for draft in self.writer.write_meeting_mails(mail):
                await self.mails.write(uow, draft)

    async def list_summaries(self, tenant_id: str, conversation_id: str) -> list[StoredSummary]:
        """The summaries of a conversation, for staff."""
        async with self.database.reading(tenant_id) as uow:
            return await FollowupRepository(uow).list_summaries(conversation_id)

    def transcript_url(self, conversation_id: str) -> str:
        """Where staff read a conversation; `#message-<id>` leads to one message."""
        return f"{self.public_url()}/portal/conversations/{conversation_id}"

    async def _summarise_for_visitor(
        self,
        record: ConversationRecord,
        site: KnownSite,
        picture: LeadPicture,
        booked: list[BookedAppointment],
    ) -> None:
        language = choose_language(record.locale, site.settings.language)
        summary = build_visitor_summary(
            record,
            picture.profile,
            [describe_meeting(one, language, self._change_url(one)) for one in booked],
            site_name=site.settings.name,
            language=language,
            open_url=self._opener(site),
        )
        draft = None
        # An address of somebody who unsubscribed is left out when the mail is sent: that is
        # later than now, and staff see in the list why it did not go.
        if summary.email and not summary.is_empty and self._mails_to("visitor"):
            mail_id = new_id()
            draft = self.writer.write_visitor_summary(
                summary,
                record.id,
                language=language,
                style=self.settings.template_style,
                mail_id=mail_id,
                unsubscribe_url=self.mails.build_unsubscribe_url(record.site.tenant_id, mail_id),
            )
            draft = replace(draft, lead_id=picture.lead_id)
        await self._store(record, "visitor", language, asdict(summary), draft)

    async def _summarise_for_sales(
        self,
        record: ConversationRecord,
        site: KnownSite,
        picture: LeadPicture,
        booked: list[BookedAppointment],
    ) -> None:
        lines: list[MeetingLine] = [describe_meeting(one, "en", "") for one in booked]
        summary = build_sales_summary(
            record,
            picture,
            lines,
            site_name=site.settings.name,
            transcript_url=self.transcript_url(record.id),
            open_url=self._opener(site),
        )
        draft = None
        if self._mails_to("sales"):
            draft = self.writer.write_sales_summary(
                summary,
                record.id,
                style=self.settings.template_style,
                mail_id=new_id(),
                lead_id=picture.lead_id,
                visitor_email=str(picture.profile.value(Field.EMAIL) or ""),
            )
        await self._store(record, "sales", "en", asdict(summary), draft)

    def _mails_to(self, audience: Audience) -> bool:
        settings = self.settings
        if not settings.email_enabled:
            return False
        if audience == "visitor":
            return settings.send_to_customer
        return settings.send_to_sales_team and bool(self.mails.settings.sales_team)

    async def _store(
        self,
        record: ConversationRecord,
        audience: Audience,
        language: str,
        content: dict[str, Any],
        draft: MailDraft | None,
    ) -> None:
        """The summary, its mail and the promise to send it, in one commit."""
        async with self.database.unit_of_work(record.site.tenant_id) as uow:
            is_new = await FollowupRepository(uow).add_once(
                Summary,
                id=new_id(),
                conversation_id=record.id,
                audience=audience,
                style=self.settings.template_style,
                language=language,
                content=json.loads(json.dumps(content)),
                mail_id=draft.id if draft else None,
                created_at=self.clock.now(),
            )
            if is_new and draft:
                await self.mails.write(uow, draft)

    async def _list_meetings(self, record: ConversationRecord) -> list[BookedAppointment]:
        wanted = AppointmentFilter(conversation_id=record.id)
        found, _ = await self.appointments.list_appointments(record.site.tenant_id, wanted)
        return found

    def _change_url(self, appointment: BookedAppointment) -> str:
        return f"{self.public_url()}/a/{self.appointments.sign_link(appointment)}"

    def _opener(self, site: KnownSite) -> Callable[[str], str]:
        return partial(open_link, links=site.settings.links, public_url=self.public_url())


def _slot_of(change: RecordedChange, rep_id: str) -> Slot:
    return Slot(change.starts_at, change.ends_at, (rep_id,))


def _as_of(present: BookedAppointment, change: RecordedChange) -> BookedAppointment:
    """The appointment as it was after a change: mails tell each state, also when the next one
    came before they were written."""
    return replace(
        present,
        sequence=change.sequence,
        starts_at=change.starts_at,
        ends_at=change.ends_at,
        status="cancelled" if change.kind == "cancelled" else "booked",
        changed_at=change.happened_at,
    )
