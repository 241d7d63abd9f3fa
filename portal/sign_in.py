"""Signing in and out."""

from __future__ import annotations

import re
import secrets
from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from core.errors import RateLimited, Unauthorized
from portal.cookies import (
    build_csrf,
    delete_cookie,
    read_cookie,
    read_session_cookie,
    set_cookie,
)
from portal.desk import Desk
from portal.errors import NotFromOurPage
from portal.forms import read_form
from portal.route import SIGN_IN_PATH
from sales.organization.rules import ABSOLUTE_LIMIT

HOME = "/portal/"
# A page of the portal; no other host, which a path that begins with two slashes would name.
_NEXT = re.compile(r"^/portal/(?!/)[A-Za-z0-9_~.,:%/?=&+-]*$")


def choose_next(wanted: str) -> str:
    """Where to go after signing in: where somebody wanted to, if that is one of our pages."""
    return wanted if _NEXT.match(wanted) and not wanted.startswith(SIGN_IN_PATH) else HOME


def build_sign_in_router(desk: Desk) -> APIRouter:
    """The routes."""
    router = desk.router()
    sending: Any = Depends(desk.sends())

    @router.get("/login")
    async def show_sign_in(request: Request) -> Response:
        if await desk.find_viewer(request) is not None:
            return RedirectResponse(choose_next(request.query_params.get("next", "")), 303)
        return _draw(desk, request, wanted=request.query_params.get("next", ""))

    @router.post("/login")
    async def sign_in(request: Request) -> Response:
        form = await read_form(request)
        cookie = read_cookie(request, "sign_in")
        wanted, email = form.text("next", 2000), form.text("email", 300)
        try:
            # Otherwise another site could sign somebody in to an account of its own.
            desk.check_source(request, form, build_csrf(cookie) if cookie else "")
        except NotFromOurPage as error:
            return _draw(desk, request, 403, wanted=wanted, email=email, problem=error.message)
        try:
            opened = await desk.portal.sessions.sign_in(
                email,
                form.secret("password", 1000),
                address=request.client.host if request.client else "",
                device=request.headers.get("user-agent", ""),
                before=read_session_cookie(request),
            )
        except (Unauthorized, RateLimited) as error:
            return _draw(
                desk, request, error.status, wanted=wanted, email=email, problem=error.message
            )
        secure = desk.portal.is_secure(request)
        response = RedirectResponse(choose_next(wanted), 303)
        lifetime = int(ABSOLUTE_LIMIT.total_seconds())
        set_cookie(response, "session", opened.token, secure=secure, max_age=lifetime)
        delete_cookie(response, "sign_in", secure=secure)
        return response

    @router.post("/logout", dependencies=[sending])
    async def sign_out(request: Request) -> Response:
        await desk.portal.sessions.sign_out(read_session_cookie(request) or "")
        return leave(desk, request, "You are signed out.")

    return router


def leave(desk: Desk, request: Request, flash: str) -> Response:
    """To the sign-in page, without the cookie."""
    response = desk.redirect(request, SIGN_IN_PATH, flash)
    delete_cookie(response, "session", secure=desk.portal.is_secure(request))
    # Whatever the browser kept of these pages goes as well.
    response.headers["clear-site-data"] = '"cache"'
    return response


def _draw(
    desk: Desk,
    request: Request,
    status: int = 200,
    *,
    wanted: str,
    email: str = "",
    problem: str = "",
) -> Response:
    cookie = read_cookie(request, "sign_in") or secrets.token_urlsafe(24)
    response = desk.render_outside(
        request,
        "sign_in.html",
        status=status,
        csrf=build_csrf(cookie),
        wanted=wanted,
        email=email,
        problem=problem,
    )
    set_cookie(response, "sign_in", cookie, secure=desk.portal.is_secure(request))
    return response
