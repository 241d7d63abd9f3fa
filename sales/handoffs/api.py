"""Handoffs over HTTP: lists, trails, exports, what people decide, and the published contract."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, StreamingResponse

from core.errors import Invalid, NotFound
from core.http import describe_errors
from core.moments import find_moment
from sales.handoffs.api_schemas import (
    AuditOut,
    HandoffOut,
    HandoffsOut,
    HandOverRequest,
    OverrideRequest,
    ScriptOut,
    describe_handoff,
    describe_step,
)
from sales.handoffs.package_schema import VERSION, build_schema
from sales.handoffs.package_scripts import SCRIPTS
from sales.handoffs.schemas import STATES, AuditEntry, HandoffFilter, State
from sales.handoffs.service import HandoffService
from sales.handoffs.workflow import HandoffWorkflow
from sales.organization.rules import check_may
from sales.organization.schemas import Principal

Identify = Callable[[Request], Awaitable[Principal]]
_COLUMNS = ("id", "happened_at", "side", "step", "actor", "actor_id", "about", "lead_id",
            "transaction_id", "data")  # fmt: skip
_EXPORTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The steps, oldest first",
        "content": {"application/jsonl": {}, "text/csv": {}},
    }
}


def build_handoff_router(
    get_service: Callable[[], HandoffService],
    get_workflow: Callable[[], HandoffWorkflow],
    identify: Identify,
) -> APIRouter:
    """The routes, for staff and machines, each as far as their role and team go."""
    router = APIRouter(
        prefix="/api/v1/handoffs", tags=["handoffs"], responses=describe_errors(400, 401, 403)
    )
    caller: Any = Depends(identify)
    _add_contract(router)
    _add_export(router, get_service, caller)
    _add_handoffs(router, get_service, get_workflow, caller)
    return router


def _add_contract(router: APIRouter) -> None:
    @router.get("/schema", response_model=dict[str, Any])
    async def get_schema() -> JSONResponse:
        """The JSON Schema of packages, open to whoever builds the other side."""
        headers = {"x-schema-version": VERSION, "cache-control": "public, max-age=3600"}
        return JSONResponse(build_schema(), headers=headers)

    @router.get("/scripts", response_model=list[ScriptOut])
    async def list_scripts() -> list[dict[str, Any]]:
        """The call scripts that packages name as `suggestedScript`."""
        return [asdict(script) for script in SCRIPTS]

    @router.get("/scripts/{script_id}", response_model=ScriptOut, responses=describe_errors(404))
    async def get_script(script_id: str) -> dict[str, Any]:
        """One of them."""
        for script in SCRIPTS:
            if script.id == script_id:
                return asdict(script)
        raise NotFound("There is no such script.")


def _add_export(router: APIRouter, get_service: Callable[[], HandoffService], caller: Any) -> None:
    @router.get("/audit", response_class=StreamingResponse, responses=_EXPORTS)
    async def export_audit(
        format: Literal["jsonl", "csv"] = "jsonl",  # noqa: A002 - the query's name
        created_from: Annotated[str, Query(max_length=40)] = "",
        created_to: Annotated[str, Query(max_length=40)] = "",
        principal: Principal = caller,
    ) -> StreamingResponse:
        """The whole trail, oldest first, as JSON lines or CSV. For admins and managers."""
        check_may(principal, "see_audit")
        since = find_moment(created_from, "created_from")
        until = find_moment(created_to, "created_to", is_end=True)
        steps = get_service().reader.export_trail(principal, since, until)
        lines, media = (
            (_write_csv(steps), "text/csv; charset=utf-8")
            if format == "csv"
            else (_write_lines(steps), "application/jsonl")
        )
        headers = {"content-disposition": f'attachment; filename="handoff-audit.{format}"'}
        return StreamingResponse(lines, media_type=media, headers=headers)


def _add_handoffs(
    router: APIRouter,
    get_service: Callable[[], HandoffService],
    get_workflow: Callable[[], HandoffWorkflow],
    caller: Any,
) -> None:
    @router.get("", response_model=HandoffsOut)
    async def list_handoffs(  # noqa: PLR0913, PLR0917 - each is a query parameter of its own
        state: Annotated[str, Query(max_length=20)] = "",
        review: bool = False,
        lead_id: Annotated[str, Query(max_length=36)] = "",
        priority: Literal["", "critical", "high", "standard", "low"] = "",
        created_from: Annotated[str, Query(max_length=40)] = "",
        created_to: Annotated[str, Query(max_length=40)] = "",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
        principal: Principal = caller,
    ) -> dict[str, Any]:
        """A part of the handoffs of leads that the caller sees, the newest first. `review=true`:
        the manual review queue."""
        wanted = HandoffFilter(
            state=_read_state(state),
            review=review,
            lead_id=lead_id or None,
            priority=priority or None,
            created_from=find_moment(created_from, "created_from"),
            created_to=find_moment(created_to, "created_to", is_end=True),
        )
        page = await get_service().reader.list_handoffs(
            principal, wanted, limit=limit, offset=offset
        )
        return {
            "data": [describe_handoff(one) for one in page.handoffs],
            "pagination": {
                "total": page.total,
                "limit": page.limit,
                "offset": page.offset,
                "has_more": page.has_more,
            },
        }

    @router.post("", status_code=202, response_model=HandoffOut, responses=describe_errors(404))
    async def hand_over(body: HandOverRequest, principal: Principal = caller) -> dict[str, Any]:
        """Hand a lead over now. One that was handed over already gives that handoff."""
        made = await get_workflow().hand_over(principal, body.lead_id, again=body.again)
        return describe_handoff(await get_service().reader.get_handoff(principal, made))

    @router.get("/{handoff_id}", response_model=HandoffOut, responses=describe_errors(404))
    async def get_handoff(handoff_id: str, principal: Principal = caller) -> dict[str, Any]:
        """A handoff."""
        return describe_handoff(await get_service().reader.get_handoff(principal, handoff_id))

    @router.get("/{handoff_id}/audit", response_model=AuditOut, responses=describe_errors(404))
    async def get_trail(handoff_id: str, principal: Principal = caller) -> dict[str, Any]:
        """Every step of a handoff with who and when, on both sides where both are here."""
        steps = await get_service().reader.list_trail(principal, handoff_id)
        return {"data": [describe_step(step) for step in steps]}

    @router.post(
        "/{handoff_id}/override", response_model=HandoffOut, responses=describe_errors(404, 409)
    )
    async def override(
        handoff_id: str, body: OverrideRequest, principal: Principal = caller
    ) -> dict[str, Any]:
        """Settle by hand what waits. For admins and managers; kept in the trail."""
        done = await get_workflow().override(principal, handoff_id, body.action, body.reason)
        return describe_handoff(done)


async def _write_lines(steps: AsyncIterator[AuditEntry]) -> AsyncIterator[str]:
    async for step in steps:
        yield json.dumps(describe_step(step), ensure_ascii=False) + "\n"


async def _write_csv(steps: AsyncIterator[AuditEntry]) -> AsyncIterator[str]:
    yield ",".join(_COLUMNS) + "\r\n"
    async for step in steps:
        content = describe_step(step)
        content["data"] = json.dumps(content["data"], ensure_ascii=False, sort_keys=True)
        line = io.StringIO()
        csv.writer(line).writerow([_neutral(content[name]) for name in _COLUMNS])
        yield line.getvalue()


def _neutral(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _read_state(text: str) -> State | None:
    for state in STATES:
        if state == text:
            return state
    if text:
        raise Invalid(f"There is no such state. Choose {', '.join(STATES)}.", {"field": "state"})
    return None
