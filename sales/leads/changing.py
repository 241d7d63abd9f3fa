"""What callers may write into a lead, checked. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from core.errors import Invalid
from sales.leads.models import Lead
from sales.leads.rules import (
    check_email,
    check_json,
    check_phone,
    check_status,
    check_text,
)
from sales.leads.schemas import NewLead
from sales.organization.rules import check_may
from sales.organization.schemas import Principal, StaffSummary

_TEXTS = (
    "first_name",
    "last_name",
    "company",
    "title",
    "industry",
    "company_size",
    "budget_range",
    "timeline",
    "preferred_contact_method",
    "preferred_contact_time",
    "territory_id",
    "crm_lead_id",
)
_NEVER_EMPTY = ("first_name", "last_name")
_NUMBERS = {"employee_count": 1_000_000_000, "annual_revenue": 1e15}
MAX_SCORE = 100
CHANGEABLE = (
    *_TEXTS,
    *_NUMBERS,
    "email",
    "phone",
    "decision_maker",
    "status",
    "assigned_to",
    "metadata",
    "score",
)


def read_new_lead(new: NewLead, region: str | None) -> dict[str, Any]:
    """S2's fields as columns. Whatever is given is held: talk does not change it.

    Raises:
        Invalid: a value does not fit, or nothing tells who it is.
    """
    email, email_key = check_email(new.email)
    phone, phone_key = check_phone(new.phone, region)
    first, last = check_text(new.first_name, "first_name"), check_text(new.last_name, "last_name")
    if not (email or phone or first or last or check_text(new.company, "company")):
        raise Invalid(
            "Send at least an e-mail address, a phone number, a name or a company.",
            {"field": "email"},
        )
    values = {
        "lead_source": check_text(new.source, "source") or "api",
        "first_name": first or "",
        "last_name": last or "",
        "email": email,
        "email_key": email_key,
        "phone": phone,
        "phone_key": phone_key,
        "company": check_text(new.company, "company"),
        "title": check_text(new.title, "title"),
        "industry": check_text(new.industry, "industry"),
        "employee_count": _check_number(new.employee_count, "employee_count"),
        "annual_revenue": _check_number(new.annual_revenue, "annual_revenue"),
        "details": check_json(new.metadata, "metadata"),
        "given_score": _check_score(new.score),
        "qualification_score": _check_score(new.score) or 0,
    }
    names = ("first_name", "last_name", "email", "phone", "company", "title", "industry")
    held = [name for name in (*names, *_NUMBERS) if values[name] not in (None, "")]
    return {**values, "held_fields": held}


def apply_changes(
    lead: Lead,
    changes: Mapping[str, Any],
    principal: Principal,
    staff: Sequence[StaffSummary],
    region: str | None,
    now: datetime,
) -> dict[str, Any]:
    """Write the changes into the lead; what changed, as from and to.

    Raises:
        Invalid: a field does not exist, or a value does not fit.
        Forbidden: the role may not give leads to others.
    """
    changed: dict[str, Any] = {}
    for name, value in changes.items():
        if name not in CHANGEABLE:
            raise Invalid(f"A lead has no field {name[:40]} that can be changed.", _at(name))
        for column, new in _read_change(lead, name, value, principal, staff, region, now).items():
            old = getattr(lead, column)
            if old == new:
                continue
            setattr(lead, column, new)
            if not column.endswith(("_key", "_at")):
                changed[column] = {"from": old, "to": new}
            if name not in ("status", "assigned_to", "metadata", "score"):
                lead.held_fields = sorted({*lead.held_fields, name})
    return changed


def _read_change(  # noqa: PLR0911 - one way out for each kind of field
    lead: Lead,
    name: str,
    value: Any,
    principal: Principal,
    staff: Sequence[StaffSummary],
    region: str | None,
    now: datetime,
) -> dict[str, Any]:
    if name == "email":
        email, key = check_email(value)
        return {"email_key": key, "email": email}
    if name == "phone":
        phone, key = check_phone(value, region)
        return {"phone_key": key, "phone": phone}
    if name in _TEXTS:
        text = check_text(value, name)
        return {name: (text or "") if name in _NEVER_EMPTY else text}
    if name in _NUMBERS:
        return {name: _check_number(value, name)}
    if name == "decision_maker":
        if value is not None and not isinstance(value, bool):
            raise Invalid("decision_maker is true, false or null.", _at(name))
        return {name: value}
    if name == "metadata":
        if not isinstance(value, Mapping):
            raise Invalid("metadata is an object.", _at(name))
        return {"details": check_json(value, name)}
    if name == "score":
        return {"given_score": _check_score(value), "qualification_score": _check_score(value) or 0}
    if name == "assigned_to":
        return _read_owner(value, principal, staff, now)
    status = check_status(str(value))
    found: dict[str, Any] = {"status": status}
    if status not in ("new", "unqualified") and lead.contacted_at is None and status != "qualified":
        found["contacted_at"] = now
    return found


def _read_owner(
    value: Any, principal: Principal, staff: Sequence[StaffSummary], now: datetime
) -> dict[str, Any]:
    # Anybody may take a lead that they see; giving it to others is for those who lead.
    if value is None or value != principal.staff_id:
        check_may(principal, "assign_leads")
    if value is None:
        return {"assigned_to": None, "assigned_at": now}
    owner = next((one for one in staff if one.id == value and one.active), None)
    if owner is None:
        raise Invalid("There is no active member of staff with this id.", _at("assigned_to"))
    return {"assigned_to": owner.id, "team_id": owner.team_id, "assigned_at": now}


def _check_number(value: Any, field: str) -> Any:
    if value is None:
        return None
    fits = isinstance(value, int | float) and not isinstance(value, bool)
    if not fits or not 0 <= value <= _NUMBERS[field]:
        raise Invalid(f"{field} is a number from 0 to {_NUMBERS[field]:g}.", _at(field))
    return int(value) if field == "employee_count" else float(value)


def _check_score(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_SCORE:
        raise Invalid(f"score is a whole number from 0 to {MAX_SCORE}.", _at("score"))
    return value


def _at(field: str) -> dict[str, str]:
    return {"field": field[:80]}
