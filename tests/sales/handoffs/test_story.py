"""The story on one machine, on both databases: from a talk to a lead that sales answers for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.db import Database
from core.errors import Conflict, Forbidden, NotFound
from sales.handoffs.package import build_package
from sales.handoffs.package_schema import check_package
from sales.handoffs.package_verticals import PACKS
from sales.handoffs.repository import HandoffRepository
from sales.handoffs.schemas import HandoffFilter
from sales.handoffs.settings import HandoffSettings
from sales.leads.schemas import HistoryEntry
from sales.leads.timelines import read_timeline
from tests.sales.handoffs.world import HandoffDesk

HOT = (
    "Hello, I'm Priya Raman, head of operations at Acme Robotics, priya@acme.example, "
    "+44 20 7946 0123. How much does it cost? It seems expensive. We need it this month, "
    "budget is 20,000. Please send a quote and a contract, we want to buy. Call me."
)


async def test_a_talk_that_qualifies_ends_in_the_sales_process(database: Database) -> None:
    desk = await HandoffDesk.open(database)
    await desk.leads_desk.hire("Rita")
    ticket, _ = await desk.leads_desk.arrive(page="https://x.example/pricing?utm_source=li")
    for line in (HOT, "We want to buy this week. Can we see a demo?"):
        await desk.leads_desk.say(ticket, line, outcome="answered")
    worked = await desk.work()
    assert "handoffs.begin done" in worked
    page = await desk.service.reader.list_handoffs(desk.principal())
    assert page.total == 1
    handoff = page.handoffs[0]
    assert (handoff.state, handoff.label, handoff.endpoint) == (
        "accepted",
        "In Sales Process",
        "local",
    )
    lead = (await desk.leads.get_lead(desk.principal(), handoff.lead_id)).lead
    assert lead.handoff_state == "accepted"
    received = await desk.reception.find_by_own_lead(desk.tenant_id, lead.id)
    assert received is not None
    assert received.id == handoff.sales_lead_id
    assert received.package_hash == handoff.package_hash
    assert received.assigned_to == handoff.assigned_to == lead.assigned_to.id  # type: ignore[union-attr]
    assert await desk.steps(handoff.id) == [
        ("sender", "package_built"),
        ("sender", "queued"),
        ("receiver", "received"),
        ("receiver", "acknowledged"),
        ("sender", "pushed"),
        ("sender", "acknowledged"),
    ]
    # No personal data in the trail.
    assert not any("priya" in line.lower() or "7946" in line for line in await desk.read_audit())


async def test_what_waits_is_encrypted_and_is_what_arrives(database: Database) -> None:
    desk = await HandoffDesk.open(database)
    handoff_id = await desk.hand_over(await desk.enter())
    row = await desk.row(handoff_id)
    assert "@acme" not in row.package
    unsent = await desk.service.find_unsent(desk.tenant_id, handoff_id, 1, ("local",))
    assert unsent is not None
    assert b"ada@acme.example" in unsent.package.body
    await desk.work()
    standing = await desk.reception.find_standing(desk.tenant_id, row.lead_id)
    assert standing is not None
    assert standing.body_hash == unsent.package.body_hash == row.package_hash


async def test_a_lead_is_handed_over_once_however_often_it_is_said(database: Database) -> None:
    desk = await HandoffDesk.open(database)
    lead_id = await desk.enter()
    made = {await desk.hand_over(lead_id) for _ in range(3)}
    assert len(made) == 1
    assert await desk.workflow.qualified(desk.tenant_id, lead_id) is None
    for _ in range(3):
        await desk.work()
        await desk.workflow.push(desk.tenant_id, made.copy().pop(), 1)
    assert await desk.count("received_leads") == 1
    assert await desk.count("sales_leads") == 1


async def test_nobody_reachable_is_waited_for_but_not_for_ever(database: Database) -> None:
    desk = await HandoffDesk.open(database)
    ticket, _ = await desk.leads_desk.arrive(page="https://x.example/pricing")
    for line in (
        "We want to buy 40 sensors this week for our 300 people, send a quote and a contract",
        "What does it cost? Our budget is 20,000. I decide. Can we see a demo today?",
        "We need it immediately. How do we order? Where do I sign?",
    ):
        await desk.leads_desk.say(ticket, line, outcome="answered")
    worked = await desk.work()
    if "handoffs.begin done" in worked or not worked:
        pytest.fail(f"the talk did not qualify without an address: {worked}")
    assert worked == ["handoffs.begin put back"]
    desk.clock.at += timedelta(minutes=11)
    assert "handoffs.push done" in await desk.work()


async def test_a_rejected_lead_waits_for_a_person_who_sends_it_again(database: Database) -> None:
    desk = await HandoffDesk.open(database)
    first = await desk.hand_over(await desk.enter(phone="+442079460123"))
    await desk.work()
    # The same person under another id, as another sender would name them.
    other = await desk.enter("ada.second@acme.example")
    async with database.unit_of_work(desk.tenant_id) as uow:
        await uow.session.execute(text("UPDATE sales_leads SET merged_into = NULL"))
    second = await desk.hand_over(other)
    async with database.unit_of_work(desk.tenant_id) as uow:
        # Both are one lead of our list when the second arrives.
        await uow.session.execute(
            text(
                "UPDATE sales_leads SET merged_into = (SELECT lead_id FROM handoffs WHERE id = :a)"
                " WHERE id = :b"
            ),
            {"a": first, "b": other},
        )
    await desk.work()
    handoff = (
        await desk.service.reader.list_handoffs(desk.principal(), HandoffFilter(review=True))
    ).handoffs[0]
    assert (handoff.id, handoff.state, handoff.rejection_reason) == (
        second,
        "rejected",
        "duplicate",
    )
    assert [(one.kind, one.audience) for one in desk.told] == [("rejected", "marketing")]
    with pytest.raises(Forbidden):
        await desk.workflow.override(desk.principal("rep"), second, "settle", "twice")
    settled = await desk.workflow.override(desk.principal(), second, "settle", "the same person")
    assert settled.state == "settled"
    with pytest.raises(Conflict):
        await desk.workflow.override(desk.principal(), first, "resend", "why not")
    assert ("sender", "override") in await desk.steps(second)
    with pytest.raises(NotFound):
        await desk.workflow.override(desk.principal(site="else"), second, "settle", "not mine")


async def test_a_deadline_without_a_contact_is_escalated_once(database: Database) -> None:
    settings = HandoffSettings.model_validate({"sla_minutes": {"low": 30}})
    desk = await HandoffDesk.open(database, settings=settings)
    await desk.leads_desk.hire("Rita")
    in_time, late = await desk.enter("a@acme.example"), await desk.enter("b@acme.example")
    for lead_id in (in_time, late):
        await desk.hand_over(lead_id)
    await desk.work()
    await desk.leads.update_lead(desk.principal(), in_time, {"status": "contacted"})
    desk.clock.at += timedelta(minutes=31)
    worked = await desk.work()
    assert worked.count("handoffs.check_sla done") == 2
    assert [(one.kind, one.audience) for one in desk.told] == [("sla_breached", "sales")]
    history = (await desk.leads.get_lead(desk.principal(), late)).history
    assert "sla_breached" in {entry.kind for entry in history}
    received = await desk.reception.find_by_own_lead(desk.tenant_id, late)
    assert received is not None
    assert received.breached_at is not None
    assert not await desk.reception.check_sla(desk.tenant_id, received.id, received.sla_due_at)


async def test_leads_go_to_whoever_has_the_fewest(database: Database) -> None:
    desk = await HandoffDesk.open(database)
    for number in range(6):
        await desk.hand_over(await desk.enter(f"p{number}@acme.example"))
    reps = [await desk.leads_desk.hire(name) for name in ("Rita", "Rolf")]
    await desk.work()
    listed = await desk.service.reader.list_handoffs(desk.principal())
    owners = [handoff.assigned_to for handoff in listed.handoffs]
    assert {owners.count(rep.id) for rep in reps} == {3}


async def test_the_database_refuses_to_change_the_trail(database: Database) -> None:
    desk = await HandoffDesk.open(database)
    lead_id = await desk.enter()
    handoff_id = await desk.hand_over(lead_id)
    for statement in (
        "DELETE FROM handoff_audit",
        "UPDATE handoff_audit SET step = 'nothing'",
        "UPDATE handoff_audit SET actor = 'nobody'",
    ):
        with pytest.raises(DBAPIError, match="only grows"):
            async with database.unit_of_work(None) as uow:
                await uow.session.execute(text(statement))
    async with database.unit_of_work(desk.tenant_id) as uow:
        assert await HandoffRepository(uow).pseudonymise_audit(lead_id, "erased-1") == 2
    trail = await desk.service.reader.list_trail(desk.principal(), handoff_id)
    assert {entry.lead_id for entry in trail} == {"erased-1"}
    with pytest.raises(DBAPIError, match="only grows"):
        async with database.unit_of_work(desk.tenant_id) as uow:
            await uow.session.execute(text("UPDATE handoff_audit SET actor = 'nobody'"))
    assert await desk.count("handoff_audit_unlocks") == 0


async def test_every_package_of_a_lead_fits_the_published_schema(database: Database) -> None:
    desk = await HandoffDesk.open(database)
    facts = await desk.facts(await desk.enter(company="Acme", employee_count=12))
    rules = desk.workflow.gatherer.choose_rules(desk.tenant_id, None)
    package = build_package(facts, rules, desk.clock.now())
    assert check_package(package) == []
    assert package["company"]["name"] == "Acme"
    assert package["contact"]["email"] == "ada@acme.example"
    assert package["behavioralContext"]["eventsAttended"] is None


async def test_when_is_counted_from_the_day_it_was_said(database: Database) -> None:
    desk = await HandoffDesk.open(database)
    facts = await desk.facts(await desk.enter())
    said_at = facts.detail.lead.created_at + timedelta(days=200)
    said = HistoryEntry("profile_changed", "agent", {"timeline": "in march"}, said_at)
    lead = replace(facts.detail.lead, timeline="in march")
    facts = replace(facts, detail=replace(facts.detail, lead=lead, history=(said,)))
    rules = replace(
        desk.workflow.gatherer.choose_rules(desk.tenant_id, None), pack=PACKS["conveyancing"]
    )
    package = build_package(facts, rules, desk.clock.now())
    assert package["serviceRequest"]["timeline"] == read_timeline("in march", said_at.date())
    assert check_package(package) == []


async def test_staff_of_another_team_see_no_handoff_of_it(database: Database) -> None:
    desk = await HandoffDesk.open(database)
    handoff_id = await desk.hand_over(await desk.enter())
    stranger = desk.principal("rep", team_id="elsewhere")
    assert (await desk.service.reader.list_handoffs(stranger)).total == 0
    with pytest.raises(NotFound):
        await desk.service.reader.get_handoff(stranger, handoff_id)
