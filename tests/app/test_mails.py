"""Mails over HTTP: staff see them and send them again; recipients unsubscribe."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from tests.app.conftest import Served
from tests.support.visitor import check_error


@pytest.fixture
def key(served: Served) -> dict[str, str]:
    return {"x-api-key": served.run("api-key", "mails").strip()}


def wait_for_mails(http: httpx.Client, key: dict[str, str], **wanted: Any) -> list[dict[str, Any]]:
    """The mails, once there are some and none waits."""
    deadline = time.monotonic() + 20
    while True:
        response = http.get("/api/v1/mails", headers=key, params=wanted)
        assert response.status_code == 200, response.text
        found: list[dict[str, Any]] = response.json()["data"]
        if found and all(mail["state"] != "waiting" for mail in found):
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def test_the_end_of_a_conversation_is_mailed_and_can_be_sent_again(
    served: Served, http: httpx.Client, key: dict[str, str]
) -> None:
    visitor = served.arrive()
    visitor.ask("My email is jo.doe@nordlicht.example. How much does the Team plan cost?")
    for _ in range(2):
        http.post(f"{visitor.path}/end", headers=visitor.token)
    conversation_id = visitor.started["conversation_id"]
    (mail,) = wait_for_mails(http, key, conversation_id=conversation_id, kind="summary_sales")
    assert mail["state"] == "sent"
    whole = http.get(f"/api/v1/mails/{mail['id']}", headers=key).json()
    assert f"/portal/conversations/{conversation_id}" in whole["html"]
    address = f"/api/v1/mails/{mail['id']}/resend"
    again = [http.post(address, headers=key, json={"request_key": "1"}) for _ in range(2)]
    assert [response.status_code for response in again] == [202, 202]
    mails = wait_for_mails(http, key, conversation_id=conversation_id, kind="summary_sales")
    assert len(mails) == 2
    assert {one["resend_of"] for one in mails} == {None, mail["id"]}


def test_mails_are_for_staff(http: httpx.Client) -> None:
    check_error(http.get("/api/v1/mails"), 401, "UNAUTHORIZED")


def test_a_mail_that_is_not_there_cannot_be_sent(http: httpx.Client, key: dict[str, str]) -> None:
    check_error(http.post("/api/v1/mails/nonsense/resend", headers=key), 404, "NOT_FOUND")


def test_the_mails_of_a_tenant_are_its_own(served: Served, http: httpx.Client) -> None:
    other = {"x-api-key": served.run("api-key", "mails", "--tenant", "other").strip()}
    assert http.get("/api/v1/mails", headers=other).json()["total"] == 0


def test_a_link_that_is_not_ours_unsubscribes_nobody(http: httpx.Client) -> None:
    for method in ("GET", "POST"):
        response = http.request(method, "/u/nonsense")
        assert response.status_code == 404
        assert "This link is not valid" in response.text


def test_the_outbox_is_measured(served: Served, http: httpx.Client, key: dict[str, str]) -> None:
    content = http.get("/metrics", headers=key).text
    assert 'sales_agent_outbox_entries{effect="followups.send_mail",state="dead"} 0.0' in content
    assert 'sales_agent_outbox_oldest_seconds{effect="followups.summarise"}' in content
    assert served.run("outbox", "list", "--json").startswith("{")
