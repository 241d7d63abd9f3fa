"""Booking by card: times as buttons, a small form, and an appointment to confirm."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.chat import Chat
from tests.browser.conftest import Visit
from tests.browser.standin import State

OFFER = "These times are free. Which one suits you?"


def offered(chat: Chat) -> Chat:
    return chat.open().ask("Can I see a demo?").reads(OFFER)


def test_a_time_is_chosen_by_its_button_and_says_what_it_is(chat: Chat, server: State) -> None:
    offered(chat)
    card = chat.log.get_by_role("group")
    expect(card).to_contain_text("Free times (Europe/Berlin, UTC+1)")
    expect(card).to_contain_text("Tell me when else would suit you.")
    chat.screenshot("slots")
    card.get_by_role("button", name="Thursday 3 December, 14:00–14:30").click()
    chat.reads("Which address may I write to?")
    sent = server.asked("/messages")[-1].body
    assert sent["text"] == "Thursday 3 December, 14:00–14:30"
    assert sent["action"] == {"kind": "slot", "id": "20261203T1300Z-30"}


def test_a_meeting_is_booked_with_the_keyboard_alone(chat: Chat, server: State) -> None:
    offered(chat)
    chat.log.get_by_role("button", name="Thursday 3 December").focus()
    chat.page.keyboard.press("Enter")
    chat.reads("Which address may I write to?")
    chat.log.get_by_label("Name").focus()
    chat.page.keyboard.type("Ada Lovelace")
    chat.page.keyboard.press("Tab")
    chat.page.keyboard.type("ada@example.com")
    chat.screenshot("form")
    chat.page.keyboard.press("Enter")
    chat.reads("Shall I book it?")
    sent = server.asked("/messages")[-1].body
    assert sent["text"] == "Ada Lovelace, ada@example.com"
    assert sent["action"] == {
        "kind": "contact",
        "id": "20261203T1300Z-30",
        "values": {"name": "Ada Lovelace", "email": "ada@example.com"},
    }
    expect(chat.article("Shall I book it?")).to_contain_text("Hannah Braithwaite · Not booked yet")
    chat.screenshot("proposal")
    chat.log.get_by_role("button", name="Yes, book it").click()
    expect(chat.log.get_by_role("article").last).to_have_class(re.compile("done"))
    assert server.asked("/messages")[-1].body["action"] == {"kind": "confirm", "id": "s1"}


def test_an_address_that_is_none_is_not_sent(chat: Chat, server: State) -> None:
    offered(chat)
    chat.log.get_by_role("button", name="Friday 4 December").click()
    chat.reads("Which address may I write to?")
    before = len(server.asked("/messages"))
    chat.log.get_by_label("Name").fill("Ada")
    chat.log.get_by_label("E-mail").fill("ada at example")
    chat.log.get_by_role("button", name="Continue").click()
    chat.page.wait_for_timeout(200)
    assert len(server.asked("/messages")) == before


def test_buttons_wait_while_an_answer_is_written(chat: Chat, server: State) -> None:
    offered(chat)
    server.faults.pause = 0.8
    button = chat.log.get_by_role("button", name="Thursday 3 December")
    button.click()
    expect(button).to_be_disabled()
    # The keyboard is not lost with the button.
    assert chat.focused() != ""
    chat.reads("Which address may I write to?")
    expect(button).to_be_enabled()
    assert len(server.asked("/messages")) == 2


def test_a_button_pressed_before_a_reload_keeps_its_meaning(chat: Chat, server: State) -> None:
    offered(chat)
    server.faults.unreachable = 1
    chat.log.get_by_role("button", name="Thursday 3 December").click()
    chat.page.wait_for_timeout(200)
    chat.page.reload()
    chat.reads("Which address may I write to?")
    assert server.asked("/messages")[-1].body["action"]["id"] == "20261203T1300Z-30"


def test_cards_fit_a_phone_in_the_dark(visit: Visit) -> None:
    phone = visit(
        viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True, color_scheme="dark"
    )
    offered(phone)
    phone.log.get_by_role("button", name="Thursday 3 December").click()
    phone.reads("Which address may I write to?")
    wide: bool = phone.panel.evaluate("node => node.scrollWidth > node.clientWidth")
    assert not wide
    phone.screenshot("cards-phone-dark")
