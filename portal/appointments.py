"""Appointments: what is coming, by day; moving and cancelling."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from core.errors import Conflict, Invalid, NotFound
from portal.desk import Desk, Sent, Viewer
from portal.lists import PAGE_SIZE, Listing, read_choice, read_offset
from portal.navigation import NavEntry
from portal.pages import Page
from sales.appointments.api import split_reps
from sales.appointments.rules import find_zone, read_slot_id
from sales.appointments.schemas import Actor, AppointmentFilter, BookedAppointment
from sales.appointments.slot_words import describe_slot
from sales.appointments.slots import Slot
from sales.appointments.time_phrases import read_time_phrases
from sales.organization.schemas import Principal

PATH = "/portal/appointments"
VIEWS = {"past": "Past", "cancelled": "Cancelled"}
_SLOTS = 12
_WISH_LIMIT = 200


@dataclass(frozen=True, slots=True)
class _Day:
    """The appointments of one day on the viewer's calendar."""

    title: str
    appointments: list[BookedAppointment]


def _build(desk: Desk) -> APIRouter:
    router = desk.router()
    looking: Any = Depends(desk.looks("see_appointments"))
    sending: Any = Depends(desk.sends("change_appointments"))

    @router.get("/appointments")
    async def show_appointments(request: Request, viewer: Viewer = looking) -> Response:
        return await _draw_list(desk, viewer, request)

    @router.get("/appointments/{appointment_id}")
    async def show_appointment(appointment_id: str, viewer: Viewer = looking) -> Response:
        found = await get_appointment(desk, viewer.principal, appointment_id)
        return await _draw(desk, viewer, found)

    @router.post("/appointments/{appointment_id}/move")
    async def move(appointment_id: str, request: Request, sent: Sent = sending) -> Response:
        found = await get_appointment(desk, sent.principal, appointment_id)
        actor = Actor("staff", sent.principal.id)
        try:
            starts_at, _ = read_slot_id(sent.form.text("slot", 40))
            await desk.portal.appointments.reschedule(found, starts_at, actor)
        except (Conflict, Invalid) as error:
            return await _draw(desk, sent.viewer, found, error.status, problem=error.message)
        desk.announce(sent.principal)
        text = "The meeting is moved. Both sides get a mail."
        return desk.redirect(request, f"{PATH}/{appointment_id}", text)

    @router.post("/appointments/{appointment_id}/cancel")
    async def cancel(appointment_id: str, request: Request, sent: Sent = sending) -> Response:
        found = await get_appointment(desk, sent.principal, appointment_id)
        actor, reason = Actor("staff", sent.principal.id), sent.form.text("reason", 500)
        try:
            await desk.portal.appointments.cancel(found, actor, reason)
        except Conflict as error:
            return await _draw(desk, sent.viewer, found, error.status, problem=error.message)
        desk.announce(sent.principal)
        text = "The meeting is cancelled. Both sides get a mail."
        return desk.redirect(request, f"{PATH}/{appointment_id}", text)

    return router


async def get_appointment(
    desk: Desk, principal: Principal, appointment_id: str
) -> BookedAppointment:
    """An appointment whose rep the principal may see.

    Raises:
        NotFound: there is none, or it is not for them.
    """
    found = await desk.portal.appointments.get_appointment(principal.tenant_id, appointment_id)
    seen, hidden, others = await split_reps(desk.portal.staff, principal)
    if found.rep_email in hidden or (found.rep_email not in seen and not others):
        raise NotFound("There is no such appointment.")
    return found


async def restrict(desk: Desk, principal: Principal, rep: str = "") -> AppointmentFilter:
    """The filter that leaves what the principal may see, and of that only one rep's."""
    seen, hidden, others = await split_reps(desk.portal.staff, principal)
    if rep and (rep in seen or (others and rep not in hidden)):
        return AppointmentFilter(only_reps=frozenset({rep}))
    if rep:
        return AppointmentFilter(only_reps=frozenset())
    if others:
        return AppointmentFilter(not_reps=hidden)
    return AppointmentFilter(only_reps=seen)


async def _draw_list(desk: Desk, viewer: Viewer, request: Request) -> Response:
    portal, principal = desk.portal, viewer.principal
    view = read_choice(request, "view", tuple(VIEWS))
    reps = {
        rep.email: rep.name
        for rep in portal.appointments.slots.settings.reps
        if portal.organization.get_tenant(rep.tenant).id == principal.tenant_id
    }
    rep = read_choice(request, "rep", tuple(reps))
    offset, now = read_offset(request), portal.clock.now()
    wanted = replace(await restrict(desk, principal, rep), limit=PAGE_SIZE, offset=offset)
    if view == "cancelled":
        wanted = replace(wanted, status="cancelled")
    elif view == "past":
        wanted = replace(wanted, until=now, status="booked")
    else:
        wanted = replace(wanted, since=now, status="booked")
    listed, total = await portal.appointments.list_appointments(principal.tenant_id, wanted)
    zone = ZoneInfo(viewer.session.timezone)
    return desk.render(
        viewer,
        "appointments.html",
        days=_group(listed, zone, now.astimezone(zone).date()),
        listing=Listing(PATH, {"view": view, "rep": rep}, offset, total),
        views=VIEWS,
        reps=reps,
        view=view,
        zone=viewer.session.timezone,
    )


def _group(listed: list[BookedAppointment], zone: ZoneInfo, today: date) -> list[_Day]:
    days: dict[date, list[BookedAppointment]] = {}
    for one in listed:
        days.setdefault(one.starts_at.astimezone(zone).date(), []).append(one)
    near = {today: "Today", today + timedelta(days=1): "Tomorrow"}
    return [
        _Day(
            f"{near[day]}, {day:%A} {day.day} {day:%B}"
            if day in near
            else f"{day:%A} {day.day} {day:%B %Y}",
            those,
        )
        for day, those in days.items()
    ]


async def list_offers(
    desk: Desk, viewer: Viewer, moving: BookedAppointment, wish: str
) -> list[dict[str, str]]:
    """Slots that a meeting could be moved to, on the clock of the one who moves it."""
    zone = ZoneInfo(viewer.session.timezone)
    service = desk.portal.appointments
    read = read_time_phrases(wish[:_WISH_LIMIT], desk.portal.clock.now(), zone, locale="en")
    found = await service.slots.find(
        moving.site, moving.timezone, read, moving=moving, limit=_SLOTS
    )
    return [{"id": one.id, "label": describe_slot(one, zone, "en")} for one in found.slots]


async def _draw(
    desk: Desk,
    viewer: Viewer,
    appointment: BookedAppointment,
    status: int = 200,
    *,
    problem: str = "",
) -> Response:
    portal = desk.portal
    wish = viewer.request.query_params.get("wish", "")
    changeable = appointment.status == "booked" and appointment.starts_at > portal.clock.now()
    offers: list[dict[str, str]] = []
    if changeable:
        try:
            offers = await list_offers(desk, viewer, appointment, wish)
        except Conflict as error:
            problem = problem or error.message
    theirs = find_zone(appointment.timezone) or ZoneInfo("UTC")
    slot = Slot(appointment.starts_at, appointment.ends_at, ())
    return desk.render(
        viewer,
        "appointment.html",
        status=status,
        appointment=appointment,
        changeable=changeable,
        offers=offers,
        ours=describe_slot(slot, ZoneInfo(viewer.session.timezone), "en"),
        theirs=describe_slot(slot, theirs, "en"),
        changes=await portal.appointments.list_changes(appointment),
        problem=problem,
        wish=wish[:_WISH_LIMIT],
    )


APPOINTMENTS_PAGE = Page(NavEntry("Appointments", PATH, "appointments", "see_appointments"), _build)
