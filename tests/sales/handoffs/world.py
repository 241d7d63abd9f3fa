"""Handoffs over a real database, without HTTP: the desk of `leads` with both ends added."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import select, text

from core.db import Database
from core.encryption import Cipher
from core.ids import new_id
from core.outbox import EffectContext, EffectRegistry, EmbeddedRunner, NotBefore, Outbox
from core.outbox.models import EntryState, OutboxEntry
from core.protocols.sales_system import SalesSystem
from core.security import TokenSigner
from sales.conversations.service import ConversationService
from sales.conversations.settings import ConversationSettings, PageTrackingSettings
from sales.handoffs.alerting import AlertMails
from sales.handoffs.effects import HandoffEffects
from sales.handoffs.endpoints import SharedBudget
from sales.handoffs.gathering import PackageGatherer
from sales.handoffs.in_house import InHouseSalesSystem
from sales.handoffs.models import Handoff, HandoffAudit
from sales.handoffs.package import PackageFacts
from sales.handoffs.receiving import ReceptionService
from sales.handoffs.sending import PackageSender
from sales.handoffs.service import HandoffService
from sales.handoffs.settings import HandoffSettings
from sales.handoffs.workflow import HandoffWorkflow
from sales.leads.schemas import NewLead
from sales.leads.service import LeadService
from sales.leads.settings import ProfileCaptureSettings, QualificationSettings
from sales.organization.schemas import Principal
from sales.organization.service import OrganizationService
from sales.organization.settings import SiteSettings, TenantSettings
from tests.sales.leads.desk import Desk

SECRET = b"k" * 32


class NoAppointments:
    """Nobody has any."""

    async def list_booked_starts(self, _tenant_id: str, _talks: object) -> list[datetime]:
        return []


async def pause_not(_seconds: float) -> None:
    """Tests do not wait."""


@dataclass
class Told:
    """An alert that would have been mailed."""

    kind: str
    audience: str
    about: str


async def open_organization(organization: OrganizationService) -> None:
    """Two tenants of one site each."""
    sites = [
        {"key": "demo", "name": "Demo", "allowed_origins": ["self"]},
        {"key": "else", "name": "Else", "tenant": "other", "allowed_origins": ["self"]},
    ]
    await organization.apply_settings(
        (TenantSettings(), TenantSettings(key="other")),
        tuple(SiteSettings.model_validate(site) for site in sites),
    )


class HandoffDesk:
    """Leads, both ends of handoffs, and an outbox that a test works off by hand."""

    def __init__(
        self,
        database: Database,
        settings: HandoffSettings | None = None,
        systems: Mapping[str, SalesSystem] | None = None,
    ) -> None:
        self.leads_desk = Desk(database)
        self.database, self.clock = database, self.leads_desk.clock
        self.settings = settings or HandoffSettings()
        self.told: list[Told] = []
        self.effects = EffectRegistry()
        mails = cast(AlertMails, self)
        self.effects.add(
            HandoffEffects(lambda: self.workflow, lambda: self.reception, lambda: mails)
        )
        self.outbox = Outbox(
            database,
            self.effects,
            self.clock,
            EmbeddedRunner(database, self.effects, self.clock),
        )
        cipher = Cipher([SECRET])
        self.service = HandoffService(
            database, self.clock, self.outbox, cipher, self.settings.breaker_after
        )
        self.reception = ReceptionService(database, self.clock, self.outbox, cipher, self.settings)
        self.leads = LeadService(
            database,
            self.clock,
            self.outbox,
            self.leads_desk.organization,
            ProfileCaptureSettings(),
            QualificationSettings(),
        )
        self.leads_desk.leads = self.leads
        self.leads_desk.conversations = ConversationService(
            database,
            self.clock,
            TokenSigner(SECRET),
            self.outbox,
            ConversationSettings(),
            PageTrackingSettings(),
            followers=(self.leads,),
        )
        gatherer = PackageGatherer(
            database,
            self.leads,
            NoAppointments(),  # type: ignore[arg-type]
            self.leads_desk.organization,
            self.settings,
        )
        sender = PackageSender(
            systems=systems or {"local": InHouseSalesSystem(self.reception, self.clock)},
            clock=self.clock,
            budget=SharedBudget(database, self.clock, self.settings.per_minute),
            timeout=timedelta(seconds=5),
            sleep=pause_not,
        )
        self.workflow = HandoffWorkflow(self.service, gatherer, sender, self.settings, self.clock)

    @classmethod
    async def open(cls, database: Database, **parts: Any) -> HandoffDesk:
        desk = cls(database, **parts)
        await open_organization(desk.leads_desk.organization)
        return desk

    @property
    def tenant_id(self) -> str:
        return self.leads_desk.organization.get_site("demo").ref.tenant_id

    def principal(self, role: Any = "admin", **more: Any) -> Principal:
        return self.leads_desk.principal(role, **more)

    def machine(self, name: str = "marketing") -> Principal:
        return Principal(self.tenant_id, "client", new_id(), name, "rep")

    async def write(self, _tenant_id: str, alert: Any, _key: str) -> None:
        """In the mails' place."""
        self.told.append(Told(alert.kind, alert.audience, alert.about))

    async def enter(self, email: str = "ada@acme.example", **more: Any) -> str:
        """A lead that a machine entered; its id."""
        new = NewLead(email=email, first_name="Ada", last_name="Byron", **more)
        return (await self.leads.create_lead(self.principal(), new)).lead.id

    async def hand_over(self, lead_id: str) -> str:
        return await self.workflow.hand_over(self.principal(), lead_id)

    async def work(self, *, limit: int = 100) -> list[str]:
        """Run every effect that is due, once each, as the runner would; their outcomes."""
        done: list[str] = []
        for _ in range(limit):
            entry = await self._next()
            if entry is None:
                return done
            done.append(await self._run(entry))
        raise AssertionError("the outbox does not come to rest")

    async def _next(self) -> OutboxEntry | None:
        async with self.database.reading(None) as uow:
            query = select(OutboxEntry).where(
                OutboxEntry.state == EntryState.PENDING,
                OutboxEntry.available_at <= self.clock.at,
            )
            order = (OutboxEntry.priority, OutboxEntry.available_at, OutboxEntry.id)
            return (await uow.session.execute(query.order_by(*order).limit(1))).scalar()

    async def _run(self, entry: OutboxEntry) -> str:
        effect = self.effects.find(entry.effect)
        assert effect is not None
        context = EffectContext(
            entry.id, entry.tenant_id, entry.idempotency_key, entry.attempts + 1, entry.created_at
        )
        values: dict[str, Any] = {"state": EntryState.DONE}
        result = f"{entry.effect} done"
        try:
            await effect.function(effect.event.from_payload(entry.payload), context)
        except NotBefore as wish:
            values = {"available_at": wish.until}
            result = f"{entry.effect} put back"
        except Exception as error:  # noqa: BLE001 - the runner keeps every error too
            attempts = entry.attempts + 1
            delays = effect.options.retry.delays
            wait = delays[min(attempts, len(delays)) - 1]
            values = {"attempts": attempts, "available_at": self.clock.at + wait}
            result = f"{entry.effect} {type(error).__name__}"
        async with self.database.unit_of_work(entry.tenant_id) as uow:
            row = await uow.session.get(OutboxEntry, entry.id)
            assert row is not None
            for name, value in values.items():
                setattr(row, name, value)
        return result

    async def row(self, handoff_id: str) -> Handoff:
        async with self.database.reading(self.tenant_id) as uow:
            query = select(Handoff).where(Handoff.id == handoff_id)
            return (await uow.session.execute(query)).scalar_one()

    async def steps(self, handoff_id: str) -> list[tuple[str, str]]:
        trail = await self.service.reader.list_trail(self.principal(), handoff_id)
        return [(entry.side, entry.step) for entry in trail]

    async def count(self, table: str) -> int:
        async with self.database.reading(None) as uow:
            return int((await uow.session.execute(text(f"SELECT count(*) FROM {table}"))).scalar())  # type: ignore[arg-type]  # noqa: S608

    async def facts(self, lead_id: str) -> PackageFacts:
        return await self.workflow.gatherer.gather(self.tenant_id, lead_id)

    async def read_audit(self) -> list[str]:
        async with self.database.reading(self.tenant_id) as uow:
            rows = (await uow.session.execute(select(HandoffAudit))).scalars()
            return [json.dumps([one.step, one.actor, one.data]) for one in rows]
