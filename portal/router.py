"""The portal as one router."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import APIRouter, Depends
from starlette.responses import RedirectResponse, Response

from core.clock import Clock
from core.errors import NotFound
from portal.account import ACCOUNT_PAGE
from portal.credentials import CREDENTIALS_PAGE
from portal.desk import PREFIX, Desk, Viewer
from portal.events import build_events_router
from portal.integrations import INTEGRATIONS_PAGE
from portal.navigation import list_entries
from portal.pages import Page
from portal.portal import Portal
from portal.rendering import Renderer
from portal.sign_in import build_sign_in_router
from portal.static_files import StaticFiles
from portal.team import TEAM_PAGE
from portal.work_pages import WORK_PAGES

SETTINGS_PAGES = (TEAM_PAGE, INTEGRATIONS_PAGE, CREDENTIALS_PAGE, ACCOUNT_PAGE)


def build_portal_router(
    get_portal: Callable[[], Portal], clock: Clock, pages: Sequence[Page] = WORK_PAGES
) -> APIRouter:
    """Everything below /portal. `pages` stand before the settings, in their order."""
    every = (*pages, *SETTINGS_PAGES)
    entries = tuple(page.nav for page in every)
    static = StaticFiles()
    desk = Desk(get_portal, entries, Renderer(static, clock))
    router = APIRouter()
    files = desk.router()
    static.add_to(files)
    router.include_router(files)
    router.include_router(build_events_router(desk))
    router.include_router(build_sign_in_router(desk))
    for page in every:
        router.include_router(page.build_router(desk))
    router.include_router(_build_rest(desk, entries))
    return router


def _build_rest(desk: Desk, entries: tuple[Any, ...]) -> APIRouter:
    """The first page, and what is at no address."""
    router = desk.router()
    looking: Any = Depends(desk.looks())

    @router.get("")
    @router.get("/")
    async def go_to_first(viewer: Viewer = looking) -> Response:
        return RedirectResponse(list_entries(entries, viewer.principal)[0].path, 303)

    @router.get("/{rest:path}", dependencies=[looking])
    @router.post("/{rest:path}", dependencies=[looking])
    async def find_nothing(rest: str) -> Response:
        raise NotFound(f"There is no page {PREFIX}/{rest[:100]}.")

    return router
