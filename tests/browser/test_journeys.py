"""What visitors do: ask, read, check, come back, in every size, colour and direction."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.chat import Chat, new_tab
from tests.browser.conftest import Visit
from tests.browser.standin import State

PRICE = "The Team plan costs 49 euros a month for up to ten people."
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def test_nothing_happens_before_the_first_use_but_the_one_script(chat: Chat, server: State) -> None:
    chat.page.wait_for_timeout(500)
    assert [url for url in chat.requests if url.startswith(server.host)] == [
        f"{server.host}/widget.js"
    ]
    assert server.calls == []
    assert chat.storage() == {"local": {}, "session": {}, "cookies": ""}
    chat.screenshot("closed")


def test_everything_comes_from_the_site_and_its_host_and_no_cookie_is_set(
    chat: Chat, server: State
) -> None:
    chat.open().ask("What is the price?").reads(PRICE)
    strangers = [u for u in chat.requests if not u.startswith((server.site, server.host, "data:"))]
    assert strangers == []
    assert chat.page.context.cookies() == []
    kept = chat.storage()
    assert list(kept["local"]) == list(kept["session"]) == ["sales-agent:demo"]


def test_opening_tells_where_the_visitor_is_and_that_this_is_an_ai(
    chat: Chat, server: State
) -> None:
    chat.open()
    expect(chat.panel).to_contain_text("You are talking to an AI assistant.")
    expect(chat.article("Hello! Ask me about our coffee")).to_be_visible()
    [created] = server.asked("/conversations")
    assert created.body["site_key"] == "demo"
    assert created.body["page"] == {
        "url": f"{server.site}/",
        "title": "Bean & Bloom",
        "referrer": "",
    }
    assert created.body["locale"] == "en"
    assert created.body["timezone"]
    chat.screenshot("opened")


def test_an_answer_streams_in_and_its_citation_opens_the_source(chat: Chat, server: State) -> None:
    server.faults.pause = 0.9
    chat.open().ask("What is the price?")
    expect(chat.stop).to_be_visible()
    expect(chat.article(PRICE)).to_have_class(re.compile("writing"))
    chat.screenshot("streaming")
    chat.reads("Paying for a year saves two months.")
    assert chat.lines()[-1] == f"{PRICE}[1] Paying for a year saves two months.[1][2]"
    mark = chat.article(PRICE).get_by_role("link", name="[1] Pricing").first
    expect(mark).to_have_attribute("href", f"{server.site}/pricing.html")
    expect(mark).to_have_attribute("rel", "noopener")
    expect(mark).to_have_attribute("title", re.compile("Pricing\n.*49 € a month"))
    with chat.page.context.expect_page() as opened:
        mark.click()
    expect(opened.value).to_have_title("Pricing")
    expect(mark).to_have_attribute("href", f"{server.site}/pricing.html")
    with chat.page.context.expect_page() as opened:
        chat.article(PRICE).get_by_role("link", name="[2] Shipping and returns").click()
    opened.value.wait_for_load_state()
    quoted = "#:~:text=Every%20roast%20leaves%20our,we%20ship%20on%20weekdays."
    assert opened.value.url == f"{server.site}/shipping.html{quoted}"


def test_the_sources_are_listed_with_their_quotes(chat: Chat) -> None:
    chat.open().ask("What is the price?").reads(PRICE)
    quote = chat.panel.get_by_text("The Team plan is 49 € a month")
    expect(quote).to_be_hidden()
    chat.panel.get_by_text("Sources (2)").click()
    expect(quote).to_be_visible()
    chat.screenshot("sources")


def test_a_suggestion_is_a_follow_up(chat: Chat, server: State) -> None:
    chat.open()
    chat.panel.get_by_role("button", name="What does it cost?").click()
    chat.reads(PRICE)
    chat.panel.get_by_role("button", name="And for larger teams?").click()
    chat.reads("Larger teams pay 4 euros per person.")
    texts = [call.body["text"] for call in server.asked("/messages")]
    assert texts == ["What does it cost?", "And for larger teams?"]
    assert len({call.body["message_id"] for call in server.asked("/messages")}) == 2
    expect(chat.input).to_be_focused()


def test_a_list_keeps_its_lines(chat: Chat) -> None:
    chat.open().ask("Which plans are there?").reads("Company for all")
    answer = chat.article("There are three plans").locator("p").first
    assert answer.inner_text().split("\n")[1] == "• Solo for one person"


def test_the_nearest_pages_are_offered_and_unknown_cards_left_out(
    chat: Chat, server: State
) -> None:
    chat.open().ask("Tell me nothing").reads("I found nothing about that")
    expect(chat.panel.get_by_role("link", name="Shipping and returns")).to_have_attribute(
        "href", f"{server.site}/shipping.html"
    )
    expect(chat.panel).not_to_contain_text("unknown to this widget")
    chat.screenshot("card")


def test_a_reload_restores_the_conversation_and_the_open_panel(chat: Chat, server: State) -> None:
    chat.open().ask("What is the price?").reads(PRICE)
    before = chat.lines()
    chat.page.reload()
    expect(chat.article(PRICE)).to_be_visible()
    assert chat.lines() == before
    expect(chat.input).not_to_be_focused()
    assert len(server.asked("/conversations")) == 1
    chat.panel.get_by_text("Sources (2)").click()
    expect(chat.panel.get_by_text("The Team plan is 49 € a month")).to_be_visible()


def test_another_page_is_told_and_restores_when_the_panel_opens(chat: Chat, server: State) -> None:
    chat.open().ask("What is the price?").reads(PRICE)
    chat.input.press("Escape")
    reads = len([c for c in server.calls if c.method == "GET"])
    chat.page.get_by_role("link", name="Shipping and returns").first.click()
    chat.page.wait_for_url("**/shipping.html")
    chat.page.wait_for_timeout(400)
    view = server.asked("/page-views")[-1]
    assert view.body["page"] == {
        "url": f"{server.site}/shipping.html",
        "title": "Shipping and returns",
        "referrer": f"{server.site}/",
    }
    assert len([c for c in server.calls if c.method == "GET"]) == reads, "read before it was asked"
    expect(chat.panel).to_be_hidden()
    chat.open()
    expect(chat.article(PRICE)).to_be_visible()


def test_a_site_that_changes_pages_without_loading_is_followed(chat: Chat, server: State) -> None:
    chat.open()
    chat.page.evaluate("history.pushState({}, '', '/pricing.html?tab=1'); document.title = 'New'")
    chat.page.evaluate("location.hash = 'only-a-mark'")
    chat.page.wait_for_timeout(700)
    pages = [call.body["page"] for call in server.asked("/page-views")]
    assert [(page["title"], page["referrer"]) for page in pages] == [("New", f"{server.site}/")]
    assert pages[0]["url"].startswith(f"{server.site}/pricing.html?tab=1")


def test_the_whole_journey_with_the_keyboard_alone(chat: Chat) -> None:
    page = chat.page
    for _ in range(4):
        page.keyboard.press("Tab")
    assert chat.focused() == "Open chat"
    page.keyboard.press("Enter")
    expect(chat.input).to_be_focused()
    page.keyboard.type("What is the")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("price?")
    page.keyboard.press("Enter")
    chat.reads(PRICE)
    seen = []
    for _ in range(9):
        page.keyboard.press("Shift+Tab")
        seen.append(chat.focused())
    assert seen[:2] == ["Can I cancel at any time?", "And for larger teams?"]
    assert seen[2] == "Sources (2)"
    assert seen[3:6] == ["[2] Shipping and returns", "[1] Pricing", "[1] Pricing"]
    assert seen[7:] == ["Close chat", "End chat"]
    page.keyboard.press("Escape")
    expect(chat.panel).to_be_hidden()
    assert chat.focused() == "Open chat"


def test_a_phone_shows_the_chat_alone(visit: Visit) -> None:
    chat = visit(**PHONE)
    chat.screenshot("phone-closed")
    chat.open().ask("What is the price?").reads(PRICE)
    # It moves in: measured before that ends, it is a fiftieth of a pixel off its place.
    arrived = "panel => Promise.all(panel.getAnimations().map(moving => moving.finished))"
    chat.panel.evaluate(arrived)
    box = chat.panel.bounding_box()
    assert box == {"x": 0, "y": 0, "width": 390, "height": 844}
    expect(chat.panel).to_have_attribute("aria-modal", "true")
    behind = "document.querySelector('nav a').focus(); document.activeElement.tagName"
    assert chat.page.evaluate(behind) == "SALES-AGENT-CHAT", "the page behind is out of reach"
    chat.screenshot("phone")
    chat.panel.get_by_role("button", name="Close chat").click()
    expect(chat.launcher).to_be_focused()
    assert chat.page.evaluate("document.documentElement.style.overflow") == ""


def test_a_desktop_keeps_the_page_in_reach(chat: Chat) -> None:
    chat.open()
    expect(chat.panel).to_have_attribute("aria-modal", "false")
    chat.page.get_by_role("link", name="Pricing").click()
    chat.page.wait_for_url("**/pricing.html")


@pytest.mark.parametrize("how", ["system", "attribute"])
def test_dark(visit: Visit, server: State, how: str) -> None:
    if how == "attribute":
        server.tag = (
            f'<script src="{server.host}/widget.js" data-site="demo" data-theme="dark" defer>'
        )
    chat = visit(color_scheme="dark" if how == "system" else "light")
    chat.open().ask("What is the price?").reads(PRICE)
    assert chat.panel.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(24, 25, 30)"
    chat.screenshot(f"dark-{how}")


@pytest.mark.parametrize("opening", ['<html lang="ar" dir="rtl">', '<html lang="he">'])
def test_right_to_left_mirrors_the_chat(visit: Visit, server: State, opening: str) -> None:
    server.html = opening
    chat = visit()
    chat.open().ask("What is the price?").reads(PRICE)
    box = chat.panel.bounding_box()
    assert box is not None
    assert box["x"] < 100
    question = chat.log.locator(".visitor p").bounding_box()
    assert question is not None
    assert question["x"] < box["x"] + 40
    if "rtl" in opening:
        chat.screenshot("right-to-left")


@pytest.mark.parametrize(
    ("language", "button", "send"),
    [
        ("de-AT", "Chat öffnen", "Senden"),
        ("es", "Abrir el chat", "Enviar"),
        ("fi", "Open chat", "Send"),
    ],
)
def test_the_language_follows_the_page(
    visit: Visit, server: State, language: str, button: str, send: str
) -> None:
    server.html = f'<html lang="{language}">'
    page = visit().page
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("button", name=send)).to_be_visible()
    expect(page.get_by_role("log").get_by_text("Hello!")).to_be_visible()
    assert server.asked("/conversations")[0].body["locale"] == language


def test_the_page_chooses_side_colour_title_and_parameters(visit: Visit, server: State) -> None:
    server.tag = (
        f'<script src="{server.host}/widget.js" data-site="demo" data-position="left" '
        'data-accent="#ffb020" data-title="Ask Bloom" data-page-plan="pro" '
        'data-page-account-id="7" data-open defer>'
    )
    chat = visit()
    expect(chat.panel.get_by_role("heading", name="Ask Bloom")).to_be_visible()
    expect(chat.article("Hello!")).to_be_visible()
    expect(chat.input).not_to_be_focused()
    box = chat.panel.bounding_box()
    assert box is not None
    assert box["x"] == 20
    colours = chat.launcher.evaluate("e => [getComputedStyle(e).backgroundColor, e.clientWidth]")
    assert colours == ["rgb(255, 176, 32)", 56]
    [created] = server.asked("/conversations")
    assert created.body["params"] == {"plan": "pro", "account-id": "7"}
    chat.ask("What is the price?").reads(PRICE).screenshot("accent")


def test_two_tabs_share_one_conversation(chat: Chat, server: State) -> None:
    chat.open()
    other = new_tab(chat.page.context).visit(f"{server.site}/pricing.html").open()
    chat.ask("What is the price?").reads(PRICE)
    other.reads(PRICE)
    other.ask("And for larger teams?").reads("Larger teams pay")
    chat.reads("Larger teams pay")
    assert chat.lines() == other.lines()
    assert len(server.asked("/conversations")) == 1
    assert other.problems == []


def test_an_ended_chat_can_be_read_and_begun_anew(chat: Chat, server: State) -> None:
    chat.open().ask("What is the price?").reads(PRICE)
    chat.panel.get_by_role("button", name="End chat").click()
    expect(chat.panel).to_contain_text("This chat has ended.")
    expect(chat.article(PRICE)).to_be_visible()
    expect(chat.input).to_be_hidden()
    chat.screenshot("ended")
    chat.page.reload()
    expect(chat.panel).to_contain_text("This chat has ended.")
    chat.panel.get_by_role("button", name="Start a new chat").click()
    expect(chat.article("Hello!")).to_be_visible()
    expect(chat.article(PRICE)).to_have_count(0)
    expect(chat.input).to_be_focused()
    created = server.asked("/conversations")
    assert [c.body.get("visitor_token") for c in created] == [None, "visitor-1"]


def test_closing_while_an_answer_comes_shows_a_badge(chat: Chat, server: State) -> None:
    server.faults.pause = 0.5
    chat.open().ask("What is the price?")
    chat.page.keyboard.press("Escape")
    expect(chat.launcher).to_have_accessible_name("Open chat (1)")
    chat.screenshot("unread")
    chat.launcher.click()
    chat.reads(PRICE)
    expect(chat.launcher).to_have_accessible_name("Close chat")


def test_motion_stops_where_it_is_not_wanted(visit: Visit) -> None:
    chat = visit(reduced_motion="reduce").open()
    assert chat.panel.evaluate("e => getComputedStyle(e).animationName") == "none"
