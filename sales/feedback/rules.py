"""Where a lead stands by what sales said of it. Pure.

All facts of a lead are told again in the order of their times, so it does not matter in which
order they arrived: the same facts always end in the same state. What may follow what stands in
`TRANSITIONS`; a fact that does not fit is kept, but moves nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import groupby
from typing import Any, Literal

from sales.feedback.schemas import KINDS, Fact, Lifecycle, Outcome, Revenue
from sales.handoffs.canonical import write_canonical

Happening = Literal["attempt", "contact", "qualify", "nurture", "disqualify", "opportunity",
                    "lose", "case", "complete"]  # fmt: skip

_DECIDED: dict[Happening, Lifecycle] = {
    "qualify": "qualified",
    "nurture": "nurture",
    "disqualify": "disqualified",
    "opportunity": "opportunity",
    "lose": "lost",
    "case": "case",
    "complete": "won",
}


def _without(*names: Happening) -> dict[Happening, Lifecycle]:
    return {name: state for name, state in _DECIDED.items() if name not in names}


# From each state what may come, and where it leads. Everything else leaves the state as it is.
TRANSITIONS: Mapping[Lifecycle, Mapping[Happening, Lifecycle]] = {
    "handed_over": {"attempt": "attempted", "contact": "contacted", **_DECIDED},
    "attempted": {"contact": "contacted", **_DECIDED},
    "contacted": _DECIDED,
    "qualified": _without("qualify"),
    # An opportunity says more than that the lead is qualified; so does a case.
    "opportunity": _without("qualify", "opportunity"),
    "case": _without("qualify", "opportunity", "case"),
    # Whoever paid has paid: only the sales system's own status takes it back.
    "won": {},
    "nurture": _without("nurture"),
    "disqualified": _without("disqualify"),
    "lost": _without("lose"),
}
# Our own status of a lead (S2's words); None: it stays as it is.
LEAD_STATUSES: Mapping[Lifecycle, str | None] = {
    "handed_over": None,
    "attempted": None,
    "contacted": "contacted",
    "qualified": "qualified",
    "opportunity": "qualified",
    "case": "qualified",
    "won": "converted",
    "nurture": "unqualified",
    "disqualified": "unqualified",
    "lost": "lost",
}
# What a sales system may call a status, ours among them.
STATUS_WORDS: Mapping[str, Lifecycle] = {
    "new": "handed_over",
    "accepted": "handed_over",
    "in-progress": "attempted",
    "attempted": "attempted",
    "contacted": "contacted",
    "qualified": "qualified",
    "opportunity": "opportunity",
    "case": "case",
    "converted": "won",
    "won": "won",
    "completed": "won",
    "unqualified": "disqualified",
    "disqualified": "disqualified",
    "nurture": "nurture",
    "not-ready": "nurture",
    "lost": "lost",
}
_LOST_STAGES = ("lost", "closed-lost")
_QUALIFICATIONS: Mapping[str, Happening] = {
    "qualified": "qualify",
    "nurture": "nurture",
    "disqualified": "disqualify",
}
NOT_READY = "not-ready"
RETURNING = "Returning Lead - Previously Nurtured"
"""S0 3.5, scenario 2."""


def read_status(word: str) -> Lifecycle | None:
    """The state behind a sales system's word; None: it tells us nothing."""
    return STATUS_WORDS.get(word.strip().lower().replace("_", "-").replace(" ", "-"))


def hash_content(fact: Fact) -> str:
    """Of what a fact says, whenever it was."""
    return hashlib.sha256(write_canonical([fact.kind, fact.data])).hexdigest()


def hash_fact(fact: Fact) -> str:
    """Of what a fact says and when it was: two of the same are one."""
    said = [fact.kind, fact.data, fact.happened_at.isoformat()]
    return hashlib.sha256(write_canonical(said)).hexdigest()


def sort_facts(facts: Iterable[Fact]) -> list[Fact]:
    """In the order in which they happened. Of one moment: as a lead goes its way, then as it was
    said (a correction comes later), then by content, so that the order of arrival never decides."""
    told: list[Fact] = []
    for _, group in groupby(sorted(facts, key=_place), _place):
        same = list(group)
        # Content is what few are told apart by, and what takes longest to look at.
        told += same if len(same) == 1 else sorted(same, key=hash_fact)
    return told


def _place(one: Fact) -> tuple[datetime, int, datetime]:
    return one.happened_at, KINDS.index(one.kind), one.said_at or one.happened_at


def find_happening(fact: Fact) -> Happening | None:
    """What a fact means for the state."""
    if fact.kind == "attempt":
        return "contact" if fact.data.get("outcome") == "contacted" else "attempt"
    if fact.kind == "contact":
        return "contact" if fact.data.get("firstContactAt") else None
    if fact.kind == "qualification":
        return _QUALIFICATIONS.get(str(fact.data.get("qualificationStatus")))
    if fact.kind == "opportunity":
        lost = fact.data.get("opportunityStage") in _LOST_STAGES
        return "lose" if lost else "opportunity"
    if fact.kind == "case":
        return "case"
    return "complete" if fact.kind == "revenue" else None


def step(state: Lifecycle, fact: Fact) -> Lifecycle:
    """The state after a fact. The sales system's own word on the status is taken as it is
    (S0 4.2); everything else goes by the table."""
    if fact.kind == "status":
        return read_status(str(fact.data.get("status", ""))) or state
    happening = find_happening(fact)
    return TRANSITIONS[state].get(happening, state) if happening else state


def build_outcome(facts: Iterable[Fact], handed_over_at: datetime | None = None) -> Outcome:
    """Where a lead stands by all its facts. `handed_over_at`: when it was given to sales."""
    told = sort_facts(facts)
    outcome = Outcome()
    for fact in told:
        state = step(outcome.lifecycle, fact)
        if state != outcome.lifecycle:
            outcome = replace(outcome, lifecycle=state, lifecycle_at=fact.happened_at)
        outcome = _take_over(outcome, fact)
    return _add_contacts(replace(outcome, revenues=list_revenues(told)), told, handed_over_at)


def _take_over(outcome: Outcome, fact: Fact) -> Outcome:
    """What a fact says besides; the latest word on each counts."""
    changes: dict[str, Any] = {}
    for name, column in _COLUMNS.get(fact.kind, {}).items():
        value = fact.data.get(name)
        if value is not None:
            changes[column] = value
    if fact.kind == "qualification" and fact.data.get("qualificationStatus") == "qualified":
        changes["disqualification_reason"] = None
    if "expected_close_on" in changes:
        changes["expected_close_on"] = date.fromisoformat(changes["expected_close_on"])
    return replace(outcome, **changes)


_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "qualification": {
        "qualificationStatus": "qualification_status",
        "disqualificationReason": "disqualification_reason",
        "salesQualityRating": "quality_rating",
    },
    "opportunity": {
        "opportunityId": "opportunity_id",
        "opportunityStage": "opportunity_stage",
        "estimatedMinor": "estimated_minor",
        "currency": "currency",
        "expectedCloseDate": "expected_close_on",
    },
    "case": {"caseId": "case_id", "caseType": "case_type", "caseMinor": "case_minor",
             "currency": "currency"},
}  # fmt: skip


def _add_contacts(
    outcome: Outcome, told: Sequence[Fact], handed_over_at: datetime | None
) -> Outcome:
    attempts = [fact for fact in told if fact.kind == "attempt"]
    reached = [one.happened_at for one in attempts if one.data.get("outcome") == "contacted"]
    named = [one for one in told if one.kind == "contact"]
    reached += [one.happened_at for one in named if one.data.get("firstContactAt")]
    first = min(reached, default=None)
    given = [one.data.get("timeToFirstContact") for one in named]
    seconds = next((value for value in reversed(given) if value is not None), None)
    if seconds is None and first is not None and handed_over_at is not None:
        seconds = max(int((first - handed_over_at).total_seconds()), 0)
    return replace(
        outcome, attempts=len(attempts), first_contact_at=first, time_to_first_contact=seconds
    )


def list_revenues(told: Sequence[Fact]) -> tuple[Revenue, ...]:
    """The money that counts. Of one case there is one booking, the latest word on it. S0's own
    body names no case: there the moment of completion is what a booking is known by, and without
    one each report is one. Refunds are added up, each once."""
    booked: dict[str, Revenue] = {}
    for fact in told:
        if fact.kind == "revenue":
            found = _read_money(fact, "booked")
            moment = found.booked_at.isoformat() if fact.is_dated else hash_fact(fact)
            if found.key:
                # Told without its case before.
                booked.pop(moment, None)
            else:
                same = (one.key for one in booked.values() if one.booked_at == found.booked_at)
                found = replace(found, key=next(same, "")) if fact.is_dated else found
            booked[found.key or moment] = found
    refunds: dict[tuple[str, str], Revenue] = {}
    for fact in told:
        if fact.kind == "refund":
            found = _read_money(fact, "refunded")
            name = str(fact.data.get("refundId") or hash_fact(fact))
            refunds[found.key, name] = _credit(found, list(booked.values()))
    return (*booked.values(), *refunds.values())


def _read_money(fact: Fact, kind: Literal["booked", "refunded"]) -> Revenue:
    at = fact.happened_at
    key, amount = str(fact.data.get("caseId") or ""), int(fact.data["amountMinor"])
    return Revenue(key, kind, amount, str(fact.data["currency"]), at, at)


def _credit(refund: Revenue, booked: Sequence[Revenue]) -> Revenue:
    """A refund takes back from the touches that its booking gave to."""
    same = [one for one in booked if one.currency == refund.currency]
    own = [one for one in same if refund.key and one.key == refund.key]
    before = [one for one in same if one.booked_at <= refund.booked_at]
    found = own or sorted(before, key=lambda one: one.booked_at)
    return replace(refund, credited_at=found[-1].credited_at) if found else refund


def was_put_off(outcome: Outcome) -> bool:
    """Whether sales left the person for later (S0 3.5, scenario 2)."""
    if outcome.lifecycle == "nurture":
        return True
    return outcome.lifecycle == "disqualified" and outcome.disqualification_reason == NOT_READY
