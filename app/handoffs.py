"""Puts the parts of handoffs together, and says which sales system leads go to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from app.lead_evidence import LeadEvidence
from app.vendors import VendorShelf
from core.clock import Clock
from core.db import Database
from core.outbox import Outbox
from core.protocols.sales_system import SalesSystem
from sales.appointments.service import AppointmentService
from sales.followups.mail_service import MailService
from sales.handoffs.alerting import AlertMails
from sales.handoffs.effects import HandoffEffects
from sales.handoffs.endpoints import SharedBudget
from sales.handoffs.gathering import PackageGatherer
from sales.handoffs.in_house import NAME, InHouseSalesSystem
from sales.handoffs.receiving import ReceptionService
from sales.handoffs.sending import PackageSender
from sales.handoffs.service import HandoffService
from sales.handoffs.settings import HandoffSettings
from sales.handoffs.sight import HandoffSight
from sales.handoffs.throttling import ClientThrottle
from sales.handoffs.workflow import HandoffWorkflow
from sales.leads.service import LeadService
from sales.organization.service import OrganizationService

if TYPE_CHECKING:
    from app.settings import AppSettings


@dataclass(frozen=True, slots=True)
class HandoffParts:
    """Both ends of handoffs: the story and its rows, and our own sales system's desk."""

    service: HandoffService
    workflow: HandoffWorkflow
    reception: ReceptionService
    throttle: ClientThrottle
    alerts: AlertMails
    settings: HandoffSettings
    sight: HandoffSight


class HandoffGrounds(Protocol):
    """What handoffs stand on: a part of `app.wiring.Resources`."""

    @property
    def database(self) -> Database:
        """Where rows are kept."""
        ...

    @property
    def clock(self) -> Clock:
        """The time."""
        ...

    @property
    def outbox(self) -> Outbox:
        """Where promises are recorded."""
        ...

    @property
    def organization(self) -> OrganizationService:
        """Tenants and sites."""
        ...

    @property
    def vendors(self) -> VendorShelf:
        """Other sales systems, and the cipher."""
        ...


def build_handoffs(
    grounds: HandoffGrounds,
    settings: AppSettings,
    leads: LeadService,
    appointments: AppointmentService,
    mails: MailService,
) -> HandoffParts:
    """The parts as `app.yaml` says now."""
    chosen: HandoffSettings = settings.handoff
    database, clock, outbox = grounds.database, grounds.clock, grounds.outbox
    cipher = grounds.vendors.cipher
    service = HandoffService(database, clock, outbox, cipher, chosen.breaker_after)
    reception = ReceptionService(database, clock, outbox, cipher, chosen)
    evidence = LeadEvidence(database)
    workflow = HandoffWorkflow(
        service=service,
        gatherer=PackageGatherer(
            database,
            leads,
            appointments,
            grounds.organization,
            chosen,
            evidence.read_engagement,
            evidence.read_contacts,
        ),
        sender=PackageSender(
            systems=_open_systems(grounds, chosen, reception),
            clock=clock,
            budget=SharedBudget(database, clock, chosen.per_minute),
        ),
        settings=chosen,
        clock=clock,
    )
    alerts = AlertMails(database, mails, chosen.recipients, settings.email.sales_team)
    sight = HandoffSight(database, clock, outbox, chosen.alarms, workflow.sender.names)
    return HandoffParts(service, workflow, reception, ClientThrottle(clock), alerts, chosen, sight)


def _open_systems(
    grounds: HandoffGrounds, chosen: HandoffSettings, reception: ReceptionService
) -> Mapping[str, SalesSystem]:
    if chosen.system == NAME or not chosen.enabled:
        return {NAME: InHouseSalesSystem(reception, grounds.clock)}
    opened: Mapping[str, SalesSystem] = grounds.vendors.open(chosen.system, "sales_system")
    return opened


def build_handoff_effects(get_parts: Callable[[], HandoffParts]) -> HandoffEffects:
    """What follows from events, with the parts of the moment."""
    return HandoffEffects(
        lambda: get_parts().workflow,
        lambda: get_parts().reception,
        lambda: get_parts().alerts,
    )
