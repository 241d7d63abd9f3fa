"""Values that cross the border of `handoffs`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

State = Literal["queued", "deferred", "accepted", "rejected", "invalid", "settled", "erased"]
STATES: tuple[State, ...] = (
    "queued",
    "deferred",
    "accepted",
    "rejected",
    "invalid",
    "settled",
    "erased",
)
REVIEW_STATES: tuple[State, ...] = ("rejected", "invalid")
"""What waits for a person: the manual review queue."""
LABELS: dict[str, str] = {
    "queued": "Waiting to be sent",
    "deferred": "Deferred by sales",
    "accepted": "In Sales Process",
    "rejected": "Rejected by sales",
    "invalid": "Cannot be sent",
    "settled": "Settled by hand",
    "erased": "Erased",
}
OverrideAction = Literal["resend", "mark_sent", "settle"]
OVERRIDES: tuple[OverrideAction, ...] = ("resend", "mark_sent", "settle")
Side = Literal["sender", "receiver"]


@dataclass(frozen=True, slots=True)
class HandoffView:
    """A handoff as lists show it. Times are UTC.

    `revision` counts packages: one that was corrected and sent again is the next. `attempts`
    counts calls, `failures` those that failed since the last answer. `package_hash` is what
    travelled with it. `sla_due_at` is the deadline that the package names.
    """

    id: str
    lead_id: str
    site_id: str | None
    number: int
    revision: int
    transaction_id: str
    state: State
    priority: str
    vertical: str
    schema_version: str
    package_hash: str
    problems: list[dict[str, str]]
    attempts: int
    failures: int
    last_error: str | None
    endpoint: str | None
    sales_lead_id: str | None
    assigned_to: str | None
    expected_contact_at: datetime | None
    rejection_reason: str | None
    settled_reason: str | None
    sla_due_at: datetime
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None
    acknowledged_at: datetime | None

    @property
    def label(self) -> str:
        """The state in words for staff."""
        return LABELS[self.state]

    @property
    def needs_review(self) -> bool:
        """Whether it waits for a person."""
        return self.state in REVIEW_STATES


@dataclass(frozen=True, slots=True)
class HandoffFilter:
    """Which handoffs a list holds. `review`: those that wait for a person."""

    state: State | None = None
    review: bool = False
    lead_id: str | None = None
    priority: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class HandoffPage:
    """A part of a list, the newest first."""

    handoffs: tuple[HandoffView, ...]
    total: int
    limit: int
    offset: int

    @property
    def has_more(self) -> bool:
        """Whether there are handoffs after these."""
        return self.offset + len(self.handoffs) < self.total


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One step of the trail: who did what, when. `actor` is agent, sales-system, or a person's
    or machine's name; `data` holds ids, hashes, times and error words, no personal data."""

    id: str
    about: str
    lead_id: str
    transaction_id: str
    side: str
    step: str
    actor: str
    actor_id: str | None
    data: dict[str, Any]
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class ReceivedView:
    """A lead that our sales system took over. `id` is its `salesAgentLeadId`, `lead_id` the
    sender's id of it, `own_lead_id` that of our own list."""

    id: str
    lead_id: str
    own_lead_id: str | None
    transaction_id: str
    acknowledgement: str
    rejection_reason: str | None
    status: str
    assigned_to: str | None
    priority: str
    escalation_policy: str
    package_hash: str
    received_at: datetime
    changed_at: datetime
    sla_due_at: datetime
    breached_at: datetime | None
