"""A person is erased everywhere, and only that person."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.migrations import tables
from app.places import Places
from app.services import Services
from app.settings import load_app_settings
from app.wiring import Resources, build_resources, build_services
from core.db.vendor_memory import VendorNote
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.ids import new_id
from core.outbox import OutboxEntry
from core.protocols.calendar import CalendarMeeting, CalendarOwner
from integrations.local.models import LocalCalendarEvent
from sales.appointments.models import Appointment
from sales.connections.models import ReceivedEvent
from sales.conversations.models import Conversation, Message
from sales.conversations.schemas import TurnRecord
from sales.conversations.service import Pass
from sales.followups.models import Mail, MailSuppression
from sales.followups.schemas import MailDraft
from sales.handoffs.models import Handoff, HandoffAudit, ReceivedLead
from sales.leads.models import Lead, LeadTouch, ProfileValue
from sales.leads.noticing import notice_profile
from sales.leads.schemas import NewLead
from sales.leads.told import TRACE_KEY, Told, write_told
from sales.organization.schemas import Principal
from sales.privacy.columns import CLASSES, find_class
from sales.privacy.models import Erasure
from sales.privacy.rules import build_needles, find_kinds
from sales.privacy.schemas import Subject, Wish
from sales.privacy.searching import list_tables, list_word_columns
from tests.support.website import write_website

ANN, PHONE = "ann.privata@private.example", "+49 170 1234567"
OTHER = "joann.privata@private.example"


@dataclass
class World:
    """An installation without its server."""

    resources: Resources
    services: Services
    mail: Path

    @property
    def admin(self) -> Principal:
        return Principal(self.tenant_id, "staff", new_id(), "Sam", "admin")

    @property
    def tenant_id(self) -> str:
        return self.resources.organization.list_sites()[0].ref.tenant_id

    async def talk(self, *texts: str) -> Pass:
        site = self.resources.organization.list_sites()[0].ref
        conversations, leads = self.services.conversations, self.services.leads
        source = conversations.read_page(
            "https://x.example/pricing?who=Ann+Privata", "Prices", "https://www.google.com/"
        )
        started = await conversations.start(
            site, source, visitor_token=None, channel="widget", timezone="", locale="en-GB"
        )
        ticket = Pass(started.conversation_id, started.visitor_id, site)
        for one in texts:
            stored = await leads.profiles.get_profile(site.tenant_id, ticket.visitor_id)
            noticed = notice_profile(one, known=stored.profile.values(), locale="en-GB")
            now = self.resources.clock.now()
            turn = TurnRecord(
                client_message_id=new_id(),
                visitor_text=one,
                answer_text="Well.",
                payload={"outcome": "talk"},
                trace={"intent": "question", TRACE_KEY: write_told(Told(noticed=tuple(noticed)))},
                citations=(),
                started_at=now,
                answered_at=now,
            )
            await conversations.record_turn(ticket, turn)
            await leads.qualify_due()
        return ticket

    async def find_lead(self, email: str) -> Lead | None:
        async with self.resources.database.reading(self.tenant_id) as uow:
            query = select(Lead).where(Lead.email_key == email)
            found: Lead | None = (await uow.session.execute(query)).scalar()
            return found

    async def count(self, table: Any, *conditions: Any) -> int:
        async with self.resources.database.reading(self.tenant_id) as uow:
            return len((await uow.session.execute(select(table).where(*conditions))).all())

    async def erase(self, wish: Wish) -> dict[str, Any]:
        """Ask for it and do every step, as the command line does."""
        privacy, who = self.services.privacy, self.admin
        erasure_id = await privacy.request(who, wish)
        await self.work(erasure_id)
        return await privacy.get_certificate(who, erasure_id)

    async def work(self, erasure_id: str, most: int = 100) -> None:
        privacy = self.services.privacy
        for _ in range(most):
            due = await privacy.list_due(self.tenant_id, erasure_id)
            if not due:
                return
            await privacy.perform(self.tenant_id, erasure_id, *due[0])


@pytest.fixture
async def world(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    monkeypatch.setenv("TEST_URL", database_url)
    folder = tmp_path / "site"
    folder.mkdir()
    config = write_website(
        folder, database="database: {url: '${TEST_URL}'}", more="handoff: {system: local}"
    )
    places = Places(config=config, data=folder / "data")
    places.data.mkdir()
    settings = load_app_settings(config)
    resources = await build_resources(settings, places, None)
    yield World(resources, build_services(resources, settings), places.mail)
    await resources.close()


async def fill(world: World) -> Pass:
    """Ann, with traces of her in every place; and somebody whose address ends like hers."""
    ticket = await world.talk(
        f"I am Ann Privata from Larkmere Ltd, {ANN}, {PHONE}.",
        "We need 20 bikes and have a budget of 20000 EUR, we want to buy this month.",
    )
    await world.talk(f"I am Joann Privata, {OTHER}.", "What does a service cost?")
    lead = await world.find_lead(ANN)
    assert lead is not None
    tenant_id, now = world.tenant_id, world.resources.clock.now()
    await world.services.handoffs.workflow.hand_over(world.admin, lead.id)
    starts = now + timedelta(days=2)
    meeting_id = new_id()
    owner = CalendarOwner(tenant_id, "robin@brightwater.example", "Robin")
    meeting = CalendarMeeting(
        meeting_id,
        0,
        starts,
        starts + timedelta(hours=1),
        "Ann Privata",
        f"Call {PHONE}",
        "Ann Privata",
        ANN,
    )
    await world.resources.calendar.put_meeting(owner, meeting)
    async with world.resources.database.unit_of_work(tenant_id) as uow:
        uow.session.add(
            Appointment(
                id=meeting_id,
                site_id=ticket.site.site_id,
                conversation_id=ticket.conversation_id,
                visitor_id=ticket.visitor_id,
                request_key="1",
                rep_id="robin",
                rep_name="Robin",
                rep_email=owner.email,
                starts_at=starts,
                ends_at=starts + timedelta(hours=1),
                timezone="UTC",
                locale="en",
                name="Ann Privata",
                email=ANN.upper(),
                phone=PHONE,
                topic="bikes",
                status="booked",
                sequence=0,
                created_at=now,
                changed_at=now,
                join_url="",
                change_url="",
                cancel_url="",
                placed_sequence=0,
            )
        )
        for to, words in (
            (ANN, "Dear Ann"),
            ("team@x.example", f"New lead /leads/{lead.id}"),
            (OTHER, "Hi"),
        ):
            await world.services.mails.write(
                uow,
                MailDraft(
                    kind="alert",
                    idempotency_key=f"mail-{to}",
                    recipients=((to, ""),),
                    subject="Bikes",
                    html=f"<p>{words}</p>",
                    text=words,
                    language="en",
                    sender_name="Acme",
                    reply_to="",
                ),
            )
        uow.session.add(
            ReceivedEvent(
                id=new_id(),
                vendor="sendgrid",
                event_key="1",
                capability="email",
                kind="opened",
                subject="",
                payload={"email": ANN},
                happened_at=now,
                received_at=now,
            )
        )
        uow.session.add(
            VendorNote(vendor="calendly", key=f"m:{meeting_id}", value={"uri": "x"}, revision=1)
        )
        uow.session.add(
            Message(
                id=new_id(),
                conversation_id=(
                    await uow.session.execute(
                        select(Conversation.id).where(Conversation.id != ticket.conversation_id)
                    )
                )
                .scalars()
                .first(),
                client_message_id=new_id(),
                role="visitor",
                payload={},
                trace={},
                text=f"Ask my colleague, {ANN} or 0170 / 123 45 67. Mine is {OTHER}.",
                created_at=now,
            )
        )
    await deliver(world)
    return ticket


async def deliver(world: World) -> None:
    """Let everything that was promised be done."""
    runner = world.resources.outbox_runner
    await runner.start()
    for _ in range(400):
        waiting = OutboxEntry.state.in_(("pending", "running"))
        due = OutboxEntry.available_at <= world.resources.clock.now()
        if not await world.count(OutboxEntry, waiting, due):
            break
        await asyncio.sleep(0.02)
    await runner.stop(timedelta(seconds=5))


async def test_a_person_goes_from_everywhere_and_nobody_else_does(  # noqa: PLR0915  # waiver: one story
    world: World,
) -> None:
    ticket = await fill(world)
    lead = await world.find_lead(ANN)
    assert lead is not None
    assert await world.count(Handoff, Handoff.lead_id == lead.id, Handoff.package != "")
    assert len(list(world.mail.glob("*.eml"))) >= 3
    exported = await world.services.privacy.export(world.admin, Wish(email=ANN))
    held = exported["held"]
    assert {
        "sales_leads",
        "conversations",
        "messages",
        "profile_values",
        "mails",
        "appointments",
        "handoffs",
        "lead_touches",
    } <= set(held)
    assert ANN in json.loads(held["handoffs"][0]["package"])["contact"]["email"]
    assert OTHER not in json.dumps(held["sales_leads"])

    certificate = await world.erase(Wish(email=ANN.upper()))

    assert certificate["state"] == "done", certificate
    words = json.dumps(certificate)
    assert not find_kinds(words, build_needles(Subject((ANN,), (PHONE,), ("Ann Privata",))))
    said = {one["system"]: one["said"] for one in certificate["systems"]}
    assert said["sales system"] == said["calendar"] == said["database"] == "erased"
    assert said["mail files"] == said["suppression list"] == "erased"
    assert said["crm"] == "nothing held"
    assert certificate["read_back"]["hits"] == []
    assert certificate["read_back"]["tables"] > 40
    # Nothing of her is left, also where no search sees into.
    assert not await world.count(Conversation, Conversation.id == ticket.conversation_id)
    mine = ReceivedLead.lead_id == lead.id
    assert await world.count(ReceivedLead, mine)
    assert await world.count(ReceivedLead, mine, ReceivedLead.package != "") == 0
    assert await world.count(Handoff, Handoff.lead_id == lead.id, Handoff.package != "") == 0
    files = b"".join(path.read_bytes() for path in world.mail.glob("*.eml"))
    assert b"Dear Ann" not in files
    assert lead.id.encode() not in files
    # The ledger stays, without her.
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
    # The other one keeps everything, but for what she said of Ann.
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
    # Nobody is mailed again, and the list holds no address.
    assert await world.services.mails.is_suppressed(world.tenant_id, ANN)
    assert not await world.services.mails.is_suppressed(world.tenant_id, OTHER)
    assert await world.count(MailSuppression, MailSuppression.address.contains("@")) == 0
    # She is found no more, and asking twice is no error.
    again = await world.erase(Wish(email=ANN))
    assert again["state"] == "done"
    assert {one["said"] for one in again["systems"]} <= {"nothing held", "erased"}


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
