"""Acknowledgements that come later than the answer: by a webhook, or by the feedback's door.

A sales system that put a lead off decides later, and may change its mind (S0 3.2, 4.2). It says so
with `status` (accepted, rejected or deferred) and S0 3.2's other members.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from core.db import Database
from core.protocols.sales_system import (
    ACK_STATUSES,
    REJECTION_REASONS,
    Acknowledgement,
    AckStatus,
)
from sales.feedback.schemas import Report
from sales.handoffs.ledger import open_handoffs
from sales.handoffs.package_schema import read_moment

_TEXT = 200
_TIMES = ("acknowledgedAt", "statusChangedAt", "timestamp")
Hear = Callable[[str, str, Acknowledgement, str], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class AcknowledgementEar:
    """Takes such words over. `hear` is the story's (`sales.handoffs.workflow`), for which late
    and repeated words change nothing."""

    database: Database
    hear: Hear

    async def listen(self, tenant_id: str, lead_id: str, report: Report) -> None:
        """Take over what a report that was kept says of the handoff of a lead."""
        word = read_word(report.body, report.happened_at)
        if word is None:
            return
        async with self.database.reading(tenant_id) as uow:
            handoff = await open_handoffs(uow).find_of_lead(lead_id)
        # The answer to a package is the first word on it: what waits to be sent waits for that one.
        if handoff is None or handoff.state not in ACK_STATUSES:
            return
        if handoff.state == word.status and word.status != "deferred":
            return
        await self.hear(tenant_id, handoff.id, word, report.source)


def read_word(body: Mapping[str, Any], sent_at: datetime | None) -> Acknowledgement | None:
    """S0 3.2 in a body of S0 3.4. None: its status is none of an acknowledgement, or nothing
    tells when it was said, so that nobody could tell a late word."""
    times = [read_moment(body.get(name)) for name in _TIMES]
    at = next((one for one in times if one is not None), sent_at)
    status = body.get("status")
    if status not in ACK_STATUSES or at is None:
        return None
    reason = body.get("rejectionReason")
    return Acknowledgement(
        lead_id=str(body.get("leadId") or ""),
        status=cast(AckStatus, status),
        acknowledged_at=at,
        sales_lead_id=_text(body.get("salesAgentLeadId")),
        assigned_to=_text(body.get("assignedTo")),
        estimated_contact_at=read_moment(body.get("estimatedContactTime")),
        rejection_reason=(reason if reason in REJECTION_REASONS else "other")
        if status == "rejected"
        else None,
    )


def _text(value: object) -> str | None:
    return value[:_TEXT] if isinstance(value, str) and value else None
