"""A person is erased everywhere, and only that person."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.migrations import tables
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.ids import new_id
from integrations.local.models import LocalCalendarEvent
from sales.conversations.models import Conversation, Message
from sales.followups.models import Mail, MailSuppression
from sales.handoffs.models import Handoff, HandoffAudit, ReceivedLead
from sales.leads.models import Lead, LeadTouch, ProfileValue
from sales.leads.schemas import NewLead
from sales.organization.schemas import Principal
from sales.privacy.columns import CLASSES, find_class
from sales.privacy.models import Erasure
from sales.privacy.rules import build_needles, find_kinds
from sales.privacy.schemas import Subject, Wish
from sales.privacy.searching import list_tables, list_word_columns
from tests.app.erasure_world import ANN, OTHER, PHONE, World, deliver, fill, open_world

HELD = {
    "sales_leads",
    "conversations",
    "messages",
    "profile_values",
    "mails",
    "appointments",
    "handoffs",
    "lead_touches",
}


@pytest.fixture
async def world(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    monkeypatch.setenv("TEST_URL", database_url)
    opened = await open_world(tmp_path)
    yield opened
    await opened.resources.close()


async def test_a_person_goes_from_everywhere_and_nobody_else_does(
    world: World,
) -> None:
    ticket = await fill(world)
    lead = await world.find_lead(ANN)
    assert lead is not None
    assert await world.count(Handoff, Handoff.lead_id == lead.id, Handoff.package != "")
    assert len(list(world.mail.glob("*.eml"))) >= 3
    await _check_export(world)

    certificate = await world.erase(Wish(email=ANN.upper()))

    _check_certificate(certificate)
    # Nothing of her is left, also where no search sees into.
    assert not await world.count(Conversation, Conversation.id == ticket.conversation_id)
    mine = ReceivedLead.lead_id == lead.id
    assert await world.count(ReceivedLead, mine)
    assert await world.count(ReceivedLead, mine, ReceivedLead.package != "") == 0
    assert await world.count(Handoff, Handoff.lead_id == lead.id, Handoff.package != "") == 0
    files = b"".join(path.read_bytes() for path in world.mail.glob("*.eml"))
    assert b"Dear Ann" not in files
    assert lead.id.encode() not in files
    await _check_ledger(world, lead)
    await _check_the_other(world)
    # Nobody is mailed again, and the list holds no address.
    assert await world.services.mails.is_suppressed(world.tenant_id, ANN)
    assert not await world.services.mails.is_suppressed(world.tenant_id, OTHER)
    assert await world.count(MailSuppression, MailSuppression.address.contains("@")) == 0
    # She is found no more, and asking twice is no error.
    again = await world.erase(Wish(email=ANN))
    assert again["state"] == "done"
    storage = ("database storage", "database log")
    said = {one["said"] for one in again["systems"] if one["system"] not in storage}
    assert said <= {"nothing held", "erased"}


async def _check_export(world: World) -> None:
    exported = await world.services.privacy.export(world.admin, Wish(email=ANN))
    held = exported["held"]
    assert set(held) >= HELD
    assert ANN in json.loads(held["handoffs"][0]["package"])["contact"]["email"]
    assert OTHER not in json.dumps(held["sales_leads"])


def _check_certificate(certificate: dict[str, Any]) -> None:
    assert certificate["state"] == "done", certificate
    words = json.dumps(certificate)
    assert not find_kinds(words, build_needles(Subject((ANN,), (PHONE,), ("Ann Privata",))))
    said = {one["system"]: one["said"] for one in certificate["systems"]}
    assert said["sales system"] == said["calendar"] == said["database"] == "erased"
    assert said["mail files"] == said["suppression list"] == "erased"
    assert said["crm"] == "nothing held"
    assert certificate["read_back"]["hits"] == []
    assert certificate["read_back"]["tables"] > 40


async def _check_ledger(world: World, lead: Lead) -> None:
    """It stays, without her."""
    async with world.resources.database.reading(world.tenant_id) as uow:
        row = (await uow.session.execute(select(Lead).where(Lead.id == lead.id))).scalar_one()
        assert (row.email, row.company, row.first_name, row.status) == (None, None, "", lead.status)
        touch = (
            await uow.session.execute(select(LeadTouch).where(LeadTouch.lead_id == lead.id))
        ).scalar_one()
        assert (touch.page_url, touch.page_path) == ("", "/pricing")
        trail = (await uow.session.execute(select(HandoffAudit.lead_id))).scalars().all()
        assert lead.id not in trail
        assert any(one.startswith("erased:") for one in trail)
        event = (await uow.session.execute(select(LocalCalendarEvent))).scalar_one()
        assert (event.cancelled, event.attendee_email, event.title) == (True, "", "")


async def _check_the_other(world: World) -> None:
    """She keeps everything, but for what she said of Ann."""
    assert await world.find_lead(OTHER) is not None
    assert await world.count(Mail, Mail.idempotency_key == f"mail-{OTHER}") == 1
    assert (
        await world.count(Mail, Mail.idempotency_key.in_((f"mail-{ANN}", "mail-team@x.example")))
        == 0
    )
    assert await world.count(ProfileValue)
    async with world.resources.database.reading(world.tenant_id) as uow:
        texts = " ".join((await uow.session.execute(select(Message.text))).scalars())
    assert f"Ask my colleague, [erased] or [erased]. Mine is {OTHER}." in texts


async def test_every_column_that_can_hold_words_is_classified() -> None:
    assert tables.metadata is not None
    forgotten = [
        f"{table.name}.{column.name}"
        for table in list_tables()
        for column in list_word_columns(table)
        if find_class(table.name, column.name) is None
        and getattr(column.type, "length", None) != 36
    ]
    assert forgotten == [], "say in sales/privacy/columns.py what it may hold"
    known = {table.name: table for table in tables.metadata.sorted_tables}
    gone = [
        f"{name}.{column}"
        for classes in CLASSES.values()
        for name, columns in classes.items()
        for column in columns.split()
        if name not in known or column not in known[name].c
    ]
    assert gone == []


async def test_a_killed_erasure_goes_on_where_it_was(world: World) -> None:
    await fill(world)
    privacy, who = world.services.privacy, world.admin
    erasure_id = await privacy.request(who, Wish(email=ANN))
    assert await privacy.request(who, Wish(email=ANN)) == erasure_id
    await world.work(erasure_id, most=2)
    assert (await privacy.get_erasure(who, erasure_id)).state == "running"
    with pytest.raises(Conflict):
        await privacy.get_certificate(who, erasure_id)
    # Nothing but rows is left of the process; the outbox does the rest.
    await deliver(world)
    assert (await privacy.get_certificate(who, erasure_id))["state"] == "done"
    assert await world.count(Erasure, Erasure.subject != "") == 0


async def test_a_lead_under_a_legal_hold_is_not_erased(world: World) -> None:
    await world.talk(f"I am Ann Privata, {ANN}.", "We want to buy 20 bikes.")
    lead = await world.services.leads.create_lead(
        world.admin, NewLead(first_name="Bo", last_name="Li", email="bo@x.example")
    )
    privacy, who = world.services.privacy, world.admin
    lead_id = lead.lead.id
    await privacy.holds.place(who, lead_id, "a lawsuit")
    with pytest.raises(Conflict, match="a lawsuit"):
        await privacy.request(who, Wish(email="bo@x.example"))
    assert [one.lead_id for one in await privacy.holds.list_holds(who)] == [lead_id]
    await privacy.holds.lift(who, lead_id)
    assert (await world.erase(Wish(lead_id=lead_id)))["state"] == "done"
    with pytest.raises(NotFound):
        await privacy.holds.lift(who, lead_id)


async def test_a_hold_placed_after_the_wish_ends_it_before_anything_is_touched(
    world: World,
) -> None:
    await world.talk(f"I am Ann Privata, call me at {PHONE}.", "We want to buy 20 bikes.")
    lead = await world.services.leads.create_lead(
        world.admin, NewLead(first_name="Ann", last_name="Privata", phone=PHONE)
    )
    privacy, who = world.services.privacy, world.admin
    erasure_id = await privacy.request(who, Wish(phone="+49 1701234567"))
    await privacy.holds.place(who, lead.lead.id, "a lawsuit")
    await world.work(erasure_id)
    certificate = await privacy.get_certificate(who, erasure_id)
    assert certificate["state"] == "incomplete"
    [said] = certificate["systems"]
    assert (said["system"], said["said"]) == ("legal hold", "refused")
    assert "a lawsuit" in said["words"]
    assert await world.count(Lead, Lead.phone.is_not(None))
    await privacy.holds.lift(who, lead.lead.id)
    # The same wish goes on, also with the browser in which the number was told.
    assert await privacy.request(who, Wish(phone=PHONE)) == erasure_id
    await world.work(erasure_id)
    assert (await privacy.get_certificate(who, erasure_id))["state"] == "done"
    assert await world.count(Lead, Lead.phone.is_not(None)) == 0
    assert await world.count(Message) == 0
    assert await world.count(Erasure, Erasure.subject != "") == 0


async def test_only_admins_may_and_a_wish_names_exactly_one(world: World) -> None:
    privacy = world.services.privacy
    rep = Principal(world.tenant_id, "staff", new_id(), "Rep", "rep")
    with pytest.raises(Forbidden):
        await privacy.request(rep, Wish(email=ANN))
    with pytest.raises(Forbidden):
        await privacy.export(rep, Wish(email=ANN))
    for wish in (Wish(), Wish(email=ANN, phone=PHONE), Wish(email="nobody"), Wish(phone="12")):
        with pytest.raises(Invalid):
            await privacy.request(world.admin, wish)
    with pytest.raises(NotFound):
        await privacy.request(world.admin, Wish(lead_id=new_id()))
    assert await privacy.preview(world.admin, Wish(email="none@x.example")) == {}
