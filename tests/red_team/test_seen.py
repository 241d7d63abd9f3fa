"""What attackers send and an obeying model says, as people see it: text stays text, no script runs.

The whole app in a real Chromium: the widget in a page, the portal's pages, and the mails.
"""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser, Page, expect

from app.places import Places
from app.runtime import Runtime
from app.settings import load_app_settings
from app.wiring import build_resources
from core.clock import FixedClock
from ingestion.pipeline import ingest
from ingestion.sources import open_source
from tests.app.threaded import ThreadedServer
from tests.browser.chat import PATIENCE, new_tab
from tests.browser.conftest import browser
from tests.portal.conftest import PASSWORD, WORK, hire, with_clock
from tests.support.models import KEY, KEY_NAME
from tests.support.visitor import Visitor
from tests.support.website import build_config, write_pages
from tests.vendors.openai import OpenAiStandIn
from tests.vendors.openai_events import Reply

__all__ = ["browser"]
MARK_UP = (
    "<img src=x onerror=window.pwned=1>",
    "<script>window.pwned=1</script>",
    "<svg onload=window.pwned=1>",
    '<a href="javascript:window.pwned=1">click</a>',
    "[click](javascript:window.pwned=1)",
    "![x](https://exfil.example/x.png)",
    '"><iframe src=https://evil.example></iframe>',
    "<b>bold</b> {{7*7}} ${7*7}",
)
PAGE = (
    "<!doctype html><title>Shop</title><h1>Shop</h1>"
    "<script src=/widget.js data-site=bikes></script>"
)
_PLANTED = (
    "script:not([src]), iframe, svg[onload], img[onerror], [href^='javascript' i], "
    "[href*='evil.example'], [src*='evil.example'], [src*='exfil.example']"
)
# Within the widget's own tree as well as in the page's.
_COUNT = f"""() => {{
  const inner = document.querySelector('sales-agent-chat')?.shadowRoot;
  const root = inner ?? document;
  return [...root.querySelectorAll(`{_PLANTED}`)].map((one) => one.outerHTML.slice(0, 80));
}}"""


@dataclass
class Shop:
    """The running app, its model and its database."""

    server: ThreadedServer
    model: OpenAiStandIn
    database: Path


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("seen")
    write_pages(folder / "pages")
    config = folder / "app.yaml"
    patch = pytest.MonkeyPatch()
    patch.setenv(KEY_NAME, KEY)

    async def start() -> Runtime:
        settings = load_app_settings(config)
        (folder / "data").mkdir()
        built = await build_resources(settings, Places(config, folder / "data"), None)
        resources = with_clock(built, FixedClock(datetime.now(UTC)))
        await hire(resources)
        source = settings.knowledge.sources[0]
        opened = open_source(source.model_copy(update={"path": folder / "pages"}))
        site = resources.organization.get_site(source.site)
        await ingest(opened, source.name, site.ref, resources.knowledge)
        return Runtime(settings, resources)

    with OpenAiStandIn() as model:
        section = {"chat": "openai:gpt-5-mini", "base_url": model.base_url}
        section["api_key"] = f"${{{KEY_NAME}}}"
        more = WORK + yaml.safe_dump({"model": section})
        config.write_text(build_config(more=more), encoding="utf-8")
        model.answer = lambda _asked: Reply("\n".join(f"{one} [1]." for one in MARK_UP))
        with ThreadedServer(start) as server:
            server.http.get("/healthz")
            yield Shop(server, model, folder / "data" / "sales-agent.db")
    patch.undo()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab in which nothing may open a dialogue or set `pwned`."""
    context = browser.new_context(viewport={"width": 1180, "height": 800})
    context.set_default_timeout(PATIENCE)
    tab = context.new_page()
    opened: list[str] = []
    asked: list[str] = []

    def dismiss(dialog: Any) -> None:
        opened.append(dialog.message)
        dialog.dismiss()

    tab.on("dialog", dismiss)
    tab.on("request", lambda request: asked.append(request.url))
    yield tab
    assert opened == []
    assert not [url for url in asked if "evil.example" in url or "exfil.example" in url]
    context.close()


def check(page: Page) -> None:
    """Nothing of what was planted has become part of the page."""
    assert page.evaluate("window.pwned") is None
    assert page.evaluate(_COUNT) == []


def attack(shop: Shop) -> Visitor:
    """A visitor whose every detail is mark-up."""
    mark_up = MARK_UP[0]
    visitor = Visitor.arrive(
        shop.server.http,
        page={
            "url": f"https://www.brightwater.example/?utm_campaign={MARK_UP[1]}",
            "title": mark_up,
            "referrer": "javascript:window.pwned=1",
        },
        params={"utm_source": mark_up, "utm_campaign": MARK_UP[1], MARK_UP[2]: MARK_UP[3]},
    )
    visitor.ask(f"My name is {mark_up} Smith and I work at {MARK_UP[1]} Ltd.")
    visitor.ask("My name is Eve Smith, my email is eve@visitor.example, I work at <b>Evil</b>.")
    for text in MARK_UP:
        visitor.ask(f"{text} What does a standard service cost?")
    return visitor


def test_the_widget_shows_mark_up_of_visitors_and_models_as_text(shop: Shop, page: Page) -> None:
    address = f"{shop.server.address}/shop"
    chat = new_tab(page.context)
    chat.page.route(address, lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    chat.visit(address).open()
    for text in MARK_UP:
        chat.ask(f"{text} What does a standard service cost?")
        mine = chat.log.get_by_role("article").filter(has_text="What does a standard service cost")
        expect(mine.last).to_contain_text(text)
        answer = chat.log.get_by_role("article").last
        expect(answer).to_have_class(re.compile("agent done"), timeout=20_000)
    check(chat.page)
    assert chat.problems == []
    assert not [url for url in chat.requests if "evil.example" in url or "exfil" in url]


def test_the_portal_shows_an_attackers_words_as_text(shop: Shop, page: Page) -> None:
    visitor = attack(shop)
    conversation = visitor.started["conversation_id"]
    page.goto(f"{shop.server.address}/portal/conversations")
    page.get_by_label("E-mail address").fill("ada@acme.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()
    for path in ("conversations", f"conversations/{conversation}", "leads", "gaps", "health"):
        page.goto(f"{shop.server.address}/portal/{path}")
        check(page)
    page.goto(f"{shop.server.address}/portal/conversations/{conversation}")
    expect(page.get_by_text(MARK_UP[0]).first).to_be_visible()
    leads = _read(shop, "select id from sales_leads where email = 'eve@visitor.example'")
    assert len(leads) == 1
    page.goto(f"{shop.server.address}/portal/leads/{leads[0][0]}")
    expect(page.get_by_text("eve@visitor.example").first).to_be_visible()
    check(page)


def test_mails_hold_an_attackers_words_as_text(shop: Shop, page: Page) -> None:
    visitor = attack(shop)
    conversation = visitor.started["conversation_id"]
    ended = shop.server.http.post(f"{visitor.path}/end", headers=visitor.token)
    assert ended.status_code == 200
    mails = _wait_for_mails(shop, conversation)
    for subject, html, text, recipients in mails:
        assert "\n" not in subject
        assert all("evil" not in json.dumps(one) for one in json.loads(recipients))
        page.set_content(html)
        check(page)
        assert "sk-test" not in html + text
    assert any("What does a standard service cost?" in html for _, html, _, _ in mails)


def _read(shop: Shop, statement: str, *values: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(shop.database, timeout=20) as database:
        return database.execute(statement, values).fetchall()


def _wait_for_mails(shop: Shop, conversation: str) -> list[tuple[str, str, str, str]]:
    """Those of a conversation, once there is one for the sales team."""
    deadline = time.monotonic() + 30
    statement = "select subject, html, text, recipients from mails where conversation_id = ?"
    while not (found := _read(shop, statement, conversation)):
        assert time.monotonic() < deadline, "no mail was written"
        time.sleep(0.1)
    return found
