"""Numbering sources, changing addresses, and what may come in."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest

from agent.answers import Card, Draft, Quote, Sentence
from agent.citing import Citer, join_sentences
from agent.events import TurnEvent, build_done, build_payload, build_spoken, replay
from agent.guarding import TrafficLimits, check_message_id, clean_message
from agent.links import Links
from agent.settings import LimitSettings
from core.errors import Invalid, RateLimited, TooLarge
from sales.knowledge.schemas import StoredPassage
from sales.organization.settings import LinkSettings

FIRST = Quote(1, 0, 5, "Alpha")
SECOND = Quote(2, 0, 4, "Beta")
PASSAGES = {
    1: StoredPassage(1, "https://a.example/1", "One", ("One", "Deep"), "Alpha.", 0, 6, "h1"),
    2: StoredPassage(2, "https://a.example/2", "Two", (), "Beta.", 0, 5, "h2"),
}
SENTENCES = [
    Sentence("Hello."),
    Sentence("Beta.", (SECOND,), about_company=True),
    Sentence("Alpha and Beta.", (FIRST, SECOND), about_company=True),
]


def test_sources_are_numbered_in_the_order_of_reading_and_once_each() -> None:
    numbers = count(1)
    citer = Citer(lambda: f"id{next(numbers)}")
    fresh = [[one.n for one in citer.cite(each, PASSAGES)[1]] for each in SENTENCES]
    assert fresh == [[], [1], [2]]
    cited, citations = citer.sentences, citer.citations
    assert [one.numbers for one in cited] == [(), (1,), (2, 1)]
    assert [(one.n, one.id, one.quote) for one in citations] == [
        (1, "id1", "Beta"),
        (2, "id2", "Alpha"),
    ]
    assert citations[1].headings == "One > Deep"
    assert join_sentences(cited) == "Hello. Beta. Alpha and Beta."


def test_a_replayed_answer_has_the_same_events_in_a_valid_order() -> None:
    citer = Citer(lambda: "id")
    spoken = [event for one in SENTENCES for event in build_spoken(*citer.cite(one, PASSAGES))]
    card = Card("links", {"items": []})
    draft = Draft(tuple(SENTENCES), (card,), outcome="answered")
    payload = build_payload(citer.sentences, citer.citations, draft)
    shown = TurnEvent("card", card.as_payload())
    fresh = [*spoken, shown, build_done("m", "text", payload)]
    again = replay("m", "text", payload)
    assert sorted(map(repr, fresh)) == sorted(map(repr, again))
    for events in (fresh, again):
        known: set[int] = set()
        for event in events:
            if event.name == "citation":
                known.add(event.data["n"])
            if event.name == "sentence":
                assert set(event.data["citations"]) <= known
        assert events[-1].name == "done"


def test_links_are_changed_for_visitors_and_back_for_us() -> None:
    settings = LinkSettings(replace="https://shop.example/", by="/demo/")
    links = Links(settings, "http://localhost:8000")
    assert links.open("https://shop.example/a?b#c") == "http://localhost:8000/demo/a?b#c"
    assert links.read("http://localhost:8000/demo/a") == "https://shop.example/a"
    for other in ("https://other.example/a", "javascript:alert(1)", "", "https://shop.example"):
        assert links.open(other) == other
    data = {"url": "https://shop.example/x", "items": [{"url": "https://shop.example/y"}]}
    data_before = str(data)
    opened = links.open_all(data)
    assert opened["items"][0]["url"] == "http://localhost:8000/demo/y"
    assert str(data) == data_before
    assert Links(None, "http://x").open_all(data) == data


def test_a_message_is_cleaned_of_what_no_database_holds() -> None:
    assert clean_message(" a\r\nb\rc\x00\x07\ud800 ", 100) == "a\nb\nc"
    assert clean_message("e\u0301", 100) == "é"
    assert clean_message("x" * 100, 100) == "x" * 100
    for empty in ("", " \n", "\x00", "\ud800"):
        with pytest.raises(Invalid):
            clean_message(empty, 100)
    with pytest.raises(TooLarge):
        clean_message("x" * 101, 100)


@pytest.mark.parametrize("good", ["a", "A-1_2.3", "0" * 64, "01a202b1-257d-76d4-9b17-c973b796d2fd"])
def test_a_usual_message_id_is_taken(good: str) -> None:
    assert check_message_id(good) == good


@pytest.mark.parametrize("bad", ["", "0" * 65, "a b", "ä", "a/b", "\n", "-", "²", "a\x00"])
def test_an_unusual_message_id_is_refused(bad: str) -> None:
    with pytest.raises(Invalid):
        check_message_id(bad)


def test_places_come_back_bit_by_bit_as_the_minute_slides() -> None:
    now = 90.0
    limits = TrafficLimits(LimitSettings(messages_per_minute_per_visitor=4), lambda: now)
    for _ in range(4):
        limits.count_message("ann", "site")
    with pytest.raises(RateLimited):
        limits.count_message("ann", "site")
    # Half into the next minute, half of the last one's four still count.
    now = 150.0
    for _ in range(2):
        limits.count_message("ann", "site")
    with pytest.raises(RateLimited):
        limits.count_message("ann", "site")
    now = 500.0
    for _ in range(4):
        limits.count_message("ann", "site")


def test_each_visitor_site_and_address_is_counted_for_itself() -> None:
    limits = TrafficLimits(
        LimitSettings(
            messages_per_minute_per_visitor=2,
            messages_per_minute_per_site=3,
            conversations_per_minute_per_address=1,
        )
    )
    limits.count_message("ann", "site")
    limits.count_message("ann", "site")
    with pytest.raises(RateLimited) as refused:
        limits.count_message("ann", "other site")
    assert timedelta(0) < refused.value.retry_after <= timedelta(minutes=1)
    limits.count_message("bob", "site")
    with pytest.raises(RateLimited):
        limits.count_message("cid", "site")
    limits.count_message("cid", "third site")
    limits.count_conversation("192.0.2.1")
    limits.count_conversation("192.0.2.2")
    with pytest.raises(RateLimited):
        limits.count_conversation("192.0.2.1")
