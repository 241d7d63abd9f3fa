"""Two sides of different age understand each other: unknown members are kept and ignored, and
the version of a package says whether it can be read."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook

from core.ids import new_id
from sales.feedback.door import BESIDE
from sales.handoffs.models import ReceivedLead
from sales.handoffs.package_schema import VERSION
from sales.handoffs.receiving import COLUMN as PACKAGE_COLUMN
from tests.app.threaded import ThreadedServer, build_runtime
from tests.contracts.sales_system import PACKAGE, build_package
from tests.support.visitor import check_error
from tests.support.website import SITE_KEY, write_website

SECRET = "whsec_" + base64.b64encode(b"v" * 32).decode()
SALES_LEADS = "/api/v1/sales/leads"
# What a later version may add, at every depth.
LATER: dict[str, Any] = {
    "addedLater": "x" * 50,
    "later": {"deep": [{"er": None}, 1.5, True]},
    "added_later": ["ü", 0],
}


@dataclass(frozen=True)
class Machine:
    """A program that speaks a later version than the server."""

    server: ThreadedServer
    tenant_id: str
    key: dict[str, str]

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return self.server.http.post(path, json=body, headers={**self.key, **headers})

    def enter_lead(self) -> str:
        """A lead that was handed over; its id."""
        made = self.post("/api/v1/leads", {"email": f"{new_id()}@acme.example"}).json()
        assert self.post("/api/v1/handoffs", {"lead_id": made["id"]}).status_code == 202
        return str(made["id"])

    def hand_over(self, **headers: str) -> httpx.Response:
        package = build_package()
        headers = {"idempotency-key": package.idempotency_key, **headers}
        return self.post(SALES_LEADS, json.loads(package.body), **headers)

    def read_package(self, lead_id: str) -> dict[str, Any]:
        """The package as it is kept."""
        runtime = self.server.runtime
        assert runtime is not None
        resources = runtime.resources

        async def read() -> str:
            async with resources.database.reading(self.tenant_id) as uow:
                found = select(ReceivedLead).where(ReceivedLead.lead_id == lead_id)
                row = (await uow.session.execute(found)).scalar_one()
            return resources.vendors.cipher.decrypt(
                row.package, tenant_id=self.tenant_id, column=PACKAGE_COLUMN
            )

        content: dict[str, Any] = json.loads(self.server.wait(read()))
        return content

    def read_report(self, feedback_id: str) -> dict[str, Any]:
        """The report as it is kept."""
        runtime = self.server.runtime
        assert runtime is not None
        service = runtime.services.feedback.service
        _, body = self.server.wait(service.get_body(self.tenant_id, feedback_id))
        return body


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    patch = pytest.MonkeyPatch()
    patch.setenv("TEST_VERSIONS_SECRET", SECRET)
    more = "feedback: {webhook_secrets: {default: ['${TEST_VERSIONS_SECRET}']}}"
    config = write_website(tmp_path_factory.mktemp("versions"), more=more)
    with ThreadedServer(lambda: build_runtime(config)) as server:
        server.http.get("/healthz")
        assert server.runtime is not None
        resources = server.runtime.resources
        tenant_id = resources.organization.get_tenant("default").id
        key = server.wait(resources.access.create_api_key(tenant_id, "later", "admin"))
        yield Machine(server, tenant_id, {"x-api-key": key})
    patch.undo()


def add_everywhere(value: Any) -> Any:
    """Members of a later version in every object."""
    if isinstance(value, dict):
        return {**{name: add_everywhere(part) for name, part in value.items()}, **LATER}
    return [add_everywhere(one) for one in value] if isinstance(value, list) else value


def test_a_package_of_a_later_minor_version_is_kept_whole(machine: Machine) -> None:
    lead_id = new_id()
    package = {**PACKAGE, "leadId": lead_id, "externalLeadId": lead_id}
    package["contact"] = {**PACKAGE["contact"], "email": f"{lead_id}@acme.example"}
    later = add_everywhere(package)
    later["behavioralContext"]["previousInteractions"] = [
        {"date": "2026-11-01T09:00:00Z", "type": "call", "outcome": None, **LATER}
    ]
    major, minor = VERSION.split(".")
    headers = {"idempotency-key": new_id(), "x-schema-version": f"{major}.{int(minor) + 1}"}
    answer = machine.post(SALES_LEADS, later, **headers)
    assert (answer.status_code, answer.json()["status"]) == (200, "accepted"), answer.text
    assert answer.headers["x-schema-version"] == VERSION
    assert machine.read_package(lead_id) == later


@pytest.mark.parametrize("version", ["", VERSION, f"{VERSION.split('.', maxsplit=1)[0]}.99"])
def test_packages_of_our_major_version_are_read(machine: Machine, version: str) -> None:
    answer = machine.hand_over(**({"x-schema-version": version} if version else {}))
    assert answer.status_code == 200, answer.text


def test_a_package_of_another_major_version_is_refused_with_those_that_are_read(
    machine: Machine,
) -> None:
    for version in ("2.0", "0.9"):
        error = check_error(
            machine.hand_over(**{"x-schema-version": version}), 400, "VALIDATION_ERROR"
        )
        assert error["details"] == {"code": "UNSUPPORTED_VERSION", "supported": [VERSION]}
    for version in ("1", "one", "1.0.0", "-1.0"):
        error = check_error(
            machine.hand_over(**{"x-schema-version": version}), 400, "VALIDATION_ERROR"
        )
        assert error["details"]["code"] == "WRONG_FORMAT"


def test_feedback_with_unknown_members_counts_and_is_kept_whole(machine: Machine) -> None:
    lead_id = machine.enter_lead()
    attempt = {"attemptedAt": "2024-11-01T09:00:00Z", "method": "email", "outcome": "bounced"}
    body = add_everywhere({"leadId": lead_id, "contactAttempts": [attempt]})
    answer = machine.post("/api/v1/marketing/lead-feedback", body).json()
    assert (answer["status"], answer["recorded"]) == ("accepted", 1)
    assert machine.read_report(answer["feedbackId"]) == body
    outcomes = machine.post(f"/api/v1/leads/{lead_id}/outcomes", {"status": "later", **LATER})
    assert outcomes.json()["recorded"] == 1


def test_a_signed_message_with_unknown_members_counts_and_is_kept(machine: Machine) -> None:
    lead_id = machine.enter_lead()
    message = {
        "leadId": lead_id,
        "eventType": "lead.of_a_later_kind",
        "timestamp": "2024-11-01T09:00:00Z",
        "payload": {"qualificationStatus": "nurture", **LATER},
        **LATER,
    }
    content, name, at = json.dumps(message), f"msg_{new_id()}", datetime.now(UTC)
    headers = {
        "webhook-id": name,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(SECRET).sign(name, at, content),
    }
    answer = machine.server.http.post("/webhooks/sales-updates", content=content, headers=headers)
    assert (answer.status_code, answer.json()["recorded"]) == (200, 1), answer.text
    kept = machine.read_report(answer.json()["feedbackId"])
    payload = {"leadId": lead_id, "qualificationStatus": "nurture", **LATER}
    assert kept == {**payload, BESIDE: LATER}


def test_a_lead_with_unknown_fields_is_entered_and_its_metadata_is_kept_whole(
    machine: Machine,
) -> None:
    body = {"email": f"{new_id()}@acme.example", "metadata": LATER, **LATER}
    made = machine.post("/api/v1/leads", body)
    assert made.status_code == 201, made.text
    path = f"/api/v1/leads/{made.json()['id']}"
    lead = machine.server.http.get(path, headers=machine.key).json()
    assert lead["metadata"] == LATER
    assert "addedLater" not in lead


def test_a_newer_widget_talks_to_an_older_server(machine: Machine) -> None:
    start = {"site_key": SITE_KEY, "page": {"url": "https://www.brightwater.example/", **LATER}}
    http = machine.server.http
    started = http.post("/api/v1/chat/conversations", json={**start, **LATER})
    assert started.status_code == 201, started.text
    token = {"authorization": f"Bearer {started.json()['token']}", "accept": "application/json"}
    path = f"/api/v1/chat/conversations/{started.json()['conversation_id']}"
    asked = {"message_id": "m", "text": "What warranty do I get?", **LATER}
    answer = http.post(f"{path}/messages", json=asked, headers=token)
    assert answer.json()["outcome"] == "answered"
