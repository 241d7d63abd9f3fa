"""Bodies of feedback's endpoints. S0's are camelCase, the figures snake_case like the others."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from sales.feedback.amounts import write_amount
from sales.feedback.analytics import Attribution
from sales.feedback.models import Conflict, Reconciliation
from sales.feedback.reading import CONTACTS, METHODS, QUALIFICATIONS, REASONS
from sales.feedback.schemas import Outcome
from sales.feedback.syncing import Reconciled

_MOMENT = {"type": ["string", "null"], "format": "date-time"}
_TEXT = {"type": ["string", "null"]}
_NUMBER = {"type": ["number", "null"]}
_YES_NO = {"type": ["boolean", "null"]}


class ConfirmationOut(BaseModel):
    """That a report was taken in. `duplicate`: nothing of it was new."""

    status: Literal["accepted", "duplicate"]
    feedbackId: str  # noqa: N815 - S0 names members so
    leadId: str  # noqa: N815
    recorded: int
    known: int
    lifecycle: str
    leadStatus: str  # noqa: N815
    receivedAt: str  # noqa: N815
    transactionId: str  # noqa: N815


class CreditOut(BaseModel):
    """What a page, campaign or referrer brought; minor units of the currency, and in words."""

    value: str
    currency: str
    leads: int
    booked_minor: int
    refunded_minor: int
    net_minor: int
    net: str = Field(examples=["1234.50"])


class TotalOut(BaseModel):
    """All money of one currency. `attributed_minor` is `net_minor`, whatever the model."""

    currency: str
    booked_minor: int
    refunded_minor: int
    net_minor: int
    attributed_minor: int
    net: str


class AttributionOut(BaseModel):
    """Money back to what brought it."""

    model: str
    group_by: str
    start: datetime
    end: datetime
    half_life_days: float
    totals: list[TotalOut]
    data: list[CreditOut]


class LeadQualityOut(BaseModel):
    """How sales found leads. `reasons`: why they were disqualified."""

    start: datetime
    end: datetime
    leads: int
    lifecycles: dict[str, int]
    reasons: dict[str, int]
    ratings: dict[int, int]
    average_rating: float | None
    average_seconds_to_contact: float | None


class DifferenceOut(BaseModel):
    """A difference between both sides, with both values."""

    lead_id: str
    kind: str
    here: str | None
    there: str | None
    mend: str


class RunOut(BaseModel):
    """A comparison just made."""

    id: str
    here: dict[str, int]
    there: dict[str, int]
    differences: list[DifferenceOut]
    mended: int


class ReconciliationOut(BaseModel):
    """An earlier comparison. `here` and `there` count leads by state."""

    id: str
    is_dry_run: bool
    started_at: datetime
    finished_at: datetime | None
    here: dict[str, int]
    there: dict[str, int]
    differences: int
    mended: int


class ConflictOut(BaseModel):
    """A difference and what was done about it."""

    id: str
    reconciliation_id: str | None
    lead_id: str
    kind: str
    here: str | None
    there: str | None
    resolution: str
    found_at: datetime


class ReconciliationsOut(BaseModel):
    """Comparisons, and what they found."""

    runs: list[ReconciliationOut]
    data: list[ConflictOut]


def describe_run(done: Reconciled) -> dict[str, Any]:
    """A comparison as JSON values."""
    return asdict(done)


def describe_row(row: Reconciliation | Conflict) -> dict[str, Any]:
    """A stored one."""
    kind = ReconciliationOut if isinstance(row, Reconciliation) else ConflictOut
    return {name: getattr(row, name) for name in kind.model_fields}


def build_feedback_schema(*, with_lead: bool = True) -> dict[str, Any]:
    """S0 3.4's members as JSON Schema; further ones are kept and ignored."""
    attempt = {
        "type": "object",
        "required": ["attemptedAt", "method", "outcome"],
        "properties": {
            "attemptedAt": {"type": "string", "format": "date-time"},
            "method": {"enum": list(METHODS)},
            "outcome": {"enum": list(CONTACTS)},
            "notes": _TEXT,
        },
    }
    members: dict[str, Any] = {
        "leadId": {"type": "string", "minLength": 1, "maxLength": 100},
        "timestamp": _MOMENT,
        "contactAttempts": {"type": ["array", "null"], "items": attempt, "maxItems": 100},
        "firstContactAt": _MOMENT,
        "timeToFirstContact": _NUMBER,
        "qualificationStatus": {"enum": [*QUALIFICATIONS, None]},
        "disqualificationReason": {"enum": [*REASONS, None]},
        "qualifiedAt": _MOMENT,
        "salesQualityRating": {"type": ["integer", "null"], "minimum": 1, "maximum": 5},
        "opportunityCreated": _YES_NO,
        "opportunityId": _TEXT,
        "estimatedValue": _NUMBER,
        "expectedCloseDate": {"type": ["string", "null"], "format": "date"},
        "opportunityStage": _TEXT,
        "caseCreated": _YES_NO,
        "caseId": _TEXT,
        "caseType": _TEXT,
        "caseValue": _NUMBER,
        "createdAt": _MOMENT,
        "timeFromLeadToCase": _NUMBER,
        "caseCompleted": _YES_NO,
        "completedAt": _MOMENT,
        "revenue": _NUMBER,
        "profit": _NUMBER,
        "timeFromLeadToRevenue": _NUMBER,
        "customerLifetimeValue": _NUMBER,
        "currency": _TEXT,
        "refund": _NUMBER,
        "refundId": _TEXT,
        "refundedAt": _MOMENT,
        "status": _TEXT,
        "statusChangedAt": _MOMENT,
    }
    if not with_lead:
        members.pop("leadId")
    schema: dict[str, Any] = {"type": "object", "properties": members, "additionalProperties": True}
    return {**schema, "required": ["leadId"]} if with_lead else schema


def describe_body(schema: dict[str, Any]) -> dict[str, Any]:
    """OpenAPI: a body that is read by ourselves, so that each field gets a code of its own."""
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}


def describe_attribution(found: Attribution) -> dict[str, Any]:
    """Figures as JSON values."""
    return {
        "totals": [
            {
                **asdict(total),
                "net_minor": total.net_minor,
                "net": write_amount(total.net_minor, total.currency),
            }
            for total in found.totals
        ],
        "data": [
            {
                "value": one.value,
                "currency": one.currency,
                "leads": len(one.lead_ids),
                "booked_minor": one.booked_minor,
                "refunded_minor": one.refunded_minor,
                "net_minor": one.net_minor,
                "net": write_amount(one.net_minor, one.currency),
            }
            for one in found.credits
        ],
    }


def describe_outcome(outcome: Outcome) -> dict[str, Any]:
    """Where a lead stands, as JSON values."""
    content = asdict(outcome)
    content.pop("revenues")
    return content
