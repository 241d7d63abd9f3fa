"""What a package is made of, read from where it is kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from core.db import Database
from sales.appointments.service import AppointmentService
from sales.conversations.history import list_page_addresses
from sales.handoffs.package import Contact, EmailEngagement, PackageFacts, PackageRules
from sales.handoffs.package_verticals import PACKS
from sales.handoffs.rules import build_sla
from sales.handoffs.settings import HandoffSettings
from sales.leads.schemas import LeadDetail
from sales.leads.service import LeadService
from sales.organization.schemas import Principal
from sales.organization.service import OrganizationService

_CONVERSATIONS = 20
ReadEngagement = Callable[[str, LeadDetail], Awaitable[EmailEngagement | None]]
ReadContacts = Callable[[str, LeadDetail], Awaitable[tuple[Contact, ...]]]


async def read_no_engagement(_tenant_id: str, _detail: LeadDetail) -> EmailEngagement | None:
    """Where nothing tells of mails that were opened, nothing is known."""
    return None


async def read_no_contacts(_tenant_id: str, _detail: LeadDetail) -> tuple[Contact, ...]:
    """Where nobody tells what sales tried, nothing is known."""
    return ()


@dataclass(frozen=True, slots=True)
class PackageGatherer:
    """Reads leads, pages and meetings. `read_engagement` tells of mails, `read_contacts` of what
    sales tried."""

    database: Database
    leads: LeadService
    appointments: AppointmentService
    organization: OrganizationService
    settings: HandoffSettings
    read_engagement: ReadEngagement = read_no_engagement
    read_contacts: ReadContacts = read_no_contacts

    async def gather(self, tenant_id: str, lead_id: str) -> PackageFacts:
        """The evidence of a lead.

        Raises:
            NotFound: there is no such lead.
        """
        detail = await self.leads.get_lead_for_effects(tenant_id, lead_id)
        return await self._complete(tenant_id, detail)

    async def gather_for(self, principal: Principal, lead_id: str) -> PackageFacts:
        """The same for somebody who may see the lead.

        Raises:
            NotFound: there is no such lead for them.
        """
        detail = await self.leads.get_lead(principal, lead_id)
        return await self._complete(principal.tenant_id, detail)

    async def _complete(self, tenant_id: str, detail: LeadDetail) -> PackageFacts:
        talks = detail.conversation_ids[-_CONVERSATIONS:]
        return PackageFacts(
            detail=detail,
            pages=tuple(await list_page_addresses(self.database, tenant_id, talks)),
            meetings=tuple(await self.appointments.list_booked_starts(tenant_id, talks)),
            mail=await self.read_engagement(tenant_id, detail),
            contacts=await self.read_contacts(tenant_id, detail),
        )

    def choose_rules(self, tenant_id: str, site_id: str | None) -> PackageRules:
        """What holds for leads of a site."""
        site = next(
            (
                known.settings.key
                for known in self.organization.list_sites()
                if known.ref == (tenant_id, site_id)
            ),
            "",
        )
        vertical = self.settings.verticals.get(site, self.settings.vertical)
        return PackageRules(
            pack=PACKS[vertical],
            sla=build_sla(self.settings),
            escalation=self.settings.escalation.model_dump(),
            privacy_policy_version=self.settings.privacy_policy_version,
        )
