"""Handoffs: leads on their way to the sales system, and those that wait for a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from core.errors import Invalid
from portal.desk import Desk, Sent, Viewer
from portal.lists import PAGE_SIZE, Listing, read_choice, read_offset
from portal.navigation import NavEntry
from portal.pages import Page
from portal.portal import Portal
from sales.handoffs.schemas import (
    LABELS,
    OVERRIDES,
    STATES,
    AuditEntry,
    HandoffFilter,
    HandoffView,
    ReceivedView,
    State,
)
from sales.leads.schemas import LeadFilter
from sales.organization.schemas import Principal

PATH = "/portal/handoffs"
_REVIEW = "review"
_LATEST = 5
STEPS = {
    "package_built": "Package built",
    "package_rebuilt": "Package built anew",
    "validation_failed": "Does not fit the schema",
    "queued": "Stored, to be sent",
    "push_failed": "Could not be sent",
    "pushed": "Sent",
    "received": "Arrived",
    "received_again": "Arrived again",
    "acknowledged": "Acknowledged",
    "override": "Settled by hand",
    "sla_breached": "Deadline passed without a contact",
    "erased": "Erased",
}


@dataclass(frozen=True, slots=True)
class LeadHandoffs:
    """What a lead's page shows: its handoffs, the latest first, with the trail of the first, and
    what our own sales system received."""

    handoffs: tuple[HandoffView, ...]
    trail: tuple[AuditEntry, ...]
    received: ReceivedView | None


async def gather_handoffs(portal: Portal, principal: Principal, lead_id: str) -> LeadHandoffs:
    """The handoffs of a lead that the principal sees."""
    page = await portal.handoffs.reader.list_handoffs(
        principal, HandoffFilter(lead_id=lead_id), limit=_LATEST
    )
    trail: list[AuditEntry] = []
    if page.handoffs:
        trail = await portal.handoffs.reader.list_trail(principal, page.handoffs[0].id)
    received = await portal.reception.find_by_own_lead(principal.tenant_id, lead_id)
    return LeadHandoffs(page.handoffs, tuple(trail), received)


async def name_leads(
    portal: Portal, principal: Principal, lead_ids: Sequence[str]
) -> dict[str, str]:
    """What leads are called, by id, in one query; those that the principal does not see, or that
    became another one, are left out."""
    wanted = tuple(dict.fromkeys(lead_ids))
    page = await portal.leads.list_leads(
        principal, LeadFilter(ids=wanted), limit=max(len(wanted), 1)
    )
    return {lead.id: lead.name or lead.email or lead.phone or "No name yet" for lead in page.leads}


def _build(desk: Desk) -> APIRouter:
    router = desk.router()
    looking: Any = Depends(desk.looks("see_leads"))
    deciding: Any = Depends(desk.sends("override_handoffs"))

    @router.get("/handoffs")
    async def show_handoffs(request: Request, viewer: Viewer = looking) -> Response:
        chosen = read_choice(request, "state", (_REVIEW, *STATES))
        wanted = HandoffFilter(
            state=None if chosen in ("", _REVIEW) else cast(State, chosen),
            review=chosen == _REVIEW,
        )
        offset = read_offset(request)
        page = await desk.portal.handoffs.reader.list_handoffs(
            viewer.principal, wanted, limit=PAGE_SIZE, offset=offset
        )
        return desk.render(
            viewer,
            "handoffs.html",
            handoffs=page.handoffs,
            names=await name_leads(
                desk.portal, viewer.principal, [one.lead_id for one in page.handoffs]
            ),
            health=await desk.portal.sight.get_health(viewer.principal),
            listing=Listing(PATH, {"state": chosen}, offset, page.total),
            states={_REVIEW: "Manual review", **LABELS},
            now=desk.portal.clock.now(),
        )

    @router.post("/handoffs/{handoff_id}/override")
    async def override(handoff_id: str, request: Request, sent: Sent = deciding) -> Response:
        action, reason = sent.form.text("action"), sent.form.text("reason", 500).strip()
        if action not in OVERRIDES:
            raise Invalid("Choose what is to happen.")
        if not reason:
            raise Invalid("Say why: it is kept in the trail.")
        done = await desk.portal.override_handoff(sent.principal, handoff_id, action, reason)
        desk.announce(sent.principal)
        return desk.redirect(request, f"/portal/leads/{done.lead_id}#handoff", done.label + ".")

    return router


HANDOFFS_PAGE = Page(NavEntry("Handoffs", PATH, "link", "see_leads"), _build)
