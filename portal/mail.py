"""Mail: every mail that was written, whole, with what became of it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from core.errors import NotFound
from core.ids import new_id
from portal.desk import Desk, Sent, Viewer
from portal.lists import PAGE_SIZE, Listing, read_choice, read_offset
from portal.navigation import NavEntry
from portal.pages import Page
from portal.route import POLICY
from sales.followups.schemas import MailAbstract, MailFilter, StoredMail
from sales.organization.rules import scope_of
from sales.organization.schemas import Principal

_PATH = "/portal/mail"
KINDS = {
    "summary_visitor": "Summary for the visitor",
    "summary_sales": "Summary for sales",
    "appointment_booked": "Meeting booked",
    "appointment_rescheduled": "Meeting moved",
    "appointment_cancelled": "Meeting cancelled",
    "alert": "Alert",
}
STATES = {
    "waiting": "Waiting",
    "sent": "Sent",
    "failed": "Failed",
    "suppressed": "Not sent",
}
# A mail is foreign text to the portal: it runs nothing, loads nothing, and is shown in a frame
# that shares nothing with the page around it.
_MAIL_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox allow-popups "
    "allow-popups-to-escape-sandbox",
    "x-frame-options": "SAMEORIGIN",
}


def _build(desk: Desk) -> APIRouter:
    router = desk.router()
    looking: Any = Depends(desk.looks("see_mail"))
    _add_list(router, desk, looking)
    _add_parts(router, desk, looking)
    sending: Any = Depends(desk.sends("send_mail"))

    @router.post("/mail/{mail_id}/resend")
    async def resend(mail_id: str, request: Request, sent: Sent = sending) -> Response:
        principal = sent.principal
        await _get(desk, principal, mail_id)
        made = await desk.portal.mails.resend_mail(
            principal.tenant_id, mail_id, principal.id, sent.form.text("request_key", 64)
        )
        desk.announce(principal)
        return desk.redirect(request, f"{_PATH}/{made}", "The mail is sent again, as this one.")

    return router


def _add_list(router: APIRouter, desk: Desk, looking: Any) -> None:
    @router.get("/mail")
    async def show_mails(request: Request, viewer: Viewer = looking) -> Response:
        kind = read_choice(request, "kind", tuple(KINDS))
        state = read_choice(request, "state", tuple(STATES))
        offset = read_offset(request)
        mails: list[MailAbstract] = []
        total = 0
        sees_all = scope_of(viewer.principal).everything
        if sees_all:
            wanted = MailFilter(kind or None, state or None, limit=PAGE_SIZE, offset=offset)
            tenant_id = viewer.principal.tenant_id
            mails, total = await desk.portal.mails.list_mails(tenant_id, wanted)
        listing = Listing(_PATH, {"kind": kind, "state": state}, offset, total)
        return desk.render(
            viewer,
            "mails.html",
            mails=mails,
            listing=listing,
            kinds=KINDS,
            states=STATES,
            sees_all=sees_all,
        )


def _add_parts(router: APIRouter, desk: Desk, looking: Any) -> None:
    @router.get("/mail/{mail_id}")
    async def show_mail(mail_id: str, viewer: Viewer = looking) -> Response:
        mail = await _get(desk, viewer.principal, mail_id)
        response = desk.render(
            viewer,
            "mail.html",
            mail=mail,
            kinds=KINDS,
            states=STATES,
            request_key=new_id(),
        )
        response.headers["content-security-policy"] = f"{POLICY}; frame-src 'self'"
        return response

    @router.get("/mail/{mail_id}/html")
    async def show_html(mail_id: str, viewer: Viewer = looking) -> Response:
        mail = await _get(desk, viewer.principal, mail_id)
        return HTMLResponse(mail.html, headers=_MAIL_HEADERS)

    @router.get("/mail/{mail_id}/invite.ics")
    async def send_calendar(mail_id: str, viewer: Viewer = looking) -> Response:
        mail = await _get(desk, viewer.principal, mail_id)
        if not mail.calendar:
            raise NotFound("This mail has no calendar file.")
        return _download(mail.calendar.encode(), "text/calendar; charset=utf-8", "invite.ics")

    @router.get("/mail/{mail_id}/mail.eml")
    async def send_eml(mail_id: str, viewer: Viewer = looking) -> Response:
        mail = await _get(desk, viewer.principal, mail_id)
        return _download(desk.portal.encode_mail(mail), "message/rfc822", "mail.eml")


def _download(content: bytes, kind: str, name: str) -> Response:
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "x-content-type-options": "nosniff",
    }
    return Response(content, media_type=kind, headers=headers)


async def _get(desk: Desk, principal: Principal, mail_id: str) -> StoredMail:
    """A mail that the principal may see: mails have no owner, the leads they are about have.

    Raises:
        NotFound: there is none, or it is not for them.
    """
    mail = await desk.portal.mails.get_mail(principal.tenant_id, mail_id)
    if scope_of(principal).everything:
        return mail
    lead_id = mail.abstract.lead_id
    if lead_id is None and mail.abstract.conversation_id is not None:
        found = await desk.portal.leads.find_lead_of(
            principal.tenant_id, mail.abstract.conversation_id
        )
        lead_id = found.lead.id if found else None
    if lead_id is None:
        raise NotFound("There is no such mail.")
    await desk.portal.leads.get_lead(principal, lead_id)
    return mail


MAIL_PAGE = Page(NavEntry("Mail", _PATH, "mail", "see_mail"), _build)
