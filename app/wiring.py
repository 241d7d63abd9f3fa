"""Puts the parts together: the only place that knows which implementation stands where."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request

from agent.api import Chat
from agent.guarding import TrafficLimits
from agent.measuring import TurnMetrics
from agent.product_views import ProductViews
from agent.running import TurnRunner
from agent.scheduling import Scheduler
from agent.turn import Turn
from app.calendars import build_calendar_sync
from app.changes import RecentChanges
from app.crms import CrmGrounds, build_crms
from app.effects import build_effects
from app.feedback import build_feedback
from app.handoffs import build_handoffs
from app.knowledge_indexes import build_knowledge
from app.language_models import LanguageModels, build_responder
from app.lead_pictures import JudgedLeads
from app.migrations.run import current_revision, migrate, newest_revision
from app.model_budgets import open_configured_models
from app.notices import NoticeGrounds, build_notices
from app.outbox_metrics import OutboxMetrics
from app.places import Places
from app.privacy import build_hasher, build_privacy
from app.public_address import PublicAddress
from app.services import CurrentServices, Services
from app.settings import AppSettings
from app.signing import build_signer
from app.vendors import VendorShelf, build_vendors
from core.clock import Clock, SystemClock
from core.db import Database
from core.errors import ConfigurationError
from core.mail_encoding import encode_mail
from core.outbox import DeadLetters, EffectRegistry, EmbeddedRunner, Outbox, OutboxRunner
from core.protocols.calendar import Calendar
from core.protocols.knowledge_index import PassageEmbedder
from core.security import TokenSigner
from portal.changes import ChangeNotifier
from portal.outbox_view import OutboxView
from portal.portal import Portal
from sales.appointments.availability import Availability
from sales.appointments.finding import SlotFinder
from sales.appointments.models import Appointment, AppointmentChange
from sales.appointments.service import AppointmentService, count_booked
from sales.appointments.settings import AppointmentSettings
from sales.connections.inbox import EventInbox
from sales.connections.service import ConnectionService
from sales.conversations.gap_service import GapService
from sales.conversations.models import Conversation, Message
from sales.conversations.service import ConversationService
from sales.conversations.staff_service import StaffConversationService
from sales.followups.effects import build_outgoing
from sales.followups.mail_service import MailService
from sales.followups.mail_writing import MailWriter
from sales.followups.models import Mail
from sales.followups.rendering import MailTemplates
from sales.followups.service import FollowupService
from sales.handoffs.rules import extend_capture
from sales.knowledge.service import KnowledgeService
from sales.leads.models import Lead, LeadEvent
from sales.leads.service import LeadService
from sales.organization.access_service import AccessService
from sales.organization.passwords import PasswordVault
from sales.organization.service import OrganizationService
from sales.organization.session_service import SessionService
from sales.organization.staff_service import StaffService
from sales.organization.throttling import SignInThrottle
from sales.usage.service import UsageService

# Tables whose new rows make open pages of the portal fetch themselves anew; what happens to a
# lead or a meeting later is a row of its history.
_WATCHED = (Conversation, Message, Lead, LeadEvent, Appointment, AppointmentChange, Mail)


@dataclass(frozen=True, slots=True)
class Resources:
    """What lives as long as the process: connections, models, secrets, counters."""

    places: Places
    database: Database
    clock: Clock
    signer: TokenSigner
    knowledge: KnowledgeService
    organization: OrganizationService
    staff: StaffService
    sessions: SessionService
    access: AccessService
    throttle: SignInThrottle
    changes: ChangeNotifier
    embedder: PassageEmbedder | None
    registry: CollectorRegistry
    metrics: TurnMetrics
    runner: TurnRunner
    owner: str
    effects: EffectRegistry
    outbox: Outbox
    inbox: EventInbox
    outbox_runner: OutboxRunner
    outbox_metrics: OutboxMetrics
    services: CurrentServices
    calendar: Calendar
    vendors: VendorShelf
    connections: ConnectionService
    address: PublicAddress
    templates: MailTemplates
    models: LanguageModels | None
    gaps: GapService

    async def close(self) -> None:
        """Finish what is under way and give everything back."""
        self.changes.close()
        await self.runner.drain()
        self.knowledge.close()
        await self.vendors.close()
        await self.database.close()


async def prepare_database(database: Database) -> None:
    """SQLite is brought to the newest shape; PostgreSQL must be there already.

    Raises:
        ConfigurationError: it cannot be used, or a PostgreSQL database lacks migrations.
    """
    try:
        if database.dialect == "sqlite":
            await migrate(database)
        revision = await current_revision(database)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or type(error).__name__).splitlines()[0]
        fix = "Check the data folder's disk." if database.dialect == "sqlite" else "Is it running?"
        raise ConfigurationError("the database", [f"{reason}. {fix}"]) from None
    if revision != newest_revision():
        raise ConfigurationError(
            "the database", ["its tables are not those of this version. Run: sales-agent migrate"]
        )


async def build_resources(
    settings: AppSettings, places: Places, embedder: PassageEmbedder | None
) -> Resources:
    """Open the database, and take over tenants and sites of `app.yaml`. Without an embedder,
    search knows keywords only."""
    clock = SystemClock()
    pool_size = settings.database.pool_size
    database = Database(places.database_url(settings), pool_size=pool_size)
    await prepare_database(database)
    organization = OrganizationService(database, clock)
    await organization.apply_settings(settings.tenants, settings.sites)
    registry = CollectorRegistry()
    signer, vault, throttle = build_signer(settings, places), PasswordVault(), SignInThrottle()
    services = CurrentServices()
    vendors = build_vendors(settings, places, database, clock, organization)
    effects = build_effects(services.get, vendors.calendar, vendors.email, vendors.open)
    outbox_metrics = OutboxMetrics(registry)
    runner = TurnRunner()
    outbox_runner = EmbeddedRunner(
        database, effects, clock, observer=outbox_metrics, is_answering=runner.is_answering
    )
    outbox = Outbox(database, effects, clock, outbox_runner)
    return Resources(
        places=places,
        database=database,
        clock=clock,
        signer=signer,
        knowledge=await build_knowledge(
            settings, database, clock, vendors.get_vendors(), embedder, organization, registry
        ),
        organization=organization,
        staff=StaffService(database, clock, vault),
        sessions=SessionService(database, clock, vault, throttle),
        access=AccessService(database, clock, signer),
        throttle=throttle,
        changes=ChangeNotifier(RecentChanges(database, clock, _WATCHED).read),
        embedder=embedder,
        registry=registry,
        metrics=TurnMetrics(registry),
        runner=runner,
        owner=f"{socket.gethostname()}:{os.getpid()}",
        effects=effects,
        outbox=outbox,
        inbox=EventInbox(database, clock, outbox),
        outbox_runner=outbox_runner,
        outbox_metrics=outbox_metrics,
        services=services,
        calendar=vendors.calendar,
        vendors=vendors,
        connections=ConnectionService(database, clock, vendors.cipher, vendors.get_vendors),
        address=PublicAddress(settings.server.public_url),
        templates=MailTemplates(),
        models=open_configured_models(
            settings.model, places.config.parent, registry, clock, lambda: services.get().usage
        ),
        gaps=GapService(database, clock, embedder),
    )


def build_own_origin(settings: AppSettings) -> Callable[[Request], str]:
    """Where this server's own pages come from, as browsers say it."""

    def own_origin(request: Request) -> str:
        if settings.server.public_url:
            return settings.server.public_url
        return f"{request.url.scheme}://{request.headers.get('host', '')}"

    return own_origin


def build_services(resources: Resources, settings: AppSettings) -> Services:
    """The services as `app.yaml` says now: cheap, and made anew when the file changes. Effects
    work with the latest ones."""
    leads = LeadService(
        resources.database,
        resources.clock,
        resources.outbox,
        resources.organization,
        extend_capture(settings.sales_agent.profile_capture, settings.handoff),
        settings.qualification,
        count_booked,
    )
    conversations = ConversationService(
        resources.database,
        resources.clock,
        resources.signer,
        resources.outbox,
        settings.conversations,
        settings.sales_agent.page_tracking,
        followers=(leads,),
    )
    appointments = build_appointments(resources, settings.sales_agent.appointment_scheduling)
    mails = _build_mails(resources, settings)
    followups = _build_followups(resources, settings, conversations, appointments, leads, mails)
    handoffs = build_handoffs(resources, settings, leads, appointments, mails)
    services = Services(
        inbox=resources.inbox,
        conversations=conversations,
        leads=leads,
        appointments=appointments,
        calendar_sync=build_calendar_sync(resources.organization, resources.calendar, appointments),
        mails=mails,
        followups=followups,
        usage=UsageService(resources.database, resources.clock, settings.budget),
        notices=build_notices(
            _ground_notices(resources), settings.notices, leads, appointments, mails
        ),
        crms=build_crms(_ground_crms(resources), settings, leads, conversations, appointments),
        handoffs=handoffs,
        privacy=build_privacy(resources, settings),
        feedback=build_feedback(resources, settings, handoffs, mails),
    )
    resources.services.put(services)
    return services


def _build_mails(resources: Resources, settings: AppSettings) -> MailService:
    return MailService(
        resources.database,
        resources.clock,
        resources.outbox,
        resources.signer,
        settings.email,
        resources.address.get,
        hash_address=build_hasher(resources).hash,
    )


def _build_followups(
    resources: Resources,
    settings: AppSettings,
    conversations: ConversationService,
    appointments: AppointmentService,
    leads: LeadService,
    mails: MailService,
) -> FollowupService:
    return FollowupService(
        database=resources.database,
        clock=resources.clock,
        settings=settings.sales_agent.conversation_summaries,
        organization=resources.organization,
        conversations=conversations,
        appointments=appointments,
        leads=JudgedLeads(leads),
        mails=mails,
        writer=MailWriter(resources.templates, settings.email),
        public_url=resources.address.get,
    )


def _ground_notices(resources: Resources) -> NoticeGrounds:
    return NoticeGrounds(
        resources.database, resources.outbox, resources.organization, resources.address.get
    )


def _ground_crms(resources: Resources) -> CrmGrounds:
    return CrmGrounds(
        resources.database,
        resources.clock,
        resources.outbox,
        resources.inbox,
        resources.vendors,
        resources.connections,
        resources.address.get,
    )


def build_appointments(resources: Resources, settings: AppointmentSettings) -> AppointmentService:
    """Meetings with the reps of `app.yaml`."""
    availability = Availability(resources.database, resources.calendar, settings)
    return AppointmentService(
        resources.database,
        resources.clock,
        resources.signer,
        resources.outbox,
        SlotFinder(resources.organization, availability, settings, resources.clock),
    )


def build_portal(resources: Resources, services: Services, settings: AppSettings) -> Portal:
    """The portal as `app.yaml` says now."""
    database, clock = resources.database, resources.clock
    return Portal(
        database=database,
        clock=clock,
        signer=resources.signer,
        organization=resources.organization,
        staff=resources.staff,
        sessions=resources.sessions,
        access=resources.access,
        changes=resources.changes,
        own_origin=build_own_origin(settings),
        outbox=OutboxView(database, clock, DeadLetters(clock, resources.outbox_runner)),
        knowledge=resources.knowledge,
        conversations=services.conversations,
        takeovers=StaffConversationService(database, clock),
        gaps=resources.gaps,
        leads=services.leads,
        appointments=services.appointments,
        mails=services.mails,
        followups=services.followups,
        connections=resources.connections,
        crms=services.crms.sync,
        usage=services.usage,
        currency="USD" if isinstance(settings.model, str) else settings.model.currency,
        outcomes=services.feedback.analytics,
        feedback=services.feedback.service,
        handoffs=services.handoffs.service,
        sight=services.handoffs.sight,
        reception=services.handoffs.reception,
        override_handoff=services.handoffs.workflow.override,
        encode_mail=lambda mail: encode_mail(build_outgoing(mail)),
        models=resources.models.parts.record if resources.models else None,
    )


def build_chat(
    resources: Resources, services: Services, settings: AppSettings, traffic: TrafficLimits
) -> Chat:
    """The chat over these services."""
    turn = Turn(
        conversations=services.conversations,
        knowledge=resources.knowledge,
        responder=build_responder(
            resources.models,
            settings.agent,
            resources.knowledge,
            settings.sales_agent.vector_database,
            has_meetings=settings.sales_agent.appointment_scheduling.enabled,
        ),
        profiles=services.leads.profiles,
        clock=resources.clock,
        limits=settings.limits,
        search=settings.sales_agent.vector_database,
        metrics=resources.metrics,
        agent_name=settings.agent.name,
        scheduler=Scheduler(services.appointments),
    )

    return Chat(
        agent=settings.agent,
        organization=resources.organization,
        conversations=services.conversations,
        knowledge=resources.knowledge,
        turn=turn,
        runner=resources.runner,
        traffic=traffic,
        own_origin=build_own_origin(settings),
        product_views=ProductViews(resources.knowledge, services.leads),
    )
