"""The portal on handoffs: state, trail and deadline of a lead, and what waits for a person."""

from __future__ import annotations

import time

from portal.cookies import CSRF_HEADER
from tests.portal.conftest import Browser, PortalServer, text_of


def enter_lead(browser: Browser, email: str) -> str:
    headers = {CSRF_HEADER: browser.csrf()}
    body = {"first_name": "Ada", "email": email}
    lead_id: str = browser.http.post("/api/v1/leads", json=body, headers=headers).json()["id"]
    return lead_id


def hand_over(browser: Browser, lead_id: str) -> dict[str, object]:
    headers = {CSRF_HEADER: browser.csrf()}
    body = {"lead_id": lead_id}
    answer = browser.http.post("/api/v1/handoffs", json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    made: dict[str, object] = answer.json()
    return made


def wait_for(browser: Browser, handoff_id: object, state: str) -> None:
    for _ in range(400):
        found = browser.http.get(f"/api/v1/handoffs/{handoff_id}").json()
        if found["state"] == state:
            return
        time.sleep(0.05)
    raise AssertionError(found)


def test_a_leads_page_shows_its_handoff_and_a_rejection_waits_for_a_person(
    portal: PortalServer,
) -> None:
    ada = portal.enter("ada")
    lead_id = enter_lead(ada, "one@acme.example")
    page = ada.get(f"/portal/leads/{lead_id}")
    assert "Not handed over yet" in text_of(page)
    made = hand_over(ada, lead_id)
    wait_for(ada, made["id"], "accepted")
    shown = text_of(ada.get(f"/portal/leads/{lead_id}"))
    for words in ("In Sales Process", "Contact by", "Package built", "Acknowledged", "Every step"):
        assert words in shown
    listed = text_of(ada.get("/portal/handoffs"))
    assert str(made["transaction_id"]) in listed
    # Settled by hand before it is sent: nothing is pushed any more.
    assert "No handoffs here" in text_of(ada.get("/portal/handoffs?state=review"))
    rita = portal.enter("rita")
    refused = rita.send(f"/portal/handoffs/{made['id']}/override", action="settle", reason="x")
    assert refused.status_code == 403
    late = ada.send(f"/portal/handoffs/{made['id']}/override", action="settle", reason="x")
    assert late.status_code == 409
    unclear = ada.send(f"/portal/handoffs/{made['id']}/override", action="burn", reason="x")
    assert unclear.status_code == 400
