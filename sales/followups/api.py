"""Mails over HTTP: the list for staff, sending again, and unsubscribing by one click."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from core.errors import Forbidden, UserError
from core.http import describe_errors
from sales.followups.mail_service import MailService
from sales.followups.rendering import MailTemplates
from sales.followups.schemas import Delivery, MailAbstract, MailFilter, MailKind, MailState
from sales.organization.rules import check_may, scope_of
from sales.organization.schemas import Principal

# Nothing of the page may be loaded from elsewhere, and it may stand in no frame.
_PAGE_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex",
}


class MailOut(BaseModel):
    """A mail as lists show it."""

    id: str
    kind: MailKind
    recipients: list[str]
    subject: str
    state: MailState
    error: str
    conversation_id: str | None
    lead_id: str | None
    appointment_id: str | None
    created_at: datetime
    sent_at: datetime | None
    resend_of: str | None
    requested_by: str | None
    delivery: Delivery
    delivery_note: str
    delivery_at: datetime | None


class MailsOut(BaseModel):
    """A page of mails, the newest first. `total`: how many there are in all."""

    data: list[MailOut]
    total: int
    limit: int
    offset: int


class WholeMailOut(MailOut):
    """A mail with all that was sent."""

    html: str
    text: str
    calendar: str


class ResendRequest(BaseModel):
    """`request_key`: the same one again sends nothing more."""

    request_key: str = Field(default="", max_length=64, pattern=r"^[A-Za-z0-9._-]*$")


class ResentOut(BaseModel):
    """The new mail."""

    id: str


def build_mail_router(
    get_mails: Callable[[], MailService], identify: Callable[[Request], Awaitable[Principal]]
) -> APIRouter:
    """The routes for staff and machines that see the whole tenant."""
    router = APIRouter(
        prefix="/api/v1/mails", tags=["mails"], responses=describe_errors(400, 401, 403)
    )
    caller = Depends(identify)

    @router.get("", response_model=MailsOut)
    async def list_mails(
        kind: MailKind | None = None,
        state: MailState | None = None,
        conversation_id: Annotated[str | None, Query(max_length=36)] = None,
        lead_id: Annotated[str | None, Query(max_length=36)] = None,
        appointment_id: Annotated[str | None, Query(max_length=36)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
        principal: Principal = caller,
    ) -> dict[str, Any]:
        """Mails, the newest first."""
        _check_whole_tenant(principal)
        wanted = MailFilter(kind, state, conversation_id, lead_id, appointment_id, limit, offset)
        found, total = await get_mails().list_mails(principal.tenant_id, wanted)
        data = [describe_mail(mail) for mail in found]
        return {"data": data, "total": total, "limit": limit, "offset": offset}

    @router.get("/{mail_id}", response_model=WholeMailOut, responses=describe_errors(404))
    async def get_mail(mail_id: str, principal: Principal = caller) -> dict[str, Any]:
        """A whole mail."""
        _check_whole_tenant(principal)
        mail = await get_mails().get_mail(principal.tenant_id, mail_id)
        content = {"html": mail.html, "text": mail.text, "calendar": mail.calendar}
        return {**describe_mail(mail.abstract), **content}

    @router.post(
        "/{mail_id}/resend",
        status_code=202,
        response_model=ResentOut,
        responses=describe_errors(404, 409),
    )
    async def resend_mail(
        mail_id: str, body: ResendRequest | None = None, principal: Principal = caller
    ) -> dict[str, str]:
        """Send a mail again, as it was, as a new one."""
        _check_whole_tenant(principal)
        check_may(principal, "send_mail")
        key = body.request_key if body else ""
        mails = get_mails()
        return {"id": await mails.resend_mail(principal.tenant_id, mail_id, principal.id, key)}

    return router


def build_unsubscribe_router(get_mails: Callable[[], MailService]) -> APIRouter:
    """`/u/{token}`: a page with a button, and what the button and mail programs send."""
    router = APIRouter(include_in_schema=False)
    templates = MailTemplates()

    def show(status: int = 200, **values: Any) -> HTMLResponse:
        content = templates.render_page("unsubscribe", **values)
        return HTMLResponse(content, status, _PAGE_HEADERS)

    @router.get("/u/{token}")
    async def show_unsubscribing(token: str) -> HTMLResponse:
        """Asks first: programs that look at every link of a mail unsubscribe nobody."""
        try:
            _, address = await get_mails().read_unsubscribe_link(token)
        except UserError:
            return show(404, state="unknown", address="")
        return show(state="ask", address=address)

    @router.post("/u/{token}")
    async def unsubscribe(token: str) -> HTMLResponse:
        """Unsubscribes: from the page's button, or from a mail program (RFC 8058)."""
        try:
            address = await get_mails().unsubscribe(token)
        except UserError:
            return show(404, state="unknown", address="")
        return show(state="done", address=address)

    return router


def describe_mail(mail: MailAbstract) -> dict[str, Any]:
    """A mail as plain values."""
    return {name: getattr(mail, name) for name in MailAbstract.__dataclass_fields__}


def _check_whole_tenant(principal: Principal) -> None:
    """Mails have no owner of their own: the list is for those who see everything. Others see
    the mails of their leads on the leads' pages."""
    check_may(principal, "see_mail")
    if not scope_of(principal).everything:
        raise Forbidden(f"Your role is {principal.role}; this needs admin.")
