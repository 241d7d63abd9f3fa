"""The package's JSON Schema (draft 2020-12), with a version. Pure.

Every member of S0 3.1 is named and required: what is not known is null, never left to guess.
Members that a later version adds are kept and ignored (`additionalProperties`). The version is
`major.minor`: a minor one only adds, a major one comes under another address.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sales.handoffs.package_verticals import PACKS, URGENCIES

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator

VERSION = "1.0"
SCHEMA_ID = f"urn:sales-agent:lead-handoff:{VERSION}"
PROBLEM_LIMIT = 20
_RFC_3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})"
)
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")

_PRIORITY: dict[str, Any] = {"enum": list(URGENCIES)}
_MOMENT: dict[str, Any] = {"type": "string", "format": "date-time", "maxLength": 40}
_MOMENT_OR_NULL: dict[str, Any] = {**_MOMENT, "type": ["string", "null"]}
_ID: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 100}
_TEXT: dict[str, Any] = {"type": ["string", "null"], "maxLength": 1000}
_URL: dict[str, Any] = {"type": ["string", "null"], "maxLength": 4000}
_YES_NO: dict[str, Any] = {"type": ["boolean", "null"]}
_POINTS: dict[str, Any] = {"type": "integer", "minimum": 0, "maximum": 100}


def _object(**members: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": members,
        "required": sorted(members),
        "additionalProperties": True,
    }


def _texts(*, nullable: bool = False) -> dict[str, Any]:
    kind: Any = ["array", "null"] if nullable else "array"
    return {"type": kind, "items": {"type": "string", "maxLength": 4000}, "maxItems": 200}


_CONTACT = _object(
    firstName=_TEXT,
    lastName=_TEXT,
    email={"type": ["string", "null"], "format": "email", "maxLength": 320},
    phone={"type": ["string", "null"], "maxLength": 60},
    preferredContactMethod={"enum": ["email", "phone", "sms", None]},
    preferredContactTime={"enum": ["morning", "afternoon", "evening", "anytime", None]},
)
_SCORING = _object(
    overallScore=_POINTS,
    tier={"enum": ["hot", "warm", "cool", "cold"]},
    completenessScore=_POINTS,
    engagementScore=_POINTS,
    readinessScore=_POINTS,
    sourceQualityScore=_POINTS,
    priority=_PRIORITY,
)
_ATTRIBUTION = _object(
    channel={
        "enum": ["digital-ads", "website", "partner", "developer", "pr", "organic", None],
    },
    source=_TEXT,
    campaign=_TEXT,
    medium={"enum": ["cpc", "organic", "referral", "email", "social", None]},
    utmParams=_object(source=_TEXT, medium=_TEXT, campaign=_TEXT, content=_TEXT, term=_TEXT),
    referrer=_URL,
    landingPage=_URL,
)
_BEHAVIOUR = _object(
    pagesVisited=_texts(),
    contentDownloaded=_texts(nullable=True),
    eventsAttended=_texts(nullable=True),
    emailEngagement={
        "anyOf": [
            _object(opened=_YES_NO, clicked=_YES_NO, lastOpenedAt=_MOMENT_OR_NULL),
            {"type": "null"},
        ]
    },
    previousInteractions={
        "type": "array",
        "maxItems": 100,
        "items": _object(
            date=_MOMENT,
            type={"enum": ["form-submission", "call", "email"]},
            outcome={"enum": ["no-response", "not-ready", "qualified", None]},
        ),
    },
)
_ACTIONS = _object(
    nextSteps=_texts(),
    talkingPoints=_texts(),
    potentialObjections=_texts(),
    suggestedScript={"type": ["string", "null"], "maxLength": 100},
)
_COMPLIANCE = _object(
    gdprConsent=_YES_NO,
    marketingConsent=_YES_NO,
    consentTimestamp=_MOMENT_OR_NULL,
    dataSource={"type": "string", "maxLength": 100},
    privacyPolicyVersion=_TEXT,
)


def build_schema() -> dict[str, Any]:
    """The schema of every package: the core, and the sections of all domain packs, each of
    which may be absent but is whole where it stands."""
    core = _object(
        leadId=_ID,
        externalLeadId=_ID,
        createdAt=_MOMENT,
        handoffAt=_MOMENT,
        contact=_CONTACT,
        leadScoring=_SCORING,
        attribution=_ATTRIBUTION,
        behavioralContext=_BEHAVIOUR,
        recommendedActions=_ACTIONS,
        sla=_object(
            responseDeadline=_MOMENT,
            priorityLevel=_PRIORITY,
            escalationPolicy={"type": "string", "maxLength": 200},
        ),
        compliance=_COMPLIANCE,
    )
    for pack in PACKS.values():
        core["properties"].update({name: dict(rule) for name, rule in pack.sections.items()})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "Lead handoff package",
        "description": "S0 (FRD-004) 3.1. Null: not known. Sections of trades (X-25): "
        + "; ".join(
            f"{pack.name}: {', '.join(pack.sections)}" for pack in PACKS.values() if pack.sections
        )
        + ". Unknown members are kept and ignored.",
        "x-version": VERSION,
        **core,
    }


@lru_cache(maxsize=1)
def _validator() -> Draft202012Validator:
    # A start without a handoff need not import it.
    from jsonschema_rs import Draft202012Validator  # noqa: PLC0415

    # Formats as we read them, on both sides: libraries differ in what they let pass.
    formats = {"date-time": _is_moment, "email": _is_address}
    return Draft202012Validator(build_schema(), formats=formats, validate_formats=True)


def _is_moment(value: str) -> bool:
    """A time with its zone (RFC 3339)."""
    return read_moment(value) is not None


def _is_address(value: str) -> bool:
    return bool(_ADDRESS.fullmatch(value))


def read_moment(value: object) -> datetime | None:
    """A time of a package in UTC; None where it is none that RFC 3339 knows."""
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def write_moment(moment: datetime) -> str:
    """A time as packages hold it: 2025-12-12T10:30:00Z, with milliseconds where there are any."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00").removesuffix(".000") + "Z"


_CODES = {
    "required": "MISSING_FIELD",
    "type": "WRONG_TYPE",
    "enum": "UNKNOWN_VALUE",
    "format": "WRONG_FORMAT",
    "maxLength": "TOO_LONG",
    "minLength": "EMPTY",
    "maxItems": "TOO_MANY",
    "minimum": "OUT_OF_RANGE",
    "maximum": "OUT_OF_RANGE",
}
_WORDS = {
    "MISSING_FIELD": "this field is missing; send null where it is not known",
    "WRONG_TYPE": "this is of another type than the schema says",
    "UNKNOWN_VALUE": "this is none of the values that the schema lists",
    "WRONG_FORMAT": "this is not written as the schema says",
    "TOO_LONG": "this is too long",
    "EMPTY": "this is empty",
    "TOO_MANY": "these are too many",
    "OUT_OF_RANGE": "this is out of range",
    "INVALID": "this does not fit the schema",
}


def check_package(package: Any) -> list[dict[str, str]]:
    """What is wrong with a package, which must be writable as canonical JSON: `field` (path with
    dots), `code` and `problem`, by field; at most 20. Values are not repeated: they may be
    personal."""
    validator = _validator()
    if validator.is_valid(package):
        return []
    found: dict[tuple[str, str], dict[str, str]] = {}
    for error in validator.iter_errors(package):
        place = ".".join(map(str, error.instance_path))
        code = _CODES.get(error.kind.name, "INVALID")
        if code == "MISSING_FIELD":
            # There is one error for each member.
            place = f"{place}.{error.kind.value}".lstrip(".")
        found[place, code] = {"field": place, "code": code, "problem": _WORDS[code]}
    return [found[key] for key in sorted(found)][:PROBLEM_LIMIT]
