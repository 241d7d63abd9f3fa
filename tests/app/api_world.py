"""A world in which every operation of the API has something to work on, and those who call it."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import httpx
from standardwebhooks.webhooks import Webhook

from core.ids import new_id
from portal.cookies import CSRF_HEADER, build_csrf
from sales.organization.schemas import NewStaff
from tests.app.threaded import ThreadedServer
from tests.contracts.sales_system import build_package
from tests.support.visitor import Visitor
from tests.support.website import BASE_URL, SITE_KEY

Caller = Literal["anonymous", "visitor", "rep", "manager", "admin", "machine", "portal"]
CALLERS: tuple[Caller, ...] = (
    "anonymous",
    "visitor",
    "rep",
    "manager",
    "admin",
    "machine",
    "portal",
)
SECRET = "whsec_" + base64.b64encode(b"w" * 32).decode()
SETTINGS = """
limits: {conversations_per_minute_per_address: 100000, messages_per_minute_per_visitor: 100000}
feedback: {webhook_secrets: {default: ['${TEST_WORLD_SECRET}']}}
email: {sales_team: [team@brightwater.example]}
sales_agent:
  appointment_scheduling:
    enabled: true
    minimum_notice_hours: 1
    reps:
      - {key: robin, name: Robin Weller, email: robin@brightwater.example, timezone: UTC,
         working_hours: {mon-sun: "0:00-24:00"}}
"""
_PASSWORD = "a long enough password of a test"
_PATIENCE_SECONDS = 60


@dataclass
class Good:
    """A request that can succeed, beside the ids in its path."""

    body: Any = None
    query: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)


@dataclass
class ApiWorld:
    """A running server with a lead, a handoff, a meeting, a mail, an erasure …"""

    server: ThreadedServer
    callers: dict[Caller, dict[str, str]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    client: dict[str, str] = field(default_factory=dict)

    @property
    def http(self) -> httpx.Client:
        """The server's client."""
        return self.server.http

    def build(self) -> None:
        """Everything that an operation may want to find."""
        self.admit_callers()
        self.admit_visitor()
        self.ids["script_id"] = self.get("/api/v1/handoffs/scripts")[0]["id"]
        self.ids["lead_id"] = self.enter_lead()
        self.ids["merge_id"] = self.merge()
        self.ids["handoff_id"] = self.hand_over(self.ids["lead_id"])["id"]
        self.ids["erasure_id"] = self.erase()
        self.ids["mail_id"] = self.wait_for_mail()

    def admit_callers(self) -> None:
        """Everybody but the visitor."""
        self.http.get("/healthz")
        assert self.server.runtime is not None
        resources = self.server.runtime.resources
        tenant_id = resources.organization.get_tenant("default").id
        self.callers["anonymous"] = {}
        for role in ("rep", "manager", "admin"):
            made = resources.access.create_api_key(tenant_id, f"tests {role}", role)
            self.callers[role] = {"x-api-key": self.server.wait(made)}
        client = self.server.wait(resources.access.create_client(tenant_id, "tests", "rep"))
        self.client = {"client_id": client.client_id, "client_secret": client.secret}
        form = {"grant_type": "client_credentials", **self.client}
        token = self.http.post("/oauth/token", data=form).json()["access_token"]
        self.callers["machine"] = {"authorization": f"Bearer {token}"}
        new = NewStaff(email="pat@brightwater.example", name="Pat", role="admin")
        self.server.wait(resources.staff.create_staff(tenant_id, new, _PASSWORD))
        signing_in = resources.sessions.sign_in(
            new.email, _PASSWORD, address="127.0.0.1", device="tests"
        )
        cookie = self.server.wait(signing_in).token
        self.callers["portal"] = {
            "cookie": f"sales_agent_session={cookie}",
            CSRF_HEADER: build_csrf(cookie),
        }

    def admit_visitor(self) -> None:
        """A visitor, with an answer and a meeting."""
        visitor = Visitor.arrive(self.http, locale="en-GB")
        done = visitor.ask("How much does a service cost?")
        self.ids["conversation_id"] = visitor.started["conversation_id"]
        self.ids["citation_id"] = done["citations"][0]["id"]
        self.callers["visitor"] = visitor.token
        self.ids["appointment_id"] = self.book()

    def get(self, path: str) -> Any:
        """An answer to an admin."""
        answer = self.http.get(path, headers=self.callers["admin"])
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any, caller: Caller = "admin") -> Any:
        """An answer to an admin, or somebody else."""
        answer = self.http.post(path, json=body, headers=self.callers[caller])
        assert answer.is_success, answer.text
        return answer.json()

    def enter_lead(self) -> str:
        """A lead of their own; their id."""
        body = {"first_name": "Ada", "email": f"{new_id()}@acme.example"}
        return str(self.post("/api/v1/leads", body)["id"])

    def hand_over(self, lead_id: str) -> dict[str, Any]:
        """The handoff of a lead."""
        handed: dict[str, Any] = self.post("/api/v1/handoffs", {"lead_id": lead_id})
        return handed

    def list_slots(self) -> list[dict[str, Any]]:
        """Times that can be booked."""
        path = f"/api/v1/chat/conversations/{self.ids['conversation_id']}/slots?limit=50"
        slots = self.http.get(path, headers=self.callers["visitor"]).json()["slots"]
        return list(slots)

    def describe_booking(self) -> dict[str, Any]:
        """The body that books the next free time."""
        person = {"name": "Ada Lovelace", "email": "ada@example.com", "timezone": "UTC"}
        return {**person, "slot_id": self.list_slots()[0]["id"]}

    def book(self) -> str:
        """A meeting of the visitor; its id."""
        path = f"/api/v1/chat/conversations/{self.ids['conversation_id']}/appointments"
        return str(self.post(path, self.describe_booking(), "visitor")["id"])

    def book_for_another(self) -> str:
        """A meeting of a visitor of its own; its id."""
        other = Visitor.arrive(self.http)
        body = {**self.describe_booking(), "email": f"{new_id()}@example.com"}
        answer = self.http.post(f"{other.path}/appointments", json=body, headers=other.token)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def merge(self) -> str:
        """A merge of its own; its id."""
        path = f"/api/v1/leads/{self.enter_lead()}/merge"
        return str(self.post(path, {"source_id": self.enter_lead()})["id"])

    def receive(self) -> str:
        """A lead that was handed over to us; the sender's id of it."""
        package = build_package()
        headers = {**self.callers["machine"], "idempotency-key": package.idempotency_key}
        answer = self.http.post("/api/v1/sales/leads", content=package.body, headers=headers)
        assert answer.status_code == 200, answer.text
        return package.lead_id

    def erase(self) -> str:
        """An erasure that is done; its id."""
        made = self.post("/api/v1/privacy/erasures", {"lead_id": self.enter_lead()})
        path = f"/api/v1/privacy/erasures/{made['id']}"
        self._poll(lambda: self.get(path)["state"] == "done")
        return str(made["id"])

    def wait_for_mail(self) -> str:
        """A mail that was sent; its id."""
        self._poll(lambda: bool(self.get("/api/v1/mails")["data"]))
        return str(self.get("/api/v1/mails")["data"][0]["id"])

    def sign(self) -> Good:
        """A message of the sales system."""
        body = {
            "leadId": self.ids["lead_id"],
            "eventType": "lead.updated",
            "timestamp": datetime.now(UTC).isoformat(),
            "payload": {"qualificationStatus": "qualified"},
        }
        name, at = f"msg_{new_id()}", datetime.now(UTC)
        headers = {
            "webhook-id": name,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(SECRET).sign(name, at, json.dumps(body)),
        }
        return Good(body, headers=headers)

    @staticmethod
    def _poll(is_there: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not is_there():
            assert time.monotonic() < deadline
            time.sleep(0.05)


def _attempt() -> dict[str, Any]:
    at = datetime.now(UTC).isoformat()
    return {"contactAttempts": [{"attemptedAt": at, "method": "phone", "outcome": "contacted"}]}


def _hand_in() -> Good:
    package = build_package()
    return Good(json.loads(package.body), headers={"idempotency-key": package.idempotency_key})


_CHAT, _LEADS = "/api/v1/chat/conversations", "/api/v1/leads"
_ONE, _PRIVACY, _SALES = _CHAT + "/{conversation_id}", "/api/v1/privacy", "/api/v1/sales/leads"
# How each operation succeeds that needs more than ids.
GOOD: dict[str, Callable[[ApiWorld], Good]] = {
    f"POST {_CHAT}": lambda _: Good({"site_key": SITE_KEY, "page": {"url": BASE_URL}}),
    f"POST {_ONE}/messages": lambda _: Good({"message_id": new_id(), "text": "Any warranty?"}),
    f"POST {_ONE}/page-views": lambda _: Good({"page": {"url": f"{BASE_URL}/contact"}}),
    f"POST {_ONE}/slots": lambda _: Good({"text": "tomorrow afternoon"}),
    f"POST {_ONE}/appointments": lambda world: Good(world.describe_booking()),
    f"PATCH {_ONE}/profile": lambda _: Good({"fields": {"company": "Acme"}}),
    f"DELETE {_ONE}/consent": lambda _: Good({"kind": "summary_mail"}),
    "PATCH /api/v1/conversations/{conversation_id}/profile": lambda _: Good(
        {"fields": {"industry": "Robots"}}
    ),
    "PATCH /api/v1/appointments/{appointment_id}": lambda world: Good(
        {"slot_id": world.list_slots()[-1]["id"]}
    ),
    "DELETE /api/v1/appointments/{appointment_id}": lambda world: Good(
        ids={"appointment_id": world.book_for_another()}
    ),
    "POST /api/v1/mails/{mail_id}/resend": lambda _: Good({"request_key": new_id()}),
    "GET /api/v1/knowledge/search": lambda _: Good(query={"q": "warranty"}),
    f"POST {_LEADS}": lambda _: Good({"email": f"{new_id()}@acme.example"}),
    f"PATCH {_LEADS}/{{lead_id}}": lambda _: Good({"title": "CTO"}),
    f"POST {_LEADS}/{{lead_id}}/merge": lambda world: Good({"source_id": world.enter_lead()}),
    f"POST {_LEADS}/merges/{{merge_id}}/undo": lambda world: Good(ids={"merge_id": world.merge()}),
    f"POST {_LEADS}/{{lead_id}}/outcomes": lambda _: Good(_attempt()),
    "POST /api/v1/marketing/lead-feedback": lambda world: Good(
        {"leadId": world.ids["lead_id"], **_attempt()}
    ),
    "POST /webhooks/sales-updates": lambda world: world.sign(),
    "POST /api/v1/handoffs/reconciliation": lambda _: Good(query={"dry_run": "true"}),
    "POST /api/v1/handoffs": lambda world: Good({"lead_id": world.enter_lead()}),
    "POST /api/v1/handoffs/{handoff_id}/override": lambda _: Good(
        {"action": "settle", "reason": "a test"}
    ),
    f"POST {_SALES}": lambda _: _hand_in(),
    f"GET {_SALES}/{{lead_id}}": lambda world: Good(ids={"lead_id": world.receive()}),
    f"DELETE {_SALES}/{{lead_id}}": lambda world: Good(ids={"lead_id": world.receive()}),
    f"POST {_PRIVACY}/erasures": lambda world: Good({"lead_id": world.enter_lead()}),
    f"PUT {_PRIVACY}/holds/{{lead_id}}": lambda _: Good({"reason": "a lawsuit"}),
    f"POST {_PRIVACY}/exports": lambda world: Good({"lead_id": world.ids["lead_id"]}),
    "POST /oauth/token": lambda world: Good({"grant_type": "client_credentials", **world.client}),
}
