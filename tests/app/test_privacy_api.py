"""People's data over HTTP and from the command line, on each database."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest

from core.ids import new_id
from tests.app.conftest import Served
from tests.support.process import run_command
from tests.support.visitor import check_error

ROOT = "/api/v1/privacy"
PHONE = "+49 170 7654321"
CODES = {
    400: "VALIDATION_ERROR",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    409: "CONFLICT",
}


def refuse(response: httpx.Response, status: int) -> dict[str, Any]:
    """Hold a refusal against the API's form of errors."""
    return check_error(response, status, CODES[status])


class Office:
    """Admins of two companies, and a rep, with their keys."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.phone = ""
        self.admin = self._make("officer", "admin", "default")
        self.rep = self._make("seller", "rep", "default")
        self.stranger = self._make("stranger", "admin", "other")

    def _make(self, name: str, role: str, tenant: str) -> dict[str, str]:
        printed = self.served.run("api-key", name, "--role", role, "--tenant", tenant)
        return {"x-api-key": printed.strip()}

    def call(
        self, method: str, path: str, headers: dict[str, str] | None = None, **body: Any
    ) -> httpx.Response:
        given = self.admin if headers is None else headers
        return self.served.http.request(method, f"{ROOT}/{path}", headers=given, json=body or None)

    def arrive(self) -> tuple[str, str]:
        """Somebody who tells who they are: their address and their lead."""
        self.phone = f"+49 170 {int(new_id()[-12:], 16) % 10_000_000:07d}"
        email = f"cleo.{new_id()[-12:]}@private.example"
        visitor = self.served.arrive()
        visitor.ask(f"I am Cleo Privata, {email}, {self.phone}. What does a service cost?")
        visitor.ask("We want to buy 20 bikes this month, our budget is 9000 EUR.")

        def find() -> str:
            listed = self.served.http.get("/api/v1/leads", headers=self.admin).json()["data"]
            return next((one["id"] for one in listed if one.get("email") == email), "")

        return email, self.wait_for(find)

    def wait_for(self, find: Any) -> Any:
        deadline = time.monotonic() + 60
        while not (found := find()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return found

    def wait_for_certificate(self, erasure_id: str) -> dict[str, Any]:
        def find() -> Any:
            answer = self.call("GET", f"erasures/{erasure_id}/certificate")
            assert answer.status_code in (200, 409), answer.text
            return answer.json() if answer.status_code == 200 else None

        found: dict[str, Any] = self.wait_for(find)
        return found


@pytest.fixture(scope="module")
def office(served: Served) -> Office:
    return Office(served)


def test_a_person_is_looked_at_handed_out_and_erased_over_http(office: Office) -> None:
    email, lead_id = office.arrive()
    counted = office.call("POST", "erasures", email=email, dry_run=True)
    assert counted.status_code == 200
    assert counted.json()["would_erase"]["lead"] == 1
    exported = office.call("POST", "exports", email=email)
    assert exported.status_code == 200
    assert exported.json()["held"]["sales_leads"][0]["email"] == email

    asked = office.call("POST", "erasures", email=email.upper())
    assert asked.status_code == 202, asked.text
    made = asked.json()
    assert made["state"] in ("running", "done")
    certificate = office.wait_for_certificate(made["id"])
    assert certificate["state"] == "done", certificate
    systems = {one["system"]: one for one in certificate["systems"]}
    assert systems["database"]["said"] == "erased"
    assert systems["crm"] == {
        "system": "crm",
        "said": "nothing held",
        "words": "",
        "count": 0,
        "attempts": 1,
    }
    assert certificate["read_back"]["hits"] == []
    assert certificate["person"].startswith("hmac-sha256:")
    over = office.call("GET", f"erasures/{made['id']}").json()
    assert (over["state"], over["waiting_for"], over["requested_by"]) == ("done", [], "officer")
    written = office.call("GET", f"erasures/{made['id']}/certificate?as_text=true")
    assert written.headers["content-type"].startswith("text/plain")
    assert "Nothing of the person was found." in written.text
    log = office.served.read_new_log()
    for private in (email, "Cleo Privata", office.phone[-7:]):
        assert private not in json.dumps(certificate) + written.text
        assert private not in log

    # Nothing is left to hand out, and who asks again gets a certificate again.
    assert office.call("POST", "exports", email=email).json()["held"].keys() <= {
        "mail_suppressions"
    }
    again = office.call("POST", "erasures", email=email).json()
    assert again["id"] != made["id"]
    assert office.wait_for_certificate(again["id"])["state"] == "done"
    refuse(office.call("POST", f"erasures/{made['id']}/retry"), 409)
    lead = office.served.http.get(f"/api/v1/leads/{lead_id}", headers=office.admin)
    assert email not in lead.text


def test_nobody_but_an_admin_of_the_same_company_may(office: Office) -> None:
    email, lead_id = office.arrive()
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "erasures", {"email": email}),
        ("POST", "exports", {"email": email}),
        ("GET", f"erasures/{new_id()}", {}),
        ("GET", f"erasures/{new_id()}/certificate", {}),
        ("POST", f"erasures/{new_id()}/retry", {}),
        ("GET", "holds", {}),
        ("PUT", f"holds/{lead_id}", {"reason": "x"}),
        ("DELETE", f"holds/{lead_id}", {}),
    ]
    for method, path, body in calls:
        refuse(office.call(method, path, office.rep, **body), 403)
        refuse(office.call(method, path, {}, **body), 401)
    # Another company's admin finds nobody of that name, and no erasure of ours.
    found = office.call("POST", "erasures", office.stranger, email=email, dry_run=True)
    assert found.json()["would_erase"] == {}
    assert office.call("POST", "exports", office.stranger, email=email).json()["held"] == {}
    refuse(office.call("POST", "erasures", office.stranger, lead_id=lead_id), 404)
    refuse(office.call("PUT", f"holds/{lead_id}", office.stranger, reason="x"), 404)
    asked = office.call("POST", "erasures", office.stranger, email=email)
    assert asked.status_code == 202
    refuse(office.call("GET", f"erasures/{asked.json()['id']}"), 404)
    refuse(office.call("GET", f"erasures/{asked.json()['id']}/certificate"), 404)
    listed = office.served.http.get("/api/v1/leads", headers=office.admin).text
    assert email in listed


def test_a_wish_must_name_one_person_and_an_unknown_one_has_nothing_to_erase(
    office: Office,
) -> None:
    wishes: tuple[dict[str, Any], ...] = (
        {"email": ""},
        {"email": "a@b.example", "phone": PHONE},
        {"phone": "12"},
    )
    for body in wishes:
        refuse(office.call("POST", "erasures", **body), 400)
    refuse(office.call("POST", "erasures", lead_id=new_id()), 404)
    refuse(office.call("GET", "erasures/nothing"), 404)
    made = office.call("POST", "erasures", email="nobody@elsewhere.example").json()
    certificate = office.wait_for_certificate(made["id"])
    said = {one["system"]: one["said"] for one in certificate["systems"]}
    assert (said["sales system"], said["calendar"]) == ("nothing held", "nothing held")


def test_a_lead_under_a_hold_is_refused_with_the_reason_until_it_is_lifted(office: Office) -> None:
    email, lead_id = office.arrive()
    assert office.call("PUT", f"holds/{lead_id}", reason="a lawsuit").status_code == 204
    refused = refuse(office.call("POST", "erasures", email=email), 409)
    assert "a lawsuit" in refused["message"]
    held = office.call("GET", "holds").json()["holds"]
    assert [one["reason"] for one in held if one["lead_id"] == lead_id] == ["a lawsuit"]
    assert office.call("DELETE", f"holds/{lead_id}").status_code == 204
    refuse(office.call("DELETE", f"holds/{lead_id}"), 404)


def test_the_commands_hold_release_export_and_erase_beside_the_running_server(
    office: Office,
) -> None:
    served = office.served
    email, lead_id = office.arrive()
    served.run("privacy", "hold", lead_id, "--reason", "an audit")
    refused = run_command(
        *("privacy", "erase", "--email", email),
        cwd=served.config.parent,
        environment=served.environment,
    )
    assert refused.returncode != 0
    assert "an audit" in refused.stderr
    assert "Traceback" not in refused.stderr
    served.run("privacy", "release", lead_id)
    exported = json.loads(served.run("privacy", "export", "--email", email))
    assert exported["held"]["sales_leads"][0]["email"] == email
    assert "lead" in served.run("privacy", "erase", "--lead", lead_id, "--dry-run")
    certificate = json.loads(served.run("privacy", "erase", "--email", email, "--json"))
    assert certificate["state"] == "done", certificate
    assert office.call("GET", f"erasures/{certificate['erasure_id']}").json()["state"] == "done"
    shown = served.run("privacy", "certificate", certificate["erasure_id"], "--json")
    assert json.loads(shown) == certificate


def test_who_asks_sees_who_answered_and_who_is_waited_for(office: Office) -> None:
    served = office.served
    _, lead_id = office.arrive()
    done = run_command(
        *("privacy", "erase", "--lead", lead_id),
        cwd=served.config.parent,
        environment=served.environment,
    )
    assert done.returncode == 0, done.stderr
    told = done.stderr.splitlines()
    erasure_id = told[0].removeprefix("Erasure ")
    for system in ("queue", "calendar", "crm", "database"):
        assert any(line.startswith(f"- {system}: ") for line in told[1:]), done.stderr
    seen = office.call("GET", f"erasures/{erasure_id}").json()
    assert {one["system"] for one in seen["answers"]} >= {"queue", "calendar", "database"}
    assert seen["waiting_for"] == []
