"""What our own sales side tells: the same feedback, taken in here, or sent to whoever handed
the lead over."""

from __future__ import annotations

from dataclasses import dataclass

from core.db import Database
from core.errors import NotFound
from core.protocols.sales_system import OutcomeListener
from sales.feedback.events import FeedbackGiven
from sales.feedback.schemas import Report
from sales.feedback.service import FeedbackService
from sales.handoffs.canonical import write_canonical
from sales.handoffs.ledger import open_received
from sales.handoffs.package_schema import write_moment
from sales.leads.events import LeadStatusChanged


@dataclass(frozen=True, slots=True)
class OutcomeTeller:
    """Carries outcomes to where they belong. `listener` is the other installation's door; None:
    it asks for statuses itself, every 15 minutes."""

    database: Database
    feedback: FeedbackService
    listener: OutcomeListener | None = None

    async def take_status(self, tenant_id: str, event: LeadStatusChanged, key: str) -> None:
        """A status that somebody set here, of a lead that we received."""
        async with self.database.reading(tenant_id) as uow:
            received = await open_received(uow).find_by_own(event.lead_id)
        if received is None:
            return
        body = {
            "leadId": event.lead_id,
            "status": event.status,
            "statusChangedAt": write_moment(event.changed_at),
        }
        report = Report(body, "status-change", key=key, actor=event.by)
        try:
            await self.feedback.take(tenant_id, report)
        except NotFound:
            # Erased meanwhile.
            return

    async def tell(self, tenant_id: str, event: FeedbackGiven) -> None:
        """Send a report to the installation that handed its lead over.

        Raises:
            ProviderError: it did not take it in.
        """
        if self.listener is None:
            return
        async with self.database.reading(tenant_id) as uow:
            received = await open_received(uow).find_by_own(event.lead_id)
        if received is None:
            return
        try:
            row, body = await self.feedback.get_body(tenant_id, event.report_id)
        except NotFound:
            return
        payload = {name: value for name, value in body.items() if name != "leadId"}
        message = {
            "leadId": received.lead_id,
            "eventType": "lead.updated",
            "timestamp": write_moment(row.received_at),
            "transactionId": received.transaction_id,
            "payload": payload,
        }
        await self.listener.tell(row.id, write_canonical(message).decode())
