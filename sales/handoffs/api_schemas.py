"""Handoffs as JSON: S0's camelCase where S0 names it, our snake_case elsewhere (X-20)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.protocols.sales_system import Acknowledgement, LeadStanding
from sales.handoffs.package_schema import write_moment
from sales.handoffs.schemas import AuditEntry, HandoffView


class AcknowledgementOut(BaseModel):
    """S0 3.2, every field."""

    leadId: str  # noqa: N815 - S0's name
    status: Literal["accepted", "rejected", "deferred"]
    salesAgentLeadId: str | None  # noqa: N815
    acknowledgedAt: str  # noqa: N815
    assignedTo: str | None  # noqa: N815
    estimatedContactTime: str | None  # noqa: N815
    rejectionReason: Literal["duplicate", "out-of-area", "invalid-data", "other"] | None  # noqa: N815


class StandingOut(BaseModel):
    """Where a lead stands in this sales system."""

    model_config = ConfigDict(extra="allow")

    leadId: str  # noqa: N815
    salesAgentLeadId: str  # noqa: N815
    acknowledgement: str
    status: str
    changedAt: str  # noqa: N815


class StandingsOut(BaseModel):
    """What changed, oldest first. Ask again from `cursor`."""

    data: list[StandingOut]
    cursor: str
    hasMore: bool  # noqa: N815


class PaginationOut(BaseModel):
    """Where a part of a list stands in the whole."""

    total: int
    limit: int
    offset: int
    has_more: bool


class HandoffOut(BaseModel):
    """A handoff; its `label` is what staff read."""

    model_config = ConfigDict(extra="allow")

    id: str
    lead_id: str
    state: str
    label: str
    priority: str
    transaction_id: str
    package_hash: str
    created_at: datetime


class HandoffsOut(BaseModel):
    """A part of the handoffs."""

    data: list[HandoffOut]
    pagination: PaginationOut


class AuditOut(BaseModel):
    """The trail of one handoff, in order."""

    data: list[dict[str, Any]]


class ScriptOut(BaseModel):
    """A call script."""

    id: str
    title: str
    opening: str
    questions: list[str]
    close: str


class HandOverRequest(BaseModel):
    """A lead to hand over. `again`: as a handoff of its own where it was handed over before."""

    lead_id: Annotated[str, Field(min_length=1, max_length=36)]
    again: bool = False


class OverrideRequest(BaseModel):
    """What a person decides, and why.

    resend: send again, with what is known by now. mark_sent: it was handed over by hand.
    settle: nothing more is to happen."""

    action: Literal["resend", "mark_sent", "settle"]
    reason: Annotated[str, Field(min_length=1, max_length=500)]


def describe_handoff(handoff: HandoffView) -> dict[str, Any]:
    """A handoff as JSON values."""
    return {**asdict(handoff), "label": handoff.label, "needs_review": handoff.needs_review}


def describe_acknowledgement(ack: Acknowledgement) -> dict[str, Any]:
    """S0 3.2."""
    estimated = ack.estimated_contact_at
    return {
        "leadId": ack.lead_id,
        "status": ack.status,
        "salesAgentLeadId": ack.sales_lead_id,
        "acknowledgedAt": write_moment(ack.acknowledged_at),
        "assignedTo": ack.assigned_to,
        "estimatedContactTime": write_moment(estimated) if estimated else None,
        "rejectionReason": ack.rejection_reason,
    }


def describe_standing(standing: LeadStanding) -> dict[str, Any]:
    """A standing as JSON values."""
    estimated = standing.estimated_contact_at
    return {
        "leadId": standing.lead_id,
        "salesAgentLeadId": standing.sales_lead_id,
        "acknowledgement": standing.acknowledgement,
        "acknowledgedAt": write_moment(standing.acknowledged_at),
        "status": standing.status,
        "changedAt": write_moment(standing.changed_at),
        "assignedTo": standing.assigned_to,
        "estimatedContactTime": write_moment(estimated) if estimated else None,
        "rejectionReason": standing.rejection_reason,
        "payloadHash": standing.body_hash,
        "outcome": dict(standing.outcome),
    }


def describe_step(entry: AuditEntry) -> dict[str, Any]:
    """A step of the trail as JSON values."""
    return {**asdict(entry), "happened_at": write_moment(entry.happened_at)}
