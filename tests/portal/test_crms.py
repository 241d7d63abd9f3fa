"""Leads in a CRM as staff see them: the page CRM, a lead's panel, the API and the command line, on
a real server over the stand-in."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integrations.hubspot.harness import make_stand_in
from tests.portal.conftest import PASSWORD, Browser, text_of
from tests.support.process import ServerProcess, run_command
from tests.support.website import write_website
from tests.vendors.hubspot import HubSpotStandIn
from tests.vendors.standin import Fault

TOKEN = "token-0"
SETTINGS = """
sales_agent:
  crm_integration: {hubspot: {enabled: true, only_qualified: false}}
integrations: {hubspot: {base_url: "URL", portal_id: 4711, access_token: "${TEST_TOKEN}"}}
"""


@dataclass
class Office:
    """A running server, its CRM, and where things are."""

    address: str
    folder: Path
    environment: dict[str, str]
    crm: HubSpotStandIn
    key: dict[str, str]

    def enter(self) -> Browser:
        browser = Browser(httpx.Client(base_url=self.address, timeout=60))
        assert browser.sign_in("ada").status_code == 303
        return browser

    def run(self, *arguments: str) -> str:
        done = run_command(*arguments, cwd=self.folder, environment=self.environment)
        return done.stdout + " " + done.stderr

    def call(self, method: str, path: str, **more: Any) -> Any:
        url = f"{self.address}/api/v1{path}"
        return httpx.request(method, url, headers=self.key, timeout=60, **more).json()

    def wait_for(self, state: str, lead_id: str) -> Any:
        """The lead's sync, once it is in a state."""

        def look() -> Any:
            (one,) = self.call("GET", f"/leads/{lead_id}/crm-sync")["crms"]
            return one if one["state"] == state else None

        return wait_until(look)


def wait_until(look: Callable[[], Any]) -> Any:
    """What `look` finds, as soon as it finds something."""
    for _ in range(600):
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("crms")
    with make_stand_in() as crm:
        write_website(folder, more=SETTINGS.replace("URL", crm.url))
        environment = {
            "TEST_TOKEN": TOKEN,
            "SALES_AGENT_ADMIN_PASSWORD": PASSWORD,
            "PATH": os.environ["PATH"],
        }
        made = run_command("create-admin", "ada@acme.example", cwd=folder, environment=environment)
        assert made.returncode == 0, made.stderr
        made = run_command("api-key", "tests", cwd=folder, environment=environment)
        server = ServerProcess(folder, environment=environment)
        try:
            key = {"x-api-key": made.stdout.split()[-1]}
            yield Office(server.address(), folder, environment, crm, key)
            assert TOKEN not in server.read_log()
            assert crm.errors == []
        finally:
            server.stop()


def test_a_failed_lead_is_seen_mended_and_sent_again(office: Office) -> None:
    words = json.dumps({"message": "Property values were not valid: frozen account"})
    office.crm.faults.order(Fault("status", 400, body=words, path="/upsert", times=1))
    lead = {"first_name": "Ana", "last_name": "Silva", "email": "ana@silva.example"}
    lead_id = office.call("POST", "/leads", json=lead)["id"]
    # A lead that an API enters is found by the sweep; here at once.
    office.call("POST", f"/leads/{lead_id}/crm-sync")
    failed = office.wait_for("failed", lead_id)
    assert "frozen account" in failed["items"][0]["error"]
    (health,) = office.call("GET", "/crm/status")["crms"]
    assert (health["name"], health["connected"]) == ("HubSpot", True)
    assert health["leads"] == {"failed": 1}
    assert health["success_rate"] == 0

    browser = office.enter()
    page = text_of(browser.get("/portal/crm"))
    assert "Needs somebody" in page
    assert "frozen account" in page
    assert "Ana Silva" in page
    assert "Ana Silva" in text_of(browser.get("/portal/leads?crm=failed"))
    assert "Ana Silva" not in text_of(browser.get("/portal/leads?crm=in_step"))
    assert "frozen account" in text_of(browser.get(f"/portal/leads/{lead_id}"))
    assert "CRM sync: what arrived" in text_of(browser.get("/portal/analytics"))

    sent = browser.send(f"/portal/leads/{lead_id}/crm-sync")
    assert sent.status_code == 303
    done = office.wait_for("in_step", lead_id)
    (contact,) = office.crm.records()["contacts"]
    assert done["crm_id"] == contact["id"]
    page = browser.get(f"/portal/leads/{lead_id}").text
    assert f"/contacts/4711/record/0-1/{contact['id']}" in page
    assert "Nothing failed" in text_of(browser.get("/portal/crm"))


def test_the_command_line_tells_checks_and_fills_up(office: Office) -> None:
    assert '"crm": "hubspot"' in office.run("crm", "status", "--json")
    assert "HubSpot" in office.run("crm", "status")
    assert "leads would be sent" in office.run("crm", "backfill", "--dry-run")
    assert "is not switched on" in office.run("crm", "backfill", "--crm", "zoho")
    assert "every mapped field is there" in office.run("check")
