"""Leads: the priority list, and a lead with everything that is known of it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from core.errors import Conflict, Forbidden, Invalid, NotFound, UserError
from core.ids import is_id, new_id
from portal.desk import Desk, Sent, Viewer
from portal.forms import Form
from portal.handoffs import STEPS, gather_handoffs
from portal.lead_view import gather_lead, list_booking_offers
from portal.lists import PAGE_SIZE, Listing, read_choice, read_offset
from portal.navigation import NavEntry
from portal.outcomes import add_outcomes, gather_standing
from portal.pages import Page
from sales.appointments.rules import read_slot_id
from sales.appointments.schemas import BookingRequest
from sales.leads.schemas import STATUSES, LeadDetail, LeadFilter, Sort
from sales.organization.rules import may

PATH = "/portal/leads"
TIERS = {"hot": "Hot", "warm": "Warm", "cold": "Cold"}
SORTS = {"created_at": "Newest", "updated_at": "Last activity", "score": "Score"}
OWNERS = {"me": "Mine", "nobody": "Nobody's"}
CRM_STATES = {"failed": "Failed", "waiting": "Waiting", "in_step": "In step"}
# What staff may correct in a lead, with its label.
FIELDS = {
    "first_name": "First name",
    "last_name": "Last name",
    "email": "E-mail",
    "phone": "Phone",
    "company": "Company",
    "title": "Job title",
    "industry": "Industry",
    "company_size": "Company size",
    "budget_range": "Budget",
    "timeline": "Timeline",
    "decision_maker": "Decides",
    "preferred_contact_method": "Prefers contact by",
    "preferred_contact_time": "Prefers contact in the",
}
_SEARCH_LIMIT = 200


def _build(desk: Desk) -> APIRouter:
    router = desk.router()
    looking: Any = Depends(desk.looks("see_leads"))
    _add_pages(router, desk, looking)
    _add_changes(router, desk)
    _add_merging(router, desk)
    add_outcomes(router, desk)
    return router


def _add_pages(router: APIRouter, desk: Desk, looking: Any) -> None:
    @router.get("/leads")
    async def show_leads(request: Request, viewer: Viewer = looking) -> Response:
        filters = {
            "tier": read_choice(request, "tier", tuple(TIERS)),
            "status": read_choice(request, "status", STATUSES),
            "owner": read_choice(request, "owner", tuple(OWNERS)),
            "sort": read_choice(request, "sort", tuple(SORTS)),
            "crm": read_choice(request, "crm", tuple(CRM_STATES)),
            "q": request.query_params.get("q", "")[:_SEARCH_LIMIT].replace("\x00", "").strip(),
        }
        sort: Sort = filters["sort"] or "priority"  # type: ignore[assignment]
        wanted = LeadFilter(
            status=filters["status"] or None,
            assigned_to=viewer.principal.staff_id if filters["owner"] == "me" else None,
            unassigned=filters["owner"] == "nobody",
            tier=filters["tier"] or None,
            q=filters["q"],
            ids=await _list_in_state(desk, viewer, filters["crm"]),
        )
        offset = read_offset(request)
        page = await desk.portal.leads.list_leads(
            viewer.principal,
            wanted,
            sort=sort,
            # The most pressing has the lowest rank; of all else the highest comes first.
            descending=sort != "priority",
            limit=PAGE_SIZE,
            offset=offset,
        )
        return desk.render(
            viewer,
            "leads.html",
            leads=page.leads,
            listing=Listing(PATH, filters, offset, page.total),
            tiers=TIERS,
            statuses={status: status.capitalize() for status in STATUSES},
            sorts=SORTS,
            owners=OWNERS,
            crm_states=CRM_STATES if desk.portal.crms.get_accounts() else {},
            now=desk.portal.clock.now(),
        )

    @router.get("/leads/{lead_id}")
    async def show_lead(lead_id: str, request: Request, viewer: Viewer = looking) -> Response:
        return await _draw(desk, viewer, lead_id, request.query_params.get("wish", ""))


def _add_changes(router: APIRouter, desk: Desk) -> None:
    changing: Any = Depends(desk.sends("change_leads"))
    booking: Any = Depends(desk.sends("change_appointments"))

    @router.post("/leads/{lead_id}")
    async def change_lead(lead_id: str, request: Request, sent: Sent = changing) -> Response:
        try:
            changes = _read_changes(sent.form)
            await desk.portal.leads.update_lead(sent.principal, lead_id, changes)
        except (Invalid, Conflict, Forbidden) as error:
            return await _draw(desk, sent.viewer, lead_id, status=error.status, error=error)
        desk.announce(sent.principal)
        return desk.redirect(request, f"{PATH}/{lead_id}", "Saved.")

    @router.post("/leads/{lead_id}/book")
    async def book(lead_id: str, request: Request, sent: Sent = booking) -> Response:
        portal, principal = desk.portal, sent.principal
        detail = await portal.leads.get_lead(principal, lead_id)
        try:
            wanted = await _build_booking(desk, sent, detail)
            booked = await portal.appointments.book(wanted)
        except (Invalid, Conflict) as error:
            return await _draw(desk, sent.viewer, lead_id, status=error.status, error=error)
        desk.announce(principal)
        text = f"Booked with {booked.rep_name}. Both sides get a mail."
        return desk.redirect(request, f"{PATH}/{lead_id}#meetings", text)


def _add_merging(router: APIRouter, desk: Desk) -> None:
    merging: Any = Depends(desk.sends("merge_leads"))

    @router.post("/leads/{lead_id}/merge")
    async def merge(lead_id: str, request: Request, sent: Sent = merging) -> Response:
        try:
            other = _read_other(sent.form)
            await desk.portal.leads.merge(sent.principal, other, lead_id)
        except (Invalid, Conflict, NotFound) as error:
            return await _draw(desk, sent.viewer, lead_id, status=error.status, error=error)
        desk.announce(sent.principal)
        return desk.redirect(request, f"{PATH}/{lead_id}", "The two leads are one now.")

    @router.post("/leads/{lead_id}/merges/{merge_id}/undo")
    async def undo(lead_id: str, merge_id: str, request: Request, sent: Sent = merging) -> Response:
        try:
            await desk.portal.leads.undo_merge(sent.principal, merge_id)
        except (Conflict, NotFound) as error:
            return await _draw(desk, sent.viewer, lead_id, status=error.status, error=error)
        desk.announce(sent.principal)
        return desk.redirect(request, f"{PATH}/{lead_id}", "They are two leads again.")


async def _list_in_state(desk: Desk, viewer: Viewer, state: str) -> tuple[str, ...] | None:
    """The leads whose state in a CRM was asked for; None: any."""
    if not state:
        return None
    return tuple(await desk.portal.crms.list_in_state(viewer.principal.tenant_id, state))


async def _build_booking(desk: Desk, sent: Sent, detail: LeadDetail) -> BookingRequest:
    if not detail.conversation_ids:
        raise Conflict("This lead has no conversation that a meeting could belong to.")
    record = await desk.portal.conversations.get_record(
        sent.principal.tenant_id, detail.conversation_ids[-1], limit=1
    )
    starts_at, duration = read_slot_id(sent.form.text("slot", 40))
    return BookingRequest(
        site=record.site,
        conversation_id=record.id,
        visitor_id=record.visitor_id,
        request_key=f"staff-{sent.form.text('request_key', 64) or new_id()}",
        starts_at=starts_at,
        duration=duration,
        timezone=record.timezone or "UTC",
        locale=record.locale,
        name=detail.lead.name,
        email=detail.lead.email or "",
        phone=detail.lead.phone or "",
        topic=sent.form.text("topic", 200),
    )


def _read_other(form: Form) -> str:
    """The other lead's id: the pasted address of its page will do."""
    other = form.text("other", 500).rstrip("/").rpartition("/")[2]
    if not is_id(other):
        raise Invalid("Paste the address of the other lead's page.")
    return other


def _read_changes(form: Form) -> dict[str, Any]:
    """The fields of the form that was sent: each form of the page sends its own."""
    changes: dict[str, Any] = {}
    for name in (*FIELDS, "status"):
        if form.has(name):
            changes[name] = form.text(name) or None
    if "decision_maker" in changes:
        changes["decision_maker"] = {"yes": True, "no": False}.get(changes["decision_maker"] or "")
    if form.has("assigned_to"):
        changes["assigned_to"] = form.text("assigned_to") or None
    return changes


async def _draw(
    desk: Desk,
    viewer: Viewer,
    lead_id: str,
    wish: str = "",
    *,
    status: int = 200,
    error: UserError | None = None,
) -> Response:
    portal, principal = desk.portal, viewer.principal
    detail = await portal.leads.get_lead(principal, lead_id)
    view = await gather_lead(portal, principal, detail)
    staff = await portal.staff.list_staff(principal.tenant_id)
    books = may(principal, "change_appointments") and detail.conversation_ids
    return desk.render(
        viewer,
        "lead.html",
        status=status,
        detail=detail,
        lead=detail.lead,
        view=view,
        sent=await gather_handoffs(portal, principal, lead_id),
        standing=await gather_standing(portal, principal, detail.lead.id),
        steps=STEPS,
        fields=FIELDS,
        statuses=STATUSES,
        crms=await portal.crms.get_lead_sync(principal.tenant_id, detail.lead.id),
        staff={one.id: one.name for one in staff if one.active},
        names={one.id: one.name for one in staff},
        offers=await list_booking_offers(portal, viewer, detail, wish) if books else [],
        wish=wish[:_SEARCH_LIMIT],
        request_key=new_id(),
        now=portal.clock.now(),
        problem=error.message if error else "",
    )


LEADS_PAGE = Page(NavEntry("Leads", PATH, "leads", "see_leads"), _build)
