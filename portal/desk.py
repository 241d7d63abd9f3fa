"""What every page needs: who looks, proof of where a form comes from, and how to answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from core.errors import Unauthorized
from core.security import same
from portal.cookies import (
    CSRF_FIELD,
    CSRF_HEADER,
    build_csrf,
    delete_cookie,
    read_cookie,
    read_session_cookie,
    set_cookie,
)
from portal.errors import NotFromOurPage, SignInNeeded
from portal.forms import Form, read_form
from portal.navigation import NavEntry, list_entries
from portal.portal import Portal
from portal.rendering import Renderer
from portal.route import build_page_route
from sales.organization.rules import Action, check_may, may
from sales.organization.schemas import LiveSession, Principal

PREFIX = "/portal"
# Set by portal.js on what a page fetches by itself: that is no sign of a person at the desk.
REFRESH_HEADER = "x-portal-refresh"
_FOR_FLASH = "flash"
_FLASH_LIFETIME = timedelta(minutes=5)
_FLASH_LIMIT = 600


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a page."""

    request: Request
    session: LiveSession
    csrf: str

    @property
    def principal(self) -> Principal:
        """The member of staff."""
        return self.session.principal

    @property
    def is_refresh(self) -> bool:
        """Whether the page asks by itself."""
        return REFRESH_HEADER in self.request.headers


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that a viewer sent from one of our pages."""

    viewer: Viewer
    form: Form

    @property
    def principal(self) -> Principal:
        """The member of staff."""
        return self.viewer.principal


ReadViewer = Callable[[Request], Awaitable[Viewer]]
ReadSent = Callable[[Request], Awaitable[Sent]]


class Desk:
    """Given to each page module. `looks()` and `sends()` are FastAPI dependencies."""

    def __init__(
        self, get_portal: Callable[[], Portal], entries: tuple[NavEntry, ...], renderer: Renderer
    ) -> None:
        self.get_portal = get_portal
        self._entries = entries
        self._renderer = renderer

    @property
    def portal(self) -> Portal:
        """The services, as `app.yaml` says now."""
        return self.get_portal()

    def router(self) -> APIRouter:
        """A router whose errors are pages. All its paths begin with /portal."""
        return APIRouter(
            prefix=PREFIX, route_class=build_page_route(self.show_error), include_in_schema=False
        )

    def looks(self, needs: Action | None = None) -> ReadViewer:
        """Who looks; refused without a session, or without the role that `needs` asks."""

        async def read_viewer(request: Request) -> Viewer:
            viewer = await self.find_viewer(request)
            if viewer is None:
                raise SignInNeeded("Sign in to see this page.")
            if needs is not None:
                check_may(viewer.principal, needs)
            return viewer

        return read_viewer

    def sends(self, needs: Action | None = None) -> ReadSent:
        """Who sends which form; refused as above, and without proof that it is our form."""

        async def read_sent(request: Request) -> Sent:
            viewer = await self.find_viewer(request)
            if viewer is None:
                raise SignInNeeded("You were signed out. Sign in and do it again.")
            form = await read_form(request)
            self.check_source(request, form, viewer.csrf)
            if needs is not None:
                check_may(viewer.principal, needs)
            return Sent(viewer, form)

        return read_sent

    async def find_viewer(self, request: Request) -> Viewer | None:
        """Who looks, if somebody is signed in."""
        token = read_session_cookie(request)
        if not token:
            return None
        touch = REFRESH_HEADER not in request.headers
        session = await self.portal.sessions.find_session(token, touch=touch)
        return None if session is None else Viewer(request, session, build_csrf(token))

    def check_source(self, request: Request, form: Form, csrf: str) -> None:
        """Accept a form from our own pages only.

        Raises:
            NotFromOurPage: foreign origin, or without the token of this session.
        """
        origin = request.headers.get("origin")
        own = self.portal.own_origin(request)
        foreign = request.headers.get("sec-fetch-site", "same-origin") != "same-origin"
        given = request.headers.get(CSRF_HEADER) or form.text(CSRF_FIELD)
        if foreign or (origin is not None and origin.lower() != own.lower()):
            raise NotFromOurPage("This form was not sent from a page of the portal.")
        if not given or not same(given, csrf):
            raise NotFromOurPage("The form was too old. Load the page again and send it once more.")

    def render(
        self, viewer: Viewer, template: str, *, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """A page for somebody who is signed in. Templates see `viewer`, `csrf`, `nav`, `may`."""
        request, principal = viewer.request, viewer.principal
        flash = None if viewer.is_refresh else self._read_flash(request)
        content = self._renderer.render(
            template,
            timezone=viewer.session.timezone,
            viewer=viewer,
            principal=principal,
            csrf=viewer.csrf,
            nav=list_entries(self._entries, principal),
            path=request.url.path,
            query=request.url.query,
            flash=flash,
            may=lambda action: may(principal, action),
            **values,
        )
        response = HTMLResponse(content, status)
        if flash is not None:
            delete_cookie(response, "flash", secure=self.portal.is_secure(request))
        return response

    def render_outside(
        self, request: Request, template: str, *, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """A page for somebody who is not signed in."""
        flash = self._read_flash(request)
        content = self._renderer.render(template, timezone="UTC", flash=flash, **values)
        response = HTMLResponse(content, status)
        if flash is not None:
            delete_cookie(response, "flash", secure=self.portal.is_secure(request))
        return response

    def redirect(self, request: Request, path: str, flash: str = "") -> Response:
        """Go on to another page, there saying `flash`. For htmx as it follows redirects."""
        response: Response
        if "hx-request" in request.headers:
            response = Response(status_code=204, headers={"HX-Redirect": path})
        else:
            response = RedirectResponse(path, status_code=303)
        if flash:
            self._set_flash(request, response, flash)
        return response

    def announce(self, principal: Principal) -> None:
        """Something that other staff of the tenant see has changed: their open pages renew."""
        self.portal.changes.notify(principal.tenant_id)

    async def show_error(self, request: Request, status: int, title: str, message: str) -> Response:
        """An error as a page: within the layout for staff, bare for others."""
        viewer = await self.find_viewer(request)
        values = {"title": title, "message": message, "error_status": status}
        if viewer is None:
            return self.render_outside(request, "error_outside.html", status=status, **values)
        return self.render(viewer, "error.html", status=status, **values)

    def _set_flash(self, request: Request, response: Response, text: str) -> None:
        signed = self.portal.signer.sign(
            _FOR_FLASH,
            text[:_FLASH_LIMIT],
            now=self.portal.clock.now(),
            lifetime=_FLASH_LIFETIME,
        )
        secure = self.portal.is_secure(request)
        lifetime = int(_FLASH_LIFETIME.total_seconds())
        set_cookie(response, "flash", signed, secure=secure, max_age=lifetime)

    def _read_flash(self, request: Request) -> str | None:
        """What the page before wanted said. Signed, so that nobody else puts words here."""
        signed = read_cookie(request, "flash")
        if not signed:
            return None
        try:
            return self.portal.signer.read(_FOR_FLASH, signed, now=self.portal.clock.now())
        except Unauthorized:
            return None
