"""A lead's way into a CRM and back, over the real services, the real SDK and a real socket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import Conflict
from core.outbox import NotBefore
from sales.organization.schemas import NewStaff
from tests.sales.crm_sync.world import CrmWorld, open_crm_world
from tests.vendors.standin import Fault


@pytest.fixture
async def opened(database_url: str, tmp_path: Path) -> AsyncIterator[CrmWorld]:
    world = await open_crm_world(database_url, tmp_path / "data")
    yield world
    await world.world.close()
    world.crm.stop()
    assert world.crm.errors == []


async def test_a_conversation_becomes_a_contact_with_its_history(opened: CrmWorld) -> None:
    lead_id = await opened.talk_and_end()
    (contact,) = opened.list_contacts()
    assert contact["email"] == "ana@nordlicht.example"
    assert contact["sales_agent_id"] == lead_id
    assert contact["sales_agent_utm_campaign"] == "cold-chain"
    assert contact["sales_agent_first_page"].startswith("https://acme.example/pricing")
    notes = "\n".join(opened.list_bodies("notes", "hs_note_body"))
    assert "How much does the Team plan cost?" in notes
    assert "&lt;script&gt;" in notes
    assert "<script>" not in notes
    sync = await opened.read_sync(lead_id)
    assert sync.state == "in_step"
    assert {one.kind for one in sync.items} >= {"person", "conversation", "transcript"}
    detail = await opened.read_lead(lead_id)
    assert detail.lead.crm_lead_id == contact["id"]
    assert "crm_linked" in [one.kind for one in detail.history]


async def test_what_did_not_change_is_not_sent_again(opened: CrmWorld) -> None:
    lead_id = await opened.enter(email="ana@nordlicht.example")
    await opened.parts.sync.plan_lead(opened.tenant_id, lead_id)
    await opened.settle()
    before = len(opened.crm.requests)
    await opened.parts.sync.plan_lead(opened.tenant_id, lead_id)
    await opened.settle()
    assert len(opened.crm.requests) == before
    assert (await opened.read_sync(lead_id)).state == "in_step"


async def test_a_change_by_whomever_follows(opened: CrmWorld) -> None:
    sync = opened.parts.sync
    await sync.plan_changed(opened.tenant_id)
    lead_id = await opened.enter(email="ana@nordlicht.example")
    assert await sync.plan_changed(opened.tenant_id) == 1
    await opened.settle()
    opened.world.clock.set(opened.world.clock.now() + timedelta(seconds=30))
    leads = opened.world.services.leads
    await leads.update_lead(opened.boss, lead_id, {"status": "contacted", "title": "CFO"})
    assert await sync.plan_changed(opened.tenant_id) == 1
    await opened.settle()
    (contact,) = opened.list_contacts()
    assert (contact["sales_agent_status"], contact["jobtitle"]) == ("contacted", "CFO")
    assert await sync.plan_changed(opened.tenant_id) == 0


async def test_a_refusal_stands_at_the_lead_in_the_vendors_words_and_is_replayed(
    opened: CrmWorld,
) -> None:
    good = await opened.enter(email="bo@x.example", last_name="Bo")
    bad = await opened.enter(email="ana@nordlicht.example")
    words = json.dumps({"message": "Property values were not valid: the account is frozen"})
    for lead_id in (good, bad):
        await opened.parts.sync.plan_lead(opened.tenant_id, lead_id)
        if lead_id == good:
            await opened.settle()
    opened.crm.faults.order(Fault("status", 400, body=words, path="/batch/upsert"))
    await opened.settle()
    sync = await opened.read_sync(bad)
    assert sync.state == "failed"
    assert "the account is frozen" in sync.errors[0]
    assert "HubSpot" in sync.errors[0]
    assert [one.lead_id for one in await opened.parts.sync.list_failed(opened.tenant_id)] == [bad]
    (health,) = await opened.parts.sync.get_health(opened.tenant_id)
    assert health.leads == {"in_step": 1, "failed": 1}
    assert health.success_rate is not None
    assert 0 < health.success_rate < 1
    assert "frozen" in health.errors[0][0]
    assert await opened.parts.sync.retry_failed(opened.tenant_id, crm="hubspot") == 1
    await opened.settle()
    assert (await opened.read_sync(bad)).state == "in_step"
    assert len(opened.list_contacts()) == 2


async def test_refused_credentials_fail_once_for_all_and_say_so(opened: CrmWorld) -> None:
    opened.crm.is_revoked = True
    ids = [await opened.enter(email=f"a{n}@x.example", last_name=f"A{n}") for n in range(3)]
    for lead_id in ids:
        await opened.parts.sync.plan_lead(opened.tenant_id, lead_id)
    await opened.settle()
    states = await opened.parts.sync.list_lead_states(opened.tenant_id, ids)
    assert {one["hubspot"] for one in states.values()} == {"failed"}
    assert "401" in (await opened.read_sync(ids[0])).errors[0]
    tokens = [one for one in opened.crm.requests if one.path != "/oauth/v1/token"]
    assert len(tokens) < 6


async def test_a_request_for_patience_holds_up_every_process(opened: CrmWorld) -> None:
    lead_id = await opened.enter(email="ana@nordlicht.example")
    await opened.parts.sync.plan_lead(opened.tenant_id, lead_id)
    account = opened.parts.sync.get_accounts()["hubspot"]
    budget = opened.parts.pusher.budget
    await budget.block(opened.tenant_id, "hubspot", timedelta(seconds=90), "too many requests")
    with pytest.raises(NotBefore, match="too many requests"):
        await opened.parts.pusher.push(opened.tenant_id, "hubspot")
    assert opened.crm.requests == []
    opened.world.clock.set(opened.world.clock.now() + timedelta(seconds=91))
    await opened.parts.pusher.push(opened.tenant_id, account.key)
    assert (await opened.read_sync(lead_id)).state == "in_step"


async def test_the_budget_is_the_vendors_less_our_share(opened: CrmWorld) -> None:
    account = opened.parts.sync.get_accounts()["hubspot"]
    budget = opened.parts.pusher.budget
    # 100 calls in 10 seconds before the first answer; 0.8 of them are ours.
    for _ in range(8):
        await budget.take(opened.tenant_id, account, 10)
    with pytest.raises(NotBefore) as full:
        await budget.take(opened.tenant_id, account, 1)
    assert full.value.until == opened.world.clock.now() + timedelta(seconds=10)
    opened.world.clock.set(full.value.until)
    await budget.take(opened.tenant_id, account, 80)


async def test_many_leads_travel_in_batches_inside_the_budget(opened: CrmWorld) -> None:
    for n in range(110):
        await opened.enter(email=f"a{n}@x.example", last_name=f"A{n}", company=f"C{n % 7}")
    planned = await opened.parts.sync.backfill(opened.tenant_id)
    assert planned == 110
    assert await opened.parts.sync.backfill(opened.tenant_id) == 0
    for _ in range(20):
        # Deals need no budget here: these leads did not qualify.
        opened.world.clock.set(opened.world.clock.now() + timedelta(seconds=11))
        await opened.parts.pusher.push(opened.tenant_id, "hubspot")
    assert len(opened.list_contacts()) == 110
    people = [one for one in opened.crm.requests if "/contacts/" in one.path]
    assert len(people) < 12
    assert await opened.parts.sync.backfill(opened.tenant_id, dry_run=True) == 0


async def test_the_owner_there_becomes_the_owner_here_and_stays(opened: CrmWorld) -> None:
    staff = opened.world.resources.staff
    new = NewStaff("hannah@acme.example", "Hannah", "rep")
    hannah = await staff.create_staff(opened.tenant_id, new, "correct horse battery staple")
    theirs = opened.crm.store.create("contacts", {"email": "ana@nordlicht.example"})
    give(opened, theirs, "hannah@acme.example")
    lead_id = await opened.enter(email="ana@nordlicht.example")
    await opened.parts.sync.plan_lead(opened.tenant_id, lead_id)
    await opened.settle()
    detail = await opened.read_lead(lead_id)
    assert detail.lead.assigned_to is not None
    assert detail.lead.assigned_to.id == hannah.id
    assert [one["id"] for one in opened.list_contacts()] == [theirs]


def give(opened: CrmWorld, contact: str, email: str) -> None:
    opened.crm.store.owners["9"] = {
        "id": "9",
        "type": "PERSON",
        "email": email,
        "firstName": "Hannah",
        "lastName": "Braithwaite",
        "createdAt": "2026-01-01T00:00:00Z",
        "updatedAt": "2026-01-01T00:00:00Z",
        "archived": False,
    }
    opened.crm.store.change("contacts", contact, {"hubspot_owner_id": "9"})


async def test_what_is_changed_there_stands_in_the_history_with_both_values(
    opened: CrmWorld,
) -> None:
    lead_id = await opened.enter(email="ana@nordlicht.example", title="CFO")
    await opened.parts.sync.plan_lead(opened.tenant_id, lead_id)
    await opened.settle()
    await opened.poll()
    (contact,) = opened.list_contacts()
    opened.crm.store.change("contacts", contact["id"], {"jobtitle": "CEO"})
    for _ in range(2):
        await opened.poll()
    detail = await opened.read_lead(lead_id)
    (change,) = [one for one in detail.history if one.kind == "crm_changed"]
    assert change.data == {"jobtitle": {"ours": "CFO", "theirs": "CEO"}}
    assert detail.lead.title == "CFO"


async def test_a_deleted_record_is_not_made_again_but_by_hand(opened: CrmWorld) -> None:
    lead_id = await opened.enter(email="ana@nordlicht.example")
    await opened.parts.sync.plan_lead(opened.tenant_id, lead_id)
    await opened.settle()
    await opened.poll()
    (contact,) = opened.list_contacts()
    opened.crm.store.archive("contacts", contact["id"])
    await opened.poll()
    assert (await opened.read_sync(lead_id)).state == "deleted"
    await opened.parts.sync.plan_lead(opened.tenant_id, lead_id)
    await opened.settle()
    assert opened.list_contacts() == []
    await opened.parts.sync.send_again(opened.tenant_id, lead_id)
    await opened.settle()
    assert len(opened.list_contacts()) == 1
    assert (await opened.read_sync(lead_id)).state == "in_step"


async def test_a_merged_record_is_followed_to_the_winner(opened: CrmWorld) -> None:
    lead_id = await opened.enter(email="ana@nordlicht.example")
    await opened.parts.sync.plan_lead(opened.tenant_id, lead_id)
    await opened.settle()
    await opened.poll()
    (contact,) = opened.list_contacts()
    winner = opened.crm.store.create("contacts", {"email": "ana.silva@nordlicht.example"})
    opened.crm.store.merge(contact["id"], winner)
    await opened.poll()
    sync = await opened.read_sync(lead_id)
    assert sync.person is not None
    assert sync.person.crm_id == winner
    assert "crm_merged" in [one.kind for one in (await opened.read_lead(lead_id)).history]


async def test_erasing_gives_each_crms_answer_and_forgets(opened: CrmWorld) -> None:
    lead_id = await opened.talk_and_end()
    opened.crm.faults.order(Fault("status", 403, path="gdpr-delete"))
    (refused,) = await opened.parts.sync.erase_lead(opened.tenant_id, lead_id)
    assert not refused.erased
    assert (await opened.read_sync(lead_id)).items
    (done,) = await opened.parts.sync.erase_lead(opened.tenant_id, lead_id)
    assert (done.crm, done.erased) == ("hubspot", True)
    assert opened.list_contacts() == []
    assert opened.list_bodies("notes", "hs_note_body") == []
    assert (await opened.read_sync(lead_id)).state == "never"


async def test_without_a_connection_nothing_is_planned(opened: CrmWorld) -> None:
    lead_id = await opened.enter(email="ana@nordlicht.example")
    other = "22222222-2222-7222-8222-222222222222"
    with pytest.raises(Conflict, match="No CRM is connected"):
        await opened.parts.sync.send_again(other, lead_id)


async def test_the_mapping_is_checked_against_the_crms_own_fields(opened: CrmWorld) -> None:
    assert await opened.parts.sync.check_mapping(opened.tenant_id, "hubspot") == []
