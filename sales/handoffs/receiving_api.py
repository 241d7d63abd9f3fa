"""`/api/v1/sales/leads`: our own sales system's door (S0 4.1), for machines."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import JSONResponse, Response

from core.errors import Forbidden, Invalid, NotFound
from core.http import describe_errors
from core.ids import new_id
from core.protocols.sales_system import HASH_HEADER, PATH, SCHEMA_HEADER, TRANSACTION_HEADER
from sales.handoffs.api_schemas import (
    AcknowledgementOut,
    StandingOut,
    StandingsOut,
    describe_acknowledgement,
    describe_standing,
)
from sales.handoffs.package_schema import VERSION, build_schema
from sales.handoffs.receiving import Arrival, ReceptionService
from sales.handoffs.throttling import ClientThrottle
from sales.organization.rules import check_may
from sales.organization.schemas import Principal

Identify = Callable[[Request], Awaitable[Principal]]
GetReception = Callable[[], tuple[ReceptionService, ClientThrottle, int]]
Forget = Callable[[Principal, str], Awaitable[bool]]


def build_receiving_router(
    get_reception: GetReception, identify: Identify, forget: Forget
) -> APIRouter:
    """The routes. `get_reception`: the desk, its throttle, and how many packages a minute.
    `forget` erases the person of a lead; False where it never came."""
    router = APIRouter(prefix=PATH, tags=["sales leads"], responses=describe_errors(401, 403))

    async def admit(request: Request) -> Principal:
        """A machine that may hand leads over."""
        principal = await identify(request)
        check_may(principal, "receive_leads")
        if principal.kind == "staff":
            raise Forbidden("This endpoint is for machines: send an access token or an API key.")
        return principal

    machine: Any = Depends(admit)

    @router.post(
        "",
        response_model=AcknowledgementOut,
        responses=describe_errors(400, 409, 413, 429),
        openapi_extra=_describe_body(),
    )
    async def receive_lead(
        request: Request,
        idempotency_key: Annotated[str, Header(max_length=200)] = "",
        x_transaction_id: Annotated[str, Header(max_length=100)] = "",
        x_payload_hash: Annotated[str, Header(max_length=100)] = "",
        x_schema_version: Annotated[str, Header(max_length=20)] = "",
        principal: Principal = machine,
    ) -> Response:
        """Hand a qualified lead over (S0 3.1); acknowledged at once (S0 3.2). The same
        Idempotency-Key gives the same acknowledgement, the same lead never becomes two.
        `X-Payload-Hash` (`sha256:` and the hex digest of the package as canonical JSON, RFC 8785)
        is compared and returned. `X-Schema-Version` (`major.minor`) names the schema that the
        package follows: another major version than ours is refused, a newer minor one is not."""
        _check_version(x_schema_version.strip())
        reception, throttle, per_minute = get_reception()
        throttle.count(f"{principal.tenant_id} {principal.id}", per_minute)
        arrival = Arrival(
            body=await request.body(),
            idempotency_key=idempotency_key,
            transaction_id=_plain(x_transaction_id) or new_id(),
            claimed_hash=x_payload_hash.strip(),
        )
        ack = await reception.receive(principal, arrival)
        headers = {
            HASH_HEADER: ack.body_hash,
            SCHEMA_HEADER: VERSION,
            TRANSACTION_HEADER: arrival.transaction_id,
        }
        return JSONResponse(describe_acknowledgement(ack), headers=headers)

    @router.get("", response_model=StandingsOut, responses=describe_errors(400))
    async def list_standings(
        cursor: Annotated[str, Query(max_length=20)] = "",
        limit: Annotated[int, Query(ge=1, le=500)] = 200,
        principal: Principal = machine,
    ) -> dict[str, Any]:
        """Leads whose standing changed since `cursor`, oldest change first: for the sync every
        15 minutes and the daily reconciliation. Without a cursor: from the first."""
        reception, _, _ = get_reception()
        found = await reception.list_standings(principal.tenant_id, cursor, limit)
        return {
            "data": [describe_standing(one) for one in found.leads],
            "cursor": found.cursor,
            "hasMore": found.has_more,
        }

    @router.get("/{lead_id}", response_model=StandingOut, responses=describe_errors(404))
    async def get_standing(lead_id: str, principal: Principal = machine) -> dict[str, Any]:
        """Where one lead stands, by the sender's id of it."""
        reception, _, _ = get_reception()
        found = await reception.find_standing(principal.tenant_id, _check_id(lead_id))
        if found is None:
            raise NotFound("No lead of this id was handed over.")
        return describe_standing(found)

    @router.delete("/{lead_id}", status_code=204, responses=describe_errors(404, 409))
    async def erase_lead(lead_id: str, principal: Principal = machine) -> Response:
        """Forget the person of a lead (right to erasure): the package, and the lead that was made
        of it with all that hangs on it, as an admin's erasure does. The lead's status is `erased`
        when that is over; the entry stays without the person, so that the figures do. 409: the
        lead is under a legal hold."""
        if not await forget(principal, _check_id(lead_id)):
            raise NotFound("No lead of this id was handed over.")
        return Response(status_code=204)

    return router


def _describe_body() -> dict[str, Any]:
    schema = {name: value for name, value in build_schema().items() if not name.startswith("$")}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _plain(text: str) -> str:
    return text.strip() if text.isascii() and text.isprintable() else ""


def _check_version(text: str) -> None:
    """A package that says nothing follows the schema of today."""
    major, _, minor = text.partition(".")
    if text and not (major.isdecimal() and minor.isdecimal()):
        raise Invalid("X-Schema-Version is like 1.0.", {"code": "WRONG_FORMAT"})
    if text and int(major) != int(VERSION.partition(".")[0]):
        details = {"code": "UNSUPPORTED_VERSION", "supported": [VERSION]}
        raise Invalid(f"Packages of version {text} are not read here, but {VERSION}.", details)


def _check_id(lead_id: str) -> str:
    if "\x00" in lead_id or len(lead_id) > 100:
        raise Invalid("This is no lead's id.", {"field": "lead_id"})
    return lead_id
