"""Meetings over HTTP and by the signed link: a real server on each kind of database."""

from __future__ import annotations

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.app.conftest import Served
from tests.support.visitor import Visitor, check_error

ZONE = "Europe/Berlin"
ADA = {"name": "Ada Lovelace", "email": "ada@example.com", "timezone": ZONE}


def slots_of(visitor: Visitor, **query: Any) -> list[dict[str, str]]:
    found = visitor.http.get(
        f"{visitor.path}/slots", params={"timezone": ZONE, **query}, headers=visitor.token
    )
    assert found.status_code == 200, found.text
    slots: list[dict[str, str]] = found.json()["slots"]
    return slots


def book(visitor: Visitor, **body: Any) -> httpx.Response:
    return visitor.http.post(
        f"{visitor.path}/appointments", json={**ADA, **body}, headers=visitor.token
    )


def booked(visitor: Visitor, nth: int = -1) -> dict[str, Any]:
    """An appointment far enough from those of other tests: the last free slot."""
    response = book(visitor, slot_id=slots_of(visitor, limit=500)[nth]["id"])
    assert response.status_code == 201, response.text
    appointment: dict[str, Any] = response.json()
    return appointment


def press(visitor: Visitor, text: str, action: dict[str, Any]) -> dict[str, Any]:
    body = {"message_id": str(uuid.uuid4()), "text": text, "action": action}
    headers = {**visitor.token, "accept": "application/json"}
    response = visitor.http.post(f"{visitor.path}/messages", json=body, headers=headers)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def test_slots_are_listed_in_the_visitors_zone_and_within_a_range(visitor: Visitor) -> None:
    day = (datetime.now(UTC) + timedelta(days=4)).date().isoformat()
    slots = slots_of(visitor, **{"from": day, "to": day}, limit=500)
    assert len(slots) == 48
    assert all(slot["starts_at"].endswith("Z") for slot in slots)
    assert "(Europe/Berlin, UTC+" in slots[0]["label"]
    assert "00:00–00:30" in slots[0]["label"]
    hours = slots_of(visitor, **{"from": day, "to": day}, limit=500, duration=60)
    assert len(hours) == 48
    assert hours[0]["id"].endswith("-60")


def test_a_wish_in_words_or_fields_is_met(visitor: Visitor) -> None:
    day = (datetime.now(UTC) + timedelta(days=5)).date()
    wishes: list[dict[str, Any]] = [
        {"text": f"on {day:%d %B} in the afternoon"},
        {"wish": {"days": [day.isoformat()], "earliest": "12:00", "latest": "17:00"}},
    ]
    for wish in wishes:
        found = visitor.http.post(
            f"{visitor.path}/slots", json={"timezone": ZONE, **wish}, headers=visitor.token
        ).json()
        assert found["is_met"], found
        assert len(found["slots"]) == 3
        assert f"{day.day} {day:%B}" in found["slots"][0]["label"]


@pytest.mark.parametrize(
    "query",
    [
        {"from": "yesterday"},
        {"from": "2026-13-01"},
        {"from": "0001-01-01"},
        {"from": "2026-05-02", "to": "2026-05-01"},
        {"timezone": "Mars/Olympus"},
        {"duration": "0"},
        {"limit": "100000"},
    ],
)
def test_a_range_that_makes_no_sense_is_refused(visitor: Visitor, query: dict[str, str]) -> None:
    found = visitor.http.get(f"{visitor.path}/slots", params=query, headers=visitor.token)
    check_error(found, 400, "VALIDATION_ERROR")


def test_booking_moving_and_cancelling(visitor: Visitor) -> None:
    slots = slots_of(visitor, limit=500)
    appointment = booked(visitor)
    assert appointment["rep"]["name"] == "Robin Weller"
    assert appointment["status"] == "booked"
    listed = visitor.http.get(f"{visitor.path}/appointments", headers=visitor.token).json()
    assert [one["id"] for one in listed["appointments"]] == [appointment["id"]]
    path = f"/api/v1/appointments/{appointment['id']}"
    target = slots[-3]["id"]
    moved = visitor.http.patch(path, json={"slot_id": target}, headers=visitor.token)
    assert moved.status_code == 200, moved.text
    assert (moved.json()["sequence"], moved.json()["starts_at"]) == (1, slots[-3]["starts_at"])
    for _ in range(2):
        gone = visitor.http.delete(path, headers=visitor.token)
        assert (gone.status_code, gone.json()["status"]) == (200, "cancelled")
    check_error(
        visitor.http.patch(path, json={"slot_id": target}, headers=visitor.token), 409, "CONFLICT"
    )


def test_the_same_request_id_books_once(visitor: Visitor) -> None:
    slot = slots_of(visitor, limit=500)[-5]["id"]
    ids = {book(visitor, slot_id=slot, request_id="mine").json()["id"] for _ in range(3)}
    assert len(ids) == 1


def test_many_visitors_want_one_slot_and_the_others_get_alternatives(served: Served) -> None:
    visitors = [served.arrive() for _ in range(20)]
    slot = slots_of(visitors[0], limit=500)[-8]["id"]
    with ThreadPoolExecutor(20) as pool:
        ends = list(pool.map(lambda visitor: book(visitor, slot_id=slot), visitors))
    assert sorted({end.status_code for end in ends}) == [201, 409]
    assert sum(end.status_code == 201 for end in ends) == 1
    for end in ends:
        if end.status_code == 409:
            details = check_error(end, 409, "CONFLICT")["details"]
            assert details["reason"] == "taken"
            assert slot not in [one["id"] for one in details["alternatives"]]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"starts_at": "2020-01-01T10:00:00Z"}, "past"),
        ({"starts_at": "2199-01-01T10:00:00Z"}, "beyond_window"),
        ({"starts_at": "next Thursday"}, ""),
        ({"slot_id": "tomorrow"}, ""),
        ({}, ""),
        ({"slot_id": "20991231T1000Z-30", "email": "nobody"}, ""),
        ({"slot_id": "20991231T1000Z-30", "email": "", "phone": ""}, ""),
        ({"slot_id": "20991231T1000Z-30", "timezone": "Nowhere"}, ""),
    ],
)
def test_bad_bookings_are_refused_with_a_reason(
    visitor: Visitor, body: dict[str, str], reason: str
) -> None:
    error = check_error(book(visitor, **body), 400, "VALIDATION_ERROR")
    assert error["details"].get("reason", "") == reason


def test_appointments_of_others_do_not_exist(served: Served, visitor: Visitor) -> None:
    stranger, appointment = served.arrive(), booked(visitor)
    for appointment_id in (appointment["id"], str(uuid.uuid4()), "1"):
        path = f"/api/v1/appointments/{appointment_id}"
        for method in ("GET", "DELETE"):
            refused = served.http.request(method, path, headers=stranger.token)
            check_error(refused, 404, "NOT_FOUND")
        refused = served.http.patch(path, json={"slot_id": "x"}, headers=stranger.token)
        check_error(refused, 404, "NOT_FOUND")
    bare = served.http.delete(f"/api/v1/appointments/{appointment['id']}")
    check_error(bare, 401, "UNAUTHORIZED")


def test_a_whole_dialogue_books_by_buttons_and_words(visitor: Visitor) -> None:
    offer = visitor.ask("Hello, I would like to book a demo for next week")
    [card] = offer["cards"]
    assert (card["kind"], len(card["slots"])) == ("slots", 3)
    slot = card["slots"][1]
    form = press(visitor, slot["label"], {"kind": "slot", "id": slot["id"]})
    assert form["cards"][0]["kind"] == "form"
    values = {"name": "Grace Hopper", "email": "grace@example.com"}
    action = {**form["cards"][0]["action"], "values": values}
    shown = press(visitor, "Grace Hopper, grace@example.com", action)
    assert "shall I book it?" in shown["text"]
    assert "grace@example.com" in shown["text"]
    done = visitor.ask("yes please")
    assert "Done, it is booked" in done["text"], done["text"]
    [card] = done["cards"]
    assert (card["kind"], card["status"], card["rep"]) == ("appointment", "booked", "Robin Weller")
    listed = visitor.http.get(f"{visitor.path}/appointments", headers=visitor.token).json()
    [appointment] = listed["appointments"]
    assert appointment["starts_at"] == slot["starts_at"]
    assert (appointment["name"], appointment["email"]) == (values["name"], values["email"])
    asked = press(visitor, "Cancel", card["actions"][1]["action"])
    assert "shall I cancel it?" in asked["text"]
    assert "is cancelled" in visitor.ask("yes")["text"]


def test_a_question_in_the_same_message_is_answered_too(visitor: Visitor) -> None:
    answer = visitor.ask("How much does a standard service cost? And can we book a call tomorrow?")
    assert "€59" in answer["text"]
    assert [card["kind"] for card in answer["cards"]][-1] == "slots"


def test_a_link_opens_a_page_that_changes_nothing_by_itself(served: Served) -> None:
    visitor = served.arrive()
    appointment = booked(visitor, -12)
    path = appointment["manage_url"]
    for query in ("", "?ask=cancel", "?wish=tomorrow+afternoon", "?ask=20991231T1000Z-30"):
        page = served.http.get(path + query)
        assert page.status_code == 200, page.text
        assert page.headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert "Robin Weller" in page.text
    still = served.http.get(f"/api/v1/appointments/{appointment['id']}", headers=visitor.token)
    assert still.json()["sequence"] == 0
    page = served.http.get(path)
    [slot, *_] = re.findall(r'\?ask=(\d{8}T\d{4}Z-30)"', page.text)
    sent = served.http.post(path, data={"slot": slot, "do": "move"}, follow_redirects=True)
    assert "has been moved" in sent.text
    new_path = sent.url.path
    sent = served.http.post(new_path, data={"do": "cancel"}, follow_redirects=True)
    assert "has been cancelled" in sent.text
    still = served.http.get(f"/api/v1/appointments/{appointment['id']}", headers=visitor.token)
    assert (still.json()["status"], still.json()["sequence"]) == ("cancelled", 2)


def test_a_forged_link_gets_a_friendly_page(served: Served) -> None:
    visitor = served.arrive()
    token = visitor.started["token"]
    good = booked(visitor, -14)["manage_url"]
    for path in ("/a/nonsense", f"/a/{token}", good[:-6] + "AAAAAA", "/a/" + "é" * 50):
        for method in ("GET", "POST"):
            page = served.http.request(method, path)
            assert page.status_code == 403
            assert "This link does not work" in page.text
    refused = served.http.post(good, data={"slot": "x", "do": "move"})
    assert refused.status_code == 400
    assert "This is no slot" in refused.text


def test_the_links_token_opens_the_api_for_its_appointment_only(served: Served) -> None:
    visitor = served.arrive()
    one, other = booked(visitor, -16), booked(visitor, -18)
    proof = {"authorization": f"Bearer {one['manage_url'].removeprefix('/a/')}"}
    path = "/api/v1/appointments/"
    assert served.http.get(path + one["id"], headers=proof).status_code == 200
    check_error(served.http.delete(path + other["id"], headers=proof), 404, "NOT_FOUND")


def test_staff_see_and_change_appointments_of_their_tenant(served: Served) -> None:
    visitor = served.arrive()
    appointment = booked(visitor, -20)
    key = served.run("api-key", "calendar").split()[-1]
    headers = {"x-api-key": key}
    listed = served.http.get("/api/v1/appointments", headers=headers)
    assert listed.status_code == 200, listed.text
    assert appointment["id"] in [one["id"] for one in listed.json()["appointments"]]
    path = f"/api/v1/appointments/{appointment['id']}"
    assert served.http.delete(path, headers=headers).json()["status"] == "cancelled"
    check_error(served.http.get("/api/v1/appointments"), 401, "UNAUTHORIZED")


def test_a_browser_of_the_site_may_move_and_cancel(served: Served) -> None:
    origin = "https://www.brightwater.example"
    for method in ("PATCH", "DELETE"):
        headers = {
            "origin": origin,
            "access-control-request-method": method,
            "access-control-request-headers": "authorization,content-type",
        }
        answer = served.http.options("/api/v1/appointments/x", headers=headers)
        assert method in answer.headers["access-control-allow-methods"]
