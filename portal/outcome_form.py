"""The form by which a rep says what became of a lead, as S0 3.4's body. Pure.

Each kind has its own few fields, and becomes members that the feedback service knows; what a
person typed is judged there as well, and named here by the field's own label.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Literal

from core.errors import Invalid
from portal.forms import Form
from sales.feedback.amounts import count_digits
from sales.feedback.reading import CONTACTS, METHODS, REASONS
from sales.handoffs.package_schema import write_moment

Field = Literal["method", "outcome", "notes", "rating", "reason", "stage", "amount", "currency",
                "case", "refund", "close"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class OutcomeKind:
    """One thing that can be said: its title, what it means, and its fields."""

    title: str
    hint: str
    fields: tuple[Field, ...]
    required: tuple[Field, ...] = ()


KINDS: Mapping[str, OutcomeKind] = {
    "attempt": OutcomeKind(
        "Call or mail",
        "You tried to reach them, with or without success.",
        ("method", "outcome", "notes"),
        ("method", "outcome"),
    ),
    "meeting": OutcomeKind("Meeting held", "You met them: that counts as a contact.", ()),
    "qualified": OutcomeKind("Qualified", "They are worth selling to.", ("rating",)),
    "nurture": OutcomeKind("Not yet", "They may buy later: keep in touch.", ("rating",)),
    "disqualified": OutcomeKind(
        "Disqualified", "They will not buy from us.", ("reason", "rating"), ("reason",)
    ),
    "opportunity": OutcomeKind(
        "Opportunity",
        "There is an offer, or soon will be.",
        ("stage", "amount", "currency", "close"),
    ),
    "won": OutcomeKind(
        "Won",
        "They bought. The amount goes to the pages and campaigns that brought them.",
        ("amount", "currency", "case"),
        ("amount", "currency"),
    ),
    "lost": OutcomeKind("Lost", "They bought elsewhere, or not at all.", ("reason",), ("reason",)),
    "refund": OutcomeKind(
        "Refund",
        "Money went back. It is taken off where it was counted.",
        ("amount", "currency", "case", "refund"),
        ("amount", "currency"),
    ),
}
LABELS: Mapping[Field, str] = {
    "method": "How",
    "outcome": "What came of it",
    "notes": "Notes",
    "rating": "How good the lead was",
    "reason": "Why",
    "stage": "Stage",
    "amount": "Amount",
    "currency": "Currency",
    "case": "Order or contract",
    "refund": "Number of the refund",
    "close": "Expected on",
}
CHOICES: Mapping[Field, Mapping[str, str]] = {
    "method": dict(zip(METHODS, ("Phone", "E-mail", "Text message"), strict=True)),
    "outcome": dict(
        zip(CONTACTS, ("Reached them", "No answer", "Wrong number", "Came back"), strict=True)
    ),
    "rating": {"5": "5: very good", "4": "4: good", "3": "3: fair", "2": "2: poor", "1": "1: bad"},
    "reason": dict(
        zip(REASONS, ("Outside our area", "Not ready", "Chose a competitor", "Other"), strict=True)
    ),
    "stage": {
        "initial": "First talks",
        "quote-sent": "Offer sent",
        "negotiation": "Negotiation",
    },
}
LIMITS: Mapping[Field, int] = {"notes": 2000, "amount": 20, "currency": 3, "case": 200,
                               "refund": 200, "close": 10}  # fmt: skip
_LONGEST = 2000
_AMOUNT = re.compile(r"(\d{1,12})(?:[.,](\d{1,3}))?")
_MEMBERS: Mapping[str, Field | Literal["when"]] = {
    "revenue": "amount",
    "refund": "amount",
    "estimatedValue": "amount",
    "currency": "currency",
    "caseId": "case",
    "refundId": "refund",
    "expectedCloseDate": "close",
    "opportunityStage": "stage",
    "disqualificationReason": "reason",
    "salesQualityRating": "rating",
    "contactAttempts.0.method": "method",
    "contactAttempts.0.outcome": "outcome",
    "contactAttempts.0.notes": "notes",
    "contactAttempts.0.attemptedAt": "when",
    "firstContactAt": "when",
    "timestamp": "when",
}


class WrongField(Invalid):
    """One field of the form does not fit; `field` is its name."""

    def __init__(self, name: str, problem: str) -> None:
        label = "When" if name == "when" else LABELS.get(name, "The form")  # type: ignore[call-overload]
        super().__init__(f"{label}: {problem}.", {"field": name})
        self.field = name


def read_typed(form: Form) -> dict[str, str]:
    """All that was typed, so that it can be shown again."""
    names = ("when", *LABELS)
    return {name: form.text(name, _LONGEST) for name in names if form.has(name)}


def build_report(
    kind: str, typed: Mapping[str, str], lead_id: str, now: datetime, zone: tzinfo
) -> dict[str, Any]:
    """S0 3.4's body of what was typed. `zone`: that of the clock `when` was read from; no `when`
    is now.

    Raises:
        Invalid: no such kind; or a `WrongField`.
    """
    known = KINDS.get(kind)
    if known is None:
        raise Invalid("Choose what happened.", {"field": "kind"})
    said = {name: typed.get(name, "").strip() for name in known.fields}
    for name in known.required:
        if not said[name]:
            raise WrongField(name, "this is needed")
    for name, options in CHOICES.items():
        if said.get(name) and said[name] not in options:
            raise WrongField(name, "choose one of the list")
    at = write_moment(_read_when(typed.get("when", ""), now, zone))
    return {"leadId": lead_id, "timestamp": at, **_build_members(kind, said, at)}


def _build_members(kind: str, said: Mapping[Field, str], at: str) -> dict[str, Any]:
    members: dict[str, Any]
    currency = said.get("currency", "").upper()
    amount = _read_amount(said.get("amount", ""), currency, is_needed=kind in ("won", "refund"))
    money = {"currency": currency, "caseId": said.get("case") or None}
    match kind:
        case "attempt":
            tried = {"method": said["method"], "outcome": said["outcome"], "attemptedAt": at}
            members = {"contactAttempts": [{**tried, "notes": said["notes"] or None}]}
        case "meeting":
            members = {"firstContactAt": at}
        case "opportunity":
            stage, close = said["stage"] or "initial", said["close"] or None
            members = {"opportunityCreated": True, "opportunityStage": stage}
            members |= {"estimatedValue": amount, "expectedCloseDate": close}
            members |= {"currency": currency} if amount is not None else {}
        case "won":
            members = {"caseCompleted": True, "revenue": amount, "completedAt": at, **money}
        case "refund":
            refund = said["refund"] or None
            members = {"refund": amount, "refundId": refund, "refundedAt": at, **money}
        case "lost":
            # S0 knows reasons of a qualification only: it says why this did not become business.
            members = {"opportunityStage": "lost", "disqualificationReason": said["reason"]}
        case _:
            members = {"qualificationStatus": kind, "disqualificationReason": said.get("reason")}
            members |= {"qualifiedAt": at}
    if said.get("rating"):
        members["salesQualityRating"] = int(said["rating"])
    return {name: value for name, value in members.items() if value is not None}


def _read_when(text: str, now: datetime, zone: tzinfo) -> datetime:
    if not text:
        return now
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise WrongField("when", "write a date and a time") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    # A page that was open for a while says the minute that has begun.
    return min(moment, now) if (moment - now).total_seconds() < 60 else moment


def _read_amount(text: str, currency: str, *, is_needed: bool) -> str | None:
    """As a number in a text. `1.234` is refused where it may mean a thousand or one."""
    if not text:
        return None
    if len(currency) != 3 or not currency.isascii() or not currency.isalpha():
        raise WrongField("currency", "three letters, like USD")
    found = _AMOUNT.fullmatch(re.sub(r"[\s'\u2019]", "", text))
    if found is None or len(found[2] or "") > count_digits(currency):
        raise WrongField("amount", "write it like 1234.50, without signs between thousands")
    if is_needed and not int(found[1] + (found[2] or "")):
        raise WrongField("amount", "more than nothing")
    return f"{found[1]}.{found[2]}" if found[2] else found[1]


def read_problem(error: Invalid) -> WrongField:
    """What the feedback service refused, by the field of the form that it came from."""
    problems = error.details.get("problems") or [{}]
    name = str(problems[0].get("field", ""))
    return WrongField(_MEMBERS.get(name, "kind"), str(problems[0].get("problem", error.message)))
