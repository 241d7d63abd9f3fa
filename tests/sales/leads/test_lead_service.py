"""Conversations become leads: once, of the right person, and again with the same result."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from core.db import Database
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.outbox.models import OutboxEntry
from sales.leads.models import Lead
from sales.leads.profile import SetBy
from sales.leads.schemas import LeadFilter, NewLead
from tests.sales.leads.desk import Desk

BUYS = (
    "We are 250 people and need it within two weeks, our budget is 40,000 euros. "
    "How much does it cost? Can I see a demo? I decide on this myself."
)


@pytest.fixture
async def desk(database: Database) -> Desk:
    return await Desk.open(database)


async def count(desk: Desk, table: Any) -> int:
    async with desk.database.reading(None) as uow:
        return int(
            (await uow.session.execute(select(func.count()).select_from(table))).scalar_one()
        )


async def test_talk_alone_makes_no_lead(desk: Desk) -> None:
    ticket, _ = await desk.arrive()
    await desk.say(ticket, "Do you open on Sundays?", outcome="answered")
    assert await count(desk, Lead) == 0


async def test_an_address_makes_a_lead_with_its_touch_and_profile(desk: Desk) -> None:
    rep = await desk.hire("Rhea")
    ticket, _ = await desk.arrive(page="https://x.example/blog?utm_source=news&utm_campaign=q4")
    await desk.say(ticket, "I'm Priya Raman from Acme Robotics, priya@acme.example")
    page = await desk.leads.list_leads(desk.principal())
    assert page.total == 1
    lead = page.leads[0]
    assert (lead.first_name, lead.last_name, lead.email) == ("Priya", "Raman", "priya@acme.example")
    assert lead.company == "Acme Robotics"
    assert lead.status == "new"
    assert lead.assigned_to is not None and lead.assigned_to.id == rep.id
    assert lead.sla_due_at is not None
    detail = await desk.leads.get_lead(desk.principal(), lead.id)
    assert detail.conversation_ids == (ticket.conversation_id,)
    assert detail.first_touch is not None
    assert detail.first_touch.utm == {"utm_source": "news", "utm_campaign": "q4"}
    assert {"created", "assigned", "conversation_linked"} <= {one.kind for one in detail.history}
    evidence = detail.visitor_profiles[0].profile.evidence("email")
    assert evidence is not None and evidence.quote == "priya@acme.example" and evidence.message_id


async def test_a_conversation_qualifies_once_and_says_so_once(desk: Desk) -> None:
    ticket, _ = await desk.arrive()
    await desk.say(ticket, "I'm Priya Raman from Acme, CTO, priya@acme.example, +44 20 7946 0018")
    await desk.say(ticket, BUYS, outcome="answered")
    await desk.say(ticket, "Great, and can we book a meeting?", outcome="answered")
    lead = (await desk.leads.list_leads(desk.principal())).leads[0]
    assert lead.status == "qualified" and lead.qualified_at is not None
    assert sum(lead.parts.values()) == lead.score
    assert await count(desk, OutboxEntry) == 1
    tenant = ticket.site.tenant_id
    assert await desk.leads.qualify_conversation(tenant, ticket.conversation_id) == lead.id
    again = (await desk.leads.list_leads(desk.principal())).leads[0]
    assert again == lead
    assert await count(desk, OutboxEntry) == 1
    detail = await desk.leads.get_lead(desk.principal(), lead.id)
    assert all(reason["evidence"] for reason in detail.reasons)


async def test_the_same_address_in_two_conversations_at_once_is_one_lead(desk: Desk) -> None:
    tickets = [(await desk.arrive())[0] for _ in range(6)]
    await asyncio.gather(*(desk.say(one, "Mail me: Priya@Acme.example") for one in tickets))
    page = await desk.leads.list_leads(desk.principal())
    assert page.total == 1
    detail = await desk.leads.get_lead(desk.principal(), page.leads[0].id)
    assert len(detail.conversation_ids) == len(detail.touches) == 6


async def test_the_same_number_is_one_lead_and_the_same_name_is_not(desk: Desk) -> None:
    first, second, third = [(await desk.arrive())[0] for _ in range(3)]
    await desk.say(first, "I'm Priya Raman, call me at +44 20 7946 0018")
    await desk.say(second, "My number is 020 7946 0018")
    await desk.say(third, "I'm Priya Raman, my email is p@other.example")
    page = await desk.leads.list_leads(desk.principal())
    assert page.total == 2


async def test_a_stranger_with_my_address_fills_gaps_and_changes_nothing(desk: Desk) -> None:
    mine, _ = await desk.arrive()
    await desk.say(mine, "I'm Priya Raman, priya@acme.example")
    stranger, _ = await desk.arrive()
    await desk.say(stranger, "I'm Mallory Jones from Evil Corp, priya@acme.example")
    lead = (await desk.leads.list_leads(desk.principal())).leads[0]
    assert lead.name == "Priya Raman"
    assert lead.company == "Evil Corp"


async def test_a_correction_wins_and_what_staff_wrote_stays(desk: Desk) -> None:
    ticket, _ = await desk.arrive()
    await desk.say(ticket, "I'm Priya Raman from Acme, priya@acme.example")
    admin = desk.principal()
    lead = (await desk.leads.list_leads(admin)).leads[0]
    await desk.leads.update_lead(admin, lead.id, {"company": "Acme Robotics GmbH"})
    await desk.say(ticket, "Sorry, no it's priya.raman@acme.example")
    await desk.say(ticket, "I work for Acme Ltd")
    lead = (await desk.leads.list_leads(admin)).leads[0]
    assert lead.email == "priya.raman@acme.example"
    assert lead.company == "Acme Robotics GmbH"


async def test_a_merge_moves_everything_and_can_be_undone(desk: Desk) -> None:
    one, two = [(await desk.arrive())[0] for _ in range(2)]
    await desk.say(one, "I'm Priya Raman, priya@acme.example")
    await desk.say(two, "I'm Priya, p.raman@gmail.example, my company is Acme")
    admin = desk.principal()
    first, second = sorted(
        (await desk.leads.list_leads(admin)).leads, key=lambda lead: lead.created_at
    )
    merge = await desk.leads.merge(admin, second.id, first.id)
    page = await desk.leads.list_leads(admin)
    assert [lead.id for lead in page.leads] == [first.id]
    whole = await desk.leads.get_lead(admin, second.id)
    assert whole.lead.id == first.id and len(whole.conversation_ids) == 2
    assert whole.lead.company == "Acme"
    three, _ = await desk.arrive()
    await desk.say(three, "it's me, p.raman@gmail.example")
    assert (await desk.leads.list_leads(admin)).total == 1
    with pytest.raises(Conflict):
        await desk.leads.merge(admin, second.id, first.id)
    await desk.leads.undo_merge(admin, merge.id)
    assert (await desk.leads.list_leads(admin)).total == 2
    parted = await desk.leads.get_lead(admin, second.id)
    assert parted.lead.id == second.id
    assert parted.conversation_ids == (two.conversation_id,)
    assert (await desk.leads.get_lead(admin, first.id)).lead.company is None
    with pytest.raises(Conflict):
        await desk.leads.undo_merge(admin, merge.id)
    with pytest.raises(Invalid):
        await desk.leads.merge(admin, first.id, first.id)


async def test_roles_and_teams_see_their_own(desk: Desk) -> None:
    rhea, rob = await desk.hire("Rhea"), await desk.hire("Rob")
    for name in ("a", "b", "c", "d"):
        ticket, _ = await desk.arrive()
        await desk.say(ticket, f"My email is {name}@acme.example")
    for rep in (rhea, rob):
        page = await desk.leads.list_leads(rep)
        assert page.total == 2, "the fewest open leads first"
        assert {lead.assigned_to and lead.assigned_to.id for lead in page.leads} == {rep.id}
    mine = (await desk.leads.list_leads(rhea)).leads[0]
    with pytest.raises(NotFound):
        await desk.leads.get_lead(rob, mine.id)
    with pytest.raises(Forbidden):
        await desk.leads.update_lead(rhea, mine.id, {"assigned_to": rob.id})
    with pytest.raises(Forbidden):
        await desk.leads.merge(rhea, mine.id, mine.id)
    await desk.leads.update_lead(desk.principal("admin"), mine.id, {"assigned_to": rob.id})
    assert (await desk.leads.list_leads(rob)).total == 3
    foreign = desk.principal("admin", site="else")
    assert (await desk.leads.list_leads(foreign)).total == 0
    with pytest.raises(NotFound):
        await desk.leads.get_lead(foreign, mine.id)
    with pytest.raises(NotFound):
        await desk.leads.find_ticket(foreign, ticket.conversation_id)


async def test_an_entered_lead_is_not_entered_twice(desk: Desk) -> None:
    admin = desk.principal()
    new = NewLead(first_name="John", last_name="Doe", email="john.doe@example.com", score=85)
    made = await desk.leads.create_lead(admin, new, request_key="k1")
    assert not made.existed and made.lead.score == 85
    again = await desk.leads.create_lead(admin, new, request_key="k1")
    assert again.lead.id == made.lead.id
    same = await desk.leads.create_lead(admin, NewLead(email="John.Doe@Example.com"))
    assert same.existed and same.lead.id == made.lead.id
    with pytest.raises(Conflict):
        await desk.leads.create_lead(admin, NewLead(email="x@y.example"), request_key="k1")
    for bad in (
        NewLead(),
        NewLead(email="no address"),
        NewLead(email="a@b.example", score=101),
        NewLead(email="a@b.example", employee_count=-1),
        NewLead(email="a@b.example", metadata={"x": "y" * 9000}),
    ):
        with pytest.raises(Invalid):
            await desk.leads.create_lead(admin, bad)


async def test_who_is_entered_by_another_form_is_one_lead_with_what_both_told(desk: Desk) -> None:
    admin = desk.principal()
    first = NewLead(source="google-ads", last_name="Doe", email="d@acme.example", company="Acme",
                    score=20, metadata={"form": "price", "ad": 7})  # fmt: skip
    made = await desk.leads.create_lead(admin, first)
    second = NewLead(source="partner-x", first_name="Jo", last_name="Doe", email="D@acme.example",
                     phone="+44 20 7946 0999", company="Acme Ltd", score=70,
                     metadata={"form": "call", "wish": "tomorrow"})  # fmt: skip
    for _ in range(2):
        again = await desk.leads.create_lead(admin, second, request_key="k2")
        assert again.existed and again.lead.id == made.lead.id
    found = await desk.leads.get_lead(admin, made.lead.id)
    lead = found.lead
    assert (lead.first_name, lead.phone, lead.company) == ("Jo", "+44 20 7946 0999", "Acme")
    assert lead.score == 70
    assert lead.metadata == {"form": "price", "ad": 7, "wish": "tomorrow"}
    # The first channel stays the first; a repeat under the same key is no further visit.
    assert [one.channel for one in found.touches] == ["google-ads", "partner-x"]
    (entered,) = [one.data for one in found.history if one.kind == "entered_again"]
    assert entered["filled"] == ["first_name", "phone"]
    assert entered["differs"] == {"company": "Acme Ltd", "metadata": {"form": "call"}}
    with pytest.raises(Conflict):
        other = replace(second, company="Else")
        await desk.leads.create_lead(admin, other, request_key="k2")


async def test_an_address_that_is_another_leads_is_not_taken_over(desk: Desk) -> None:
    admin, number = desk.principal(), "+44 20 7946 0998"
    by_phone = await desk.leads.create_lead(admin, NewLead(first_name="Jo", phone=number))
    ann = NewLead(first_name="Ann", email="ann@acme.example")
    by_email = await desk.leads.create_lead(admin, ann)
    both = await desk.leads.create_lead(admin, replace(ann, phone=number))
    assert both.lead.id == by_email.lead.id and both.lead.phone == number
    assert (await desk.leads.get_lead(admin, by_phone.lead.id)).lead.email is None


async def test_lists_filter_sort_and_page(desk: Desk) -> None:
    admin = desk.principal()
    for number in range(5):
        await desk.leads.create_lead(
            admin, NewLead(email=f"p{number}@acme.example", last_name=f"N{number}", score=number)
        )
    page = await desk.leads.list_leads(admin, sort="score", limit=2, offset=1)
    assert [lead.score for lead in page.leads] == [3, 2]
    assert (page.total, page.has_more) == (5, True)
    found = await desk.leads.list_leads(admin, LeadFilter(q="N4"))
    assert [lead.last_name for lead in found.leads] == ["N4"]
    assert (await desk.leads.list_leads(admin, LeadFilter(min_score=3))).total == 2
    assert (await desk.leads.list_leads(admin, LeadFilter(q="%"))).total == 0


async def test_a_visitor_corrects_their_profile_and_history_keeps_the_old(desk: Desk) -> None:
    ticket, _ = await desk.arrive()
    await desk.say(ticket, "I'm Priya Raman, priya@acme.example")
    change = desk.leads.change_profile
    await change(ticket, {"customer_name": "Priya K. Raman", "phone": None}, set_by=SetBy.FORM)
    found = await desk.leads.profiles.get_profile(ticket.site.tenant_id, ticket.visitor_id)
    entry = found.profile.entries["customer_name"]
    assert entry.current is not None and entry.current.value == "Priya K. Raman"
    assert [one.value for one in entry.history] == ["Priya Raman"]
    for bad in ({"email": "nothing"}, {"phone": "12"}, {"wrong": "x"}, {"company": "x" * 400}):
        with pytest.raises(Invalid):
            await change(ticket, bad, set_by=SetBy.FORM)


async def test_figures_keep_silence_apart_from_success(desk: Desk) -> None:
    served, silent, lost = [(await desk.arrive())[0] for _ in range(3)]
    await desk.say(served, "How much is it? I'm at a@acme.example", outcome="answered")
    await desk.say(served, "thanks", intent="thanks")
    await desk.say(silent, "How much is it?", outcome="answered")
    await desk.say(lost, "Who won?", outcome="not_found")
    start, end = desk.clock.at - timedelta(days=1), desk.clock.at + timedelta(days=1)
    tenant = served.site.tenant_id
    figures = await desk.leads.analytics.measure(tenant, start, end)
    assert (figures.conversations, figures.leads, figures.with_contact) == (3, 1, 1)
    assert (figures.resolved, figures.unresolved, figures.unknown) == (1, 1, 1)
    rows = await desk.leads.analytics.list_conversions(tenant, "page", start, end)
    assert [(row.value, row.conversations, row.leads) for row in rows] == [("/pricing", 3, 1)]
    other = desk.principal(site="else").tenant_id
    assert (await desk.leads.analytics.measure(other, start, end)).conversations == 0
