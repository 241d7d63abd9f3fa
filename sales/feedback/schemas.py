"""Values that cross the border of `feedback`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

Kind = Literal["attempt", "contact", "qualification", "opportunity", "case", "revenue", "refund",
               "status"]  # fmt: skip
KINDS: tuple[Kind, ...] = ("attempt", "contact", "qualification", "opportunity", "case",
                           "revenue", "refund", "status")  # fmt: skip
Lifecycle = Literal["handed_over", "attempted", "contacted", "qualified", "opportunity", "case",
                    "won", "nurture", "disqualified", "lost"]  # fmt: skip
LIFECYCLES: tuple[Lifecycle, ...] = ("handed_over", "attempted", "contacted", "qualified",
                                     "opportunity", "case", "won", "nurture", "disqualified",
                                     "lost")  # fmt: skip
Source = Literal["api", "webhook", "sync", "staff", "status-change"]
Model = Literal["first_touch", "last_touch", "linear", "time_decay", "position"]
MODELS: tuple[Model, ...] = ("first_touch", "last_touch", "linear", "time_decay", "position")


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that sales says of a lead. `happened_at` is when it did, in UTC; `is_dated`:
    the sender said so, else it is when it was heard. `data` holds JSON values under S0 3.4's
    names, amounts in minor units. `said_at`: when the sender said so; no part of what it says."""

    kind: Kind
    happened_at: datetime
    data: dict[str, Any]
    is_dated: bool = True
    said_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Revenue:
    """Money that came in or went back. `kind` is booked or refunded; `credited_at` is the
    moment whose touches are credited: of a refund that of its booking."""

    key: str
    kind: Literal["booked", "refunded"]
    amount_minor: int
    currency: str
    booked_at: datetime
    credited_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a lead stands by all that sales said of it. Amounts are minor units, times UTC."""

    lifecycle: Lifecycle = "handed_over"
    lifecycle_at: datetime | None = None
    attempts: int = 0
    first_contact_at: datetime | None = None
    time_to_first_contact: int | None = None
    qualification_status: str | None = None
    disqualification_reason: str | None = None
    quality_rating: int | None = None
    opportunity_id: str | None = None
    opportunity_stage: str | None = None
    estimated_minor: int | None = None
    currency: str | None = None
    expected_close_on: date | None = None
    case_id: str | None = None
    case_type: str | None = None
    case_minor: int | None = None
    revenues: tuple[Revenue, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Report:
    """Feedback as it came: S0 3.4's body, when its sender says it is of, and under which key.
    `sent_at`: of a webhook, the signed time of this attempt."""

    body: dict[str, Any]
    source: Source
    key: str = ""
    transaction_id: str = ""
    actor: str = "sales-system"
    sent_at: datetime | None = None
    happened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What was made of a report. `recorded` facts were new, `known` ones were not."""

    feedback_id: str
    lead_id: str
    is_repeat: bool
    recorded: int
    known: int
    lifecycle: str
    lead_status: str
    received_at: datetime
    transaction_id: str
