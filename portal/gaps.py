"""Gaps in your content: what visitors asked in vain, and the golden questions made of it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from core.errors import NotFound
from portal.desk import Desk, Sent, Viewer
from portal.golden_file import write_golden_file
from portal.navigation import NavEntry
from portal.pages import Page
from sales.organization.service import KnownSite

_PATH = "/portal/gaps"
_SHOWN = 50
_QUESTIONS = 300


def _build(desk: Desk) -> APIRouter:
    router = desk.router()
    looking: Any = Depends(desk.looks("see_gaps"))
    sending: Any = Depends(desk.sends("change_gaps"))

    @router.get("/gaps")
    async def show_gaps(site: str = "", viewer: Viewer = looking) -> Response:
        sites = _list_sites(desk, viewer.principal.tenant_id)
        if not sites:
            return desk.render(viewer, "gaps.html", site=None, sites=[], gaps=[], golden=[])
        chosen = _choose(sites, site)
        gaps = await desk.portal.gaps.list_gaps(chosen.ref)
        golden = await desk.portal.gaps.list_golden(chosen.ref)
        return desk.render(
            viewer,
            "gaps.html",
            site=chosen.settings,
            sites=[one.settings for one in sites],
            gaps=gaps[:_SHOWN],
            more=max(0, len(gaps) - _SHOWN),
            golden=golden,
            kept={entry.ask for entry in golden},
        )

    @router.get("/gaps/golden.yaml")
    async def download(site: str = "", viewer: Viewer = looking) -> Response:
        chosen = _choose(_list_sites(desk, viewer.principal.tenant_id), site)
        text = write_golden_file(await desk.portal.gaps.list_golden(chosen.ref))
        name = f'attachment; filename="golden-{chosen.settings.key}.yaml"'
        return PlainTextResponse(text, headers={"content-disposition": name})

    @router.post("/gaps/golden")
    async def make_golden(request: Request, sent: Sent = sending) -> Response:
        site = _read_site(desk, sent)
        ask = sent.form.text("ask", 500)
        await desk.portal.gaps.make_golden(site.ref, ask, (), sent.principal.name)
        desk.announce(sent.principal)
        return desk.redirect(request, _address(site), "It is a golden question now.")

    @router.post("/gaps/golden/{golden_id}")
    async def change_golden(golden_id: str, request: Request, sent: Sent = sending) -> Response:
        site = _read_site(desk, sent)
        if sent.form.has("remove"):
            await desk.portal.gaps.remove_golden(site.ref, golden_id)
            said = "It is no golden question any more."
        else:
            expect = sent.form.text("expect", 5000).splitlines()
            await desk.portal.gaps.change_golden(site.ref, golden_id, expect)
            said = "Kept."
        desk.announce(sent.principal)
        return desk.redirect(request, _address(site), said)

    @router.post("/gaps/settle")
    async def settle(request: Request, sent: Sent = sending) -> Response:
        site = _read_site(desk, sent)
        ids = sent.form.text("questions", 40 * _QUESTIONS).split()[:_QUESTIONS]
        count = await desk.portal.gaps.settle(site.ref, ids)
        desk.announce(sent.principal)
        what = "1 question is" if count == 1 else f"{count} questions are"
        return desk.redirect(request, _address(site), f"{what} off the list.")

    return router


def _list_sites(desk: Desk, tenant_id: str) -> list[KnownSite]:
    sites = desk.portal.organization.list_sites()
    return [site for site in sites if site.ref.tenant_id == tenant_id]


def _choose(sites: list[KnownSite], key: str) -> KnownSite:
    """The site of that key; the first where none is named."""
    for site in sites:
        if key in ("", site.settings.key):
            return site
    raise NotFound("There is no such site.")


def _read_site(desk: Desk, sent: Sent) -> KnownSite:
    sites = _list_sites(desk, sent.principal.tenant_id)
    return _choose(sites, sent.form.text("site", 100))


def _address(site: KnownSite) -> str:
    return f"{_PATH}?site={site.settings.key}"


GAPS_PAGE = Page(NavEntry("Content gaps", _PATH, "search", "see_gaps"), _build)
