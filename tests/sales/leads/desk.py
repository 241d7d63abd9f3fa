"""Conversations and leads over a real database, without HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from core.db import Database
from core.ids import new_id
from core.outbox import EffectContext, EffectRegistry, EmbeddedRunner, Outbox
from core.security import TokenSigner
from sales.conversations.schemas import TurnRecord
from sales.conversations.service import ConversationService, Pass
from sales.conversations.settings import ConversationSettings, PageTrackingSettings
from sales.leads.events import LeadQualified
from sales.leads.noticing import notice_profile
from sales.leads.service import LeadService
from sales.leads.settings import ProfileCaptureSettings, QualificationSettings
from sales.leads.told import TRACE_KEY, Told, write_told
from sales.organization.models import Staff
from sales.organization.schemas import Principal
from sales.organization.service import OrganizationService
from sales.organization.settings import SiteSettings, TenantSettings


@dataclass
class Clock:
    """A clock that moves when told to, and a second at each look."""

    at: datetime = field(default_factory=lambda: datetime(2026, 12, 1, 9, tzinfo=UTC))

    def now(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


async def do_nothing(_event: LeadQualified, _context: EffectContext) -> None:
    """An effect only so that the promise leaves a row."""


class Desk:
    """Everything that tests of leads work with."""

    def __init__(self, database: Database, **capture: Any) -> None:
        self.database = database
        self.clock = Clock()
        effects = EffectRegistry()
        effects.register(LeadQualified, "tests.qualified", do_nothing)
        runner = EmbeddedRunner(database, effects, self.clock)
        outbox = Outbox(database, effects, self.clock, runner)
        self.organization = OrganizationService(database, self.clock)
        self.leads = LeadService(
            database,
            self.clock,
            outbox,
            self.organization,
            ProfileCaptureSettings(**capture),
            QualificationSettings(),
        )
        self.conversations = ConversationService(
            database,
            self.clock,
            TokenSigner(b"k" * 32),
            outbox,
            ConversationSettings(),
            PageTrackingSettings(),
            followers=(self.leads,),
        )

    @classmethod
    async def open(cls, database: Database, **capture: Any) -> Desk:
        """With two tenants of one site each."""
        desk = cls(database, **capture)
        sites = [
            {"key": "demo", "name": "Demo", "allowed_origins": ["self"]},
            {"key": "else", "name": "Else", "tenant": "other", "allowed_origins": ["self"]},
        ]
        await desk.organization.apply_settings(
            (TenantSettings(), TenantSettings(key="other")),
            tuple(SiteSettings.model_validate(site) for site in sites),
        )
        return desk

    def principal(self, role: Any = "admin", *, site: str = "demo", **more: Any) -> Principal:
        tenant_id = self.organization.get_site(site).ref.tenant_id
        return Principal(tenant_id, "staff", more.pop("id", new_id()), "Sam", role, **more)

    async def hire(self, name: str, role: str = "rep", team_id: str | None = None) -> Principal:
        """A member of staff who is in the database as well."""
        principal = self.principal(role, team_id=team_id)
        async with self.database.unit_of_work(principal.tenant_id) as uow:
            uow.session.add(
                Staff(
                    tenant_id=principal.tenant_id,
                    id=principal.id,
                    email=f"{name}@larkmere.example".lower(),
                    name=name,
                    role=role,
                    team_id=team_id,
                    phone="",
                    timezone="UTC",
                    password_hash="",
                    active=True,
                    created_at=self.clock.now(),
                )
            )
        return principal

    async def arrive(
        self, site: str = "demo", *, page: str = "https://x.example/pricing", token: str = ""
    ) -> tuple[Pass, str]:
        """A visitor begins a conversation; the second value recognises them next time."""
        source = self.conversations.read_page(page, "Page", "https://www.google.com/")
        ref = self.organization.get_site(site).ref
        started = await self.conversations.start(
            ref, source, visitor_token=token or None, channel="widget", timezone="", locale="en-GB"
        )
        return Pass(started.conversation_id, started.visitor_id, ref), started.visitor_token

    async def say(
        self, ticket: Pass, text: str, *, outcome: str = "talk", intent: str = "question"
    ) -> None:
        """A turn as the agent records it, and what the server does behind it."""
        now = self.clock.now()
        stored = await self.leads.profiles.get_profile(ticket.site.tenant_id, ticket.visitor_id)
        noticed = notice_profile(text, known=stored.profile.values(), locale="en-GB")
        turn = TurnRecord(
            client_message_id=new_id(),
            visitor_text=text,
            answer_text="Well.",
            payload={"outcome": outcome},
            trace={"intent": intent, TRACE_KEY: write_told(Told(noticed=tuple(noticed)))},
            citations=(),
            started_at=now,
            answered_at=now,
        )
        assert await self.conversations.record_turn(ticket, turn) is None
        await self.leads.qualify_due()
