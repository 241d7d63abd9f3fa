"""Feedback over HTTP: with a key, and signed; on each database."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from app.places import Places
from app.runtime import Runtime
from app.settings import load_app_settings
from app.wiring import build_resources
from core.ids import new_id
from tests.app.test_handoffs import Sender, make_key
from tests.app.threaded import ThreadedServer
from tests.support.postgres import PostgresServer
from tests.support.visitor import check_error
from tests.support.website import write_website

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
PATH = "/api/v1/marketing/lead-feedback"
DOOR = "/webhooks/sales-updates"


@dataclass
class Marketing(Sender):
    """An installation that hears what became of its leads."""

    machine: dict[str, str]

    def accept(self) -> str:
        """A lead that our own sales side took over; its id."""
        made = self.hand_over(f"{new_id()}@acme.example")
        return str(self.wait_for(made["id"], "accepted")["lead_id"])

    def tell(self, lead_id: str, headers: dict[str, str] | None = None, **body: Any) -> Any:
        return self.http.post(
            PATH, json={"leadId": lead_id, **body}, headers={**self.machine, **(headers or {})}
        )

    def sign(
        self, lead_id: str, *, name: str = "", at: datetime | None = None, **payload: Any
    ) -> dict[str, Any]:
        """A signed message, as arguments of a request."""
        at = at or datetime.now(UTC)
        body = json.dumps(
            {
                "leadId": lead_id,
                "eventType": "lead.updated",
                "timestamp": payload.pop("happened", now()),
                "payload": payload,
            }
        )
        name = name or f"msg_{new_id()}"
        headers = {
            "webhook-id": name,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(SECRET).sign(name, at, body),
        }
        return {"content": body, "headers": headers}


def now() -> str:
    return datetime.now(UTC).isoformat()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def marketing(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Marketing]:
    folder: Path = tmp_path_factory.mktemp(f"marketing-{request.param}")
    patch = pytest.MonkeyPatch()
    patch.setenv("TEST_SALES_WEBHOOK", SECRET)
    database = ""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        template: str = request.getfixturevalue("postgres_template")
        patch.setenv("TEST_FEEDBACK_DATABASE", server.create_database(template))
        database = "database: {url: '${TEST_FEEDBACK_DATABASE}'}"
    more = "feedback: {webhook_secrets: {default: ['${TEST_SALES_WEBHOOK}']}}"
    config = write_website(folder, database=database, more=more)

    async def start() -> Runtime:
        data = folder / "data"
        data.mkdir()
        settings = load_app_settings(config)
        return Runtime(settings, await build_resources(settings, Places(config, data), None))

    with ThreadedServer(start) as opened:
        key = make_key(opened)
        yield Marketing(opened.http, key, key)
    patch.undo()


def test_a_whole_story_comes_back_and_money_goes_to_the_page(marketing: Marketing) -> None:
    lead_id = marketing.accept()
    began = time.process_time()
    attempt = {"attemptedAt": now(), "method": "phone", "outcome": "contacted", "notes": "ok"}
    story: list[dict[str, Any]] = [
        {"contactAttempts": [attempt], "firstContactAt": now()},
        {"qualificationStatus": "qualified", "salesQualityRating": 5, "qualifiedAt": now()},
        {"opportunityCreated": True, "opportunityId": "o", "opportunityStage": "quote-sent"},
        {"caseCreated": True, "caseId": "c", "caseType": "sale", "caseValue": 10},
        {"caseCompleted": True, "caseId": "c", "revenue": 99.99, "completedAt": now()},
    ]
    answers = [marketing.tell(lead_id, **body) for body in story]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert [answer.json()["lifecycle"] for answer in answers] == [
        "contacted",
        "qualified",
        "opportunity",
        "case",
        "won",
    ]
    assert time.process_time() - began < 5
    lead = marketing.get(f"/api/v1/leads/{lead_id}")
    assert lead["status"] == "converted"
    outcome = marketing.get(f"/api/v1/leads/{lead_id}/outcomes")
    assert (outcome["quality_rating"], outcome["case_type"]) == (5, "sale")
    figures = marketing.get("/api/v1/analytics/attribution?model=position&group_by=page")
    for total in figures["totals"]:
        assert total["attributed_minor"] == total["net_minor"]
    assert sum(one["net_minor"] for one in figures["data"]) >= 9999
    assert marketing.get("/api/v1/analytics/lead-quality")["ratings"]["5"] >= 1


def test_a_repeat_is_confirmed_and_another_body_under_the_key_is_refused(
    marketing: Marketing,
) -> None:
    lead_id = marketing.accept()
    key = {"idempotency-key": new_id()}
    first = marketing.tell(lead_id, key, qualificationStatus="nurture").json()
    again = marketing.tell(lead_id, key, qualificationStatus="nurture").json()
    assert (first["status"], again["status"]) == ("accepted", "duplicate")
    assert first["feedbackId"] == again["feedbackId"]
    refused = marketing.tell(lead_id, key, qualificationStatus="qualified")
    assert check_error(refused, 409, "CONFLICT")["details"]["code"] == "KEY_REUSED"


def test_what_does_not_fit_is_refused_with_codes(marketing: Marketing) -> None:
    error = check_error(marketing.tell("no-such-lead", qualificationStatus="qualified"), 404,
                        "NOT_FOUND")  # fmt: skip
    assert error["details"]["code"] == "UNKNOWN_LEAD"
    answer = marketing.http.post(PATH, content=b"{", headers=marketing.machine)
    assert check_error(answer, 400, "VALIDATION_ERROR")["details"]["code"] == "NOT_JSON"
    check_error(marketing.http.post(PATH, json={"leadId": "x"}), 401, "UNAUTHORIZED")
    error = check_error(marketing.tell(marketing.accept(), revenue="much"), 400,
                        "VALIDATION_ERROR")  # fmt: skip
    assert error["details"]["problems"][0] == {
        "field": "revenue",
        "code": "WRONG_TYPE",
        "problem": "write a number",
    }


def test_a_signed_message_moves_the_lead_before_it_is_answered(marketing: Marketing) -> None:
    lead_id = marketing.accept()
    message = marketing.sign(lead_id, qualificationStatus="qualified", salesQualityRating=3)
    answer = marketing.http.post(DOOR, **message)
    assert (answer.status_code, answer.json()["lifecycle"]) == (200, "qualified")
    assert marketing.get(f"/api/v1/leads/{lead_id}/outcomes")["quality_rating"] == 3


def test_messages_may_arrive_in_any_order(marketing: Marketing) -> None:
    lead_id = marketing.accept()
    early = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
    late = marketing.sign(lead_id, qualificationStatus="disqualified", happened=now())
    first = marketing.sign(lead_id, qualificationStatus="qualified", happened=early)
    for message in (late, first):
        assert marketing.http.post(DOOR, **message).json()["lifecycle"] == "disqualified"


def test_a_later_word_on_a_handed_over_lead_is_heard_and_an_older_one_changes_nothing(
    marketing: Marketing,
) -> None:
    handed = marketing.hand_over(f"{new_id()}@acme.example")
    lead_id = marketing.wait_for(handed["id"], "accepted")["lead_id"]
    early = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
    words = [
        marketing.sign(lead_id, status="rejected", rejectionReason="out-of-area"),
        marketing.sign(lead_id, status="accepted", acknowledgedAt=early),
    ]
    for message in words:
        assert marketing.http.post(DOOR, **message).status_code == 200
        found = marketing.get(f"/api/v1/handoffs/{handed['id']}")
        assert (found["state"], found["rejection_reason"]) == ("rejected", "out-of-area")
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    said: dict[str, Any] = {
        "status": "deferred",
        "acknowledgedAt": now(),
        "estimatedContactTime": soon,
    }
    for _ in range(2):
        assert marketing.tell(lead_id, **said).status_code == 200
    found = marketing.get(f"/api/v1/handoffs/{handed['id']}")
    assert (found["state"], found["label"]) == ("deferred", "Deferred by sales")
    kinds = [one["kind"] for one in marketing.get(f"/api/v1/leads/{lead_id}")["history"]]
    assert (kinds.count("handoff_rejected"), kinds.count("handoff_deferred")) == (1, 1)


def test_forged_old_changed_and_replayed_messages_are_refused(marketing: Marketing) -> None:
    lead_id = marketing.accept()
    good = marketing.sign(lead_id, name="msg_replayed", qualificationStatus="qualified")
    changed = {**good, "content": good["content"].replace("qualified", "nurture")}
    unsigned = {**good, "headers": {**good["headers"], "webhook-signature": "v1,AAAA"}}
    hour = timedelta(hours=1)
    times = [datetime.now(UTC) - hour, datetime.now(UTC) + hour]
    off = [marketing.sign(lead_id, at=at, qualificationStatus="nurture") for at in times]
    bare: dict[str, Any] = {"content": good["content"]}
    for message in (changed, unsigned, *off, bare):
        check_error(marketing.http.post(DOOR, **message), 401, "UNAUTHORIZED")
    assert marketing.http.post(DOOR, **good).status_code == 200
    replayed = marketing.http.post(DOOR, **good)
    assert check_error(replayed, 409, "CONFLICT")["details"]["code"] == "REPLAYED"
    # Its sender did not hear us and signs it again: that is no attack.
    body = json.loads(good["content"])
    later = datetime.now(UTC) + timedelta(seconds=3)
    repeat = marketing.sign(
        lead_id,
        name="msg_replayed",
        at=later,
        happened=body["timestamp"],
        qualificationStatus="qualified",
    )
    assert marketing.http.post(DOOR, **repeat).json()["status"] == "duplicate"
    other = marketing.sign(lead_id, name="msg_replayed", qualificationStatus="nurture")
    check_error(marketing.http.post(DOOR, **other), 409, "CONFLICT")


def test_a_rep_logs_an_outcome_of_a_lead(marketing: Marketing) -> None:
    lead_id = marketing.accept()
    attempt = {"attemptedAt": now(), "method": "email", "outcome": "bounced"}
    path = f"/api/v1/leads/{lead_id}/outcomes"
    answer = marketing.http.post(path, json={"contactAttempts": [attempt]}, headers=marketing.key)
    assert (answer.status_code, answer.json()["lifecycle"]) == (200, "attempted")
    assert marketing.get(path)["attempts"] == 1
