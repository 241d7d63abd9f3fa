"""`GET /portal/events`: a stream that says when to fetch a page anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from portal.cookies import read_session_cookie
from portal.desk import Desk, Viewer

# Proxies end a connection on which nothing is said for longer.
_SILENCE_SECONDS = 15.0
# Changes come in crowds; a page that fetches itself more often than that helps nobody.
_PAUSE_SECONDS = 1.0


def build_events_router(desk: Desk) -> APIRouter:
    """The route."""
    router = desk.router()
    looking: Any = Depends(desk.looks())

    @router.get("/events")
    async def stream_changes(request: Request, viewer: Viewer = looking) -> Response:
        token = read_session_cookie(request) or ""
        return StreamingResponse(
            _tell_changes(desk, viewer, token),
            media_type="text/event-stream",
            headers={"x-accel-buffering": "no"},
        )

    return router


async def _tell_changes(desk: Desk, viewer: Viewer, token: str) -> AsyncIterator[str]:
    """Events until the session ends. Listening keeps no session alive."""
    portal = desk.portal
    async with portal.changes.listen(viewer.principal.tenant_id) as event:
        yield "retry: 3000\nevent: ready\ndata: \n\n"
        while not portal.changes.closed:
            try:
                await asyncio.wait_for(event.wait(), _SILENCE_SECONDS)
            except TimeoutError:
                yield ": still here\n\n"
            if await portal.sessions.find_session(token, touch=False) is None:
                yield "event: signed-out\ndata: \n\n"
                return
            if event.is_set() and not portal.changes.closed:
                event.clear()
                yield "event: changed\ndata: \n\n"
                await asyncio.sleep(_PAUSE_SECONDS)
