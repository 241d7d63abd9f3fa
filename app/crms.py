"""Puts the parts of the CRMs' sync together, and follows what changes on both sides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from core.clock import Clock
from core.db import Database
from core.errors import AuthenticationFailed, NotFound, ProviderError
from core.outbox import NotBefore, Outbox
from sales.appointments.service import AppointmentService
from sales.connections.inbox import EventInbox
from sales.connections.service import ConnectionService
from sales.conversations.service import ConversationService
from sales.crm_sync.budget import CallBudget
from sales.crm_sync.inbound import CrmInbound
from sales.crm_sync.parts import CrmSyncParts
from sales.crm_sync.pushing import CrmPusher
from sales.crm_sync.schemas import CrmAccount
from sales.crm_sync.service import CrmSyncService
from sales.leads.service import LeadService
from sales.organization.service import OrganizationService

if TYPE_CHECKING:
    from app.services import Services
    from app.settings import AppSettings
    from app.vendors import VendorShelf

log = structlog.get_logger(__name__)

# How often leads that changed are looked for; `poll_minutes` says how often a CRM is asked.
_PAUSE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class CrmGrounds:
    """What the sync stands on. `public_url`: where staff read our pages."""

    database: Database
    clock: Clock
    outbox: Outbox
    inbox: EventInbox
    vendors: VendorShelf
    connections: ConnectionService
    public_url: Callable[[], str]


def build_crms(
    grounds: CrmGrounds,
    settings: AppSettings,
    leads: LeadService,
    conversations: ConversationService,
    appointments: AppointmentService,
) -> CrmSyncParts:
    """The parts as `app.yaml` says now."""
    database, clock = grounds.database, grounds.clock
    accounts = build_accounts(grounds, settings)
    capture = settings.sales_agent.profile_capture
    sync = CrmSyncService(
        database=database,
        clock=clock,
        outbox=grounds.outbox,
        leads=leads,
        conversations=conversations,
        appointments=appointments,
        get_accounts=lambda: accounts,
        custom_fields={one.id: one.type for one in capture.custom_fields},
    )
    budget = CallBudget(database, clock)
    pusher = CrmPusher(
        database=database,
        clock=clock,
        sync=sync,
        leads=leads,
        conversations=conversations,
        appointments=appointments,
        budget=budget,
        lead_url=lambda one: f"{grounds.public_url()}/portal/leads/{one}",
        conversation_url=lambda one: f"{grounds.public_url()}/portal/conversations/{one}",
    )
    return CrmSyncParts(sync, pusher, CrmInbound(database, clock, sync, budget), grounds.inbox)


def build_accounts(grounds: CrmGrounds, settings: AppSettings) -> Mapping[str, CrmAccount]:
    """The CRMs that are switched on. A mapping and stages that `app.yaml` does not name are the
    vendor's own."""
    found: dict[str, CrmAccount] = {}
    vendors = grounds.vendors.get_vendors()
    for key, crm in grounds.vendors.list_crms().items():
        vendor = vendors[key]
        chosen = getattr(settings.sales_agent.crm_integration, key)
        own = vendor.context.settings
        found[key] = CrmAccount(
            key=key,
            name=vendor.manifest.name,
            crm=crm,
            settings=chosen,
            mapping=chosen.field_mapping or getattr(own, "field_mapping", {}),
            stages=chosen.deal_stages or getattr(own, "deal_stages", {}),
            is_connected=_Connected(vendor.context.credentials.get),
            note_result=partial(_note_result, grounds.connections, key),
        )
    return found


async def _note_result(
    connections: ConnectionService, key: str, tenant_id: str, error: ProviderError | None
) -> None:
    await connections.note_result(tenant_id, key, error)


@dataclass(frozen=True, slots=True)
class _Connected:
    """Whether a tenant has credentials at a vendor."""

    get: Callable[[str], object]

    async def __call__(self, tenant_id: str) -> bool:
        try:
            await self.get(tenant_id)  # type: ignore[misc]
        except (AuthenticationFailed, NotFound):
            return False
        return True


async def follow_crms(
    get_services: Callable[[], Services], organization: OrganizationService
) -> None:
    """Plan leads that changed and ask CRMs for changes, for ever."""
    while True:
        parts = get_services().crms
        for tenant in organization.list_tenants():
            try:
                await parts.sync.plan_changed(tenant.id)
                for account in await parts.sync.list_accounts(tenant.id):
                    await follow_one(parts, tenant.id, account)
            except SQLAlchemyError as error:
                log.warning("crms_not_followed", kind=type(error).__name__)
            except Exception:
                # Sync must go on; the next round tries again.
                log.exception("crms_not_followed")
        await asyncio.sleep(_PAUSE_SECONDS)


async def follow_one(parts: CrmSyncParts, tenant_id: str, account: CrmAccount) -> None:
    """Ask one CRM; what it cannot answer now is asked again when it is due."""
    try:
        await parts.inbound.poll(tenant_id, account)
    except NotBefore as wish:
        log.info("crm_not_asked", crm=account.key, until=wish.until.isoformat())
    except ProviderError as error:
        log.warning("crm_not_asked", crm=account.key, operation=error.operation)
