"""The chat over real HTTP: start, ask, the same message again, restore, page views, end."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import httpx

from tests.app.conftest import Served
from tests.support.visitor import Visitor, check_error
from tests.support.website import BASE_URL

PRICE = "How much does a standard service cost?"
DONE = {"message_id", "text", "sentences", "citations", "cards", "profile", "suggestions"}
CITATION = {"n", "id", "url", "title", "quote"}


def test_a_conversation_begins_with_all_that_a_client_needs(visitor: Visitor) -> None:
    started = visitor.started
    names = {"conversation_id", "token", "visitor_token", "greeting", "disclosure", "suggestions"}
    assert set(started) == names
    assert uuid.UUID(started["conversation_id"])
    assert "Brightwater Bikes" in started["greeting"]
    assert "AI" in started["disclosure"]
    assert 1 <= len(started["suggestions"]) <= 4
    assert all(isinstance(one, str) and one for one in started["suggestions"])


def test_an_answer_streams_each_citation_before_its_sentence_and_ends_with_done(
    visitor: Visitor,
) -> None:
    events = visitor.stream(PRICE, "first")
    names = [event.name for event in events]
    assert names[-1] == "done"
    assert names.count("done") == 1
    known: set[int] = set()
    for event in events:
        if event.name == "citation":
            assert set(event.data) == CITATION
            known.add(event.data["n"])
        if event.name == "sentence":
            assert set(event.data) == {"text", "citations"}
            assert set(event.data["citations"]) <= known
    done = events[-1].data
    assert set(done) >= DONE
    assert done["message_id"] == "first"
    assert "€59" in done["text"]
    assert [event.data for event in events if event.name == "citation"] == done["citations"]
    spoken = [event.data for event in events if event.name == "sentence"]
    assert spoken == done["sentences"]
    assert done["citations"][0]["url"] == f"{BASE_URL}/pricing"
    assert done["citations"][0]["title"] == "Prices"
    assert "€59" in done["citations"][0]["quote"]
    assert [citation["n"] for citation in done["citations"]] == list(
        range(1, len(done["citations"]) + 1)
    )


def test_with_json_accepted_the_done_object_comes_alone(visitor: Visitor) -> None:
    response = visitor.send(PRICE, accept="application/json")
    assert response.headers["content-type"] == "application/json"
    assert set(response.json()) >= DONE


def test_the_stream_is_what_comes_when_nothing_is_said_about_the_form(visitor: Visitor) -> None:
    response = visitor.send("Hello")
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-store"


def test_the_same_message_again_gets_the_same_answer_and_is_stored_once(visitor: Visitor) -> None:
    first = visitor.ask(PRICE, "same")
    again = visitor.ask(PRICE, "same")
    streamed = visitor.stream(PRICE, "same")
    assert first == again == streamed[-1].data
    assert [event.data for event in streamed if event.name == "citation"] == first["citations"]
    assert [message["role"] for message in visitor.transcript()["messages"]] == ["visitor", "agent"]


def test_the_same_message_many_times_at_once_is_answered_once(
    visitor: Visitor, served: Served
) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: visitor.ask(PRICE, "at-once"), range(8)))
    assert all(answer == answers[0] for answer in answers)
    messages = visitor.transcript()["messages"]
    assert [(one["role"], one["message_id"]) for one in messages] == [
        ("visitor", "at-once"),
        ("agent", "at-once"),
    ]


def test_several_messages_at_once_are_all_answered_in_pairs(visitor: Visitor) -> None:
    asked = [f"many-{number}" for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda name: visitor.ask("Can I return parts?", name), asked))
    messages = visitor.transcript()["messages"]
    assert [one["role"] for one in messages] == ["visitor", "agent"] * 6
    assert [one["message_id"] for one in messages[::2]] == [
        one["message_id"] for one in messages[1::2]
    ]
    assert {one["message_id"] for one in messages} == set(asked)


def test_the_transcript_restores_what_was_said(visitor: Visitor) -> None:
    done = visitor.ask(PRICE, "kept")
    content = visitor.transcript()
    assert set(content) >= {
        *("conversation_id", "status", "greeting", "disclosure", "suggestions", "messages")
    }
    assert content["status"] == "open"
    assert content["greeting"] == visitor.started["greeting"]
    question, answer = content["messages"]
    assert question["text"] == PRICE
    assert answer["role"] == "agent"
    for name in ("text", "sentences", "citations", "cards"):
        assert answer[name] == done[name]
    assert content["suggestions"] == done["suggestions"]
    assert datetime.fromisoformat(answer["created_at"]).tzinfo is not None


def test_an_empty_conversation_can_be_restored(visitor: Visitor) -> None:
    content = visitor.transcript()
    assert content["messages"] == []
    assert content["suggestions"] == visitor.started["suggestions"]


def test_page_views_are_taken(visitor: Visitor, http: httpx.Client) -> None:
    page = {"url": f"{BASE_URL}/pricing", "title": "Prices", "referrer": BASE_URL}
    response = http.post(f"{visitor.path}/page-views", json={"page": page}, headers=visitor.token)
    assert (response.status_code, response.content) == (204, b"")
    missing = http.post(f"{visitor.path}/page-views", json={}, headers=visitor.token)
    check_error(missing, 400, "VALIDATION_ERROR")


def test_an_ended_conversation_takes_no_more_messages_but_can_be_read(
    visitor: Visitor, http: httpx.Client
) -> None:
    answer = visitor.ask(PRICE, "before")
    for _ in range(2):
        response = http.post(f"{visitor.path}/end", headers=visitor.token)
        assert response.status_code == 200
        expected = {"conversation_id": visitor.started["conversation_id"], "status": "ended"}
        assert response.json() == expected
    check_error(visitor.send("One more?"), 409, "CONFLICT")
    assert visitor.ask(PRICE, "before") == answer
    content = visitor.transcript()
    assert content["status"] == "ended"
    assert len(content["messages"]) == 2


def test_a_returning_visitor_is_recognised_by_token(served: Served) -> None:
    first = served.arrive()
    again = served.arrive(visitor_token=first.started["visitor_token"])
    assert again.started["conversation_id"] != first.started["conversation_id"]
    stranger = served.arrive(visitor_token="not a token")
    assert stranger.started["visitor_token"]


def test_the_visitors_language_chooses_the_greeting(served: Served) -> None:
    german = served.arrive(locale="de-DE").started
    assert "KI" in german["disclosure"]
    unknown = served.arrive(locale="tlh").started
    assert "AI" in unknown["disclosure"]
