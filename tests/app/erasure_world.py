"""An installation with a person's traces in every place, for tests of erasing."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, text

from app.migrations.tables import metadata
from app.places import Places
from app.services import Services
from app.settings import load_app_settings
from app.wiring import Resources, build_resources, build_services
from core.db.vendor_memory import VendorNote
from core.errors import ConfigurationError
from core.ids import new_id
from core.outbox import OutboxEntry
from core.protocols.calendar import CalendarMeeting, CalendarOwner
from sales.appointments.models import Appointment
from sales.connections.models import ReceivedEvent
from sales.conversations.models import Conversation, Message
from sales.conversations.schemas import TurnRecord
from sales.conversations.service import Pass
from sales.followups.schemas import MailDraft
from sales.leads.models import Lead
from sales.leads.noticing import notice_profile
from sales.leads.told import TRACE_KEY, Told, write_told
from sales.organization.schemas import Principal
from sales.privacy.columns import SEALED
from sales.privacy.schemas import Wish
from tests.support.website import write_website

ANN, PHONE = "ann.privata@private.example", "+49 170 1234567"
OTHER = "joann.privata@private.example"
# In texts of hers that name nobody.
MARK = "zmarkz"
# As somebody would look for her: no rule of ours has a say.
NEEDLES = (ANN, "ann privata", "privata, ann", "1701234567", "170 1234567", "123 45 67", MARK)


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


async def open_world(folder: Path, more: str = "handoff: {system: local}") -> World:
    """An installation over the database that TEST_URL names. `more`: other sections."""
    folder = folder / "site"
    folder.mkdir()
    config = write_website(folder, database="database: {url: '${TEST_URL}'}", more=more)
    (folder / "data").mkdir()
    return await _open(config)


async def reopen_world(folder: Path) -> World:
    """One that is there already, as another process opens it."""
    return await _open(folder / "site" / "app.yaml")


async def _open(config: Path) -> World:
    places = Places(config=config, data=config.parent / "data")
    settings = load_app_settings(config)
    resources = await build_resources(settings, places, None)
    return World(resources, build_services(resources, settings), places.mail)


async def fill(world: World) -> Pass:
    """Ann, with traces of her in every place; and somebody whose address ends like hers."""
    ticket = await world.talk(
        f"I am Ann Privata from Larkmere Ltd, {ANN}, {PHONE}.",
        "We need 20 bikes for zmarkz and have a budget of 20000 EUR, we want to buy this month.",
    )
    await world.talk(f"I am Joann Privata, {OTHER}.", "What does a service cost?")
    lead = await world.find_lead(ANN)
    assert lead is not None
    await world.services.handoffs.workflow.hand_over(world.admin, lead.id)
    meeting_id = new_id()
    await _meet(world, ticket, meeting_id)
    await _write_mails(world, lead.id)
    await _leave_words(world, ticket, meeting_id)
    await deliver(world)
    return ticket


async def _meet(world: World, ticket: Pass, meeting_id: str) -> None:
    now = world.resources.clock.now()
    starts = now + timedelta(days=2)
    ends = starts + timedelta(hours=1)
    owner = CalendarOwner(world.tenant_id, "robin@brightwater.example", "Robin")
    about = f"Call {PHONE}"
    meeting = CalendarMeeting(meeting_id, 0, starts, ends, "Ann Privata", about, "Ann Privata", ANN)
    await world.resources.calendar.put_meeting(owner, meeting)
    row = Appointment(
        id=meeting_id,
        site_id=ticket.site.site_id,
        conversation_id=ticket.conversation_id,
        visitor_id=ticket.visitor_id,
        request_key="1",
        rep_id="robin",
        rep_name="Robin",
        rep_email=owner.email,
        starts_at=starts,
        ends_at=ends,
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
    async with world.resources.database.unit_of_work(world.tenant_id) as uow:
        uow.session.add(row)


async def _write_mails(world: World, lead_id: str) -> None:
    mails = (
        (ANN, "Dear Ann"),
        ("team@x.example", f"New lead /leads/{lead_id}"),
        (OTHER, "Hi"),
    )
    async with world.resources.database.unit_of_work(world.tenant_id) as uow:
        for to, words in mails:
            draft = MailDraft(
                kind="alert",
                idempotency_key=f"mail-{to}",
                recipients=((to, ""),),
                subject="Bikes",
                html=f"<p>{words}</p>",
                text=words,
                language="en",
                sender_name="Acme",
                reply_to="",
            )
            await world.services.mails.write(uow, draft)


async def _leave_words(world: World, ticket: Pass, meeting_id: str) -> None:
    """Where vendors told of her, and where somebody else spoke of her."""
    now = world.resources.clock.now()
    others = select(Conversation.id).where(Conversation.id != ticket.conversation_id)
    async with world.resources.database.unit_of_work(world.tenant_id) as uow:
        told = ReceivedEvent(
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
        note = VendorNote(
            vendor="calendly",
            key=f"m:{meeting_id}",
            value={"uri": "x"},
            revision=1,
            changed_at=now,
        )
        said = Message(
            id=new_id(),
            conversation_id=(await uow.session.execute(others)).scalars().first(),
            client_message_id=new_id(),
            role="visitor",
            payload={},
            trace={},
            text=f"Ask my colleague, {ANN} or 0170 / 123 45 67. Mine is {OTHER}.",
            created_at=now,
        )
        uow.session.add_all([told, note, said])


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


async def find_anything(world: World) -> list[str]:
    """Where one of the needles stands: in every column of every table, of any type, and in what
    is encrypted."""
    found = []
    async with world.resources.database.reading(None) as uow:
        connection = await uow.session.connection()
        for table in metadata.sorted_tables:
            for row in (await connection.execute(select(table))).mappings():
                for column in table.c:
                    words = _read(world, table.name, column.name, row)
                    if any(needle in words.replace("joann", "") for needle in NEEDLES):
                        found.append(f"{table.name}.{column.name}")
        if world.resources.database.dialect == "sqlite":
            names = "SELECT name FROM sqlite_master WHERE type = 'table'"
            every = set((await connection.execute(text(names))).scalars())
        else:
            names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            every = set((await connection.execute(text(names))).scalars())
    # No table that the schema does not know: but for SQLite's own and the index of pages.
    known = {*metadata.tables, "alembic_version"}
    assert [n for n in every - known if not n.startswith(("sqlite_", "knowledge_"))] == []
    return found


def _read(world: World, table: str, column: str, row: Any) -> str:
    value = row[column]
    if value and column in SEALED.get(table, "").split():
        bound = {"tenant_id": row["tenant_id"], "column": f"{table}.{column}"}
        try:
            value = world.resources.vendors.cipher.decrypt(value, **bound)
        except ConfigurationError:
            return ""
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return json.dumps(value, default=str, ensure_ascii=False).lower()
