"""axe-core finds nothing to complain about, whatever the chat looks like at the moment."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.chat import Chat
from tests.browser.conftest import Visit, unavailable
from tests.browser.standin import State

WIDGET = Path(__file__).parents[2] / "widget"
AXE = WIDGET / "node_modules" / "axe-core" / "axe.min.js"
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True}


@pytest.fixture(scope="module")
def axe() -> str:
    if not AXE.exists():
        npm = shutil.which("npm")
        if npm:
            subprocess.run([npm, "ci", "--ignore-scripts"], cwd=WIDGET, check=False)
        if not AXE.exists():
            unavailable("no axe-core: it needs npm and its registry once")
    return AXE.read_text()


def check(chat: Chat, axe: str) -> None:
    chat.page.wait_for_timeout(400)  # colours are measured when the entrance has come to rest
    chat.page.evaluate(axe)
    found = chat.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    told = [
        f"{v['id']}: {n['target']} {n['failureSummary']}"
        for v in found["violations"]
        for n in v["nodes"]
    ]
    assert told == []


@pytest.mark.parametrize(
    "options",
    [{}, {"color_scheme": "dark"}, PHONE],
    ids=["light", "dark", "phone"],
)
def test_axe_finds_nothing(visit: Visit, axe: str, options: dict[str, Any], server: State) -> None:
    chat = visit(**options)
    check(chat, axe)
    chat.open()
    check(chat, axe)
    chat.ask("What is the price?").reads("Paying for a year")
    chat.ask("Tell me nothing").reads("I found nothing")
    chat.panel.get_by_text("Sources (2)").click()
    check(chat, axe)
    server.faults.errors = [(500, "INTERNAL_ERROR", {})]
    chat.ask("What is the price?")
    expect(chat.retry).to_be_visible()
    chat.input.fill("x" * 4001)
    check(chat, axe)
    chat.panel.get_by_role("button", name="End chat").click()
    expect(chat.panel).to_contain_text("This chat has ended.")
    check(chat, axe)


@pytest.mark.parametrize("accent", ["#ffd43b", "#2f9e44", "#e8590c", "#000", "#868e96", "white"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_any_accent_stays_readable(
    visit: Visit, axe: str, server: State, accent: str, theme: str
) -> None:
    server.tag = (
        f'<script src="{server.host}/widget.js" data-site="demo" data-accent="{accent}" '
        f'data-theme="{theme}" defer>'
    )
    chat = visit().open().ask("What is the price?").reads("Paying for a year")
    check(chat, axe)


def test_axe_finds_nothing_right_to_left(visit: Visit, axe: str, server: State) -> None:
    server.html = '<html lang="ar" dir="rtl">'
    chat = visit().open().ask("Which plans are there?").reads("Company for all")
    check(chat, axe)
