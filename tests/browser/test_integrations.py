"""Connecting a vendor in a real browser, by the keyboard alone, under the portal's own policy."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.browser.test_accessibility import axe  # noqa: F401 - a fixture
from tests.browser.test_portal import check, sign_in
from tests.portal.test_integrations import Shop, shop  # noqa: F401 - a fixture
from tests.support.acme import CLIENT_ID, CLIENT_SECRET


def press_summary(page: Page, words: str) -> None:
    summary = page.locator("details.connect", has_text=words).locator("summary").first
    summary.focus()
    page.keyboard.press("Enter")


def test_the_keyboard_alone_connects_by_signing_in_and_disconnects(
    browser: Browser,
    shop: Shop,  # noqa: F811
    axe: str,  # noqa: F811
) -> None:
    context = browser.new_context()
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)
    page.goto(f"{shop.address}/portal/login")
    sign_in(page)
    page.goto(f"{shop.address}/portal/integrations")
    press_summary(page, "Connect by signing in")
    page.locator("#acme-oauth-client_id").focus()
    page.keyboard.type(CLIENT_ID)
    page.keyboard.press("Tab")
    page.keyboard.type(CLIENT_SECRET)
    check(page, axe)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    # By a page of ours to the vendor, and from there back, without another key.
    expect(page.get_by_role("status").first).to_contain_text(
        "Acme Mail is connected: Acme of Larkmere", timeout=30_000
    )
    assert page.url == f"{shop.address}/portal/integrations"
    check(page, axe)
    page.locator("summary", has_text="Disconnect").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Acme Mail is disconnected.")
    assert refused == []
    context.close()
