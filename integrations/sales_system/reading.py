"""Answers of a sales system as values: S0 3.2, and what our own desk tells beside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from core.errors import Unavailable
from core.protocols.sales_system import (
    ACK_STATUSES,
    HASH_HEADER,
    REJECTION_REASONS,
    Acknowledgement,
    AckStatus,
    LeadStanding,
)
from integrations.sales_system.wire import VENDOR, Answer

_TEXT = 200


def read_json(response: Answer, operation: str) -> dict[str, Any]:
    """The body as an object.

    Raises:
        Unavailable: it is none: something between us and the sales system answered.
    """
    try:
        content = response.json()
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise Unavailable(VENDOR, operation, "NoJson")
    return content


def read_acknowledgement(response: Answer) -> Acknowledgement:
    """S0 3.2; members that are not known are ignored.

    Raises:
        Unavailable: it is no acknowledgement.
    """
    content = read_json(response, "push")
    status, at = content.get("status"), _moment(content.get("acknowledgedAt"))
    if status not in ACK_STATUSES or at is None:
        raise Unavailable(VENDOR, "push", "NoAcknowledgement")
    return Acknowledgement(
        lead_id=_text(content.get("leadId")) or "",
        status=cast(AckStatus, status),
        acknowledged_at=at,
        sales_lead_id=_text(content.get("salesAgentLeadId")),
        assigned_to=_text(content.get("assignedTo")),
        estimated_contact_at=_moment(content.get("estimatedContactTime")),
        rejection_reason=_reason(content.get("rejectionReason")) if status == "rejected" else None,
        body_hash=response.headers.get(HASH_HEADER, ""),
    )


def read_refusal(response: Answer, lead_id: str, now: datetime) -> Acknowledgement | None:
    """A 400, 409 or 422 that tells in S2's error body which fields are wrong: a rejection, for
    a person to look at. None: it tells nothing that we understand.

    Raises:
        Unavailable: the package was changed on its way.
    """
    try:
        content = response.json()
    except ValueError:
        return None
    error = content.get("error") if isinstance(content, dict) else None
    if not isinstance(error, dict):
        return None
    details = error.get("details")
    details = details if isinstance(details, dict) else {}
    if details.get("code") == "HASH_MISMATCH":
        raise Unavailable(VENDOR, "push", "HashMismatch")
    found = details.get("problems")
    problems = [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
    return Acknowledgement(
        lead_id=lead_id,
        status="rejected",
        acknowledged_at=now,
        rejection_reason="invalid-data",
        problems=tuple(_read_problem(item) for item in problems[:20]),
    )


def _read_problem(item: Mapping[str, Any]) -> Mapping[str, str]:
    # Not `problem`: the other side's own words may repeat what was sent.
    return {name: str(item.get(name, ""))[:_TEXT] for name in ("field", "code")}


def read_standing(content: Any, operation: str) -> LeadStanding:
    """Where a lead stands.

    Raises:
        Unavailable: it is not of the promised form.
    """
    if not isinstance(content, dict):
        raise Unavailable(VENDOR, operation, "NoStanding")
    said = content.get("acknowledgement")
    at, changed = _moment(content.get("acknowledgedAt")), _moment(content.get("changedAt"))
    lead_id = _text(content.get("leadId"))
    if said not in ACK_STATUSES or at is None or changed is None or not lead_id:
        raise Unavailable(VENDOR, operation, "NoStanding")
    outcome = content.get("outcome")
    return LeadStanding(
        lead_id=lead_id,
        sales_lead_id=_text(content.get("salesAgentLeadId")) or "",
        acknowledgement=cast(AckStatus, said),
        acknowledged_at=at,
        status=_text(content.get("status")) or str(said),
        changed_at=changed,
        assigned_to=_text(content.get("assignedTo")),
        estimated_contact_at=_moment(content.get("estimatedContactTime")),
        rejection_reason=_reason(content.get("rejectionReason")) if said == "rejected" else None,
        body_hash=_text(content.get("payloadHash")) or "",
        outcome=outcome if isinstance(outcome, dict) else {},
    )


def _reason(value: Any) -> str:
    return value if value in REJECTION_REASONS else "other"


def _text(value: Any) -> str | None:
    return value[:_TEXT] if isinstance(value, str) and value else None


def _moment(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
