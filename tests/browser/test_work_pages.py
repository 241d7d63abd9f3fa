"""The pages of the daily work in a real Chromium: axe-core, screenshots, a live transcript."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from core.clock import FixedClock
from tests.app.threaded import ThreadedServer
from tests.browser.test_accessibility import PHONE, axe
from tests.browser.test_portal import Open, check, open_page, sign_in
from tests.portal.conftest import WORK, Browser, serve
from tests.portal.test_leads import TELLING, book_first, find_lead
from tests.portal.visiting import Visitor
from tests.support.website import write_website

__all__ = ["axe", "open_page"]
SHOTS = Path(__file__).parents[2] / "test-artifacts" / "screenshots"
PAGES = ("leads", "conversations", "appointments", "analytics", "mail", "health")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreadedServer]:
    folder = tmp_path_factory.mktemp("work")
    config = write_website(folder, more=WORK)
    with serve(config, FixedClock(datetime.now(UTC) + timedelta(minutes=5))) as server:
        server.http.get("/healthz")
        for number in range(3):
            visitor = Visitor(server.address)
            for text in TELLING[number:]:
                visitor.say(text)
            if number == 0:
                visitor.end()
                browser = Browser(httpx.Client(base_url=server.address, timeout=20))
                browser.sign_in("ada")
                book_first(browser, find_lead(browser))
        yield server


@pytest.mark.parametrize(
    "options",
    [{}, {"color_scheme": "dark"}, PHONE],
    ids=["light", "dark", "phone"],
)
def test_axe_finds_nothing_on_the_pages_of_the_work(
    open_page: Open, axe: str, options: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    page = sign_in(open_page("/portal/login", **options))
    root = page.url.partition("/portal")[0]
    kind = request.node.callspec.id
    SHOTS.mkdir(parents=True, exist_ok=True)
    for name in PAGES:
        page.goto(f"{root}/portal/{name}")
        page.screenshot(path=SHOTS / f"portal-{name}-{kind}.png", full_page=True)
        check(page, axe)
        first = page.locator(f'td a[href^="/portal/{name}/"]')
        if first.count():
            page.goto(root + str(first.first.get_attribute("href")))
            page.screenshot(path=SHOTS / f"portal-{name}-one-{kind}.png", full_page=True)
            check(page, axe)


def test_a_transcript_renews_itself_while_a_reply_is_typed(
    open_page: Open, served: ThreadedServer
) -> None:
    visitor = Visitor(served.address)
    visitor.say("hello")
    page = sign_in(open_page(f"/portal/login?next=/portal/conversations/{visitor.id}"))
    page.get_by_role("button", name="Take over").click()
    page.get_by_label("Message to the visitor").fill("Half a sen")
    visitor.say("is somebody there?")
    expect(page.get_by_text("is somebody there?")).to_be_visible()
    expect(page.get_by_label("Message to the visitor")).to_have_value("Half a sen")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".message.staff")).to_contain_text("Half a sen")
