"""Leads over HTTP, in S2's shapes: enter, list, read, change, merge, part."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from core.http import describe_errors
from core.moments import find_moment
from sales.leads.schemas import LeadDetail, LeadFilter, LeadView, MergeView, NewLead, Sort, Touch
from sales.leads.service import LeadService
from sales.organization.schemas import Principal

_TEXT = 1000


class OwnerOut(BaseModel):
    """The member of staff a lead is given to."""

    id: str
    name: str


class LeadOut(BaseModel):
    """A lead. S2's fields, with S1's columns beside them."""

    model_config = ConfigDict(extra="allow")

    id: str
    status: str
    first_name: str | None
    last_name: str | None
    email: str | None
    company: str | None
    score: int
    assigned_to: OwnerOut | None
    created_at: datetime
    updated_at: datetime


class PaginationOut(BaseModel):
    """Where a part of a list stands in the whole."""

    total: int
    limit: int
    offset: int
    has_more: bool


class LeadsOut(BaseModel):
    """A part of the leads."""

    data: list[LeadOut]
    pagination: PaginationOut


class CreateLead(BaseModel):
    """A lead to enter. At least an address, a number, a name or a company."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    source: Annotated[str, Field(max_length=_TEXT)] = "api"
    first_name: Annotated[str | None, Field(max_length=_TEXT)] = None
    last_name: Annotated[str | None, Field(max_length=_TEXT)] = None
    email: Annotated[str | None, Field(max_length=_TEXT)] = None
    phone: Annotated[str | None, Field(max_length=_TEXT)] = None
    company: Annotated[str | None, Field(max_length=_TEXT)] = None
    title: Annotated[str | None, Field(max_length=_TEXT)] = None
    industry: Annotated[str | None, Field(max_length=_TEXT)] = None
    employee_count: int | None = None
    annual_revenue: float | None = None
    score: int | None = None
    metadata: dict[str, JsonValue] = {}


class CreatedOut(BaseModel):
    """A lead that was entered. `duplicate`: the person was a lead already, and this is it."""

    id: str
    status: str
    assigned_to: str | None
    territory_id: str | None
    created_at: datetime
    duplicate: bool


class MergeRequest(BaseModel):
    """The lead that goes into the one of the address."""

    source_id: Annotated[str, Field(max_length=36)]


class MergeOut(BaseModel):
    """A merge, and whether it was undone."""

    id: str
    source_id: str
    target_id: str
    merged_by: str
    merged_at: datetime
    undone_at: datetime | None


GetLeads = Callable[[], LeadService]
Identify = Callable[[Request], Awaitable[Principal]]


def build_lead_router(get_leads: GetLeads, identify: Identify) -> APIRouter:
    """The routes, for staff and machines, each as far as their role and team go."""
    router = APIRouter(
        prefix="/api/v1/leads", tags=["leads"], responses=describe_errors(400, 401, 403)
    )
    caller = Depends(identify)

    known: dict[int | str, dict[str, Any]] = {
        200: {"model": CreatedOut, "description": "The person was a lead already"}
    }

    @router.post(
        "",
        status_code=201,
        response_model=CreatedOut,
        responses={**known, **describe_errors(409, 413)},
    )
    async def create_lead(
        body: CreateLead,
        idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
        principal: Principal = caller,
    ) -> JSONResponse:
        """Enter a lead. The same Idempotency-Key again gives the same answer. A person who is a
        lead already, by e-mail or phone, is not entered twice: 200 and that lead."""
        given = {name: value for name, value in body.model_dump().items() if value is not None}
        made = await get_leads().create_lead(
            principal, NewLead(**given), request_key=idempotency_key
        )
        lead = made.lead
        content = {
            "id": lead.id,
            "status": lead.status,
            "assigned_to": lead.assigned_to.id if lead.assigned_to else None,
            "territory_id": lead.territory_id,
            "created_at": lead.created_at.isoformat(),
            "duplicate": made.existed,
        }
        return JSONResponse(content, 200 if made.existed else 201)

    @router.get("", response_model=LeadsOut)
    async def list_leads(  # noqa: PLR0917, PLR0913 - each is a query parameter of its own
        status: Annotated[str, Query(max_length=20)] = "",
        assigned_to: Annotated[str, Query(max_length=36)] = "",
        tier: Literal["", "hot", "warm", "cool", "cold"] = "",
        min_score: Annotated[int | None, Query(ge=0, le=100)] = None,
        q: Annotated[str, Query(max_length=200)] = "",
        created_from: Annotated[str, Query(max_length=40)] = "",
        created_to: Annotated[str, Query(max_length=40)] = "",
        sort: Sort = "created_at",
        order: Literal["asc", "desc", ""] = "",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
        principal: Principal = caller,
    ) -> dict[str, Any]:
        """A part of the leads that the caller may see. `assigned_to`: an id, or `none`.
        `sort=priority` has the most pressing first, by their deadline. Dates include their day."""
        wanted = LeadFilter(
            status=status or None,
            assigned_to=None if assigned_to in ("", "none") else assigned_to,
            unassigned=assigned_to == "none",
            tier=tier or None,
            min_score=min_score,
            q=q,
            created_from=find_moment(created_from, "created_from"),
            created_to=find_moment(created_to, "created_to", is_end=True),
        )
        descending = order == "desc" or (not order and sort != "priority")
        page = await get_leads().list_leads(
            principal, wanted, sort=sort, descending=descending, limit=limit, offset=offset
        )
        return {
            "data": [describe_view(lead) for lead in page.leads],
            "pagination": {
                "total": page.total,
                "limit": page.limit,
                "offset": page.offset,
                "has_more": page.has_more,
            },
        }

    @router.get("/{lead_id}", response_model=LeadOut, responses=describe_errors(404))
    async def get_lead(lead_id: str, principal: Principal = caller) -> dict[str, Any]:
        """A lead with its score's reasons, touches, products, history and merges. The id of a
        merged lead leads to the one that it became."""
        return describe_whole(await get_leads().get_lead(principal, lead_id))

    @router.patch("/{lead_id}", response_model=LeadOut, responses=describe_errors(404, 409))
    async def update_lead(
        lead_id: str, body: dict[str, JsonValue], principal: Principal = caller
    ) -> dict[str, Any]:
        """Change fields, `status` or `assigned_to`; only what is sent changes. What staff write
        is not changed by what a visitor says later."""
        return describe_whole(await get_leads().update_lead(principal, lead_id, body))

    @router.post("/{lead_id}/merge", response_model=MergeOut, responses=describe_errors(404, 409))
    async def merge_lead(
        lead_id: str, body: MergeRequest, principal: Principal = caller
    ) -> MergeView:
        """Let another lead go into this one. Can be undone."""
        return await get_leads().merge(principal, body.source_id, lead_id)

    @router.post(
        "/merges/{merge_id}/undo", response_model=MergeOut, responses=describe_errors(404, 409)
    )
    async def undo_merge(merge_id: str, principal: Principal = caller) -> MergeView:
        """Part two leads again: what came from the source goes back to it."""
        return await get_leads().undo_merge(principal, merge_id)

    return router


def describe_view(lead: LeadView) -> dict[str, Any]:
    """A lead as JSON values."""
    content = asdict(lead)
    content["score_parts"] = content.pop("parts")
    content["qualification_score"] = lead.score
    content["lead_source"] = lead.source
    content["assigned_to"] = (
        {"id": lead.assigned_to.id, "name": lead.assigned_to.name} if lead.assigned_to else None
    )
    return content


def describe_whole(detail: LeadDetail) -> dict[str, Any]:
    """A lead with everything that is known of it, as JSON values."""
    return {
        **describe_view(detail.lead),
        "reasons": detail.reasons,
        "next_gains": detail.next_gains,
        "briefing": detail.briefing,
        "conversation_ids": list(detail.conversation_ids),
        "attribution": {
            "first_touch": _touch(detail.first_touch),
            "last_touch": _touch(detail.last_touch),
            "touches": [_touch(one) for one in detail.touches],
        },
        "product_interactions": [asdict(one) for one in detail.interactions],
        "history": [asdict(one) for one in detail.history],
        "merges": [asdict(one) for one in detail.merges],
    }


def _touch(touch: Touch | None) -> dict[str, Any] | None:
    return asdict(touch) if touch else None
