"""What a visitor does with the widget, by roles and names, whatever its inner structure."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page, expect

SCREENSHOTS = Path(__file__).parents[2] / "test-artifacts" / "screenshots"
# Milliseconds. A stalled machine is no fault of a page; what must be quick, benchmarks measure.
PATIENCE = 20_000
WATCH = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) =>
  window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


class Chat:
    """One tab of one visitor; remembers everything that went wrong in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.problems: list[str] = []
        self.requests: list[str] = []
        page.add_init_script(WATCH)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", self._listen)
        self.host = page.locator("sales-agent-chat")
        self.launcher = page.get_by_role("button", name=re.compile("^(Open|Close) chat")).last
        self.panel = page.get_by_role("dialog")
        self.log = self.panel.get_by_role("log")
        self.input = self.panel.get_by_role("textbox").last
        self.send = self.panel.get_by_role("button", name="Send")
        self.stop = self.panel.get_by_role("button", name="Stop")
        self.retry = self.panel.get_by_role("button", name="Try again")

    def _listen(self, message: Any) -> None:
        if "Content Security Policy" in message.text:
            self.problems.append(message.text)

    def visit(self, url: str) -> Chat:
        self.page.goto(url)
        expect(self.host).to_be_attached()
        return self

    def open(self) -> Chat:
        self.launcher.click()
        expect(self.log.get_by_role("article").first).not_to_have_class(re.compile("thinking"))
        return self

    def ask(self, text: str) -> Chat:
        self.input.fill(text)
        self.input.press("Enter")
        return self

    def article(self, text: str) -> Locator:
        return self.log.get_by_role("article").filter(has_text=text)

    def reads(self, text: str) -> Chat:
        """Waits for an answer that is complete."""
        expect(self.article(text).last).to_have_class(re.compile("done"))
        return self

    def lines(self) -> list[str]:
        """Everything that was said, in order."""
        return [
            " ".join(line.split())
            for line in self.log.locator("article > p").all_inner_texts()
            if line.strip()
        ]

    def storage(self) -> dict[str, Any]:
        kept: dict[str, Any] = self.page.evaluate(
            "({local: {...localStorage}, session: {...sessionStorage}, cookies: document.cookie})"
        )
        return kept

    def violations(self) -> list[str]:
        found: list[str] = self.page.evaluate("window.violations")
        return found

    def focused(self) -> str:
        """The name of what has the keyboard, inside the widget or outside."""
        name: str = self.page.evaluate(
            """() => {
              let node = document.activeElement;
              while (node.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
              return node.getAttribute('aria-label') || node.textContent.trim();
            }"""
        )
        return name

    def screenshot(self, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.wait_for_timeout(350)  # the entrance has come to rest
        self.page.screenshot(path=SCREENSHOTS / f"widget-{name}.png")


def new_tab(context: BrowserContext) -> Chat:
    return Chat(context.new_page())
