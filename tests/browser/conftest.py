"""A real Chromium, a server that keeps the chat contract, and a visitor."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest
from playwright.sync_api import Browser, Error, expect, sync_playwright

from tests.browser.chat import PATIENCE, Chat, new_tab
from tests.browser.standin import Standin, State

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
Visit = Callable[..., Chat]
expect.set_options(timeout=PATIENCE)


def unavailable(reason: str) -> NoReturn:
    """In CI nothing may be left out; elsewhere it is said what was."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed after every module, because its event loop would be in the way of other tests."""
    installed = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=installed, args=ARGUMENTS)
        except Error as error:
            unavailable(f"no Chromium, install one with `playwright install chromium`: {error}")
        yield browser
        browser.close()


@pytest.fixture
def server() -> Iterator[State]:
    """A website on one origin, the widget's host on another, and a strict policy between them."""
    with Standin() as standin:
        state = standin.state
        state.policy = (
            f"default-src 'none'; script-src 'self' {state.host}; style-src 'self'; "
            f"connect-src {state.host}; img-src 'self' data:; require-trusted-types-for 'script'"
        )
        yield state


@pytest.fixture
def visit(browser: Browser, server: State) -> Iterator[Visit]:
    """Opens the website as a new visitor; the options are the browser context's."""
    tabs: list[Chat] = []

    def open_site(path: str = "/", **options: Any) -> Chat:
        context = browser.new_context(**{"viewport": {"width": 1180, "height": 780}, **options})
        context.set_default_timeout(PATIENCE)
        tabs.append(new_tab(context))
        return tabs[-1].visit(server.site + path)

    yield open_site
    problems = [problem for tab in tabs for problem in tab.problems]
    for tab in tabs:
        tab.page.context.close()
    assert problems == [], "errors of the page, or breaches of its policy"


@pytest.fixture
def chat(visit: Visit) -> Chat:
    """A visitor on the first page who has not touched the chat yet."""
    return visit()
