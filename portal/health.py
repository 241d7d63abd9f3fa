"""Health: what waits to be done outside, what was given up, how websites and models do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from portal.desk import Desk, Sent, Viewer
from portal.navigation import NavEntry
from portal.pages import Page
from sales.knowledge.schemas import SourceReading

_PATH = "/portal/health"
_LETTERS = 25


@dataclass(frozen=True, slots=True)
class _SiteProgress:
    name: str
    key: str
    pages: int
    done: int
    passages: int
    note: str
    readings: list[SourceReading]


def _build(desk: Desk) -> APIRouter:
    router = desk.router()
    looking: Any = Depends(desk.looks("see_health"))
    sending: Any = Depends(desk.sends("replay_effects"))
    dropping: Any = Depends(desk.sends("drop_effects"))

    @router.get("/health")
    async def show_health(
        effect: str = "", before: int | None = None, viewer: Viewer = looking
    ) -> Response:
        portal, tenant_id = desk.portal, viewer.principal.tenant_id
        letters = await portal.outbox.list_dead_letters(
            tenant_id, effect[:200] or None, before, _LETTERS + 1
        )
        return desk.render(
            viewer,
            "health.html",
            depths=await portal.outbox.measure(tenant_id),
            letters=letters[:_LETTERS],
            older=letters[_LETTERS - 1].id if len(letters) > _LETTERS else None,
            effect=effect[:200],
            before=before,
            sites=await _measure_sites(desk, tenant_id),
            models=desk.portal.models and desk.portal.models.list_states(),
            model_failures=desk.portal.models.list_latest() if desk.portal.models else [],
        )

    @router.post("/health/letters/{letter_id}/replay")
    async def replay(letter_id: int, request: Request, sent: Sent = sending) -> Response:
        await desk.portal.outbox.replay(sent.principal.tenant_id, letter_id)
        desk.announce(sent.principal)
        return desk.redirect(request, _PATH, "It is tried again now.")

    @router.post("/health/letters/{letter_id}/drop")
    async def drop(letter_id: int, request: Request, sent: Sent = dropping) -> Response:
        await desk.portal.outbox.drop(sent.principal.tenant_id, letter_id)
        desk.announce(sent.principal)
        return desk.redirect(request, _PATH, "It is dropped for good.")

    @router.post("/health/replay")
    async def replay_all(request: Request, sent: Sent = sending) -> Response:
        effect = sent.form.text("effect", 200)
        count = await desk.portal.outbox.replay_all(sent.principal.tenant_id, effect)
        desk.announce(sent.principal)
        return desk.redirect(request, _PATH, f"{count} of {effect} are tried again now.")

    return router


async def _measure_sites(desk: Desk, tenant_id: str) -> list[_SiteProgress]:
    knowledge, found = desk.portal.knowledge, []
    for site in desk.portal.organization.list_sites():
        if site.ref.tenant_id != tenant_id:
            continue
        state = await knowledge.describe_vectors(site.ref)
        progress = state.progress
        pages = await knowledge.count_pages(site.ref)
        settings = site.settings
        found.append(
            _SiteProgress(
                settings.name,
                settings.key,
                pages,
                progress.done,
                progress.total,
                state.note,
                await knowledge.list_readings(site.ref),
            )
        )
    return found


HEALTH_PAGE = Page(NavEntry("Health", _PATH, "health", "see_health"), _build)
