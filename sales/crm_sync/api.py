"""CRM sync over HTTP: how each CRM does, where a lead stands, and sending it again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from core.http import describe_errors
from sales.crm_sync.schemas import CrmHealth, LeadState, LeadSync, SyncItem
from sales.crm_sync.service import CrmSyncService
from sales.leads.service import LeadService
from sales.organization.rules import check_may
from sales.organization.schemas import Principal

GetSync = Callable[[], CrmSyncService]
GetLeads = Callable[[], LeadService]
Identify = Callable[[Request], Awaitable[Principal]]


class ErrorCountOut(BaseModel):
    """A reason why something failed, in the CRM's own words, and how often it does now."""

    error: str
    count: int


class CrmHealthOut(BaseModel):
    """How a CRM does. `leads`: how many are in each state: in_step, waiting, failed, deleted.
    `success_rate`: of all attempts, between 0 and 1; null before the first."""

    crm: str
    name: str
    connected: bool
    leads: dict[str, int]
    attempts: int
    failures: int
    success_rate: float | None
    errors: list[ErrorCountOut]
    last_success_at: datetime | None
    polled_at: datetime | None
    blocked_until: datetime | None


class CrmStatusOut(BaseModel):
    """Every CRM that is switched on, or was."""

    crms: list[CrmHealthOut]


class LeftOutOut(BaseModel):
    """A field of the CRM that was not filled, and why."""

    field: str
    why: str


class SyncItemOut(BaseModel):
    """One thing that goes to a CRM: the person, the deal, a conversation, a meeting."""

    kind: str
    state: str
    crm_id: str | None
    url: str
    error: str
    left_out: list[LeftOutOut]
    last_attempt_at: datetime | None
    last_success_at: datetime | None


class LeadSyncOut(BaseModel):
    """A lead in one CRM."""

    crm: str
    name: str
    state: LeadState
    crm_id: str | None
    owner: str
    items: list[SyncItemOut]


class LeadSyncsOut(BaseModel):
    """A lead in every CRM."""

    crms: list[LeadSyncOut]


class RetriedOut(BaseModel):
    """How much that had failed waits to be sent again."""

    waiting: int


def build_crm_router(get_sync: GetSync, get_leads: GetLeads, identify: Identify) -> APIRouter:
    """The routes, for staff and machines, each as far as their role and team go."""
    router = APIRouter(prefix="/api/v1", tags=["crm"], responses=describe_errors(400, 401, 403))
    caller = Depends(identify)

    @router.get("/crm/status", response_model=CrmStatusOut)
    async def show_status(principal: Principal = caller) -> CrmStatusOut:
        """How each CRM does: leads by state, success rate, what fails and why (S1: CRM Sync
        Health)."""
        check_may(principal, "see_analytics")
        health = await get_sync().get_health(principal.tenant_id)
        return CrmStatusOut(crms=[_describe_health(one) for one in health])

    @router.post("/crm/retry", response_model=RetriedOut)
    async def retry(
        crm: Annotated[str, Query(pattern=r"^[a-z0-9_]{0,40}$")] = "", principal: Principal = caller
    ) -> RetriedOut:
        """Send again all that failed, of one CRM or of all: when the cause is mended."""
        check_may(principal, "see_health")
        count = await get_sync().retry_failed(principal.tenant_id, crm=crm or None)
        return RetriedOut(waiting=count)

    @router.get(
        "/leads/{lead_id}/crm-sync", response_model=LeadSyncsOut, responses=describe_errors(404)
    )
    async def show_lead(lead_id: str, principal: Principal = caller) -> LeadSyncsOut:
        """Where a lead stands in each CRM."""
        detail = await get_leads().get_lead(principal, lead_id)
        return await _describe_lead(get_sync(), principal, detail.lead.id)

    @router.post(
        "/leads/{lead_id}/crm-sync",
        status_code=202,
        response_model=LeadSyncsOut,
        responses=describe_errors(404, 409),
    )
    async def send_lead(lead_id: str, principal: Principal = caller) -> LeadSyncsOut:
        """Send a lead to every connected CRM, whole, also one that did not qualify or whose record
        was deleted there. It waits, and goes in the background."""
        check_may(principal, "change_leads")
        detail = await get_leads().get_lead(principal, lead_id)
        await get_sync().send_again(principal.tenant_id, detail.lead.id)
        return await _describe_lead(get_sync(), principal, detail.lead.id)

    return router


async def _describe_lead(sync: CrmSyncService, principal: Principal, lead_id: str) -> LeadSyncsOut:
    found = await sync.get_lead_sync(principal.tenant_id, lead_id)
    return LeadSyncsOut(crms=[_describe_sync(one) for one in found])


def _describe_health(one: CrmHealth) -> CrmHealthOut:
    return CrmHealthOut(
        crm=one.crm,
        name=one.crm_name,
        connected=one.connected,
        leads=dict(one.leads),
        attempts=one.attempts,
        failures=one.failures,
        success_rate=one.success_rate,
        errors=[ErrorCountOut(error=words, count=count) for words, count in one.errors],
        last_success_at=one.last_success_at,
        polled_at=one.polled_at,
        blocked_until=one.blocked_until,
    )


def _describe_sync(one: LeadSync) -> LeadSyncOut:
    person = one.person
    return LeadSyncOut(
        crm=one.crm,
        name=one.crm_name,
        state=one.state,
        crm_id=person.crm_id if person else None,
        owner=person.owner if person else "",
        items=[_describe_item(item) for item in one.items],
    )


def _describe_item(item: SyncItem) -> SyncItemOut:
    return SyncItemOut(
        kind=item.kind,
        state=item.state,
        crm_id=item.crm_id,
        url=item.url,
        error=item.error,
        left_out=[LeftOutOut(**left) for left in item.left_out],
        last_attempt_at=item.last_attempt_at,
        last_success_at=item.last_success_at,
    )
