"""A visitor's conversation arrives in Salesforce and in Zoho, and what happens there comes back:
the real services, over the vendors' stand-ins."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from core.protocols.crm import CrmRef
from sales.crm_sync.schemas import LeadSync
from tests.integrations.salesforce.harness import SalesforceHarness
from tests.integrations.zoho.harness import ZohoHarness, make_stand_in
from tests.sales.crm_sync.world import CrmWorld
from tests.sales.followups.world import World, open_world
from tests.vendors.hubspot import HubSpotStandIn
from tests.vendors.salesforce import SalesforceStandIn
from tests.vendors.salesforce_schema import EXTERNAL_ID
from tests.vendors.zoho import ZohoStandIn
from tests.vendors.zoho_store import KEY

SETTINGS = """
  crm_integration:
    salesforce: {enabled: true, only_qualified: false, sandbox_mode: true}
    zoho: {enabled: true, only_qualified: false}
integrations:
  salesforce:
    base_url: 'SALESFORCE'
    client_id: 'SF_CLIENT_ID'
    client_secret: '${SF_CLIENT_SECRET}'
  zoho:
    base_url: 'ZOHO'
    client_id: 'ZO_CLIENT_ID'
    client_secret: '${ZO_CLIENT_SECRET}'
    refresh_token: '${ZO_REFRESH_TOKEN}'
"""


@pytest.fixture
def salesforce() -> Iterator[SalesforceStandIn]:
    with SalesforceStandIn() as stand_in:
        yield stand_in
        assert stand_in.errors == []


@pytest.fixture
def zoho() -> Iterator[ZohoStandIn]:
    with make_stand_in() as stand_in:
        yield stand_in
        assert stand_in.errors == []


@pytest.fixture
async def opened(
    sqlite_template: Path, tmp_path: Path, salesforce: SalesforceStandIn, zoho: ZohoStandIn
) -> AsyncIterator[CrmWorld]:
    database = tmp_path / "test.sqlite"
    shutil.copy(sqlite_template, database)
    changes = SETTINGS.replace("SALESFORCE", salesforce.url).replace("'ZOHO'", f"'{zoho.url}'")
    secrets = {}
    for prefix, stand_in in (("SF", salesforce), ("ZO", zoho)):
        for name, value in stand_in.credentials().items():
            changes = changes.replace(f"'{prefix}_{name.upper()}'", f"'{value}'")
            secrets[f"{prefix}_{name.upper()}"] = value
    world = await open_world(
        f"sqlite:///{database}", tmp_path / "data", changes=changes, secrets=secrets
    )
    yield CrmWorld(world, HubSpotStandIn())
    await world.close()


async def read_all(opened: CrmWorld, lead_id: str) -> dict[str, LeadSync]:
    found = await opened.parts.sync.get_lead_sync(opened.tenant_id, lead_id)
    return {one.crm: one for one in found}


async def poll(world: World, opened: CrmWorld) -> None:
    world.clock.set(world.clock.now() + timedelta(hours=1))
    for account in opened.parts.sync.get_accounts().values():
        await opened.parts.inbound.poll(opened.tenant_id, account)


async def test_a_conversation_arrives_in_both_and_what_happens_there_comes_back(
    opened: CrmWorld, salesforce: SalesforceStandIn, zoho: ZohoStandIn
) -> None:
    lead_id = await opened.talk_and_end()
    (lead,) = salesforce.store.list_rows("Lead")
    (record,) = zoho.store.list_rows("Leads")
    assert lead["Email"] == record["Email"] == "ana@nordlicht.example"
    assert lead[EXTERNAL_ID] == record[KEY] == lead_id
    for harness, person_id in (
        (SalesforceHarness(salesforce), lead["Id"]),
        (ZohoHarness(zoho), record["id"]),
    ):
        shown = harness.list_activities(person_id)
        assert len(shown) >= 2
        assert any("How much does the Team plan cost?" in one.text for one in shown)
    states = await read_all(opened, lead_id)
    assert {one.state for one in states.values()} == {"in_step"}, states

    # Nothing that we wrote ourselves is taken for a change by the CRM.
    await poll(opened.world, opened)
    SalesforceHarness(salesforce).staff_gives(lead["Id"], "h@larkmere.example", "Hannah")
    zoho.store.tick()
    zoho.store.change("Leads", record["id"], {"First_Name": "Anna"})
    await poll(opened.world, opened)
    detail = await opened.read_lead(lead_id)
    kinds = [one.kind for one in detail.history]
    assert kinds.count("crm_changed") == 1

    # Converted there: what is told next goes to the contacts.
    salesforce.store.convert(lead["Id"])
    zoho.store.convert(record["id"])
    await poll(opened.world, opened)
    detail = await opened.read_lead(lead_id)
    assert [one.kind for one in detail.history].count("crm_converted") == 2
    await opened.world.services.leads.update_lead(opened.boss, lead_id, {"title": "CFO"})
    await opened.parts.sync.plan_lead(opened.tenant_id, lead_id)
    await opened.settle()
    assert len(salesforce.store.list_rows("Lead")) == len(zoho.store.list_rows("Leads")) == 1
    (contact,) = salesforce.store.list_rows("Contact")
    assert contact["Title"] == "CFO"
    states = await read_all(opened, lead_id)
    assert {one.state for one in states.values()} == {"in_step"}, states


async def test_a_lead_that_is_won_has_its_deal_at_that_stage_in_both(
    opened: CrmWorld, salesforce: SalesforceStandIn, zoho: ZohoStandIn
) -> None:
    lead_id = await opened.enter(email="ana@nordlicht.example")
    for status in ("qualified", "converted"):
        await opened.world.services.leads.update_lead(opened.boss, lead_id, {"status": status})
        await opened.parts.sync.plan_lead(opened.tenant_id, lead_id)
        await opened.settle()
    states = await read_all(opened, lead_id)
    assert {one.state for one in states.values()} == {"in_step"}, states
    (opportunity,) = salesforce.store.list_rows("Opportunity")
    (deal,) = zoho.store.list_rows("Deals")
    assert opportunity["StageName"] == deal["Stage"] == "Closed Won"
    assert opportunity["Name"] == deal["Deal_Name"] == "Nordlicht"


async def test_a_lead_that_was_erased_there_is_no_error(
    opened: CrmWorld, salesforce: SalesforceStandIn
) -> None:
    lead_id = await opened.enter(email="ana@nordlicht.example")
    await opened.parts.sync.plan_lead(opened.tenant_id, lead_id)
    await opened.settle()
    (lead,) = salesforce.store.list_rows("Lead")
    crm = opened.parts.sync.get_accounts()["salesforce"].crm
    for _ in range(2):
        await crm.erase_person(opened.tenant_id, CrmRef(lead["Id"], ""))
    assert salesforce.store.list_rows("Lead") == []
