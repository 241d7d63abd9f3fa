"""Settings > Team: who works here, with which role, in which team."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from core.errors import Conflict, Invalid
from portal.desk import Desk, Sent, Viewer
from portal.forms import Form
from portal.navigation import NavEntry
from portal.pages import Page
from sales.organization.passwords import new_password
from sales.organization.rules import ROLES, read_role
from sales.organization.schemas import NewStaff

_PATH = "/portal/team"


@dataclass(frozen=True, slots=True)
class _Secret:
    """A password that was just made, to be shown once."""

    email: str
    password: str


def _build(desk: Desk) -> APIRouter:
    router = desk.router()
    looking: Any = Depends(desk.looks("manage_staff"))
    sending: Any = Depends(desk.sends("manage_staff"))

    @router.get("/team")
    async def show_team(viewer: Viewer = looking) -> Response:
        return await _draw(desk, viewer)

    @router.post("/team")
    async def add_staff(sent: Sent = sending) -> Response:
        password = new_password()
        try:
            new = _read_staff(sent.form)
            await desk.portal.staff.create_staff(sent.principal.tenant_id, new, password)
            desk.announce(sent.principal)
        except (Invalid, Conflict) as error:
            return await _draw(desk, sent.viewer, error.status, problem=error.message, typed=sent)
        # Answered at once and not after a redirect: a password must not lie in a cookie.
        return await _draw(desk, sent.viewer, made=_Secret(new.email.lower(), password))

    @router.post("/team/teams")
    async def add_team(request: Request, sent: Sent = sending) -> Response:
        try:
            team = await desk.portal.staff.create_team(
                sent.principal.tenant_id, sent.form.text("name")
            )
        except (Invalid, Conflict) as error:
            return await _draw(desk, sent.viewer, error.status, problem=error.message)
        desk.announce(sent.principal)
        return desk.redirect(request, _PATH, f"The team {team.name} is there.")

    @router.get("/team/{staff_id}")
    async def show_member(staff_id: str, viewer: Viewer = looking) -> Response:
        return await _draw_member(desk, viewer, staff_id)

    @router.post("/team/{staff_id}")
    async def change_member(staff_id: str, request: Request, sent: Sent = sending) -> Response:
        tenant_id, staff = sent.principal.tenant_id, desk.portal.staff
        before = await staff.get_staff(tenant_id, staff_id)
        try:
            new = _read_staff(sent.form, before.email)
            changed = await staff.change_staff(tenant_id, staff_id, new)
        except (Invalid, Conflict) as error:
            return await _draw_member(
                desk, sent.viewer, staff_id, error.status, problem=error.message
            )
        desk.announce(sent.principal)
        return desk.redirect(request, _PATH, f"{changed.name} is saved.")

    @router.post("/team/{staff_id}/active")
    async def set_active(staff_id: str, request: Request, sent: Sent = sending) -> Response:
        active = sent.form.text("active") == "yes"
        changed = await desk.portal.staff.set_active(
            sent.principal.tenant_id, staff_id, active=active
        )
        desk.announce(sent.principal)
        done = "can sign in again" if active else "is signed out and cannot sign in any more"
        return desk.redirect(request, _PATH, f"{changed.name} {done}.")

    @router.post("/team/{staff_id}/password")
    async def reset_password(staff_id: str, sent: Sent = sending) -> Response:
        password, tenant_id = new_password(), sent.principal.tenant_id
        member = await desk.portal.staff.get_staff(tenant_id, staff_id)
        if member.id == sent.principal.id:
            raise Invalid("Change your own password on the page Account.")
        await desk.portal.staff.set_password(tenant_id, staff_id, password)
        return await _draw(desk, sent.viewer, made=_Secret(member.email, password))

    return router


def _read_staff(form: Form, email: str = "") -> NewStaff:
    return NewStaff(
        email=email or form.text("email"),
        name=form.text("name"),
        role=read_role(form.text("role")),
        team_id=form.text("team_id") or None,
        phone=form.text("phone"),
        timezone=form.text("timezone") or "UTC",
    )


async def _draw(
    desk: Desk,
    viewer: Viewer,
    status: int = 200,
    *,
    problem: str = "",
    made: _Secret | None = None,
    typed: Sent | None = None,
) -> Response:
    tenant_id, staff = viewer.principal.tenant_id, desk.portal.staff
    teams = await staff.list_teams(tenant_id)
    return desk.render(
        viewer,
        "team.html",
        status=status,
        members=await staff.list_staff(tenant_id),
        teams=teams,
        team_names={team.id: team.name for team in teams},
        roles=ROLES,
        timezones=_list_timezones(),
        problem=problem,
        made=made,
        typed=typed.form.text if typed else lambda _name: "",
    )


async def _draw_member(
    desk: Desk, viewer: Viewer, staff_id: str, status: int = 200, *, problem: str = ""
) -> Response:
    tenant_id, staff = viewer.principal.tenant_id, desk.portal.staff
    return desk.render(
        viewer,
        "team_member.html",
        status=status,
        member=await staff.get_staff(tenant_id, staff_id),
        teams=await staff.list_teams(tenant_id),
        roles=ROLES,
        timezones=_list_timezones(),
        problem=problem,
    )


def _list_timezones() -> list[str]:
    """Zones named after places; the rest are old names of the same."""
    return sorted(name for name in available_timezones() if "/" in name and "Etc/" not in name)


TEAM_PAGE = Page(NavEntry("Team", _PATH, "team", "manage_staff", "settings"), _build)
