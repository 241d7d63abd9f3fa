"""A visitor books in the chat, and the meeting stands in Google Calendar; what the rep does there
reaches the visitor. The whole server in a thread, Google's library, a stand-in for Google."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.app.threaded import ThreadedServer, build_runtime
from tests.support.visitor import Visitor
from tests.support.website import write_pages, write_website
from tests.vendors.google_calendar import GoogleCalendarStandIn
from tests.vendors.standin import Fault

REP = "robin@brightwater.example"
_Found = TypeVar("_Found")


@pytest.fixture
def google() -> Iterator[GoogleCalendarStandIn]:
    with GoogleCalendarStandIn() as stand_in:
        yield stand_in
        assert stand_in.errors == []


@pytest.fixture
def server(
    google: GoogleCalendarStandIn,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[ThreadedServer]:
    monkeypatch.setenv("GOOGLE_KEY", google.credentials()["service_account"])
    monkeypatch.setenv("TEST_DATABASE_URL", database_url)
    more = f"""
integrations:
  google: {json.dumps({**google.settings(), "conference": True, "timeout_seconds": 5})}
sales_agent:
  appointment_scheduling:
    enabled: true
    calendar_provider: google
    calendar_poll_seconds: 2
    minimum_notice_hours: 1
    wait_seconds: 10
    reps:
      - {{key: robin, name: Robin Weller, email: {REP}, timezone: UTC,
         working_hours: {{mon-sun: "0:00-24:00"}}}}
"""
    more = more.replace(
        '"timeout_seconds"', '"service_account": "${GOOGLE_KEY}", "timeout_seconds"'
    )
    database = ""
    if database_url.startswith("postgresql"):
        database = "database: {url: '${TEST_DATABASE_URL}'}"
    config = write_website(tmp_path, database=database, more=more)
    write_pages(tmp_path / "pages")
    with ThreadedServer(lambda: build_runtime(config)) as running:
        yield running


def press(visitor: Visitor, action: dict[str, Any]) -> dict[str, Any]:
    body = {"message_id": str(uuid.uuid4()), "text": "(a button)", "action": action}
    headers = {**visitor.token, "accept": "application/json"}
    response = visitor.http.post(f"{visitor.path}/messages", json=body, headers=headers)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def card_of(answer: dict[str, Any], kind: str) -> dict[str, Any]:
    found = [card for card in answer["cards"] if card["kind"] == kind]
    assert found, answer
    card: dict[str, Any] = found[0]
    return card


def book_in_chat(visitor: Visitor) -> dict[str, Any]:
    """From the wish to the yes; the last answer."""
    offered = visitor.ask("I'd like to book a meeting tomorrow afternoon")
    slot = card_of(offered, "slots")["slots"][0]
    form = card_of(press(visitor, {"kind": "slot", "id": slot["id"]}), "form")
    values = {"name": "Ana Silva", "email": "ana@silva.example"}
    shown = press(visitor, {**form["action"], "values": values})
    proposed = card_of(shown, "appointment")
    return press(visitor, proposed["actions"][0]["action"])


def wait_for(find: Callable[[], _Found | None]) -> _Found:
    deadline = time.monotonic() + 30
    while True:
        found = find()
        if found:
            return found
        assert time.monotonic() < deadline
        time.sleep(0.05)


def read_mails(folder: Path) -> str:
    return "".join(path.read_text() for path in sorted(folder.rglob("*.eml")))


def test_a_meeting_booked_in_the_chat_is_in_google_and_what_the_rep_does_there_comes_back(
    server: ThreadedServer, google: GoogleCalendarStandIn, tmp_path: Path
) -> None:
    visitor = Visitor.arrive(server.http, timezone="Europe/Berlin", locale="en-GB")
    done = book_in_chat(visitor)
    assert card_of(done, "appointment")["status"] == "booked"
    [event] = google.list_shown(REP)
    assert event["summary"] == "Meeting with Ana Silva"
    assert event["hangoutLink"] in done["text"]
    mails = tmp_path / "data"
    wait_for(lambda: event["hangoutLink"] in read_mails(mails).replace("=\n", ""))

    def read() -> dict[str, Any]:
        listed = server.http.get(f"{visitor.path}/appointments", headers=visitor.token).json()
        found: list[dict[str, Any]] = listed["appointments"]
        return found[0] if found else {}

    start = datetime.fromisoformat(event["start"]["dateTime"]) + timedelta(days=1)
    times = {
        key: {"dateTime": at.isoformat()}
        for key, at in (("start", start), ("end", start + timedelta(minutes=30)))
    }
    google.change_by_hand(REP, event["id"], **times)
    moved = f"{start.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
    wait_for(lambda: read()["starts_at"].startswith(moved))
    wait_for(lambda: "Moved: your meeting" in read_mails(mails))

    google.change_by_hand(REP, event["id"], status="cancelled")
    wait_for(lambda: not read())
    wait_for(lambda: "Cancelled: your meeting" in read_mails(mails))
    # Nothing of it was written back: the rep's word is not echoed.
    written = [one.method for one in google.requests if one.method in ("PATCH", "DELETE")]
    assert written == []


def test_a_calendar_that_refuses_makes_the_agent_offer_others(
    server: ThreadedServer, google: GoogleCalendarStandIn, tmp_path: Path
) -> None:
    google.faults.order(Fault("status", status=400, method="POST", path="/events"))
    visitor = Visitor.arrive(server.http, timezone="Europe/Berlin", locale="en-GB")
    answer = book_in_chat(visitor)
    assert "nothing was booked" in answer["text"]
    assert card_of(answer, "slots")["slots"]
    assert google.list_shown(REP) == []
    listed = server.http.get(f"{visitor.path}/appointments", headers=visitor.token).json()
    assert listed["appointments"] == []
    assert "Your meeting" not in read_mails(tmp_path / "data")


def test_a_calendar_that_does_not_answer_is_said_so(
    server: ThreadedServer, google: GoogleCalendarStandIn
) -> None:
    google.faults.order(Fault("status", status=503, path="freeBusy"))
    visitor = Visitor.arrive(server.http, timezone="Europe/Berlin", locale="en-GB")
    answer = visitor.ask("I'd like to book a meeting tomorrow afternoon")
    assert "cannot look up free times just now" in answer["text"]


def test_a_calendar_that_is_slow_to_take_a_meeting_is_said_so(
    server: ThreadedServer, google: GoogleCalendarStandIn
) -> None:
    google.faults.order(Fault("status", status=503, retry_after=30, method="POST", path="/events"))
    visitor = Visitor.arrive(server.http, timezone="Europe/Berlin", locale="en-GB")
    answer = book_in_chat(visitor)
    assert card_of(answer, "appointment")["status"] == "booked"
    assert "has not confirmed it yet" in answer["text"]
