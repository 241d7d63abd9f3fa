"""Handoffs between two real servers, over HTTP, on each database."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from app.documenting import build_handoff_schema
from app.places import Places
from app.runtime import Runtime
from app.settings import load_app_settings
from app.wiring import build_resources
from core.db import Database
from sales.organization.access_service import AccessService
from tests.app.conftest import Served
from tests.app.threaded import ThreadedServer
from tests.contracts.sales_system import build_package
from tests.support.visitor import check_error
from tests.support.website import write_website
from tests.vendors.sales_system import PATH, SalesSystemStandIn
from tests.vendors.standin import Fault

ROOT = Path(__file__).parents[2]


@dataclass
class Sender:
    """An installation that hands its leads over, and a key to it."""

    http: httpx.Client
    key: dict[str, str]

    def hand_over(self, email: str) -> dict[str, Any]:
        body = {"first_name": "Ada", "last_name": "Byron", "email": email}
        lead = self.http.post("/api/v1/leads", json=body, headers=self.key).json()
        made = self.http.post("/api/v1/handoffs", json={"lead_id": lead["id"]}, headers=self.key)
        assert made.status_code == 202, made.text
        content: dict[str, Any] = made.json()
        return content

    def wait_for(self, handoff_id: str, *states: str, seconds: float = 60) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while True:
            found: dict[str, Any] = self.get(f"/api/v1/handoffs/{handoff_id}")
            if found["state"] in states:
                return found
            assert time.monotonic() < deadline, found
            time.sleep(0.02)

    def get(self, path: str) -> Any:
        answer = self.http.get(path, headers=self.key)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def override(self, handoff_id: str, action: str) -> httpx.Response:
        body = {"action": action, "reason": "a test"}
        path = f"/api/v1/handoffs/{handoff_id}/override"
        return self.http.post(path, json=body, headers=self.key)


def open_sender(folder: Path, integration: dict[str, str]) -> ThreadedServer:
    more = json.dumps({"sales_system": integration})
    config = write_website(folder, more=f"handoff: {{system: sales_system}}\nintegrations: {more}")

    async def start() -> Runtime:
        data = folder / "data"
        data.mkdir()
        settings = load_app_settings(config)
        return Runtime(settings, await build_resources(settings, Places(config, data), None))

    return ThreadedServer(start)


def make_key(server: ThreadedServer) -> dict[str, str]:
    server.http.get("/healthz")
    assert server.runtime is not None
    resources = server.runtime.resources
    tenant_id = resources.organization.get_tenant("default").id

    async def make() -> str:
        url = resources.database.url.render_as_string(hide_password=False)
        database = Database(url.replace("+aiosqlite", ""))
        access = AccessService(database, resources.clock, resources.signer)
        key = await access.create_api_key(tenant_id, "tests", "admin")
        await database.close()
        return key

    return {"x-api-key": asyncio.run(make())}


@pytest.fixture(scope="module")
def client(served: Served) -> dict[str, str]:
    printed = served.run("create-client", "marketing", "--role", "rep")
    values: dict[str, str] = dict(line.split(": ") for line in printed.strip().splitlines())
    return values


@pytest.fixture(scope="module")
def sender(
    served: Served, client: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sender]:
    patch = pytest.MonkeyPatch()
    patch.setenv("TEST_SALES_SECRET", client["client_secret"])
    integration = {
        "endpoint": served.address + PATH,
        "token_url": f"{served.address}/oauth/token",
        "client_id": client["client_id"],
        "client_secret": "${TEST_SALES_SECRET}",
    }
    with open_sender(tmp_path_factory.mktemp("sender"), integration) as server:
        yield Sender(server.http, make_key(server))
    patch.undo()


def bearer(served: Served, client: dict[str, str]) -> dict[str, str]:
    form = {"grant_type": "client_credentials", **client}
    token = served.http.post("/oauth/token", data=form).json()["access_token"]
    return {"authorization": f"Bearer {token}"}


def test_a_lead_goes_from_one_server_to_the_other(
    served: Served, sender: Sender, client: dict[str, str]
) -> None:
    began = time.monotonic()
    handed = [sender.hand_over(f"{served.kind}{number}@acme.example") for number in range(5)]
    done = [sender.wait_for(one["id"], "accepted") for one in handed]
    assert time.monotonic() - began < 30
    proof = bearer(served, client)
    for one in done:
        standing = served.http.get(f"{PATH}/{one['lead_id']}", headers=proof).json()
        assert standing["salesAgentLeadId"] == one["sales_lead_id"]
        assert standing["payloadHash"] == one["package_hash"]
        assert one["label"] == "In Sales Process"
        assert one["endpoint"] == "primary"
    trail = sender.get(f"/api/v1/handoffs/{done[0]['id']}/audit")["data"]
    # The word may be heard a second time, when a look at the standings comes before its answer.
    told = [step for step in trail if step["data"].get("news", True)]
    assert [(step["step"], step["actor"]) for step in told] == [
        ("package_built", "tests"),
        ("queued", "tests"),
        ("pushed", "agent"),
        ("acknowledged", "sales-system"),
    ]
    # The other side has its own half, under the same transaction.
    key = {"x-api-key": served.run("api-key", f"audit-{served.kind}-{time.time_ns()}").split()[-1]}
    lines = served.http.get("/api/v1/handoffs/audit", headers=key).text.splitlines()
    steps = [json.loads(line) for line in lines]
    theirs = [one for one in steps if one["transaction_id"] == done[0]["transaction_id"]]
    assert [(one["side"], one["step"], one["actor"]) for one in theirs] == [
        ("receiver", "received", "marketing"),
        ("receiver", "acknowledged", "sales-system"),
    ]
    as_csv = served.http.get("/api/v1/handoffs/audit?format=csv", headers=key).text
    assert len(list(csv.DictReader(io.StringIO(as_csv)))) == len(steps)
    assert "acme.example" not in as_csv


def test_the_acknowledgement_is_that_of_s0_to_the_letter(
    served: Served, client: dict[str, str]
) -> None:
    package = build_package()
    headers = {
        **bearer(served, client),
        "idempotency-key": package.idempotency_key,
        "x-payload-hash": package.body_hash,
        "x-transaction-id": package.transaction_id,
    }
    answers = [served.http.post(PATH, content=package.body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert set(answers[0].json()) == {
        "leadId",
        "status",
        "salesAgentLeadId",
        "acknowledgedAt",
        "assignedTo",
        "estimatedContactTime",
        "rejectionReason",
    }
    assert answers[0].headers["x-payload-hash"] == package.body_hash
    digest = hashlib.sha256(package.body).hexdigest()
    assert package.body_hash == f"sha256:{digest}"
    wrong = {**headers, "x-payload-hash": "sha256:0"}
    error = check_error(
        served.http.post(PATH, content=package.body, headers=wrong), 400, "VALIDATION_ERROR"
    )
    assert error["details"]["code"] == "HASH_MISMATCH"
    other = build_package()
    reused = {**headers, "x-payload-hash": other.body_hash}
    check_error(served.http.post(PATH, content=other.body, headers=reused), 409, "CONFLICT")
    check_error(served.http.post(PATH, content=b"{}"), 401, "UNAUTHORIZED")


def test_the_schema_is_published_and_its_document_is_fresh(served: Served) -> None:
    shown = (ROOT / "docs" / "schemas" / "lead-handoff.json").read_text(encoding="utf-8")
    assert shown == build_handoff_schema(), "run: python -m app.documenting"
    answer = served.http.get("/api/v1/handoffs/schema")
    assert answer.json() == json.loads(shown)
    assert answer.headers["x-schema-version"] == answer.json()["x-version"]
    Draft202012Validator.check_schema(answer.json())
    scripts = served.http.get("/api/v1/handoffs/scripts").json()
    assert served.http.get(f"/api/v1/handoffs/scripts/{scripts[0]['id']}").json() == scripts[0]


@pytest.fixture(scope="module")
def stand_in() -> Iterator[SalesSystemStandIn]:
    with SalesSystemStandIn() as running:
        yield running
        assert running.errors == []


@pytest.fixture(scope="module")
def outward(
    stand_in: SalesSystemStandIn, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sender]:
    """A sender whose sales system is somebody else's."""
    patch = pytest.MonkeyPatch()
    patch.setenv("TEST_SALES_SECRET", stand_in.credentials()["client_secret"])
    integration = {
        **stand_in.settings(),
        "client_id": stand_in.credentials()["client_id"],
        "client_secret": "${TEST_SALES_SECRET}",
        "timeout_seconds": "2",
    }
    with open_sender(tmp_path_factory.mktemp("outward"), integration) as server:
        yield Sender(server.http, make_key(server))
    patch.undo()


@pytest.mark.parametrize(
    "fault",
    [
        Fault("cut_after", path=PATH, times=2),
        Fault("half", path=PATH, times=3),
        Fault("status", status=503, path=PATH, times=4, done=True),
        Fault("slow", seconds=2.5, path=PATH),
    ],
    ids=lambda fault: fault.kind,
)
def test_a_lost_acknowledgement_is_asked_for_again_and_makes_no_second_lead(
    outward: Sender, stand_in: SalesSystemStandIn, fault: Fault
) -> None:
    stand_in.faults.order(fault)
    handed = outward.hand_over(f"{fault.kind}@acme.example")
    done = outward.wait_for(handed["id"], "accepted")
    stand_in.faults.clear()
    bodies = stand_in.packages[done["lead_id"]]
    assert len(bodies) == 1
    assert f"sha256:{hashlib.sha256(bodies[0]).hexdigest()}" == done["package_hash"]


def test_a_wrong_hash_or_a_token_that_ended_ends_in_one_lead(
    outward: Sender, stand_in: SalesSystemStandIn
) -> None:
    stand_in.wrong_hashes = 2
    stand_in.forget_tokens()
    done = outward.wait_for(outward.hand_over("hash@acme.example")["id"], "accepted")
    assert len(stand_in.packages[done["lead_id"]]) == 1
    assert done["attempts"] == 3


def test_a_third_of_all_answers_fails_and_every_lead_arrives_once(
    outward: Sender, stand_in: SalesSystemStandIn
) -> None:
    stand_in.failing = 0.3
    handed = [outward.hand_over(f"third{number}@acme.example") for number in range(20)]
    for one in handed:
        outward.wait_for(one["id"], "accepted")
    stand_in.failing = 0.0
    assert all(len(stand_in.packages[one["lead_id"]]) == 1 for one in handed)


def test_what_is_rejected_waits_for_review_and_goes_out_again_corrected(
    outward: Sender, stand_in: SalesSystemStandIn
) -> None:
    stand_in.word = "rejected"
    handed = outward.hand_over("rejected@acme.example")
    done = outward.wait_for(handed["id"], "rejected")
    assert done["rejection_reason"] == "out-of-area"
    waiting = outward.get("/api/v1/handoffs?review=true")["data"]
    assert [one["id"] for one in waiting] == [handed["id"]]
    stand_in.word = "accepted"
    lead = outward.get(f"/api/v1/leads/{handed['lead_id']}")
    assert lead["handoff_state"] == "rejected"
    again = outward.override(handed["id"], "resend")
    assert (again.status_code, again.json()["revision"]) == (200, 2)
    outward.wait_for(handed["id"], "accepted")
    assert len(stand_in.packages[handed["lead_id"]]) == 2
    check_error(outward.override(handed["id"], "settle"), 409, "CONFLICT")


def test_who_comes_back_is_sent_with_what_sales_tried_before(
    outward: Sender, stand_in: SalesSystemStandIn
) -> None:
    lead_id = outward.wait_for(outward.hand_over("back@acme.example")["id"], "accepted")["lead_id"]
    now = datetime.now(UTC).isoformat()
    tried = {"attemptedAt": now, "method": "phone", "outcome": "contacted"}
    said = {"leadId": lead_id, "contactAttempts": [tried], "qualificationStatus": "nurture"}
    door = "/api/v1/marketing/lead-feedback"
    assert outward.http.post(door, json=said, headers=outward.key).status_code == 200
    again = {"email": "back@acme.example", "phone": "+44 20 7946 0555", "source": "partner-x"}
    outward.http.post("/api/v1/leads", json=again, headers=outward.key)
    deadline = time.monotonic() + 60
    while len(stand_in.packages[lead_id]) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    package = json.loads(stand_in.packages[lead_id][-1])
    before = package["behavioralContext"]["previousInteractions"]
    assert ("call", "not-ready") in [(one["type"], one["outcome"]) for one in before]
    assert package["reEngagement"]["flag"] == "Returning Lead - Previously Nurtured"
    # What the other channel told, and the channel that was first.
    assert package["contact"]["phone"] == "+44 20 7946 0555"
    assert package["attribution"]["source"] == "api"


def test_what_is_deferred_keeps_its_time_and_is_followed_up(
    outward: Sender, stand_in: SalesSystemStandIn
) -> None:
    stand_in.word = "deferred"
    stand_in.expected = datetime.now(UTC) + timedelta(seconds=3)
    handed = outward.hand_over("deferred@acme.example")
    done = outward.wait_for(handed["id"], "deferred")
    assert done["expected_contact_at"] is not None
    stand_in.say(handed["lead_id"], "accepted")
    stand_in.word, stand_in.expected = "accepted", None
    outward.wait_for(handed["id"], "accepted")
    assert len(stand_in.packages[handed["lead_id"]]) == 1


def test_while_the_sales_system_is_away_leads_wait_and_can_be_settled(
    outward: Sender, stand_in: SalesSystemStandIn
) -> None:
    stand_in.faults.order(Fault("cut_before", path=PATH, times=1000))
    waiting, settled = (outward.hand_over(f"away{n}@acme.example") for n in range(2))
    done = outward.override(settled["id"], "mark_sent")
    assert done.json()["state"] == "settled"
    assert outward.get(f"/api/v1/handoffs/{waiting['id']}")["state"] == "queued"
    stand_in.faults.clear()
    outward.wait_for(waiting["id"], "accepted")
    assert settled["lead_id"] not in stand_in.packages


def test_how_it_goes_is_shown_to_people_and_machines(served: Served) -> None:
    key = {"x-api-key": served.run("api-key", "sight").split()[-1]}
    told = served.http.get("/api/v1/handoffs/health", headers=key)
    assert told.status_code == 200, told.text
    health = told.json()
    assert health["status"] in ("green", "yellow", "red")
    assert health["queue_depth"] == health["counts"].get("queued", 0)
    metrics = served.http.get("/metrics", headers=key).text
    assert 'sales_agent_handoff_queue_depth{tenant="default"}' in metrics
    assert served.http.get("/api/v1/handoffs/health").status_code == 401
