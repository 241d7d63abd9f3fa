"""Leads and profiles over real HTTP."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.app.conftest import Served
from tests.support.visitor import check_error

LEADS = "/api/v1/leads"


@pytest.fixture
def key(served: Served) -> dict[str, str]:
    return {"x-api-key": served.run("api-key", f"leads-{uuid4()}").split()[-1]}


@pytest.fixture
def foreign(served: Served) -> dict[str, str]:
    made = served.run("api-key", f"leads-{uuid4()}", "--tenant", "other")
    return {"x-api-key": made.split()[-1]}


def test_a_conversation_becomes_a_lead_that_staff_see(served: Served, key: dict[str, str]) -> None:
    visitor = served.arrive(locale="en-GB")
    address = f"priya.{uuid4().hex[:8]}@acme.example"
    done = visitor.ask("I'm Priya Raman from Acme Robotics. How much does a service cost?")
    assert done["text"].startswith("Thanks, Priya.")
    assert done["profile"]["fields"]["customer_name"]["value"] == "Priya Raman"
    assert done["profile"]["missing"] == ["email"]
    assert "e-mail" in done["text"]
    done = visitor.ask(address)
    assert "couldn't find" not in done["text"]
    assert done["profile"]["fields"]["email"]["value"] == address
    listed = served.http.get(LEADS, headers=key, params={"q": address}).json()
    assert listed["pagination"] == {"total": 1, "limit": 50, "offset": 0, "has_more": False}
    lead = listed["data"][0]
    assert (lead["first_name"], lead["email"], lead["company"]) == (
        "Priya",
        address,
        "Acme Robotics",
    )
    whole = served.http.get(f"{LEADS}/{lead['id']}", headers=key).json()
    assert whole["conversation_ids"] == [visitor.started["conversation_id"]]
    assert whole["attribution"]["first_touch"] == whole["attribution"]["last_touch"]
    path = f"/api/v1/conversations/{visitor.started['conversation_id']}/profile"
    proof = served.http.get(path, headers=key).json()["fields"]["email"]["current"]
    assert proof["quote"] == address
    changed = served.http.patch(path, headers=key, json={"fields": {"industry": "Robots"}})
    assert changed.json()["fields"]["industry"]["current"]["set_by"] == "staff"


def test_it_asks_one_thing_and_never_twice_in_a_row_nor_after_a_no(served: Served) -> None:
    visitor = served.arrive(locale="en-GB")
    first = visitor.ask("How much does a service cost?")["text"]
    assert "your name" in first and "e-mail" not in first
    second = visitor.ask("I'd rather not say")["text"]
    assert "No problem" in second and "your name" not in second
    for _ in range(3):
        assert "your name" not in visitor.ask("What warranty do I get?")["text"]


def test_a_question_passed_on_is_answered_by_mail(served: Served) -> None:
    visitor = served.arrive(locale="en-GB")
    assert visitor.ask("Who won the world cup in 1998?")["outcome"] == "not_found"
    assert "write your e-mail address" in visitor.ask("yes please")["text"]
    done = visitor.ask(f"{uuid4().hex[:8]}@acme.example")
    assert list(done["profile"]["fields"]) == ["email"]
    visitor.ask("Who won the world cup in 2002?")
    assert "answer you at your e-mail" in visitor.ask("yes")["text"]


def test_visitors_correct_their_own_profile_and_nobody_elses(served: Served) -> None:
    visitor, other = served.arrive(), served.arrive()
    path = f"{visitor.path}/profile"
    shown = served.http.patch(
        path, headers=visitor.token, json={"fields": {"email": "ada@acme.example"}}
    )
    assert shown.status_code == 200
    assert shown.json()["fields"]["email"] == {"value": "ada@acme.example", "confidence": 1.0}
    assert shown.json()["consent"]["required"] is False
    check_error(served.http.get(path, headers=other.token), 401, "UNAUTHORIZED")
    for fields in ({"email": "x"}, {"shoe": "42"}, {"company": "x" * 500}, {"phone": "1"}):
        answer = served.http.patch(path, headers=visitor.token, json={"fields": fields})
        check_error(answer, 400, "VALIDATION_ERROR")
    many = {f"f{number}": "x" for number in range(50)}
    answer = served.http.patch(path, headers=visitor.token, json={"fields": many})
    check_error(answer, 400, "VALIDATION_ERROR")
    taken = served.http.patch(path, headers=visitor.token, json={"fields": {"email": None}})
    assert taken.json()["fields"] == {}


def test_leads_are_entered_listed_and_changed_in_s2s_shapes(
    served: Served, key: dict[str, str], foreign: dict[str, str]
) -> None:
    mark = uuid4().hex[:8]
    body = {
        "source": "webinar",
        "first_name": "John",
        "last_name": "Doe",
        "email": f"john.{mark}@example.com",
        "phone": "+1-555-0100",
        "company": "Acme Corp",
        "title": "VP Engineering",
        "industry": "Technology",
        "employee_count": 500,
        "annual_revenue": 50000000,
        "score": 85,
        "metadata": {"campaign_id": "uuid", "utm_source": "linkedin"},
    }
    headers = {**key, "idempotency-key": mark}
    made = served.http.post(LEADS, headers=headers, json=body)
    assert made.status_code == 201
    assert {"id", "status", "assigned_to", "territory_id", "created_at"} <= set(made.json())
    assert made.json()["status"] == "new"
    again = served.http.post(LEADS, headers=headers, json=body)
    assert again.json()["id"] == made.json()["id"]
    other = served.http.post(LEADS, headers=headers, json={**body, "email": "z@example.com"})
    check_error(other, 409, "CONFLICT")
    lead = f"{LEADS}/{made.json()['id']}"
    check_error(served.http.get(lead), 401, "UNAUTHORIZED")
    check_error(served.http.get(lead, headers=foreign), 404, "NOT_FOUND")
    assert served.http.get(LEADS, headers=foreign, params={"q": mark}).json()["data"] == []
    changed = served.http.patch(lead, headers=key, json={"status": "contacted", "title": "CTO"})
    assert (changed.json()["status"], changed.json()["title"]) == ("contacted", "CTO")
    for bad in ({"status": "hot"}, {"id": "x"}, {"score": 300}, {"employee_count": "many"}):
        answer = served.http.patch(lead, headers=key, json=bad)
        check_error(answer, 400, "VALIDATION_ERROR")
    for params in ({"created_from": "tomorrow"}, {"limit": 0}, {"sort": "name"}):
        answer = served.http.get(LEADS, headers=key, params=params)
        check_error(answer, 400, "VALIDATION_ERROR")
