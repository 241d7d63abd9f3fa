"""Which notices are due, and what they say now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from core.db import Database
from core.errors import BugError
from core.outbox import Outbox
from core.protocols.notifier import Notice
from sales.appointments.service import AppointmentService
from sales.followups.mail_service import MailService
from sales.followups.schemas import MailDraft
from sales.leads.outside_changes import note_outside
from sales.leads.service import LeadService
from sales.notices.events import NoticeDue
from sales.notices.rules import (
    build_lead_notice,
    build_meeting_notice,
    build_trouble_notice,
)
from sales.notices.settings import MAIL, NoticeSettings, Occasion


@dataclass(frozen=True, slots=True)
class NoticeService:
    """The notices of all tenants, as `app.yaml` says now. `find_tenant` gives a tenant's id for
    its key; None: there is none of that key any more."""

    database: Database
    outbox: Outbox
    settings: Sequence[NoticeSettings]
    find_tenant: Callable[[str], str | None]
    leads: LeadService
    appointments: AppointmentService
    mails: MailService
    public_url: Callable[[], str]

    async def plan(
        self,
        tenant_id: str,
        occasion: Occasion,
        subject_id: str,
        happened_at: datetime,
        facts: dict[str, str] | None = None,
        once: str = "",
    ) -> int:
        """Promise a notice to everybody who wants to hear of it. How many. The same `once`
        again promises nothing more."""
        wanted = [
            one
            for one in self.settings
            if one.when == occasion and self.find_tenant(one.tenant) == tenant_id
        ]
        if not wanted:
            return 0
        async with self.database.unit_of_work(tenant_id) as uow:
            for one in wanted:
                due = NoticeDue(
                    occasion=occasion,
                    subject_id=subject_id,
                    via=one.via,
                    to=one.to,
                    names=one.names,
                    happened_at=happened_at,
                    facts=facts or {},
                )
                name = f"{occasion}:{once or subject_id}:{one.via}:{one.to}"
                await self.outbox.record(uow, due, once=name)
        return len(wanted)

    async def build(self, tenant_id: str, due: NoticeDue, key: str) -> Notice:
        """What is to be said, from what is known now.

        Raises:
            NotFound: what it is about was deleted.
        """
        url = self.public_url()
        if due.occasion == "lead.qualified":
            detail = await self.leads.get_lead_for_effects(tenant_id, due.subject_id)
            return build_lead_notice(due, detail, url, key)
        if due.occasion.startswith("appointment."):
            booked = await self.appointments.get_appointment(tenant_id, due.subject_id)
            return build_meeting_notice(due, booked, url, key)
        if due.occasion in ("handoff.alert", "promise.given_up"):
            return build_trouble_notice(due, url, key)
        raise BugError(f"a notice about {due.occasion}")

    async def write_mail(self, tenant_id: str, notice: Notice) -> None:
        """The notice as a mail: a row, which is then sent as every mail is."""
        lines = [notice.title, *notice.text.splitlines()]
        lines += [f"{label}: {value}" for label, value in notice.facts]
        lines += [notice.link] if notice.link else []
        draft = MailDraft(
            kind="alert",
            idempotency_key=notice.idempotency_key,
            recipients=((notice.recipient, ""),),
            subject=" ".join(notice.title.split()),
            html="".join(f"<p>{escape(line)}</p>" for line in lines if line),
            text="\n\n".join(line for line in lines if line) + "\n",
            language="en",
            sender_name="Sales agent",
            reply_to="",
        )
        async with self.database.unit_of_work(tenant_id) as uow:
            await self.mails.write(uow, draft)

    async def note_acknowledged(self, tenant_id: str, lead_id: str, who: str, at: datetime) -> None:
        """Somebody said outside that they have the lead: it stands in its history. Of a lead
        that is gone nothing is kept."""
        async with self.database.unit_of_work(tenant_id) as uow:
            await note_outside(uow, lead_id, "acknowledged", {}, actor=who, at=at)

    @staticmethod
    def is_mail(due: NoticeDue) -> bool:
        """Whether it goes by mail."""
        return due.via == MAIL
