"""Watching conversations, and a person in the agent's place."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.portal.conftest import Browser, PortalServer, text_of
from tests.portal.visiting import Visitor

PATH = "/portal/conversations"


def _take_over(browser: Browser, visitor: Visitor) -> int:
    return browser.send(f"{PATH}/{visitor.id}/take-over").status_code


def test_a_conversation_shows_once_something_was_said_and_as_text_only(
    portal: PortalServer,
) -> None:
    rita = portal.enter("rita")
    assert "No conversations here" in text_of(rita.get(PATH))
    visitor = Visitor(portal.address)
    assert "No conversations here" in text_of(rita.get(PATH))
    visitor.say("<script>alert(1)</script> do you repair bikes?")
    for path in (PATH, f"{PATH}/{visitor.id}"):
        page = rita.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;" in page.text or path == PATH
    assert "Agent answers" in text_of(page)


def test_a_person_answers_in_the_agents_place_until_they_hand_back(portal: PortalServer) -> None:
    rita, visitor = portal.enter("rita"), Visitor(portal.address)
    visitor.say("hello")
    assert _take_over(rita, visitor) == 303
    first = visitor.say("are you there?", "m1")
    assert "Someone from our team has joined" in first["text"]
    assert first["awaits_staff"] is True
    second = visitor.say("hm?", "m2")
    assert (second["text"], second["sentences"]) == ("", [])
    # The same message once more: the same silence, and nothing is stored twice.
    assert visitor.say("hm?", "m2")["text"] == ""
    path = f"{PATH}/{visitor.id}"
    for _ in range(2):
        sent = rita.send(f"{path}/messages", text="Yes!\r\n<b>Rita</b> here.", request_key="k1")
        assert sent.status_code == 303
    told = visitor.read()
    assert told["awaits_staff"] is True
    spoken = [(one["role"], one["text"]) for one in told["messages"]]
    assert spoken[-3:] == [
        ("agent", first["text"]),
        ("visitor", "hm?"),
        ("staff", "Yes!\n<b>Rita</b> here."),
    ]
    page = rita.get(path)
    assert "&lt;b&gt;Rita&lt;/b&gt;" in page.text
    assert "You answer" in text_of(page)
    assert rita.send(f"{path}/hand-back").status_code == 303
    assert visitor.say("hello", "m3")["text"] != ""
    assert visitor.read()["awaits_staff"] is False


def test_of_two_who_take_over_at_once_one_gets_it(portal: PortalServer) -> None:
    visitor = Visitor(portal.address)
    visitor.say("hello")
    browsers = [portal.enter(name) for name in ("rita", "rolf", "max", "ada")]
    for browser in browsers:
        browser.csrf()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda browser: _take_over(browser, visitor), browsers))
    assert sorted(answers) == [303, 409, 409, 409]
    winner = browsers[answers.index(303)]
    loser = browsers[answers.index(409)]
    path = f"{PATH}/{visitor.id}"
    assert _take_over(winner, visitor) == 303
    refused = loser.send(f"{path}/messages", text="Mine, and kept")
    assert refused.status_code == 409
    assert "You have not taken this over." in text_of(refused)


def test_a_rep_frees_only_their_own_and_a_manager_any(portal: PortalServer) -> None:
    rita, rolf, manager = (portal.enter(name) for name in ("rita", "rolf", "max"))
    visitor = Visitor(portal.address)
    visitor.say("hello")
    _take_over(rita, visitor)
    path = f"{PATH}/{visitor.id}/hand-back"
    assert rolf.send(path).status_code == 409
    assert manager.send(path).status_code == 303
    assert _take_over(rolf, visitor) == 303


def test_what_has_ended_cannot_be_taken_over(portal: PortalServer) -> None:
    rita, visitor = portal.enter("rita"), Visitor(portal.address)
    visitor.say("hello")
    visitor.end()
    refused = rita.send(f"{PATH}/{visitor.id}/take-over")
    assert refused.status_code == 409
    assert "This conversation has ended." in text_of(refused)
    assert rita.send(f"{PATH}/{visitor.id}/messages", text="late").status_code == 409


def test_messages_are_neither_empty_nor_endless(portal: PortalServer) -> None:
    rita, visitor = portal.enter("rita"), Visitor(portal.address)
    visitor.say("hello")
    _take_over(rita, visitor)
    path = f"{PATH}/{visitor.id}/messages"
    for text in ("", "  \r\n ", "x" * 4001):
        refused = rita.send(path, text=text)
        assert refused.status_code == 400
        assert "Write 1 to 4000 characters." in text_of(refused)


def test_other_tenants_and_unknown_ids_find_nothing(portal: PortalServer) -> None:
    visitor = Visitor(portal.address)
    visitor.say("hello")
    otto, rita = portal.enter("otto"), portal.enter("rita")
    assert "No conversations here" in text_of(otto.get(PATH))
    paths = [(otto, visitor.id), (rita, "nobody"), (rita, "0" * 36)]
    for browser, name in paths:
        assert browser.get(f"{PATH}/{name}").status_code == 404
        for form in ("take-over", "hand-back", "messages"):
            assert browser.send(f"{PATH}/{name}/{form}", text="x").status_code == 404


def test_forms_without_the_token_change_nothing(portal: PortalServer) -> None:
    rita, visitor = portal.enter("rita"), Visitor(portal.address)
    visitor.say("hello")
    for form in ("take-over", "hand-back", "messages"):
        path = f"{PATH}/{visitor.id}/{form}"
        assert rita.send(path, text="x", csrf="").status_code == 403
    assert "The agent answers" in text_of(rita.get(f"{PATH}/{visitor.id}"))


def test_filters_and_places_stand_in_the_address(portal: PortalServer) -> None:
    rita = portal.enter("rita")
    visitors = [Visitor(portal.address) for _ in range(27)]
    for visitor in visitors:
        visitor.say("hello")
    visitors[0].end()
    assert "1–25 of 27 conversations" in text_of(rita.get(PATH))
    last = text_of(rita.get(f"{PATH}?offset=25"))
    assert "26–27 of 27 conversations" in last
    assert "Ended" in last
    assert "1–1 of 1 conversations" in text_of(rita.get(f"{PATH}?view=ended"))
    assert "No conversations here" in text_of(rita.get(f"{PATH}?view=taken"))
    for odd in ("view=x", "offset=-1", "offset=9999999999", "site=../x", "offset=٣"):
        assert rita.get(f"{PATH}?{odd}").status_code == 200
