"""An erasure reaches every vendor: each forgets, is asked again, and its answer stands in the
certificate. One that is down is waited for."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.errors import Conflict
from sales.privacy.schemas import Wish
from tests.app.erasure_world import ANN, World, deliver, fill, find_anything, open_world
from tests.integrations.hubspot.harness import make_stand_in as make_hubspot
from tests.integrations.zoho.harness import make_stand_in as make_zoho
from tests.vendors.calendly import CalendlyStandIn
from tests.vendors.google_calendar import GoogleCalendarStandIn
from tests.vendors.hubspot import HubSpotStandIn
from tests.vendors.mailgun import MailgunStandIn
from tests.vendors.outlook import OutlookStandIn
from tests.vendors.sales_system import SalesSystemStandIn
from tests.vendors.salesforce import SalesforceStandIn
from tests.vendors.sendgrid import SendGridStandIn
from tests.vendors.standin import Fault, HttpStandIn

REP = "robin@brightwater.example"
SETTINGS = """
email: {{provider: {mail}, from_address: hello@brightwater.example}}
handoff: {{system: {sales}}}
integrations: {vendors}
sales_agent:
  crm_integration: {crms}
  appointment_scheduling:
    enabled: true
    calendar_provider: {calendar}
    reps:
      - {{key: robin, name: Robin, email: robin@brightwater.example, timezone: UTC,
         working_hours: {{mon-sun: "0:00-24:00"}}}}
"""


def _describe(key: str, stand_in: HttpStandIn, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The vendor's section; what is secret comes from the environment."""
    section = dict(stand_in.settings())
    if isinstance(stand_in, HubSpotStandIn):
        given: Mapping[str, str] = {"access_token": stand_in.token}
    else:
        given = stand_in.credentials()
    for name, value in given.items():
        place = f"{key}_{name}".upper()
        monkeypatch.setenv(place, value)
        section[name] = f"${{{place}}}"
    return section


@asynccontextmanager
async def open_installation(
    sqlite_template: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    stand_ins: dict[str, HttpStandIn],
) -> AsyncIterator[World]:
    """One that works with these vendors, and with nobody else."""
    shutil.copy(sqlite_template, folder / "test.sqlite")
    monkeypatch.setenv("TEST_URL", f"sqlite:///{folder / 'test.sqlite'}")
    with ExitStack() as running:
        for one in stand_ins.values():
            running.enter_context(one)
        crms = [name for name in stand_ins if name in ("hubspot", "salesforce", "zoho")]

        def choose(*possible: str) -> str:
            return next((name for name in stand_ins if name in possible), "local")

        more = SETTINGS.format(
            mail=choose("sendgrid", "mailgun"),
            sales=choose("sales_system"),
            calendar=choose("google", "outlook", "calendly"),
            vendors=json.dumps(
                {key: _describe(key, one, monkeypatch) for key, one in stand_ins.items()}
            ),
            crms=json.dumps({name: {"enabled": True, "only_qualified": False} for name in crms}),
        )
        world = await open_world(folder, more)
        try:
            yield world
        finally:
            await world.resources.close()
        assert {key: one.errors for key, one in stand_ins.items() if one.errors} == {}


async def fill_vendors(world: World) -> str:
    """Ann at every vendor; her lead's id."""
    await fill(world)
    lead = await world.find_lead(ANN)
    assert lead is not None
    await world.services.crms.sync.plan_lead(world.tenant_id, lead.id)
    await deliver(world)
    return lead.id


def read_certificate(certificate: dict[str, Any]) -> dict[str, dict[str, Any]]:
    assert certificate["state"] == "done", certificate
    return {one["system"]: one for one in certificate["systems"]}


def check_answers(said: dict[str, dict[str, Any]]) -> None:
    """Each vendor's own words, and how often it had to be asked."""
    assert {name: one["said"] for name, one in said.items() if name.startswith("crm")} == {
        "crm hubspot": "erased",
        "crm salesforce": "erased",
        "crm zoho": "erased",
    }
    assert said["crm zoho"]["attempts"] == 2
    assert "not found any more" in said["crm hubspot"]["words"]
    assert "15 days" in said["crm salesforce"]["words"]
    assert "60 days" in said["crm zoho"]["words"]
    assert (said["calendar"]["said"], said["calendar's bin"]["said"]) == ("erased", "cannot")
    assert said["mail sendgrid"]["said"] == said["sales system"]["said"] == "erased"


async def test_three_crms_google_sendgrid_and_the_sales_system_forget_and_one_was_down(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hubspot, salesforce, zoho = make_hubspot(), SalesforceStandIn(), make_zoho()
    google, sendgrid, sales = GoogleCalendarStandIn(), SendGridStandIn(), SalesSystemStandIn()
    stand_ins: dict[str, HttpStandIn] = {
        "hubspot": hubspot,
        "salesforce": salesforce,
        "zoho": zoho,
        "google": google,
        "sendgrid": sendgrid,
        "sales_system": sales,
    }
    async with open_installation(sqlite_template, tmp_path, monkeypatch, stand_ins) as world:
        lead_id = await fill_vendors(world)

        def list_holding() -> list[str]:
            contacts = hubspot.store.objects["contacts"]
            held = {
                "hubspot": [contacts[one] for one in hubspot.store.list_ids("contacts")],
                "salesforce": salesforce.store.list_rows("Lead"),
                "zoho": zoho.store.list_rows("Leads"),
            }
            return [crm for crm, rows in held.items() if f'"{ANN}"' in json.dumps(rows)]

        assert list_holding() == ["hubspot", "salesforce", "zoho"]
        assert len(google.list_shown(REP)) == 1
        assert sales.leads[lead_id]["status"] == "accepted"

        zoho.faults.order(Fault("status", 503, method="DELETE", path="/Leads"))
        privacy, who = world.services.privacy, world.admin
        erasure_id = await privacy.request(who, Wish(email=ANN))
        async with work_until(world, lambda: zoho.faults.list_waiting() == []):
            # The others do not wait for it.
            seen = await privacy.get_erasure(who, erasure_id)
            async with asyncio.timeout(60):
                while seen.waiting_for != ("crm",):
                    await asyncio.sleep(0.05)
                    seen = await privacy.get_erasure(who, erasure_id)
        assert seen.state == "running"
        with pytest.raises(Conflict, match="waits for: crm"):
            await privacy.get_certificate(who, erasure_id)
        # What we know of her stays until everybody outside has answered.
        assert await world.find_lead(ANN) is not None
        async with work_until(world, lambda: list_holding() == []):
            certificate = await wait_for_certificate(world, erasure_id)

        check_answers(read_certificate(certificate))
        assert google.list_shown(REP) == []
        assert sendgrid.erased == [ANN]
        assert sales.leads[lead_id]["status"] == "erased"
        assert await find_anything(world) == []
        # Nobody brings her back.
        await world.services.crms.sync.plan_changed(world.tenant_id)
        await deliver(world)
        assert list_holding() == []
        again = await world.erase(Wish(lead_id=lead_id))
        assert read_certificate(again)["crm"]["said"] == "nothing held"


async def test_outlook_and_mailgun_forget_what_their_apis_let_them(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outlook, mailgun = OutlookStandIn(), MailgunStandIn()
    async with open_installation(
        sqlite_template, tmp_path, monkeypatch, {"outlook": outlook, "mailgun": mailgun}
    ) as world:
        await fill(world)
        mailgun.suppressed = {("bounces", ANN), ("complaints", ANN), ("bounces", "o@x.example")}
        assert len(outlook.events[REP]) == 1
        said = read_certificate(await world.erase(Wish(email=ANN)))
        assert not outlook.events[REP]
        assert mailgun.suppressed == {("bounces", "o@x.example")}
        assert (said["mail mailgun"]["said"], said["mail mailgun"]["count"]) == ("erased", 2)
        assert said["mail mailgun: the rest"]["said"] == "cannot"
        assert said["calendar"]["said"] == "erased"
        assert await find_anything(world) == []


async def test_calendly_is_ordered_to_forget_and_an_account_without_that_right_says_so(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calendly, sendgrid = CalendlyStandIn(people=(REP,)), SendGridStandIn()
    stand_ins: dict[str, HttpStandIn] = {"calendly": calendly, "sendgrid": sendgrid}
    async with open_installation(sqlite_template, tmp_path, monkeypatch, stand_ins) as world:
        await fill(world)
        assert len(calendly.list_active()) == 1
        calendly.is_enterprise = sendgrid.may_erase = False
        privacy, who = world.services.privacy, world.admin
        erasure_id = await privacy.request(who, Wish(email=ANN))
        await world.work(erasure_id)
        certificate = await privacy.get_certificate(who, erasure_id)
        said = {one["system"]: one for one in certificate["systems"]}
        # What cannot be done by a program is said; what was refused holds the whole up.
        assert certificate["state"] == "incomplete"
        assert (said["mail sendgrid"]["said"], said["mail sendgrid"]["words"][:3]) == (
            "refused",
            "403",
        )
        assert said["calendar's invitees: the rest"]["said"] == "cannot"
        assert calendly.list_active() == []
        assert await world.find_lead(ANN) is None
        # The right was given: the same wish goes on with the same person, under the same id.
        calendly.is_enterprise = sendgrid.may_erase = True
        assert await privacy.request(who, Wish(email=ANN)) == erasure_id
        await world.work(erasure_id)
        said = read_certificate(await privacy.get_certificate(who, erasure_id))
        assert sendgrid.erased == calendly.erased == [ANN]
        assert said["calendar's invitees"]["said"] == "erased"
        assert await find_anything(world) == []


@asynccontextmanager
async def work_until(world: World, is_over: Any) -> AsyncIterator[None]:
    """Let the outbox work until something is so, and while the block waits."""
    runner = world.resources.outbox_runner
    await runner.start()
    try:
        async with asyncio.timeout(60):
            # The vendors are other threads: nothing of theirs can be waited for.
            while not is_over():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        yield
    finally:
        await runner.stop(timedelta(seconds=10))


async def wait_for_certificate(world: World, erasure_id: str) -> dict[str, Any]:
    privacy = world.services.privacy
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(Conflict):
                return await privacy.get_certificate(world.admin, erasure_id)
            await asyncio.sleep(0.05)
