"""What a visitor sees when something goes wrong: nothing lost, nothing twice, and a way on."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.chat import Chat, new_tab
from tests.browser.conftest import Visit
from tests.browser.standin import State

PRICE = "The Team plan costs 49 euros a month for up to ten people."
SECOND = "Paying for a year saves two months."


def sent_ids(server: State) -> list[str]:
    return [call.body["message_id"] for call in server.asked("/messages")]


def test_a_stopped_answer_can_be_asked_for_again(chat: Chat, server: State) -> None:
    server.faults.pause = 1.5
    chat.open().ask("What is the price?")
    expect(chat.article(PRICE)).to_be_visible()
    chat.stop.click()
    expect(chat.article("Stopped.")).to_contain_text(PRICE)
    expect(chat.input).to_be_focused()
    chat.page.wait_for_timeout(2_000)
    expect(chat.article(SECOND)).to_have_count(0)
    chat.screenshot("stopped")
    server.faults.pause = 0.02
    chat.retry.click()
    chat.reads(SECOND)
    assert len(set(sent_ids(server))) == 1
    assert len(sent_ids(server)) == 2
    assert len(chat.lines()) == 3


def test_the_keyboard_is_not_lost_when_the_stop_button_goes(chat: Chat, server: State) -> None:
    server.faults.pause = 0.8
    chat.open().ask("What is the price?")
    chat.stop.focus()
    chat.reads(SECOND)
    expect(chat.input).to_be_focused()


def test_an_answer_can_be_stopped_before_its_first_word(chat: Chat, server: State) -> None:
    server.faults.pause = 1
    chat.open().ask("What is the price?")
    chat.stop.click()
    expect(chat.article("Stopped.")).to_be_visible()
    assert chat.lines()[1:] == ["What is the price?"]


def test_a_server_error_is_said_and_retried_with_the_same_id(chat: Chat, server: State) -> None:
    chat.open()
    server.faults.errors = [(500, "INTERNAL_ERROR", {})]
    chat.ask("What is the price?")
    expect(chat.article("Something went wrong.")).to_be_visible()
    chat.screenshot("failed")
    chat.retry.click()
    chat.reads(PRICE)
    assert len(set(sent_ids(server))) == 1
    assert len(chat.lines()) == 3


def test_a_cut_stream_is_taken_up_again_and_nothing_is_said_twice(
    chat: Chat, server: State
) -> None:
    chat.open()
    server.faults.cut_streams = 2
    chat.ask("What is the price?")
    expect(chat.panel.get_by_text("Connection lost. Trying again…")).to_be_visible()
    chat.reads(SECOND)
    assert len(sent_ids(server)) == 3
    assert len(set(sent_ids(server))) == 1
    assert chat.lines()[2:] == [f"{PRICE}[1] {SECOND}[1][2]"]
    expect(chat.panel.get_by_text("Connection lost")).to_have_count(0)


def test_a_server_that_stays_away_is_given_up_until_the_visitor_says_so(
    chat: Chat, server: State
) -> None:
    chat.open()
    server.faults.unreachable = 100
    chat.page.clock.install()
    chat.ask("What is the price?")
    for _ in range(5):
        expect(chat.panel).to_contain_text(re.compile("Connection lost|Something went wrong"))
        chat.page.wait_for_timeout(150)
        chat.page.clock.fast_forward(13_000)
    expect(chat.article("Something went wrong.")).to_be_visible()
    server.faults.unreachable = 0
    chat.retry.click()
    chat.reads(PRICE)


def test_offline_is_said_and_the_message_goes_out_on_return(chat: Chat, server: State) -> None:
    chat.open()
    chat.page.context.set_offline(True)
    expect(chat.panel).to_contain_text("You are offline.")
    chat.ask("What is the price?").ask("And for larger teams?")
    expect(chat.article("Not sent yet.")).to_have_count(2)
    chat.screenshot("offline")
    assert sent_ids(server) == []
    chat.page.context.set_offline(False)
    chat.reads(PRICE).reads("Larger teams pay")
    expect(chat.panel).not_to_contain_text("You are offline.")
    assert [call.body["text"] for call in server.asked("/messages")] == [
        "What is the price?",
        "And for larger teams?",
    ]


def test_a_chat_opened_without_network_begins_on_return(chat: Chat, server: State) -> None:
    chat.page.context.set_offline(True)
    chat.launcher.click()
    expect(chat.panel).to_contain_text("You are offline.")
    chat.ask("What is the price?")
    chat.page.context.set_offline(False)
    chat.reads(PRICE)
    assert chat.lines()[0].startswith("Hello!")
    assert len(server.asked("/conversations")) == 1


def test_a_limit_is_said_with_its_time(chat: Chat, server: State) -> None:
    chat.open()
    server.faults.errors = [(429, "RATE_LIMIT_EXCEEDED", {"Retry-After": "7"})]
    chat.ask("What is the price?")
    expect(chat.article("Too many messages. Please wait a moment. (7 s)")).to_be_visible()
    chat.retry.click()
    chat.reads(PRICE)


@pytest.mark.parametrize("opened_before", [True, False])
def test_an_expired_conversation_is_replaced_without_a_word(
    chat: Chat, server: State, opened_before: bool
) -> None:
    chat.open().ask("What is the price?").reads(PRICE)
    server.conversations.clear()
    if not opened_before:
        chat.page.reload()
        expect(chat.article("Hello!")).to_be_visible()
        expect(chat.article(PRICE)).to_have_count(0)
    chat.ask("And for larger teams?").reads("Larger teams pay")
    created = server.asked("/conversations")
    assert [c.body.get("visitor_token") for c in created] == [None, "visitor-1"]
    assert len(chat.lines()) == (5 if opened_before else 3)
    chat.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    chat.page.wait_for_timeout(300)
    assert len(chat.lines()) == (5 if opened_before else 3), "the same after a look at the server"


def test_a_conversation_that_ended_meanwhile_goes_on_in_a_new_one(
    chat: Chat, server: State
) -> None:
    chat.open().ask("What is the price?").reads(PRICE)
    server.faults.errors = [(409, "CONFLICT", {})]
    chat.ask("And for larger teams?").reads("Larger teams pay")
    assert len(server.asked("/conversations")) == 2
    assert len(chat.lines()) == 5


def test_what_the_server_finds_wrong_with_a_message_is_shown(chat: Chat, server: State) -> None:
    chat.open()
    server.faults.errors = [(413, "VALIDATION_ERROR", {})]
    chat.ask("What is the price?")
    expect(chat.article("VALIDATION_ERROR on purpose")).to_be_visible()
    expect(chat.retry).to_have_count(0)
    chat.page.reload()
    expect(chat.article("Hello!")).to_be_visible()
    assert len(sent_ids(server)) == 1, "what can never succeed is not tried again"


def test_a_server_that_is_busy_for_a_moment_is_asked_again(chat: Chat, server: State) -> None:
    chat.open()
    server.faults.errors = [(503, "UNAVAILABLE", {})]
    chat.ask("What is the price?").reads(PRICE)
    assert len(set(sent_ids(server))) == 1


def test_a_page_that_may_not_chat_says_so(chat: Chat, server: State) -> None:
    server.faults.errors = [(403, "FORBIDDEN", {})]
    chat.launcher.click()
    expect(chat.panel).to_contain_text("The chat is not available here.")
    chat.screenshot("unavailable")
    chat.retry.click()
    expect(chat.article("Hello!")).to_be_visible()
    expect(chat.panel).not_to_contain_text("The chat is not available here.")


@pytest.mark.parametrize("recorded", [True, False], ids=["answered", "not-answered"])
def test_a_question_cut_off_by_a_reload_is_answered_after_it(
    chat: Chat, server: State, recorded: bool
) -> None:
    chat.open()
    if recorded:
        server.faults.cut_streams = 1
    else:
        server.faults.errors = [(500, "INTERNAL_ERROR", {})]
    chat.ask("What is the price?")
    expect(chat.panel).to_contain_text(re.compile("Connection lost|Something went wrong"))
    chat.page.reload()
    chat.reads(SECOND)
    assert len(set(sent_ids(server))) == 1
    assert len(sent_ids(server)) == (1 if recorded else 2)
    assert len(chat.lines()) == 3
    assert '"pending":[]' in chat.storage()["session"]["sales-agent:demo"]


def test_without_storage_the_chat_works_for_the_page(visit: Visit, server: State) -> None:
    tab = new_tab(visit().page.context)
    tab.page.add_init_script(
        "for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name,"
        " {get() { throw new DOMException('blocked', 'SecurityError'); }});"
    )
    tab.visit(f"{server.site}/").open().ask("What is the price?").reads(PRICE)
    tab.ask("And for larger teams?").reads("Larger teams pay")
    assert tab.problems == []


def test_text_of_others_stays_text_and_their_links_safe(chat: Chat) -> None:
    chat.open().ask("<script>alert(1)</script> evil").reads("<b>text</b>")
    assert chat.lines()[1] == "<script>alert(1)</script> evil"
    assert chat.panel.locator("img, script, article b").count() == 0
    chat.panel.get_by_text("Sources (1)").click()
    expect(chat.panel.get_by_text("<b>Evil</b>")).to_be_visible()
    assert chat.panel.locator("a").count() == 0, "a javascript: address is no link"


def test_a_message_that_is_too_long_is_not_sent(chat: Chat, server: State) -> None:
    chat.open()
    chat.input.fill("x" * 4003)
    expect(chat.panel).to_contain_text("3 characters too long")
    expect(chat.send).to_be_disabled()
    chat.input.press("Enter")
    assert sent_ids(server) == []
    chat.input.fill("x" * 4000)
    expect(chat.send).to_be_enabled()
    expect(chat.panel).not_to_contain_text("too long")


def test_enter_that_ends_a_composition_does_not_send(chat: Chat, server: State) -> None:
    chat.open()
    chat.input.fill("きっさてん")
    for options in ("isComposing: true", "keyCode: 229"):
        chat.input.evaluate(
            "(e) => e.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true,"
            f" composed: true, {options}}}))"
        )
    assert sent_ids(server) == []
    expect(chat.input).to_have_value("きっさてん")


def test_a_screen_reader_hears_every_sentence_once(chat: Chat, server: State) -> None:
    server.faults.pause = 0.1
    chat.open()
    expect(chat.log).to_have_attribute("aria-live", "polite")
    chat.log.evaluate(
        """(log) => {
          window.heard = [];
          new MutationObserver((changes) => changes.forEach((change) =>
            change.addedNodes.forEach((node) => window.heard.push(node.textContent))))
            .observe(log, {childList: true, subtree: true});
        }"""
    )
    server.faults.cut_streams = 1
    chat.ask("What is the price?").reads(SECOND)
    heard = [text for text in chat.page.evaluate("window.heard") if "49 euros" in text]
    assert len(heard) == 1, "announced again by the retry, or at the end"


def test_a_body_that_is_swapped_keeps_its_chat(chat: Chat) -> None:
    chat.open().ask("What is the price?").reads(PRICE)
    chat.page.evaluate("document.body = document.createElement('body')")
    expect(chat.host).to_be_attached()
    expect(chat.article(PRICE)).to_be_visible()


def test_the_script_twice_is_one_chat(visit: Visit, server: State) -> None:
    one = f'<script src="{server.host}/widget.js" data-site="demo" defer>'
    server.tag = f"{one}</script>{one}"
    chat = visit()
    expect(chat.host).to_have_count(1)
