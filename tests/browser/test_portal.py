"""The portal in a real Chromium: axe-core, the keyboard, a phone, pages that renew themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from core.clock import FixedClock
from tests.app.threaded import ThreadedServer
from tests.browser.chat import PATIENCE
from tests.browser.test_accessibility import PHONE, axe
from tests.portal.conftest import PASSWORD, serve
from tests.support.website import write_website

__all__ = ["axe"]
Open = Callable[..., Page]
PAGES = ("team", "integrations", "keys", "account", "nowhere")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreadedServer]:
    folder = tmp_path_factory.mktemp("portal")
    config = write_website(folder, more="tenants: [{key: default}, {key: other}]")
    with serve(config, FixedClock(datetime(2026, 3, 2, 9, tzinfo=UTC))) as server:
        server.http.get("/healthz")
        yield server


@pytest.fixture
def open_page(browser: Browser, served: ThreadedServer) -> Iterator[Open]:
    """Opens a page in a new browser; what the page complains about fails the test."""
    problems: list[str] = []
    contexts = []

    def open_at(path: str, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console",
            lambda m: problems.append(m.text) if "Content Security Policy" in m.text else None,
        )
        page.goto(served.address + path)
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert problems == [], "errors of the page, or breaches of its policy"


def sign_in(page: Page, name: str = "ada") -> Page:
    page.get_by_label("E-mail address").fill(f"{name}@acme.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()
    return page


def check(page: Page, script: str) -> None:
    page.evaluate(script)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    told = [
        f"{v['id']}: {n['target']} {n['failureSummary']}"
        for v in found["violations"]
        for n in v["nodes"]
    ]
    assert told == []
    wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wider <= 0, "the page scrolls sideways"


@pytest.mark.parametrize(
    "options", [{}, {"color_scheme": "dark"}, PHONE], ids=["light", "dark", "phone"]
)
def test_axe_finds_nothing_in_the_portal(
    open_page: Open, axe: str, options: dict[str, Any]
) -> None:
    page = open_page("/portal/login", **options)
    check(page, axe)
    page.get_by_label("E-mail address").fill("nobody@acme.example")
    page.get_by_label("Password").fill("wrong horse battery")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    check(page, axe)
    sign_in(page)
    for name in PAGES:
        page.goto(f"{page.url.partition('/portal')[0]}/portal/{name}")
        check(page, axe)


def test_the_keyboard_alone_signs_in_and_reaches_every_page(open_page: Open) -> None:
    page = open_page("/portal/login")
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.keyboard.type("ada@acme.example")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    leads = page.get_by_role("link", name="Leads", exact=True)
    expect(leads).to_have_attribute("aria-current", "page")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.get_by_role("link", name="API keys and clients").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="API keys and clients", level=1)).to_be_visible()


def test_a_new_key_is_shown_once_and_can_be_copied(open_page: Open) -> None:
    page = sign_in(open_page("/portal/login?next=/portal/keys"))
    page.get_by_label("Name").fill("Reporting")
    page.get_by_role("button", name="Make it").click()
    secret = page.get_by_label("API key", exact=True).and_(page.locator("[readonly]"))
    assert secret.input_value().startswith("sak_")
    page.get_by_role("button", name="Copy").click()
    expect(page.locator("[data-copy]")).not_to_have_text("Copy")
    page.goto(page.url)
    expect(page.locator("[readonly]")).to_have_count(0)
    page.get_by_label("Revoke Reporting").click()
    page.get_by_role("button", name="Revoke for good").click()
    expect(page.get_by_role("status").first).to_contain_text("It was revoked")


def test_an_open_page_renews_itself_and_leaves_alone_what_is_typed(open_page: Open) -> None:
    watching = sign_in(open_page("/portal/login?next=/portal/team"))
    watching.wait_for_timeout(500)
    watching.get_by_label("Name", exact=True).fill("Half a na")
    acting = sign_in(open_page("/portal/login?next=/portal/team"))
    acting.get_by_label("Name", exact=True).fill("Noor Haddad")
    acting.get_by_role("textbox", name="E-mail address").fill("noor.haddad@acme.example")
    acting.get_by_role("button", name="Add", exact=True).click()
    expect(acting.get_by_label("Password", exact=True)).to_be_visible()
    expect(watching.get_by_role("link", name="Noor Haddad", exact=True)).to_be_visible()
    expect(watching.get_by_label("Name", exact=True)).to_have_value("Half a na")
    expect(watching.get_by_label("Name", exact=True)).to_be_focused()


def test_who_is_signed_off_leaves_the_page_by_itself(open_page: Open) -> None:
    page = sign_in(open_page("/portal/login?next=/portal/team"))
    page.wait_for_timeout(500)
    other = sign_in(open_page("/portal/login?next=/portal/account"))
    other.get_by_role("button", name="Sign out everywhere else").click()
    expect(other.get_by_role("status").first).to_contain_text("signed out")
    boss = sign_in(open_page("/portal/login?next=/portal/team"))
    boss.get_by_label("Name of a new team").fill("South")
    boss.get_by_role("button", name="Add team").click()
    expect(page).to_have_url(re.compile("/portal/login"), timeout=20_000)
