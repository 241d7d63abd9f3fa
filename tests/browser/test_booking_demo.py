"""From the first wish to a booked, moved and cancelled meeting: the real demo in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chat import PATIENCE, SCREENSHOTS, Chat, new_tab
from tests.support.process import ServerProcess


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the demo website's first page."""
    folder = tmp_path_factory.mktemp("demo")
    server = ServerProcess(folder, "--data", str(folder / "data"), command="demo")
    try:
        page = server.wait_for(r"(http://\S+/demo/)", 90)[1]
        server.wait_for("Application startup complete")
        yield page
    finally:
        server.kill()


@pytest.fixture
def tab(browser: Browser, demo: str) -> Iterator[Chat]:
    """A visitor in Berlin."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, timezone_id="Europe/Berlin", locale="en-GB"
    )
    context.set_default_timeout(PATIENCE)
    chat = new_tab(context)
    yield chat.visit(demo + "book-a-demo/")
    assert chat.problems == []
    assert chat.violations() == []
    context.close()


def find_link(chat: Chat, demo: str) -> str:
    """The address that the mail holds, as the API tells it to this visitor."""
    saved = chat.page.evaluate("JSON.parse(localStorage['sales-agent:demo']).conversation")
    base = demo.removesuffix("/demo/")
    answer = httpx.get(
        f"{base}/api/v1/chat/conversations/{saved['id']}/appointments",
        headers={"authorization": f"Bearer {saved['token']}"},
    )
    [appointment] = answer.json()["appointments"]
    return base + str(appointment["manage_url"])


def picture(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(400)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


def test_a_visitor_books_by_chat_moves_by_chat_and_cancels_by_link(tab: Chat, demo: str) -> None:
    tab.open().ask("I'd like to book a demo for next week, in the morning")
    tab.reads("These times are free")
    expect(tab.log.get_by_role("group").last).to_contain_text("Europe/Berlin")
    tab.log.get_by_role("group").last.get_by_role("button").first.click()
    tab.reads("gladly")
    tab.log.get_by_label("Name").fill("Ada Lovelace")
    tab.log.get_by_label("E-mail").fill("ada@example.com")
    tab.log.get_by_role("button", name="Continue").click()
    tab.reads("with Hannah Braithwaite – shall I book it?")
    picture(tab.page, "booking-proposal")
    tab.log.get_by_role("button", name="Yes, book it").click()
    tab.reads("Done, it is booked")
    picture(tab.page, "booking-done")
    tab.ask("Can we move it to the afternoon, next week?")
    tab.reads("These other times are free with Hannah Braithwaite")
    tab.ask("the second one").reads("shall I move it?")
    tab.ask("yes").reads("Done, it is moved")

    page = tab.page.context.new_page()
    page.goto(find_link(tab, demo))
    expect(page.get_by_role("heading", level=1)).to_have_text("Your meeting")
    expect(page.locator("main")).to_contain_text("With Hannah Braithwaite")
    picture(page, "appointment-link")
    page.get_by_label("When would suit you?").fill("next Friday afternoon")
    page.get_by_role("button", name="Show times").click()
    page.locator(".slots a").first.click()
    page.get_by_role("button", name="Yes, move it").click()
    expect(page.get_by_role("status")).to_have_text("Done: your meeting has been moved.")
    page.get_by_role("link", name="Cancel the meeting").click()
    expect(page.get_by_role("heading", level=2)).to_have_text("Cancel this meeting?")
    picture(page, "appointment-cancel")
    page.get_by_role("button", name="Yes, cancel it").click()
    expect(page.get_by_role("status")).to_have_text("Done: your meeting has been cancelled.")
    expect(page.locator(".status")).to_have_text("Cancelled")


def test_the_link_page_speaks_the_visitors_language_and_fits_a_phone(
    browser: Browser, demo: str
) -> None:
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, locale="de-DE", color_scheme="dark"
    )
    page = context.new_page()
    page.goto(demo.removesuffix("demo/") + "a/no-such-link")
    expect(page.get_by_role("heading")).to_have_text("Dieser Link funktioniert nicht")
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    picture(page, "appointment-link-broken")
    context.close()


def test_a_question_about_meetings_is_one_to_the_website(tab: Chat) -> None:
    tab.open().ask("Which kinds of meeting are there?")
    last = tab.log.get_by_role("article").last
    expect(last).to_have_class(re.compile("agent done"), timeout=15_000)
    expect(last).not_to_contain_text("Free times")
    expect(last).to_contain_text("Sources")


def test_the_stylesheet_of_the_link_page_is_served(demo: str) -> None:
    style = Path(__file__).parents[2] / "portal" / "static" / "visitor.css"
    answer = httpx.get(demo.removesuffix("demo/") + "portal/static/visitor.css")
    assert answer.text == style.read_text(encoding="utf-8")
