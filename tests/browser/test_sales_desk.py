"""Sales at work in a real Chromium: what became of a lead, and what waits for a person."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from app.places import Places
from app.runtime import Runtime
from app.settings import load_app_settings
from app.wiring import build_resources
from tests.app.threaded import ThreadedServer
from tests.browser.test_accessibility import PHONE, axe
from tests.browser.test_portal import Open, check, open_page, sign_in
from tests.integrations.hubspot.harness import make_stand_in
from tests.portal.conftest import Browser, hire
from tests.portal.test_handoffs import enter_lead, hand_over, wait_for
from tests.support.website import write_website
from tests.vendors.hubspot import HubSpotStandIn
from tests.vendors.sales_system import SalesSystemStandIn
from tests.vendors.standin import Fault

__all__ = ["axe", "open_page"]
MORE = """
tenants: [{key: default}, {key: other}]
handoff: {system: sales_system}
sales_agent:
  crm_integration: {hubspot: {enabled: true, only_qualified: false}}
integrations: INTEGRATIONS
"""


@dataclass(frozen=True, slots=True)
class Office:
    """A server between a CRM and a sales system."""

    server: ThreadedServer
    crm: HubSpotStandIn
    sales: SalesSystemStandIn

    def enter(self) -> Browser:
        browser = Browser(httpx.Client(base_url=self.server.address, timeout=60))
        assert browser.sign_in("ada").status_code == 303
        return browser


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("desk")
    patch = pytest.MonkeyPatch()
    with make_stand_in() as crm, SalesSystemStandIn() as sales:
        patch.setenv("TEST_TOKEN", "token-0")
        patch.setenv("TEST_SALES_SECRET", sales.credentials()["client_secret"])
        ours = {"tenants": ["default"]}
        integrations = {
            "hubspot": {
                "base_url": crm.url,
                "portal_id": 1,
                "access_token": "${TEST_TOKEN}",
                **ours,
            },
            "sales_system": {
                **sales.settings(),
                "client_id": sales.credentials()["client_id"],
                "client_secret": "${TEST_SALES_SECRET}",
                **ours,
            },
        }
        more = MORE.replace("INTEGRATIONS", json.dumps(integrations))
        config = write_website(folder, more=more)

        async def start() -> Runtime:
            settings, data = load_app_settings(config), folder / "data"
            data.mkdir()
            resources = await build_resources(settings, Places(config, data), None)
            await hire(resources)
            return Runtime(settings, resources)

        with ThreadedServer(start) as server:
            server.http.get("/healthz")
            yield Office(server, crm, sales)
    patch.undo()


@pytest.fixture(scope="module")
def served(office: Office) -> ThreadedServer:
    """What `open_page` opens pages of."""
    return office.server


def tab_to(page: Page, label: str) -> None:
    """Press Tab until the field of that label has the focus."""
    target = page.get_by_label(label, exact=True).or_(page.get_by_role("button", name=label))
    for _ in range(60):
        page.keyboard.press("Tab")
        if target.first.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"the keyboard does not reach {label}")


@pytest.mark.parametrize(
    "options", [{}, {"color_scheme": "dark"}, PHONE], ids=["light", "dark", "phone"]
)
def test_the_keyboard_alone_records_a_sale_that_counts_once(
    open_page: Open, axe: str, office: Office, options: dict[str, Any]
) -> None:
    lead_id = enter_lead(office.enter(), f"sale{len(options)}{'color_scheme' in options}@a.example")
    page = sign_in(open_page(f"/portal/login?next=/portal/leads/{lead_id}", **options))
    check(page, axe)
    page.get_by_role("link", name="Record outcome").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Won", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("kind=won"))
    tab_to(page, "Amount")
    page.keyboard.type("a lot")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Amount: write it like 1234.50")
    expect(page.get_by_label("Amount", exact=True)).to_have_attribute("aria-invalid", "true")
    check(page, axe)
    page.get_by_label("Amount", exact=True).fill("1200.50")
    # Both before the answer to the first is there.
    page.evaluate("form = document.getElementById('outcome-form'); form.submit(); form.submit()")
    stands = page.locator("#standing")
    expect(stands).to_contain_text("1200.50 USD")
    expect(stands.get_by_text("Won 1200.50 USD")).to_have_count(1)
    check(page, axe)
    page.goto(f"{office.server.address}/portal/leads/{lead_id}")
    expect(page.locator("#outcome")).to_contain_text("Won")
    check(page, axe)
    page.goto(f"{office.server.address}/portal/analytics")
    expect(page.get_by_role("heading", name="Revenue by page")).to_be_visible()
    check(page, axe)


def test_every_kind_of_outcome_has_its_form(open_page: Open, axe: str, office: Office) -> None:
    lead_id = enter_lead(office.enter(), "kinds@acme.example")
    path = f"/portal/leads/{lead_id}/outcome"
    page = sign_in(open_page(f"/portal/login?next={path}"))
    page.get_by_label("How", exact=True).select_option("phone")
    page.get_by_label("What came of it").select_option("no-answer")
    page.get_by_role("button", name="Record: Call or mail").click()
    expect(page.get_by_role("status").first).to_contain_text("Tried to reach")
    for kind, field, value in (
        ("Opportunity", "Stage (optional)", "quote-sent"),
        ("Lost", "Why", "competitor"),
    ):
        page.get_by_role("link", name=kind, exact=True).click()
        check(page, axe)
        page.get_by_label(field, exact=True).select_option(value)
        page.get_by_role("button", name=f"Record: {kind}").click()
        expect(page.get_by_role("status").first).to_contain_text(f"stands at: {kind}")
    expect(page.locator("#standing")).to_contain_text("Chose a competitor")


def test_what_was_rejected_is_sent_again_and_settled_by_clicking(
    open_page: Open, axe: str, office: Office
) -> None:
    ada = office.enter()
    office.sales.word = "rejected"
    made = [hand_over(ada, enter_lead(ada, f"back{n}@acme.example")) for n in range(2)]
    for one in made:
        wait_for(ada, one["id"], "rejected")
    office.sales.word = "accepted"
    page = sign_in(open_page("/portal/login?next=/portal/handoffs?state=review"))
    expect(page.locator("tbody").get_by_text("Rejected by sales")).to_have_count(2)
    check(page, axe)
    for one, action, state in zip(
        made, ("resend", "settle"), ("In Sales Process", "Settled by hand"), strict=True
    ):
        page.goto(f"{office.server.address}/portal/leads/{one['lead_id']}#handoff")
        card = page.locator("#handoff")
        card.get_by_label("What is to happen").select_option(action)
        card.get_by_label("Why").fill("They moved into our area")
        card.get_by_role("button", name="Decide").click()
        expect(page.get_by_role("status").first).to_be_visible()
        wait_for(ada, one["id"], "accepted" if action == "resend" else "settled")
        page.reload()
        expect(card).to_contain_text(state)
        card.get_by_text("Every step").click()
        expect(card).to_contain_text("They moved into our area")
        check(page, axe)
    page.goto(f"{office.server.address}/portal/handoffs?state=review")
    expect(page.get_by_text("No handoffs here")).to_be_visible()


def test_what_a_crm_refused_is_mended_and_sent_again_by_clicking(
    open_page: Open, axe: str, office: Office
) -> None:
    ada = office.enter()
    words = json.dumps({"message": "The account is frozen"})
    office.crm.faults.order(Fault("status", 400, body=words, path="/upsert", times=50))
    lead_id = enter_lead(ada, "frozen@acme.example")
    assert ada.send(f"/portal/leads/{lead_id}/crm-sync").status_code == 303
    page = sign_in(open_page("/portal/login?next=/portal/crm"))
    # The page renews itself when the refusal is there.
    expect(page.get_by_text("The account is frozen").first).to_be_visible(timeout=60_000)
    check(page, axe)
    office.crm.faults.clear()
    page.get_by_role("button", name="Mended: send all of HubSpot again").click()
    expect(page.get_by_role("status").first).to_contain_text("sent again now")
    expect(page.get_by_text("Nothing failed")).to_be_visible(timeout=60_000)
    check(page, axe)
    page.goto(f"{office.server.address}/portal/leads/{lead_id}")
    expect(page.locator("#crm")).to_contain_text("In step", timeout=60_000)
