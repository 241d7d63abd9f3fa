"""Alerts as mails: what happened, and where to look. No personal data."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from core.db import Database
from sales.followups.mail_service import MailService
from sales.followups.schemas import MailDraft
from sales.handoffs.events import HandoffAlerted
from sales.handoffs.settings import RecipientSettings

_TITLES = {
    "rejected": "The sales system rejected a lead",
    "invalid": "A lead's package does not fit the schema",
    "no_acknowledgement": "The sales system did not acknowledge in time",
    "consecutive_failures": "The sales system failed several times in a row",
    "credentials_refused": "The sales system refuses our credentials",
    "refused": "The sales system refuses our requests",
    "unsent_past_deadline": "A lead was not taken over by its deadline",
    "sla_breached": "Nobody contacted a lead by its deadline",
    "slow": "The sales system answers slowly",
    "queue_depth": "Leads pile up before the sales system",
    "silence": "No lead was sent for a while in business hours",
    "unavailable": "The sales system does not answer at all",
    "consecutive_failures_cleared": "Over: the sales system answers again",
    "slow_cleared": "Over: the sales system answers in time again",
    "queue_depth_cleared": "Over: leads no longer pile up",
    "silence_cleared": "Over: leads are sent again",
    "unavailable_cleared": "Over: the sales system can be reached again",
}
_ADVICE = {
    "rejected": "It waits under Handoffs, Manual review: correct and send it again, or settle it.",
    "invalid": "It waits under Handoffs, Manual review, with the fields that do not fit.",
    "no_acknowledgement": "It is tried again by itself, for ever.",
    "consecutive_failures": "Leads wait in the queue and are sent when it answers again.",
    "credentials_refused": (
        "Check integrations.sales_system in app.yaml, or the page Integrations. Leads wait in the"
        " queue meanwhile."
    ),
    "refused": (
        "Check integrations.sales_system.endpoint in app.yaml. Leads wait in the queue meanwhile."
    ),
    "unsent_past_deadline": "Look at it in the portal; it can be handed over by hand.",
    "sla_breached": "Contact it now, or give it to somebody else.",
    "slow": "Leads are still handed over. Ask whoever runs the sales system.",
    "queue_depth": "None is lost: they are sent when the sales system takes them.",
    "silence": "Look whether visitors still arrive and qualify.",
    "unavailable": "Leads wait in the queue and are sent when it answers again.",
}


@dataclass(frozen=True, slots=True)
class AlertMails:
    """Writes alerts to those whom `app.yaml` names for them; to nobody where it names none."""

    database: Database
    mails: MailService
    recipients: RecipientSettings
    sales_team: tuple[str, ...]

    async def write(self, tenant_id: str, alert: HandoffAlerted, key: str) -> str | None:
        """Keep the mail and promise to send it. Its id; None where nobody is to be told."""
        addresses = getattr(self.recipients, alert.audience) or (
            self.sales_team if alert.audience == "sales" else ()
        )
        if not addresses:
            return None
        title = _TITLES.get(alert.kind, alert.kind)
        lines = [f"{title}.", _ADVICE.get(alert.kind, "")]
        if alert.text:
            lines.append(f"Reason: {alert.text}")
        if alert.lead_id:
            lines.append(f"{self.mails.public_url()}/portal/leads/{alert.lead_id}")
        draft = MailDraft(
            kind="alert",
            idempotency_key=key,
            recipients=tuple((address, "") for address in addresses),
            subject=title,
            html="".join(f"<p>{escape(line)}</p>" for line in lines if line),
            text="\n\n".join(line for line in lines if line) + "\n",
            language="en",
            sender_name="Sales agent",
            reply_to="",
            lead_id=alert.lead_id,
        )
        async with self.database.unit_of_work(tenant_id) as uow:
            return await self.mails.write(uow, draft)
