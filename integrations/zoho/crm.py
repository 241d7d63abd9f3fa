"""Zoho CRM as a `Crm`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from core.outbound import name_failures
from core.protocols.crm import (
    CrmActivity,
    CrmChanges,
    CrmDeal,
    CrmField,
    CrmLimits,
    CrmPerson,
    CrmRecord,
    CrmRef,
    ObjectKind,
)
from core.protocols.vendor import VendorContext
from integrations.zoho.changes import ZohoChanges
from integrations.zoho.client import ZohoClient
from integrations.zoho.deals import ZohoDeals
from integrations.zoho.failures import VENDOR
from integrations.zoho.history import ZohoHistory
from integrations.zoho.people import ZohoPeople
from integrations.zoho.schema import ZohoSchema
from integrations.zoho.values import MODULES, build_field


@name_failures(VENDOR)
class ZohoCrm:
    """Implements `Crm`: leads, deals, notes, events and attachments."""

    def __init__(self, client: ZohoClient) -> None:
        self._client = client
        self._schema = ZohoSchema(client)
        self._people = ZohoPeople(client, self._schema)
        self._changes = ZohoChanges(client, self._schema)
        self._history = ZohoHistory(client, self._schema, self._people)
        self._deals = ZohoDeals(client, self._schema, self._people)

    async def list_fields(self, tenant_id: str, kind: ObjectKind) -> Sequence[CrmField]:
        """What `settings/fields` names, but for those that hold other records."""
        described = await self._schema.describe(tenant_id, MODULES[kind], fresh=True)
        fields = (build_field(one) for one in described.values())
        return [one for one in fields if one is not None]

    async def prepare(self, tenant_id: str) -> None:
        """Create the field for our id on leads, contacts, deals and events, where it is missing.

        Raises:
            Rejected: it is missing on leads or deals, and we may not create it; says how to.
        """
        await self._schema.prepare(tenant_id)

    async def upsert_person(self, tenant_id: str, person: CrmPerson) -> CrmRef:
        """A lead, or the contact that it became."""
        return await self._people.upsert(tenant_id, person)

    async def upsert_people(
        self, tenant_id: str, people: Sequence[CrmPerson]
    ) -> Sequence[CrmRef | Exception]:
        """100 at a time."""
        return await self._people.upsert_many(tenant_id, people)

    async def upsert_deal(self, tenant_id: str, deal: CrmDeal) -> CrmRef:
        """A deal."""
        return await self._deals.upsert(tenant_id, deal)

    async def log_activity(self, tenant_id: str, activity: CrmActivity) -> CrmRef:
        """A note, an event for a meeting, a file for a transcript."""
        return await self._history.log(tenant_id, activity)

    async def find_person(
        self, tenant_id: str, *, external_id: str = "", email: str = "", record_id: str = ""
    ) -> CrmRecord | None:
        """A lead, or a contact by its id there."""
        return await self._people.find(
            tenant_id, external_id=external_id, email=email, record_id=record_id
        )

    async def list_changes(self, tenant_id: str, cursor: str) -> CrmChanges:
        """Of the leads that carry our id; and all leads that were deleted."""
        return await self._changes.list_since(tenant_id, cursor)

    async def erase_person(self, tenant_id: str, ref: CrmRef) -> str:
        """Into Zoho's recycle bin, which it empties by itself after 60 days."""
        await self._people.erase(tenant_id, ref)
        return "Zoho keeps it in its recycle bin for 60 days"

    def get_limits(self, tenant_id: str) -> CrmLimits:
        """Credits of 24 hours, and how many are left where the last answer said so."""
        left = self._client.find_credits(tenant_id)
        return CrmLimits(self._client.settings.daily_credits, timedelta(days=1), left)

    async def check(self, tenant_id: str) -> str:
        """One line of what was found."""
        answer = await self._client.get(tenant_id, "check", "/users", {"type": "CurrentUser"})
        users = answer.data.get("users") if isinstance(answer.data, dict) else None
        user = users[0] if users else {}
        await self.prepare(tenant_id)
        name = user.get("full_name") or user.get("email") or "connected"
        return f"{name}, {self._client.settings.api_domain}"


def build_crm(context: VendorContext) -> ZohoCrm:
    """As the manifest names it."""
    return ZohoCrm(ZohoClient(context))


@name_failures(VENDOR)
async def check_connection(context: VendorContext, tenant_id: str) -> str:
    """As the manifest names it.

    Raises:
        ProviderError: the credentials are refused, or a field for our id cannot be created.
    """
    return await build_crm(context).check(tenant_id)
