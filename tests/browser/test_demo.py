"""The demo as a newcomer meets it: the real server, the real pages, a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.chat import PATIENCE, SCREENSHOTS, Chat, new_tab
from tests.support.process import ServerProcess

QUESTION = "How much does the Team plan cost?"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the demo website's first page."""
    folder = tmp_path_factory.mktemp("demo")
    server = ServerProcess(folder, "--data", str(folder / "data"), command="demo", installed=True)
    try:
        page = server.wait_for(r"(http://\S+/demo/)", 90)[1]
        server.wait_for("Application startup complete")
        yield page
    finally:
        server.kill()


@pytest.fixture
def tab(browser: Browser, demo: str) -> Iterator[Chat]:
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    context.set_default_timeout(PATIENCE)
    chat = new_tab(context)
    yield chat.visit(demo + "pricing/")
    assert chat.problems == []
    assert chat.violations() == []
    context.close()


def answer_of(chat: Chat, question: str) -> str:
    """The text of the answer to `question`, once it is complete."""
    chat.ask(question)
    mine = chat.log.get_by_role("article").filter(has_text=question).last
    answer = mine.locator("xpath=following-sibling::*[self::article or .//article][1]")
    expect(answer).to_have_class(re.compile("done"), timeout=15_000)
    return answer.inner_text()


def test_an_answer_names_its_source_and_the_source_holds_the_words(tab: Chat) -> None:
    tab.open()
    answer_of(tab, "How long is the warranty on the hub?")
    assert "Canada" in answer_of(tab, "Do you ship to Canada?")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    tab.page.wait_for_timeout(400)  # the last bubble moves in
    tab.page.screenshot(path=SCREENSHOTS / "answer.png")
    link = tab.log.get_by_role("article").last.get_by_role("link").first
    href = link.get_attribute("href") or ""
    assert "/demo/" in href
    with tab.page.context.expect_page() as opened:
        link.click()
    source = opened.value
    source.wait_for_load_state()
    assert "Canada" in (source.text_content("main") or "")


def test_a_price_is_said_only_with_its_source(tab: Chat) -> None:
    tab.open()
    assert "$" in answer_of(tab, QUESTION)
    assert tab.log.get_by_role("article").last.get_by_role("link").count() >= 1


def test_what_the_website_does_not_say_is_not_said(tab: Chat) -> None:
    tab.open()
    answer = answer_of(tab, "Who won the football world cup in 2018?")
    assert "couldn't find" in answer
    assert "France" not in answer


def test_a_conversation_goes_on_when_the_visitor_opens_another_page(tab: Chat, demo: str) -> None:
    tab.open()
    answer_of(tab, "Do you ship to Canada?")
    tab.page.goto(demo + "shipping/")
    if not tab.panel.is_visible():
        tab.launcher.click()
    expect(tab.article("Canada").last).to_be_visible()
    assert "Australia" in answer_of(tab, "What about Australia?")


def test_every_page_of_the_demo_carries_the_widget(tab: Chat, demo: str) -> None:
    pages = Path(__file__).parents[2].joinpath("demo/site/dist").rglob("*.html")
    assert all('src="/widget.js"' in page.read_text(encoding="utf-8") for page in pages)
    tab.visit(demo + "docs/api/")
    expect(tab.launcher).to_be_visible()
