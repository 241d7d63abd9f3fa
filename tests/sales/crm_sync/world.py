"""What a test of sync needs at hand: the real services, and a CRM that is the stand-in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from app.wiring import build_services
from core.clock import SystemClock
from sales.crm_sync.parts import CrmSyncParts
from sales.crm_sync.schemas import LeadSync
from sales.leads.schemas import LeadDetail, NewLead
from sales.organization.schemas import Principal
from tests.integrations.hubspot.harness import make_stand_in
from tests.sales.followups.world import ASKED, Said, World, open_world
from tests.vendors.hubspot import HubSpotStandIn

SETTINGS = """
  crm_integration:
    hubspot: {enabled: true, only_qualified: QUALIFIED, MORE}
integrations:
  hubspot: {base_url: 'URL', portal_id: 4711, access_token: '${TEST_HUBSPOT_TOKEN}'}
"""


@dataclass
class CrmWorld:
    """The product's services over the stand-in."""

    world: World
    crm: HubSpotStandIn

    @property
    def parts(self) -> CrmSyncParts:
        return self.world.services.crms

    @property
    def tenant_id(self) -> str:
        return self.world.tenant_id

    @property
    def boss(self) -> Principal:
        return Principal(self.tenant_id, "staff", self.tenant_id, "Rosa", "admin")

    async def enter(self, **values: Any) -> str:
        """A lead, entered by staff; its id."""
        new = NewLead(
            **{"first_name": "Ana", "last_name": "Silva", "company": "Nordlicht", **values}
        )
        created = await self.world.services.leads.create_lead(self.boss, new)
        return created.lead.id

    async def talk_and_end(self, said: tuple[Said, ...] = ASKED) -> str:
        """A conversation that is over, and all that follows it; the lead's id."""
        ticket = await self.world.talk(said)
        await self.world.services.conversations.end(ticket)
        await self.settle()
        found = await self.world.services.leads.find_lead_of(self.tenant_id, ticket.conversation_id)
        assert found is not None
        return found.lead.id

    async def settle(self) -> None:
        """All that was promised, done."""
        await self.world.settle()

    async def read_lead(self, lead_id: str) -> LeadDetail:
        return await self.world.services.leads.get_lead_for_effects(self.tenant_id, lead_id)

    async def read_sync(self, lead_id: str) -> LeadSync:
        (sync,) = await self.parts.sync.get_lead_sync(self.tenant_id, lead_id)
        return sync

    async def poll(self) -> int:
        """Ask the CRM now, whenever it was asked last."""
        self.world.clock.set(self.world.clock.now() + timedelta(hours=1))
        account = self.parts.sync.get_accounts()["hubspot"]
        return await self.parts.inbound.poll(self.tenant_id, account)

    def list_contacts(self) -> list[dict[str, Any]]:
        """What stands in the CRM."""
        store = self.crm.store
        ids = store.list_ids("contacts")
        return [{"id": one, **store.objects["contacts"][one]["properties"]} for one in ids]

    def list_bodies(self, kind: str, name: str) -> list[str]:
        """The texts of notes or meetings."""
        items = self.crm.store.objects[kind].values()
        return [item["properties"][name] for item in items if not item["archived"]]


async def open_crm_world(
    database_url: str, folder: Path, *, qualified: bool = False, more: str = "poll_minutes: 5"
) -> CrmWorld:
    """The services, with a stand-in that was just opened: close it."""
    crm = make_stand_in()
    crm.start()
    changes = SETTINGS.replace("URL", crm.url).replace("QUALIFIED", str(qualified).lower())
    world = await open_world(
        database_url,
        folder,
        changes=changes.replace("MORE", more),
        secrets={"TEST_HUBSPOT_TOKEN": crm.token},
    )
    return CrmWorld(world, crm)


def use_real_time(opened: CrmWorld) -> None:
    """Let the clock run: for what waits for a budget."""
    world = opened.world
    world.resources = replace(world.resources, clock=SystemClock())
    world.services = build_services(world.resources, world.settings)
