"""One's own account: password and devices."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from core.errors import Invalid, RateLimited
from portal.desk import Desk, Sent, Viewer
from portal.navigation import NavEntry
from portal.pages import Page
from portal.sign_in import leave

_PATH = "/portal/account"


def _build(desk: Desk) -> APIRouter:
    router = desk.router()
    looking: Any = Depends(desk.looks())
    sending: Any = Depends(desk.sends())

    @router.get("/account")
    async def show_account(viewer: Viewer = looking) -> Response:
        return await _draw(desk, viewer)

    @router.post("/account/password")
    async def change_password(request: Request, sent: Sent = sending) -> Response:
        form, new = sent.form, sent.form.secret("password")
        address = request.client.host if request.client else ""
        if new != form.secret("again"):
            problem = "The new password was typed in two ways."
            return await _draw(desk, sent.viewer, 400, problem=problem)
        try:
            await desk.portal.sessions.change_password(
                sent.viewer.session, form.secret("old"), new, address=address
            )
        except (Invalid, RateLimited) as error:
            return await _draw(desk, sent.viewer, error.status, problem=error.message)
        return leave(desk, request, "The password is changed. Sign in with the new one.")

    @router.post("/account/devices")
    async def close_other_devices(request: Request, sent: Sent = sending) -> Response:
        await desk.portal.sessions.close_other_devices(sent.viewer.session)
        return desk.redirect(request, _PATH, "Every other device is signed out.")

    return router


async def _draw(desk: Desk, viewer: Viewer, status: int = 200, *, problem: str = "") -> Response:
    devices = await desk.portal.sessions.list_devices(viewer.session)
    return desk.render(viewer, "account.html", status=status, devices=devices, problem=problem)


ACCOUNT_PAGE = Page(NavEntry("Account", _PATH, "account", group="settings"), _build)
