"""The page behind the link in an appointment's mails: move or cancel, also without JavaScript.

Looking changes nothing: mail programs and virus scanners open links by themselves. What changes
something is a form that says so and is sent by POST. The link itself is the proof of identity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from core.clock import Clock
from core.errors import Unauthorized, UserError
from portal.forms import read_form
from portal.link_words import choose_language, choose_words
from portal.rendering import Renderer
from portal.static_files import StaticFiles
from sales.appointments.rules import read_slot_id, read_zone
from sales.appointments.schemas import Actor, BookedAppointment
from sales.appointments.service import AppointmentService
from sales.appointments.slot_words import build_offer, describe_slot, name_zone
from sales.appointments.slots import Slot
from sales.appointments.time_phrases import read_time_phrases
from sales.organization.service import OrganizationService

_SLOTS = 8
_WISH_LIMIT = 200
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
    # The address holds the proof: no other website may learn it.
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex",
}


@dataclass(frozen=True, slots=True)
class LinkDesk:
    """What the page works with."""

    appointments: AppointmentService
    organization: OrganizationService


def build_link_router(get_desk: Callable[[], LinkDesk], clock: Clock) -> APIRouter:
    """The routes `/a/{token}`."""
    router = APIRouter(prefix="/a", include_in_schema=False)
    renderer = Renderer(StaticFiles(), clock)

    def show_broken(request: Request) -> Response:
        locale = request.headers.get("accept-language", "")
        return _show(renderer, locale, "", status=403, view="broken")

    @router.get("/{token}")
    async def show_appointment(
        token: str, request: Request, wish: str = "", ask: str = "", done: str = ""
    ) -> Response:
        desk = get_desk()
        try:
            appointment = await desk.appointments.read_link(token)
            return await _show_appointment(desk, renderer, appointment, wish, ask, done)
        except Unauthorized:
            return show_broken(request)
        except UserError as error:
            return _show_problem(renderer, request, token, error)

    @router.post("/{token}")
    async def change_appointment(token: str, request: Request) -> Response:
        desk = get_desk()
        try:
            appointment = await desk.appointments.read_link(token)
            form = await read_form(request)
            actor = Actor("link", appointment.visitor_id)
            if form.text("do") == "cancel":
                appointment, done = await desk.appointments.cancel(appointment, actor), "cancelled"
            else:
                starts_at, _ = read_slot_id(form.text("slot"))
                moved = await desk.appointments.reschedule(appointment, starts_at, actor)
                appointment, done = moved, "moved"
        except Unauthorized:
            return show_broken(request)
        except UserError as error:
            return _show_problem(renderer, request, token, error)
        # A new link: the old one ends with the old time.
        token = desk.appointments.sign_link(appointment)
        return RedirectResponse(f"/a/{token}?done={done}", 303, headers=_HEADERS)

    return router


async def _show_appointment(
    desk: LinkDesk,
    renderer: Renderer,
    appointment: BookedAppointment,
    wish: str,
    ask: str,
    done: str,
) -> Response:
    site = desk.organization.get_site_of(appointment.site).settings
    zone = read_zone(appointment.timezone)
    now = desk.appointments.clock.now()

    def label(slot: Slot) -> str:
        return describe_slot(slot, zone, appointment.locale, now.astimezone(zone).date())

    changeable = appointment.status == "booked" and appointment.starts_at > now
    asked = None
    if changeable and ask and ask != "cancel":
        starts_at, length = read_slot_id(ask)
        asked = Slot(starts_at, starts_at + length, (appointment.rep_id,))
    values: dict[str, Any] = {
        "view": "ask" if changeable and ask else "appointment",
        "appointment": appointment,
        "label": label(appointment.slot),
        "changeable": changeable,
        "ask": ask,
        "asked_label": label(asked) if asked else "",
        "done": done if done in ("moved", "cancelled") else "",
        "wish": wish[:_WISH_LIMIT],
        "slots": [],
        "zone": name_zone(zone, appointment.starts_at, appointment.ends_at),
        "is_met": True,
    }
    if changeable and not ask:
        locale = appointment.locale or "en"
        read = read_time_phrases(wish[:_WISH_LIMIT], now, zone, locale=locale)
        found = await desk.appointments.slots.find(
            appointment.site, appointment.timezone, read, moving=appointment, limit=_SLOTS
        )
        values["slots"] = [build_offer(slot, zone, locale, with_zone=False) for slot in found.slots]
        values["is_met"] = found.is_met
    return _show(renderer, appointment.locale, site.name, **values)


def _show_problem(
    renderer: Renderer, request: Request, token: str, error: UserError
) -> HTMLResponse:
    alternatives = error.details.get("alternatives", [])
    locale = request.headers.get("accept-language", "")
    return _show(
        renderer,
        locale,
        "",
        status=error.status,
        view="problem",
        message=error.message,
        slots=alternatives,
        back=f"/a/{token}" if token.isascii() else "",
    )


def _show(
    renderer: Renderer, locale: str, site: str, *, status: int = 200, **values: Any
) -> HTMLResponse:
    words = choose_words(locale)
    content = renderer.render(
        "appointment_link.html",
        timezone="UTC",
        words=words,
        language=choose_language(locale),
        site=site,
        **values,
    )
    return HTMLResponse(content, status, headers=_HEADERS)
