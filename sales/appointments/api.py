"""Meetings over HTTP: what can be booked, booking, moving, cancelling."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from core.errors import Invalid, NotFound, Unauthorized
from core.http import describe_errors
from core.ids import new_id
from core.moments import read_moment
from sales.appointments.api_schemas import (
    AppointmentListOut,
    AppointmentOut,
    AppointmentsOut,
    BookRequest,
    FoundSlotsOut,
    MoveRequest,
    SlotsOut,
    WishRequest,
    describe_appointment,
    describe_slots,
)
from sales.appointments.rules import find_zone, read_slot_id, read_zone
from sales.appointments.schemas import Actor, AppointmentFilter, BookedAppointment, BookingRequest
from sales.appointments.service import AppointmentService
from sales.appointments.time_phrases import read_time_phrases
from sales.conversations.service import ConversationService, Pass
from sales.organization.rules import check_may, sees
from sales.organization.schemas import Principal
from sales.organization.staff_service import StaffService

_MINUTE = timedelta(minutes=1)
_CONVERSATION = "/chat/conversations/{conversation_id}"


@dataclass(frozen=True, slots=True)
class AppointmentDesk:
    """What the endpoints work with.

    `admit` reads a conversation's token as the chat does; `admit_visitor` the token of
    whichever conversation; `identify` knows staff and machines.
    """

    appointments: AppointmentService
    conversations: ConversationService
    staff: StaffService
    admit: Callable[[Request, str], Pass]
    admit_visitor: Callable[[Request], Pass]
    identify: Callable[[Request], Awaitable[Principal]]


def build_appointment_router(get_desk: Callable[[], AppointmentDesk]) -> APIRouter:
    """The routes. `get_desk` is asked at each request: settings may change while running."""
    router = APIRouter(prefix="/api/v1", tags=["appointments"])
    _add_slot_routes(router, get_desk)
    _add_booking_routes(router, get_desk)
    _add_change_routes(router, get_desk)
    _add_staff_route(router, get_desk)
    return router


def _add_slot_routes(router: APIRouter, get_desk: Callable[[], AppointmentDesk]) -> None:
    @router.get(
        _CONVERSATION + "/slots",
        response_model=SlotsOut,
        responses=describe_errors(400, 401, 403, 404, 409),
    )
    async def list_slots(
        conversation_id: str,
        request: Request,
        since: Annotated[str, Query(alias="from", max_length=40)] = "",
        until: Annotated[str, Query(alias="to", max_length=40)] = "",
        timezone: Annotated[str, Query(max_length=64)] = "",
        duration: Annotated[int | None, Query(ge=5, le=480)] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> dict[str, Any]:
        """Bookable slots from `from` to `to` (dates, both included, or times) in the visitor's
        time zone; the next ones when left out. `duration` is in minutes."""
        desk = get_desk()
        ticket = desk.admit(request, conversation_id)
        zone = read_zone(timezone or await _find_zone_name(desk, ticket))
        begin = read_moment(since, "from", zone) if since else None
        end = read_moment(until, "to", zone, is_end=True) if until else None
        if begin and end and begin >= end:
            raise Invalid("from must be before to.", {"field": "from"})
        slots = await desk.appointments.slots.list_slots(
            ticket.site,
            zone.key,
            since=begin,
            until=end,
            duration=_MINUTE * duration if duration else None,
            limit=limit,
        )
        return {"timezone": zone.key, "slots": describe_slots(slots, zone)}

    @router.post(
        _CONVERSATION + "/slots",
        response_model=FoundSlotsOut,
        responses=describe_errors(400, 401, 403, 404, 409),
    )
    async def find_slots(
        conversation_id: str, body: WishRequest, request: Request
    ) -> dict[str, Any]:
        """Slots for a wish in the visitor's words ("Thursday afternoon") or in fields. Where it
        cannot be met, `refusal` says why, and the slots are the nearest."""
        desk = get_desk()
        ticket = desk.admit(request, conversation_id)
        zone = read_zone(body.timezone or await _find_zone_name(desk, ticket))
        if body.wish is None:
            wish = read_time_phrases(
                body.text, desk.appointments.clock.now(), zone, locale=body.locale or "en"
            )
        else:
            wish = body.wish.read()
        chosen = getattr(wish.zone, "key", "") or zone.key
        found = await desk.appointments.slots.find(ticket.site, chosen, wish, limit=body.limit)
        return {
            "timezone": chosen,
            "duration_minutes": found.duration // _MINUTE,
            "understood": list(wish.quotes),
            "is_met": found.is_met,
            "refusal": found.refusal,
            "slots": describe_slots(found.slots, read_zone(chosen), body.locale),
        }


def _add_booking_routes(router: APIRouter, get_desk: Callable[[], AppointmentDesk]) -> None:
    @router.get(
        _CONVERSATION + "/appointments",
        response_model=AppointmentsOut,
        responses=describe_errors(401, 403, 404),
    )
    async def list_own_appointments(conversation_id: str, request: Request) -> dict[str, Any]:
        """The visitor's coming meetings, the next first."""
        desk = get_desk()
        ticket = desk.admit(request, conversation_id)
        listed = await desk.appointments.list_upcoming(ticket.site.tenant_id, ticket.visitor_id)
        return {"appointments": [_describe_own(desk, one) for one in listed]}

    @router.post(
        _CONVERSATION + "/appointments",
        status_code=201,
        response_model=AppointmentOut,
        responses=describe_errors(400, 401, 403, 404, 409),
    )
    async def book_appointment(
        conversation_id: str, body: BookRequest, request: Request
    ) -> JSONResponse:
        """Book a slot. A slot that is taken is 409, with alternatives in `details`. The same
        `request_id` (or Idempotency-Key header) again books nothing more."""
        desk = get_desk()
        ticket = desk.admit(request, conversation_id)
        zone = read_zone(body.timezone or await _find_zone_name(desk, ticket))
        starts_at, duration = _read_start(body.slot_id, body.starts_at, zone.key)
        if body.duration is not None and duration is None:
            duration = _MINUTE * body.duration
        booked = await desk.appointments.book(
            BookingRequest(
                site=ticket.site,
                conversation_id=ticket.conversation_id,
                visitor_id=ticket.visitor_id,
                request_key=body.request_id or request.headers.get("idempotency-key") or new_id(),
                starts_at=starts_at,
                duration=duration,
                timezone=zone.key,
                locale=body.locale,
                name=body.name,
                email=body.email,
                phone=body.phone,
                topic=body.topic,
            )
        )
        return JSONResponse(_describe_own(desk, booked), 201)


def _add_change_routes(router: APIRouter, get_desk: Callable[[], AppointmentDesk]) -> None:
    one = "/appointments/{appointment_id}"

    @router.get(one, response_model=AppointmentOut, responses=describe_errors(401, 403, 404))
    async def get_appointment(appointment_id: str, request: Request) -> dict[str, Any]:
        """An appointment, for its visitor (token of a conversation or of the link) or staff."""
        desk = get_desk()
        appointment, _ = await _admit_to(desk, request, appointment_id)
        return _describe_own(desk, appointment)

    @router.patch(
        one, response_model=AppointmentOut, responses=describe_errors(400, 401, 403, 404, 409)
    )
    async def move_appointment(
        appointment_id: str, body: MoveRequest, request: Request
    ) -> dict[str, Any]:
        """Move it to another time of the same rep. The same time again changes nothing."""
        desk = get_desk()
        appointment, actor = await _admit_to(desk, request, appointment_id)
        starts_at, _ = _read_start(body.slot_id, body.starts_at, appointment.timezone)
        moved = await desk.appointments.reschedule(appointment, starts_at, actor)
        return _describe_own(desk, moved)

    @router.delete(
        one, response_model=AppointmentOut, responses=describe_errors(401, 403, 404, 409)
    )
    async def cancel_appointment(
        appointment_id: str,
        request: Request,
        reason: Annotated[str, Query(max_length=500)] = "",
    ) -> dict[str, Any]:
        """Cancel it. Cancelling twice is no error."""
        desk = get_desk()
        appointment, actor = await _admit_to(desk, request, appointment_id)
        cancelled = await desk.appointments.cancel(appointment, actor, reason)
        return _describe_own(desk, cancelled)


def _add_staff_route(router: APIRouter, get_desk: Callable[[], AppointmentDesk]) -> None:
    @router.get(
        "/appointments",
        response_model=AppointmentListOut,
        responses=describe_errors(400, 401, 403),
    )
    async def list_appointments(
        request: Request,
        since: Annotated[str, Query(alias="from", max_length=40)] = "",
        until: Annotated[str, Query(alias="to", max_length=40)] = "",
        status: Annotated[str, Query(pattern="^(booked|cancelled)?$")] = "",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    ) -> dict[str, Any]:
        """Appointments that the caller may see, the earliest first. For staff and machines."""
        desk = get_desk()
        principal = await desk.identify(request)
        check_may(principal, "see_appointments")
        zone = read_zone("UTC")
        seen, hidden, others = await split_reps(desk.staff, principal)
        wanted = AppointmentFilter(
            since=read_moment(since, "from", zone) if since else None,
            until=read_moment(until, "to", zone, is_end=True) if until else None,
            status="booked" if status == "booked" else "cancelled" if status else None,
            only_reps=None if others else seen,
            not_reps=hidden if others else None,
            limit=limit,
            offset=offset,
        )
        listed, total = await desk.appointments.list_appointments(principal.tenant_id, wanted)
        return {"appointments": [describe_appointment(one) for one in listed], "total": total}


async def split_reps(
    staff: StaffService, principal: Principal
) -> tuple[frozenset[str], frozenset[str], bool]:
    """The addresses of staff whose meetings the caller sees, of those whose it does not, and
    whether it sees those of reps without an account."""
    listed = await staff.list_staff(principal.tenant_id)
    seen = frozenset(
        one.email for one in listed if sees(principal, owner_id=one.id, team_id=one.team_id)
    )
    hidden = frozenset(one.email for one in listed) - seen
    return seen, hidden, sees(principal, owner_id=None, team_id=None)


async def _admit_to(
    desk: AppointmentDesk, request: Request, appointment_id: str
) -> tuple[BookedAppointment, Actor]:
    """The appointment, for somebody who may change it, and who that is.

    Raises:
        NotFound: there is none, or not for this caller.
        Unauthorized: no proof that holds.
    """
    missing = NotFound("There is no such appointment.")
    bearer = request.headers.get("authorization", "").partition(" ")[2].strip()
    try:
        linked = await desk.appointments.read_link(bearer)
    except Unauthorized:
        pass
    else:
        if linked.id != appointment_id:
            raise missing
        return linked, Actor("link", linked.visitor_id)
    try:
        ticket = desk.admit_visitor(request)
    except Unauthorized:
        return await _admit_staff(desk, request, appointment_id)
    found = await desk.appointments.get_appointment(ticket.site.tenant_id, appointment_id)
    if found.visitor_id != ticket.visitor_id:
        raise missing
    return found, Actor("visitor", ticket.visitor_id)


async def _admit_staff(
    desk: AppointmentDesk, request: Request, appointment_id: str
) -> tuple[BookedAppointment, Actor]:
    principal = await desk.identify(request)
    changes = request.method not in ("GET", "HEAD")
    check_may(principal, "change_appointments" if changes else "see_appointments")
    found = await desk.appointments.get_appointment(principal.tenant_id, appointment_id)
    seen, hidden, others = await split_reps(desk.staff, principal)
    if found.rep_email in hidden or (found.rep_email not in seen and not others):
        raise NotFound("There is no such appointment.")
    return found, Actor("staff", principal.id)


async def _find_zone_name(desk: AppointmentDesk, ticket: Pass) -> str:
    """The zone of the visitor's browser; without one, that of the reps."""
    state = await desk.conversations.load(ticket, messages=0)
    reps = desk.appointments.slots.list_reps(ticket.site, "")
    zone = find_zone(state.timezone)
    return zone.key if zone else reps[0].timezone if reps else "UTC"


def _read_start(slot_id: str, starts_at: str, zone_name: str) -> tuple[Any, timedelta | None]:
    if bool(slot_id) == bool(starts_at):
        raise Invalid("Send either slot_id or starts_at.", {"field": "slot_id"})
    if slot_id:
        return read_slot_id(slot_id)
    return read_moment(starts_at, "starts_at", read_zone(zone_name)), None


def _describe_own(desk: AppointmentDesk, appointment: BookedAppointment) -> dict[str, Any]:
    link = f"/a/{desk.appointments.sign_link(appointment)}"
    return {**describe_appointment(appointment), "manage_url": link}
