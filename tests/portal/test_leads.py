"""Leads, meetings, mails and the outbox on their pages."""

from __future__ import annotations

import asyncio
import re
import time

import httpx
import pytest
from sqlalchemy import insert

from core.db import Database
from core.outbox import EntryState, OutboxEntry
from tests.portal.conftest import Browser, PortalServer, text_of
from tests.portal.visiting import Visitor

TELLING = (
    "Hi, I'm Maya Okafor from Northwind Cargo, maya@northwind.example, +44 20 7946 0958",
    "How much is a rental?",
    "We need 20 cargo bikes within a month, our budget is €50,000 and I decide. Can I get a demo?",
)


def _qualify(portal: PortalServer, email: str = "maya@northwind.example") -> Visitor:
    visitor = Visitor(portal.address)
    for text in TELLING:
        visitor.say(text.replace("maya@northwind.example", email))
    return visitor


def find_lead(browser: Browser, name: str = "Maya Okafor") -> str:
    found = re.search(
        rf'href="(/portal/leads/[\w-]{{36}})"><strong>{name}', browser.get("/portal/leads").text
    )
    assert found, text_of(browser.get("/portal/leads"))
    return found[1]


def book_first(browser: Browser, lead: str) -> httpx.Response:
    """Book the first free time that the lead's page offers."""
    slot = re.search(r'name="slot" value="([\w-]+)"', browser.get(lead).text)
    assert slot, text_of(browser.get(lead))
    return browser.send(f"{lead}/book", slot=slot[1], topic="Cargo <b>bikes", request_key="k1")


def test_a_meeting_is_booked_moved_and_cancelled_by_staff(portal: PortalServer) -> None:

    ada, rolf, otto = portal.enter("ada"), portal.enter("rolf"), portal.enter("otto")
    _qualify(portal)
    lead = find_lead(ada)
    booked = book_first(ada, lead)
    assert booked.status_code == 303, text_of(booked)
    listed = ada.get("/portal/appointments")
    found = re.search(r'href="(/portal/appointments/[\w-]{36})"', listed.text)
    assert found, text_of(listed)
    path = found[1]
    page = ada.get(path)
    assert "Cargo &lt;b&gt;bikes" in page.text
    for stranger in (rolf, otto):
        assert "No appointments here" in text_of(stranger.get("/portal/appointments"))
        assert stranger.get(path).status_code == 404
        for form in ("move", "cancel"):
            assert stranger.send(f"{path}/{form}").status_code == 404
    assert ada.send(f"{path}/cancel", csrf="").status_code == 403
    assert ada.send(f"{path}/move", slot="nonsense").status_code == 400
    slots = re.findall(r'name="slot" value="([\w-]+)"', page.text)
    assert ada.send(f"{path}/move", slot=slots[-1]).status_code == 303
    assert "Rescheduled by the team" in text_of(ada.get(path))
    assert ada.send(f"{path}/cancel", reason="They <i>called").status_code == 303
    assert "They &lt;i&gt;called" in ada.get(path).text
    assert "Cancelled" in text_of(ada.get("/portal/appointments?view=cancelled"))
    assert ada.send(f"{path}/move", slot=slots[0]).status_code == 409


def test_analytics_count_and_show_what_was_not_answered(portal: PortalServer) -> None:
    _qualify(portal)
    portal.wait(minutes=1)
    ada, otto = portal.enter("ada"), portal.enter("otto")
    text = text_of(ada.get("/portal/analytics?days=7&by=referrer_domain"))
    for words in ("1 conversation since", "Unknown", "search.example", "How much is a rental?"):
        assert words in text
    assert "Nothing to count yet" in text_of(otto.get("/portal/analytics"))
    assert ada.get("/portal/analytics?days=x&by=y").status_code == 200


def test_a_lead_shows_its_proof_its_score_and_what_brought_it(portal: PortalServer) -> None:
    ada = portal.enter("ada")
    assert "No leads here" in text_of(ada.get("/portal/leads"))
    _qualify(portal)
    path = find_lead(ada)
    page = ada.get(path)
    assert page.status_code == 200, text_of(page)
    text = text_of(page)
    for words in ("Maya Okafor", "Northwind Cargo", "What they told", "of 100", "search.example"):
        assert words in text
    assert 'href="mailto:maya@northwind.example"' in page.text
    assert re.search(r"/portal/conversations/[\w-]{36}#message-[\w-]{36}", page.text)


def test_status_owner_and_details_are_changed_and_bad_ones_refused(portal: PortalServer) -> None:
    ada = portal.enter("ada")
    _qualify(portal)
    path = find_lead(ada)
    assert ada.send(path, status="contacted").status_code == 303
    assert ada.send(path, company="<b>Northwind</b>", decision_maker="no").status_code == 303
    page = ada.get(path)
    assert "&lt;b&gt;Northwind&lt;/b&gt;" in page.text
    assert "Contacted" in text_of(page)
    for fields in ({"status": "sold"}, {"email": "nobody"}, {"assigned_to": "x"}):
        assert ada.send(path, **fields).status_code == 400
    assert ada.send(path, status="lost", csrf="").status_code == 403


def test_other_tenants_leads_are_not_there(portal: PortalServer) -> None:
    ada, otto = portal.enter("ada"), portal.enter("otto")
    _qualify(portal)
    path = find_lead(ada)
    assert "No leads here" in text_of(otto.get("/portal/leads"))
    assert otto.get(path).status_code == 404
    for form in ("", "/book", "/merge"):
        assert otto.send(path + form, status="lost", other=path).status_code == 404
    assert otto.send(f"{path}/merges/{'0' * 36}/undo").status_code == 404


def test_two_leads_become_one_and_two_again(portal: PortalServer) -> None:
    ada, rita = portal.enter("ada"), portal.enter("rita")
    _qualify(portal)
    first = find_lead(ada)
    other = Visitor(portal.address)
    other.say("I'm Lena Brandt, lena@brandt.example, we need 30 bikes, budget €90,000, this month")
    second = find_lead(ada, "Lena Brandt")
    assert rita.send(f"{first}/merge", other=second).status_code == 403
    assert ada.send(f"{first}/merge", other="nonsense").status_code == 400
    assert ada.send(f"{first}/merge", other=portal.address + second).status_code == 303
    page = ada.get(first)
    undo = re.search(rf'action="({first}/merges/[\w-]{{36}}/undo)"', page.text)
    assert undo
    assert ada.send(undo[1]).status_code == 303
    assert ada.get(second).status_code == 200


@pytest.mark.parametrize(
    "query",
    ["q=Maya", "q=%25_%27%22%00", "tier=hot&sort=score", "owner=me", "status=x&tier=y&sort=z"],
)
def test_filters_in_the_address_never_break_the_list(portal: PortalServer, query: str) -> None:
    assert portal.enter("rita").get(f"/portal/leads?{query}").status_code == 200


def test_the_mails_of_a_conversation_can_be_read_loaded_and_sent_again(
    portal: PortalServer,
) -> None:
    ada = portal.enter("ada")
    _qualify(portal).end()
    found: list[str] = []
    for _ in range(50):
        found = re.findall(r'href="(/portal/mail/[\w-]{36})"', ada.get("/portal/mail").text)
        if found and "Send again" in text_of(ada.get(found[0])):
            break
        time.sleep(0.2)
    assert found
    path = found[0]
    page = ada.get(path)
    assert "frame-src 'self'" in page.headers["content-security-policy"]
    assert 'sandbox="allow-popups' in page.text
    html = ada.get(f"{path}/html")
    assert "sandbox" in html.headers["content-security-policy"]
    assert html.headers["x-frame-options"] == "SAMEORIGIN"
    eml = ada.get(f"{path}/mail.eml")
    assert eml.headers["content-type"] == "message/rfc822"
    assert b"\r\nSubject:" in eml.content
    assert ada.get(f"{path}/invite.ics").status_code == 404
    otto, rita = portal.enter("otto"), portal.enter("rita")
    for suffix in ("", "/html", "/mail.eml"):
        assert otto.get(path + suffix).status_code == 404
    assert otto.send(f"{path}/resend").status_code == 404
    assert ada.send(f"{path}/resend", csrf="").status_code == 403
    sent = ada.send(f"{path}/resend", request_key="r1")
    again = ada.send(f"{path}/resend", request_key="r1")
    assert sent.status_code == 303
    assert sent.headers["location"] != path
    assert again.status_code == 303
    assert text_of(ada.get("/portal/mail")).count("Sent again by hand") == 1
    assert "Mails stand with their leads" in text_of(rita.get("/portal/mail"))


async def _give_up(portal: PortalServer, url: str) -> None:
    resources = portal.runtime.resources
    tenant_id, now = resources.organization.get_tenant("default").id, portal.clock.now()
    row = {
        "tenant_id": tenant_id,
        "event_type": "Doomed",
        "effect": "tests.doomed",
        "payload": {"words": "<script>"},
        "idempotency_key": "doomed",
        "priority": 0,
        "state": EntryState.DEAD,
        "attempts": 3,
        "available_at": now,
        "created_at": now,
        "done_at": now,
        "last_error": "Rejected: <b>no</b>",
    }
    # A connection of this thread's own: the server's belongs to its loop.
    database = Database(url)
    async with database.unit_of_work(tenant_id) as uow:
        await uow.session.execute(insert(OutboxEntry), [row])
    await database.close()


def test_dead_letters_are_replayed_by_those_who_lead_and_dropped_by_admins(
    portal: PortalServer, database_url: str
) -> None:
    asyncio.run(_give_up(portal, database_url))
    ada, manager, rita, otto = (portal.enter(name) for name in ("ada", "max", "rita", "otto"))
    assert rita.get("/portal/health").status_code == 403
    assert "tests.doomed" not in otto.get("/portal/health").text
    page = ada.get("/portal/health")
    assert "Rejected: &lt;b&gt;no&lt;/b&gt;" in page.text
    form = re.search(r'action="(/portal/health/letters/\d+)/replay"', page.text)
    assert form
    assert "tests.doomed" in manager.get("/portal/health").text
    assert "Drop for good" not in manager.get("/portal/health").text
    assert manager.send(f"{form[1]}/drop").status_code == 403
    assert rita.send(f"{form[1]}/replay").status_code == 403
    for action in ("replay", "drop"):
        assert otto.send(f"{form[1]}/{action}").status_code == 404
        assert ada.send(f"{form[1]}/{action}", csrf="").status_code == 403
    assert ada.send(f"{form[1]}/drop").status_code == 303
    assert "Nothing was given up" in text_of(ada.get("/portal/health"))
