"""Conversations: who talks now, what was said, and taking over from the agent."""

from __future__ import annotations

from typing import Any, get_args

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from core.errors import Conflict, Invalid
from core.ids import new_id
from portal.desk import Desk, Sent, Viewer
from portal.lists import PAGE_SIZE, Listing, read_choice, read_offset
from portal.navigation import NavEntry
from portal.pages import Page
from sales.conversations.schemas import ConversationView
from sales.conversations.staff_service import TEXT_LIMIT
from sales.leads.conversation_scope import list_leads_of, restrict_to
from sales.organization.rules import scope_of
from sales.organization.schemas import Principal

PATH = "/portal/conversations"
VIEWS = {
    "live": "Live now",
    "waiting": "Waiting for a person",
    "taken": "Taken over",
    "ended": "Ended",
}


def _build(desk: Desk) -> APIRouter:
    router = desk.router()
    looking: Any = Depends(desk.looks("see_conversations"))
    sending: Any = Depends(desk.sends("take_over"))
    _add_pages(router, desk, looking)
    _add_forms(router, desk, sending)
    return router


def _add_pages(router: APIRouter, desk: Desk, looking: Any) -> None:
    @router.get("/conversations")
    async def show_conversations(request: Request, viewer: Viewer = looking) -> Response:
        portal, tenant_id = desk.portal, viewer.principal.tenant_id
        sites = {
            site.ref.site_id: site.settings.name
            for site in portal.organization.list_sites()
            if site.ref.tenant_id == tenant_id
        }
        view = read_choice(request, "view", get_args(ConversationView))
        site_id = read_choice(request, "site", tuple(sites))
        offset = read_offset(request)
        listed, total = await portal.takeovers.list_conversations(
            tenant_id,
            view=view or None,  # type: ignore[arg-type]
            site_id=site_id or None,
            restriction=restrict_to(scope_of(viewer.principal)),
            limit=PAGE_SIZE,
            offset=offset,
        )
        return desk.render(
            viewer,
            "conversations.html",
            conversations=listed,
            leads=await list_leads_of(portal.database, tenant_id, [one.id for one in listed]),
            names=await _name_staff(desk, tenant_id),
            sites=sites,
            views=VIEWS,
            listing=Listing(PATH, {"view": view, "site": site_id}, offset, total),
        )

    @router.get("/conversations/{conversation_id}")
    async def show_conversation(conversation_id: str, viewer: Viewer = looking) -> Response:
        return await _draw(desk, viewer, conversation_id)


def _add_forms(router: APIRouter, desk: Desk, sending: Any) -> None:
    @router.post("/conversations/{conversation_id}/take-over")
    async def take_over(conversation_id: str, request: Request, sent: Sent = sending) -> Response:
        principal = sent.principal
        await _check(desk, principal, conversation_id)
        try:
            await desk.portal.takeovers.take_over(
                principal.tenant_id, conversation_id, principal.id
            )
        except Conflict as error:
            return await _draw(desk, sent.viewer, conversation_id, 409, problem=error.message)
        desk.announce(principal)
        text = "You have taken over: the visitor reads what you write, and the agent is silent."
        return desk.redirect(request, f"{PATH}/{conversation_id}#reply", text)

    @router.post("/conversations/{conversation_id}/hand-back")
    async def hand_back(conversation_id: str, request: Request, sent: Sent = sending) -> Response:
        principal = sent.principal
        await _check(desk, principal, conversation_id)
        try:
            await desk.portal.takeovers.hand_back(
                principal.tenant_id,
                conversation_id,
                principal.id,
                whoever=principal.role != "rep",
            )
        except Conflict as error:
            return await _draw(desk, sent.viewer, conversation_id, 409, problem=error.message)
        desk.announce(principal)
        return desk.redirect(request, f"{PATH}/{conversation_id}", "The agent answers again.")

    @router.post("/conversations/{conversation_id}/messages")
    async def say(conversation_id: str, request: Request, sent: Sent = sending) -> Response:
        principal, form = sent.principal, sent.form
        await _check(desk, principal, conversation_id)
        text = form.text("text", 20_000)
        try:
            await desk.portal.takeovers.say(
                principal.tenant_id,
                conversation_id,
                principal.id,
                text.replace("\r\n", "\n"),
                form.text("request_key", 64) or new_id(),
            )
        except (Conflict, Invalid) as error:
            return await _draw(
                desk, sent.viewer, conversation_id, error.status, problem=error.message, typed=text
            )
        desk.announce(principal)
        return desk.redirect(request, f"{PATH}/{conversation_id}#reply")


async def _check(desk: Desk, principal: Principal, conversation_id: str) -> None:
    await desk.portal.takeovers.check_visible(
        principal.tenant_id, conversation_id, restrict_to(scope_of(principal))
    )


async def _draw(
    desk: Desk,
    viewer: Viewer,
    conversation_id: str,
    status: int = 200,
    *,
    problem: str = "",
    typed: str = "",
) -> Response:
    portal, principal = desk.portal, viewer.principal
    await _check(desk, principal, conversation_id)
    record = await portal.conversations.get_record(principal.tenant_id, conversation_id)
    leads = await list_leads_of(portal.database, principal.tenant_id, [conversation_id])
    return desk.render(
        viewer,
        "conversation.html",
        status=status,
        record=record,
        lead=leads.get(conversation_id),
        names=await _name_staff(desk, principal.tenant_id),
        problem=problem,
        typed=typed,
        text_limit=TEXT_LIMIT,
        request_key=new_id(),
    )


async def _name_staff(desk: Desk, tenant_id: str) -> dict[str, str]:
    return {one.id: one.name for one in await desk.portal.staff.list_staff(tenant_id)}


CONVERSATIONS_PAGE = Page(
    NavEntry("Conversations", PATH, "conversations", "see_conversations"), _build
)
