"""Where the sales system tells what became of leads (S0 4.1), and where our own reps do."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

import structlog
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import JSONResponse, Response

from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.http import describe_errors
from sales.feedback.analytics import OutcomeAnalytics
from sales.feedback.api_schemas import (
    AttributionOut,
    ConfirmationOut,
    LeadQualityOut,
    ReconciliationsOut,
    RunOut,
    build_feedback_schema,
    describe_attribution,
    describe_body,
    describe_outcome,
    describe_row,
    describe_run,
)
from sales.feedback.door import SalesDoor
from sales.feedback.hearing import AcknowledgementEar
from sales.feedback.schemas import Model, Report
from sales.feedback.service import FeedbackService, describe_confirmation, refuse
from sales.feedback.syncing import SyncService
from sales.handoffs.canonical import NotCanonical, read_strict
from sales.handoffs.throttling import ClientThrottle
from sales.leads.service import LeadService
from sales.organization.rules import check_may
from sales.organization.schemas import Principal

log = structlog.get_logger(__name__)

WEBHOOK = "/webhooks/sales-updates"
Identify = Callable[[Request], Awaitable[Principal]]
_PRINTABLE = re.compile(r"^[\x21-\x7e]{0,200}$")


@dataclass(frozen=True, slots=True)
class FeedbackDesk:
    """What the routes need, as it is now. `find_tenant` knows a tenant by its key, `read_period`
    a period by its two ends; `check_sender` refuses addresses that may not call webhooks, or do
    so too often."""

    feedback: FeedbackService
    leads: LeadService
    analytics: OutcomeAnalytics
    throttle: ClientThrottle
    door: SalesDoor
    sync: SyncService
    ear: AcknowledgementEar
    find_tenant: Callable[[str], str]
    check_sender: Callable[[Request], None]
    read_period: Callable[[str, str], tuple[datetime, datetime]]


def build_feedback_router(get_desk: Callable[[], FeedbackDesk], identify: Identify) -> APIRouter:
    """The routes for the sales system: with a token or key, or signed."""
    router = APIRouter(tags=["feedback"])
    caller: Any = Depends(identify)

    @router.post(
        "/api/v1/marketing/lead-feedback",
        response_model=ConfirmationOut,
        responses=describe_errors(400, 401, 403, 404, 409, 413, 429),
        openapi_extra=describe_body(build_feedback_schema()),
    )
    async def take_feedback(
        request: Request,
        idempotency_key: Annotated[str, Header(max_length=200)] = "",
        x_transaction_id: Annotated[str, Header(max_length=100)] = "",
        principal: Principal = caller,
    ) -> Response:
        """What sales made of a lead (S0 3.4): contacts, qualification, opportunity, case and
        revenue, in one body or in several. The same Idempotency-Key (or X-Transaction-Id, where
        there is none) gives the same confirmation; what is known already changes nothing."""
        check_may(principal, "send_feedback")
        if principal.kind == "staff":
            raise Forbidden("This endpoint is for machines: send an access token or an API key.")
        desk = get_desk()
        per_minute = desk.feedback.settings.per_minute
        desk.throttle.count(f"{principal.tenant_id} {principal.id}", per_minute)
        key, transaction = _check_key(idempotency_key), _check_key(x_transaction_id)
        name = key or transaction
        report = Report(
            body=_read_object(await request.body()),
            source="api",
            key=name and f"{principal.id}:{name}",
            transaction_id=transaction,
            actor=principal.name,
        )
        done = await desk.feedback.take(principal.tenant_id, report)
        await desk.ear.listen(principal.tenant_id, done.lead_id, report)
        return JSONResponse(describe_confirmation(done))

    @router.post(
        WEBHOOK,
        response_model=ConfirmationOut,
        responses=describe_errors(400, 401, 403, 404, 409, 413, 429),
        openapi_extra=describe_body(_describe_message()),
    )
    async def take_update(request: Request) -> Response:
        """A message of the sales system, signed as Standard Webhooks 1.0 says: `webhook-id`,
        `webhook-timestamp` (at most 5 minutes off) and `webhook-signature`. Kept before it is
        confirmed; a repeat is confirmed again, a message that is played again is refused."""
        desk = get_desk()
        desk.check_sender(request)
        if not desk.door.is_open:
            raise NotFound("There is nothing at this address: feedback.webhook_secrets is empty.")
        tenant, report = desk.door.read(request.headers, await request.body())
        tenant_id = desk.find_tenant(tenant)
        done = await desk.feedback.take(tenant_id, report)
        await desk.ear.listen(tenant_id, done.lead_id, report)
        log.info("sales_told", feedback_id=done.feedback_id, repeat=done.is_repeat)
        return JSONResponse(describe_confirmation(done))

    return router


def build_outcome_router(get_desk: Callable[[], FeedbackDesk], identify: Identify) -> APIRouter:
    """The routes for reps and for those who look at figures."""
    router = APIRouter()
    caller: Any = Depends(identify)

    @router.post(
        "/api/v1/leads/{lead_id}/outcomes",
        tags=["leads"],
        response_model=ConfirmationOut,
        responses=describe_errors(400, 401, 403, 404, 409),
        openapi_extra=describe_body(build_feedback_schema(with_lead=False)),
    )
    async def add_outcome(
        lead_id: str,
        request: Request,
        idempotency_key: Annotated[str, Header(max_length=200)] = "",
        principal: Principal = caller,
    ) -> Response:
        """Log a contact attempt, an opportunity, a case, revenue or a refund of a lead, in
        S0 3.4's members. Where the lead was handed over to us, whoever did is told."""
        check_may(principal, "change_leads")
        desk = get_desk()
        lead = (await desk.leads.get_lead(principal, lead_id)).lead
        body = {**_read_object(await request.body()), "leadId": lead.id}
        key = _check_key(idempotency_key)
        name = key and f"{principal.id}:{key}"
        report = Report(body=body, source="staff", key=name, actor=principal.name)
        done = await desk.feedback.take(principal.tenant_id, report)
        return JSONResponse(describe_confirmation(done))

    @router.get(
        "/api/v1/leads/{lead_id}/outcomes",
        tags=["leads"],
        responses=describe_errors(401, 403, 404),
    )
    async def get_outcome(lead_id: str, principal: Principal = caller) -> dict[str, Any]:
        """Where a lead stands by all that sales said of it."""
        desk = get_desk()
        lead = (await desk.leads.get_lead(principal, lead_id)).lead
        outcome = await desk.feedback.find_outcome(principal.tenant_id, lead.id)
        if outcome is None:
            raise NotFound("Sales has not said anything of this lead yet.")
        return {"lead_id": lead.id, "flag": lead.flag, **describe_outcome(outcome)}

    @router.get(
        "/api/v1/analytics/attribution",
        tags=["analytics"],
        response_model=AttributionOut,
        responses=describe_errors(400, 401, 403),
    )
    async def show_attribution(
        model: Model = "linear",
        group_by: Literal["page", "utm_campaign", "referrer_domain"] = "page",
        start: Annotated[str, Query(alias="from", max_length=40)] = "",
        end: Annotated[str, Query(alias="to", max_length=40)] = "",
        principal: Principal = caller,
    ) -> dict[str, Any]:
        """Revenue back to what brought it, by one of five models. Currencies stay apart; what is
        attributed is what was booked without what was refunded, to the minor unit."""
        check_may(principal, "see_analytics")
        desk = get_desk()
        since, until = desk.read_period(start, end)
        found = await desk.analytics.attribute(principal.tenant_id, model, group_by, since, until)
        asked = {"model": model, "group_by": group_by, "start": since, "end": until}
        days = desk.analytics.half_life.total_seconds() / 86_400
        return {**asked, "half_life_days": days, **describe_attribution(found)}

    @router.get(
        "/api/v1/analytics/lead-quality",
        tags=["analytics"],
        response_model=LeadQualityOut,
        responses=describe_errors(400, 401, 403),
    )
    async def show_quality(
        start: Annotated[str, Query(alias="from", max_length=40)] = "",
        end: Annotated[str, Query(alias="to", max_length=40)] = "",
        principal: Principal = caller,
    ) -> dict[str, Any]:
        """How sales found the leads of a period: ratings, and why leads were disqualified."""
        check_may(principal, "see_analytics")
        desk = get_desk()
        since, until = desk.read_period(start, end)
        found = await desk.analytics.measure_quality(principal.tenant_id, since, until)
        return {"start": since, "end": until, **asdict(found)}

    return router


def build_sync_router(get_desk: Callable[[], FeedbackDesk], identify: Identify) -> APIRouter:
    """What both sides disagreed about. Before the router whose path ends in a handoff's id."""
    router = APIRouter(prefix="/api/v1/handoffs/reconciliation", tags=["handoffs"])
    caller: Any = Depends(identify)

    @router.get("", response_model=ReconciliationsOut, responses=describe_errors(401, 403))
    async def list_conflicts(
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
        principal: Principal = caller,
    ) -> dict[str, Any]:
        """The latest comparisons of both sides, and every conflict with both values and what
        was done about it, the newest first."""
        check_may(principal, "see_audit")
        runs, conflicts = await get_desk().sync.list_conflicts(principal.tenant_id, limit, offset)
        return {
            "runs": [describe_row(row) for row in runs],
            "data": [describe_row(row) for row in conflicts],
        }

    @router.post("", response_model=RunOut, responses=describe_errors(401, 403, 409))
    async def compare(dry_run: bool = False, principal: Principal = caller) -> dict[str, Any]:
        """Compare both sides now and mend what differs; with `dry_run` only say what would be."""
        check_may(principal, "override_handoffs")
        done = await get_desk().sync.reconcile(principal.tenant_id, dry_run=dry_run)
        if done is None:
            raise Conflict("Another comparison is under way, or the sales system is not well.")
        return describe_run(done)

    return router


def _read_object(body: bytes) -> dict[str, Any]:
    try:
        content = read_strict(body)
    except NotCanonical as error:
        raise refuse([{"field": "", "code": "NOT_JSON", "problem": str(error)}]) from None
    if not isinstance(content, dict):
        raise refuse([{"field": "", "code": "WRONG_TYPE", "problem": "write an object"}])
    return content


def _check_key(text: str) -> str:
    if not _PRINTABLE.match(text.strip()):
        raise Invalid("A key is at most 200 plain characters.", {"code": "WRONG_FORMAT"})
    return text.strip()


def _describe_message() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["leadId", "eventType", "timestamp", "payload"],
        "properties": {
            "leadId": {"type": "string"},
            "eventType": {"type": "string", "maxLength": 100},
            "timestamp": {"type": "string", "format": "date-time"},
            "payload": build_feedback_schema(with_lead=False),
        },
    }
