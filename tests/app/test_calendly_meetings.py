"""A signed webhook of Calendly reaches the visitor, long before the next look would."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.app.threaded import ThreadedServer, build_runtime
from tests.support.visitor import Visitor
from tests.support.website import write_pages, write_website
from tests.vendors.calendly import CalendlyStandIn, make_webhook

REP = "robin@brightwater.example"
DOOR = "/webhooks/vendors/calendly/default"


@pytest.fixture
def calendly() -> Iterator[CalendlyStandIn]:
    with CalendlyStandIn(people=(REP,)) as stand_in:
        yield stand_in
        assert stand_in.errors == []


@pytest.fixture
def server(
    calendly: CalendlyStandIn, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ThreadedServer]:
    for name, value in calendly.credentials().items():
        monkeypatch.setenv(f"CALENDLY_{name.upper()}", value)
    monkeypatch.setenv("TEST_DATABASE_URL", database_url)
    section = {
        **calendly.settings(),
        "token": "${CALENDLY_TOKEN}",
        "webhook_signing_key": "${CALENDLY_WEBHOOK_SIGNING_KEY}",
    }
    more = f"""
integrations:
  calendly: {json.dumps(section)}
sales_agent:
  appointment_scheduling:
    enabled: true
    calendar_provider: calendly
    calendar_poll_seconds: 3600
    minimum_notice_hours: 1
    wait_seconds: 10
    reps:
      - {{key: robin, name: Robin Weller, email: {REP}, timezone: UTC,
         working_hours: {{mon-sun: "0:00-24:00"}}}}
"""
    database = ""
    if database_url.startswith("postgresql"):
        database = "database: {url: '${TEST_DATABASE_URL}'}"
    config = write_website(tmp_path, database=database, more=more)
    write_pages(tmp_path / "pages")
    with ThreadedServer(lambda: build_runtime(config)) as running:
        yield running


def test_a_meeting_cancelled_at_calendly_is_cancelled_here_by_its_webhook(
    server: ThreadedServer, calendly: CalendlyStandIn, tmp_path: Path
) -> None:
    visitor = Visitor.arrive(server.http, timezone="Europe/Berlin", locale="en-GB")
    day = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    query = {"timezone": "Europe/Berlin", "from": day, "to": day}
    found = server.http.get(f"{visitor.path}/slots", params=query, headers=visitor.token).json()
    person = {"name": "Ana Silva", "email": "ana@silva.example", "timezone": "Europe/Berlin"}
    wanted = {**person, "slot_id": found["slots"][0]["id"]}
    made = server.http.post(f"{visitor.path}/appointments", json=wanted, headers=visitor.token)
    assert made.status_code == 201, made.text
    appointment: dict[str, Any] = made.json()
    assert "reschedulings" in appointment["change_url"]
    calendly.cancel_by_hand(calendly.find_event_id(appointment["id"]))
    body = make_webhook("invitee.canceled")
    forged = server.http.post(DOOR, content=body, headers={"calendly-webhook-signature": "t=1"})
    assert forged.status_code == 401
    for _ in range(2):
        told = server.http.post(DOOR, content=body, headers=calendly.sign(body, datetime.now(UTC)))
        assert told.status_code == 200, told.text
    deadline = time.monotonic() + 30
    while True:
        path = f"{visitor.path}/appointments"
        listed = server.http.get(path, headers=visitor.token).json()["appointments"]
        mails = "".join(one.read_text() for one in (tmp_path / "data").rglob("*.eml"))
        if not listed and "Cancelled: your meeting" in mails:
            break
        assert time.monotonic() < deadline
        time.sleep(0.05)
