"""Settings > API keys and clients: what machines prove themselves by."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from core.errors import Invalid
from portal.desk import Desk, Sent, Viewer
from portal.navigation import NavEntry
from portal.pages import Page
from sales.organization.rules import ROLES, read_role
from sales.organization.schemas import Kind

_PATH = "/portal/keys"


def _build(desk: Desk) -> APIRouter:
    router = desk.router()
    looking: Any = Depends(desk.looks("manage_access"))
    sending: Any = Depends(desk.sends("manage_access"))

    @router.get("/keys")
    async def show_keys(viewer: Viewer = looking) -> Response:
        return await _draw(desk, viewer)

    @router.post("/keys")
    async def create(sent: Sent = sending) -> Response:
        """Answered at once and not after a redirect: a secret must not lie in a cookie."""
        form, access = sent.form, desk.portal.access
        tenant_id, team_id = sent.principal.tenant_id, form.text("team_id") or None
        try:
            name, role = form.text("name"), read_role(form.text("role"))
            if form.text("kind") == "client":
                client = await access.create_client(tenant_id, name, role, team_id)
                made = {"name": name, "client_id": client.client_id, "secret": client.secret}
            else:
                key = await access.create_api_key(tenant_id, name, role, team_id)
                made = {"name": name, "client_id": "", "secret": key}
        except Invalid as error:
            return await _draw(desk, sent.viewer, error.status, problem=error.message)
        return await _draw(desk, sent.viewer, made=made)

    @router.post("/keys/revoke")
    async def revoke(request: Request, sent: Sent = sending) -> Response:
        kind: Kind = "client" if sent.form.text("kind") == "client" else "key"
        await desk.portal.access.revoke(sent.principal.tenant_id, kind, sent.form.text("id"))
        return desk.redirect(request, _PATH, "It was revoked and works no more.")

    return router


async def _draw(
    desk: Desk,
    viewer: Viewer,
    status: int = 200,
    *,
    problem: str = "",
    made: dict[str, str] | None = None,
) -> Response:
    tenant_id, portal = viewer.principal.tenant_id, desk.portal
    teams = await portal.staff.list_teams(tenant_id)
    return desk.render(
        viewer,
        "keys.html",
        status=status,
        credentials=await portal.access.list_credentials(tenant_id),
        teams=teams,
        team_names={team.id: team.name for team in teams},
        roles=ROLES,
        problem=problem,
        made=made,
        token_address=portal.own_origin(viewer.request) + "/oauth/token",
    )


CREDENTIALS_PAGE = Page(
    NavEntry("API keys and clients", _PATH, "key", "manage_access", "settings"), _build
)
