"""What became of a lead, as reps say it: the same reports that a sales system sends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from core.errors import Conflict, Invalid
from core.ids import new_id
from portal.desk import Desk, Sent, Viewer
from portal.lists import read_choice
from portal.outcome_form import (
    CHOICES,
    KINDS,
    LABELS,
    LIMITS,
    Field,
    WrongField,
    build_report,
    read_problem,
    read_typed,
)
from portal.portal import Portal
from sales.feedback.amounts import write_amount
from sales.feedback.schemas import Fact, Kind, Lifecycle, Outcome, Report
from sales.organization.rules import may
from sales.organization.schemas import Principal

LIFECYCLE_NAMES: dict[Lifecycle, str] = {
    "handed_over": "Handed over",
    "attempted": "Tried to reach",
    "contacted": "Contacted",
    "qualified": "Qualified",
    "opportunity": "Opportunity",
    "case": "Order",
    "won": "Won",
    "nurture": "Not yet",
    "disqualified": "Disqualified",
    "lost": "Lost",
}
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a lead stands, for its pages. `money`: booked and refunded in words, by currency."""

    outcome: Outcome
    money: tuple[tuple[str, str], ...]
    facts: tuple[tuple[Fact, str], ...]

    @property
    def name(self) -> str:
        """The state in words; empty where nothing was said yet."""
        return LIFECYCLE_NAMES[self.outcome.lifecycle] if self.facts else ""


async def gather_standing(portal: Portal, principal: Principal, lead_id: str) -> Standing:
    """Of a lead that the principal sees."""
    outcome, facts = await portal.feedback.read_standing(principal.tenant_id, lead_id)
    sums: dict[str, list[int]] = {}
    for one in outcome.revenues:
        booked = one.kind == "booked"
        sums.setdefault(one.currency, [0, 0])[0 if booked else 1] += one.amount_minor
    money = []
    for currency, (booked_minor, refunded) in sorted(sums.items()):
        text = f"{write_amount(booked_minor - refunded, currency)} {currency}"
        back = f"{write_amount(refunded, currency)} {currency} went back" if refunded else ""
        money.append((text, back))
    return Standing(outcome, tuple(money), tuple((one, describe_fact(one)) for one in facts))


def describe_fact(fact: Fact) -> str:
    """What was said, in words."""
    return ", ".join(str(part) for part in _PARTS[fact.kind](fact.data) if part)


def _choose_word(name: Field, value: object) -> str:
    return CHOICES[name].get(str(value), str(value or "").replace("-", " ").capitalize())


_PARTS: dict[Kind, Callable[[dict[str, Any]], tuple[Any, ...]]] = {
    "attempt": lambda data: (
        _choose_word("method", data.get("method")),
        _choose_word("outcome", data.get("outcome")),
        data.get("notes"),
    ),
    "contact": lambda _: ("Was met or spoken with",),
    "qualification": lambda data: (
        str(data.get("qualificationStatus") or "rated").capitalize(),
        _choose_word("reason", data.get("disqualificationReason")),
        data.get("salesQualityRating") and f"{data['salesQualityRating']} of 5",
    ),
    "opportunity": lambda data: (
        _choose_word("stage", data.get("opportunityStage") or "initial"),
        _describe_money(data, "estimatedMinor"),
    ),
    "case": lambda data: ("Order", data.get("caseId"), _describe_money(data, "caseMinor")),
    "revenue": lambda data: (f"Won {_describe_money(data, 'amountMinor')}", data.get("caseId")),
    "refund": lambda data: (
        f"Refund of {_describe_money(data, 'amountMinor')}",
        data.get("caseId"),
        data.get("refundId"),
    ),
    "status": lambda data: (f"Status: {data.get('status', '')}",),
}


def _describe_money(data: dict[str, Any], name: str) -> str:
    if data.get(name) is None:
        return ""
    currency = str(data.get("currency") or "")
    return f"{write_amount(int(data[name]), currency)} {currency}".strip()


def add_outcomes(router: APIRouter, desk: Desk) -> None:
    """The page of a lead's outcome, and its form."""
    looking: Any = Depends(desk.looks("see_leads"))
    changing: Any = Depends(desk.sends("change_leads"))

    @router.get("/leads/{lead_id}/outcome")
    async def show_outcome(lead_id: str, request: Request, viewer: Viewer = looking) -> Response:
        kind = read_choice(request, "kind", tuple(KINDS))
        return await _draw(desk, viewer, lead_id, kind or next(iter(KINDS)))

    @router.post("/leads/{lead_id}/outcome")
    async def add_outcome(lead_id: str, request: Request, sent: Sent = changing) -> Response:
        portal, principal, form = desk.portal, sent.principal, sent.form
        lead = (await portal.leads.get_lead(principal, lead_id)).lead
        kind, typed = form.text("kind", 40), read_typed(form)
        zone = ZoneInfo(sent.viewer.session.timezone)
        try:
            body = build_report(kind, typed, lead.id, portal.clock.now(), zone)
            said = await _take(portal, principal, body, form.text("request_key", 64))
        except Invalid as error:
            wrong = error if isinstance(error, WrongField) else read_problem(error)
            shown = kind if kind in KINDS else next(iter(KINDS))
            return await _draw(desk, sent.viewer, lead.id, shown, typed=typed, wrong=wrong)
        desk.announce(principal)
        return desk.redirect(request, f"/portal/leads/{lead.id}/outcome?kind={kind}", said)


async def _take(portal: Portal, principal: Principal, body: dict[str, Any], key: str) -> str:
    """Hand the report in; what is said of it."""
    report = Report(
        body=body,
        source="staff",
        key=f"{principal.id}:form:{key or new_id()}",
        actor=principal.name,
    )
    try:
        done = await portal.feedback.take(principal.tenant_id, report)
    except Conflict as error:
        if error.details.get("code") != "KEY_REUSED":
            raise
        # Pressed twice: the second says another moment.
        return "It was recorded already, once."
    if done.is_repeat:
        return "That was known already: nothing was added."
    return f"Recorded. The lead stands at: {LIFECYCLE_NAMES[done.lifecycle]}."  # type: ignore[index]


async def _draw(
    desk: Desk,
    viewer: Viewer,
    lead_id: str,
    kind: str,
    *,
    typed: dict[str, str] | None = None,
    wrong: WrongField | None = None,
) -> Response:
    portal, principal = desk.portal, viewer.principal
    lead = (await portal.leads.get_lead(principal, lead_id)).lead
    standing = await gather_standing(portal, principal, lead.id)
    latest = standing.outcome.revenues[-1].currency if standing.outcome.revenues else ""
    return desk.render(
        viewer,
        "outcome.html",
        status=400 if wrong else 200,
        lead=lead,
        standing=standing,
        facts=standing.facts[:_SHOWN],
        more=max(0, len(standing.facts) - _SHOWN),
        kind=kind,
        kinds=KINDS,
        labels=LABELS,
        choices=CHOICES,
        limits=LIMITS,
        typed={"currency": latest or portal.feedback.settings.currency, **(typed or {})},
        wrong=wrong,
        changes=may(principal, "change_leads"),
        request_key=new_id(),
        zone=viewer.session.timezone,
    )
