"""CRM: how each one does, what failed with the vendor's own words, and sending it again."""

from __future__ import annotations

import contextlib
from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from core.errors import Conflict, NotFound
from portal.desk import Desk, Sent, Viewer
from portal.handoffs import name_leads
from portal.navigation import NavEntry
from portal.pages import Page

_PATH = "/portal/crm"
_SHOWN = 100


def _build(desk: Desk) -> APIRouter:
    router = desk.router()
    looking: Any = Depends(desk.looks("see_health"))
    replaying: Any = Depends(desk.sends("see_health"))
    changing: Any = Depends(desk.sends("change_leads"))

    @router.get("/crm")
    async def show_crms(viewer: Viewer = looking) -> Response:
        tenant_id, sync = viewer.principal.tenant_id, desk.portal.crms
        failed = await sync.list_failed(tenant_id)
        shown = tuple(dict.fromkeys(one.lead_id for one in failed[:_SHOWN]))
        names = await _name_leads(desk, viewer, shown)
        return desk.render(
            viewer,
            "crm.html",
            crms=await sync.get_health(tenant_id),
            failed=[one for one in failed[:_SHOWN] if one.lead_id in names],
            more=max(0, len(failed) - _SHOWN),
            names=names,
        )

    @router.post("/crm/retry")
    async def retry(request: Request, sent: Sent = replaying) -> Response:
        crm = sent.form.text("crm", 40) or None
        count = await desk.portal.crms.retry_failed(sent.principal.tenant_id, crm=crm)
        desk.announce(sent.principal)
        return desk.redirect(request, _PATH, f"{count} are sent again now.")

    @router.post("/leads/{lead_id}/crm-sync")
    async def send_lead(lead_id: str, request: Request, sent: Sent = changing) -> Response:
        detail = await desk.portal.leads.get_lead(sent.principal, lead_id)
        try:
            await desk.portal.crms.send_again(sent.principal.tenant_id, detail.lead.id)
            text = "It is sent now. Look again in a moment."
        except Conflict as error:
            text = error.message
        desk.announce(sent.principal)
        return desk.redirect(request, f"/portal/leads/{detail.lead.id}#crm", text)

    return router


async def _name_leads(desk: Desk, viewer: Viewer, lead_ids: tuple[str, ...]) -> dict[str, str]:
    """What leads are called, by id; those that the viewer does not see are left out."""
    found = await name_leads(desk.portal, viewer.principal, lead_ids)
    for lead_id in lead_ids:
        if lead_id not in found:
            # It is another one's part by now.
            with contextlib.suppress(NotFound):
                lead = (await desk.portal.leads.get_lead(viewer.principal, lead_id)).lead
                found[lead_id] = lead.name or lead.email or lead.phone or "No name yet"
    return found


CRM_PAGE = Page(NavEntry("CRM", _PATH, "link", "see_health"), _build)
