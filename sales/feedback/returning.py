"""Leads that come back: they count for more, sales gets the news, the rep is told (S0 3.5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from typing import Protocol

from core.clock import Clock
from core.db import Database
from core.errors import NotFound
from core.outbox import NotBefore, Outbox
from sales.feedback.events import LeadCameBack
from sales.feedback.repository import FeedbackRepository
from sales.feedback.rules import RETURNING, was_put_off
from sales.feedback.schemas import Report
from sales.feedback.service import FeedbackService
from sales.followups.mail_service import MailService
from sales.followups.schemas import MailDraft
from sales.handoffs.ledger import open_handoffs
from sales.handoffs.package_schema import write_moment
from sales.leads.events import LeadReturned
from sales.leads.outside_changes import find_known
from sales.leads.returning import take_return
from sales.organization.schemas import Principal
from sales.organization.staff_service import list_staff_in

# One that waits for a person is made anew, with the news, when they send it again.
_TAKEN_OVER = ("accepted", "deferred", "settled")
# How soon it is looked again whether the package before the news has arrived.
_LOOK_AGAIN = timedelta(seconds=15)


class Resend(Protocol):
    """`sales.handoffs.workflow.HandoffWorkflow.returned`."""

    async def __call__(self, tenant_id: str, lead_id: str) -> str | None:
        """Send what is known now, as an update of the same lead."""
        ...


@dataclass(frozen=True, slots=True)
class HandOverAgain:
    """What is known now, sent by ourselves as an update of the same lead. `hand_over` is the
    story's (`sales.handoffs.workflow`)."""

    hand_over: Callable[..., Awaitable[str]]

    async def __call__(self, tenant_id: str, lead_id: str) -> str | None:
        """Send it under a transaction of its own; the handoff's id."""
        agent = Principal(tenant_id, "client", "agent", "agent", "admin")
        return await self.hand_over(agent, lead_id, again=True)


@dataclass(frozen=True, slots=True)
class ReturnService:
    """What follows when a lead comes back. Each step may run twice and does no harm."""

    database: Database
    clock: Clock
    outbox: Outbox
    feedback: FeedbackService
    resend: Resend
    mails: MailService
    sales_team: tuple[str, ...]
    public_url: Callable[[], str]

    async def take(self, tenant_id: str, event: LeadReturned) -> None:
        """Let the return count, and promise the rest: one transaction."""
        async with self.database.unit_of_work(tenant_id) as uow:
            lead = await find_known(uow, event.lead_id)
            if lead is None:
                return
            outcome = await FeedbackRepository(uow).find_outcome(lead.id)
            put_off = outcome is not None and was_put_off(outcome)
            flag = RETURNING if put_off else None
            points = self.feedback.settings.return_points
            counted = await take_return(
                uow, lead.id, event.occasion, points, flag, self.clock.now()
            )
            if not counted:
                return
            back = LeadCameBack(
                lead_id=lead.id,
                channel=event.channel,
                flag=flag,
                conversation_id=event.conversation_id,
                returned_at=event.returned_at,
            )
            await self.outbox.record(uow, back, once=f"{lead.id} {event.occasion}")

    async def send(self, tenant_id: str, event: LeadCameBack) -> None:
        """Back to sales: one that was put off is qualified again, and sales gets what is known
        now as an update of the lead that it has.

        Raises:
            NotBefore: the package before it is still on its way, without this news.
        """
        async with self.database.reading(tenant_id) as uow:
            latest = await open_handoffs(uow).find_of_lead(event.lead_id)
        if latest is None or latest.created_at > event.returned_at:
            # An earlier run of this very effect, or somebody by hand, sent it already.
            return
        if latest.state == "queued":
            raise NotBefore(self.clock.now() + _LOOK_AGAIN, "the package before it is on its way")
        if latest.state not in _TAKEN_OVER:
            return
        if event.flag is not None:
            body = {
                "leadId": event.lead_id,
                "status": "qualified",
                "statusChangedAt": write_moment(event.returned_at),
            }
            report = Report(body, "sync", key=f"return:{latest.id}", actor="agent")
            await self.feedback.take(tenant_id, report)
        try:
            await self.resend(tenant_id, event.lead_id)
        except NotFound:
            return

    async def tell_rep(self, tenant_id: str, event: LeadCameBack, key: str) -> str | None:
        """Mail the rep who has the lead; the sales team, where nobody has it."""
        async with self.database.unit_of_work(tenant_id) as uow:
            lead = await find_known(uow, event.lead_id)
            if lead is None:
                return None
            staff = {one.id: one for one in await list_staff_in(uow) if one.active}
            owner = staff.get(lead.assigned_to or "")
            recipients = (
                ((owner.email, owner.name),)
                if owner
                else tuple((address, "") for address in self.sales_team)
            )
            if not recipients:
                return None
            title = event.flag or "A lead of yours came back"
            lines = [
                f"{title}.",
                f"They came by: {event.channel}. No new lead or task was made; the history and"
                " your notes stand on the lead's page.",
                f"{self.public_url()}/portal/leads/{lead.id}",
            ]
            draft = MailDraft(
                kind="alert",
                idempotency_key=key,
                recipients=recipients,
                subject=title,
                html="".join(f"<p>{escape(line)}</p>" for line in lines),
                text="\n\n".join(lines) + "\n",
                language="en",
                sender_name="Sales agent",
                reply_to="",
                lead_id=lead.id,
            )
            return await self.mails.write(uow, draft)
