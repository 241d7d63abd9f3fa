"""Salesforce as a `Crm`."""

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
from integrations.salesforce.batches import SalesforceBatches
from integrations.salesforce.changes import SalesforceChanges
from integrations.salesforce.client import SalesforceClient
from integrations.salesforce.deals import OPPORTUNITY, SalesforceDeals
from integrations.salesforce.history import SalesforceHistory
from integrations.salesforce.people import LEAD, SalesforcePeople
from integrations.salesforce.records import OBJECTS, build_field
from integrations.salesforce.schema import SalesforceSchema
from integrations.salesforce.session import VENDOR
from integrations.salesforce.soql import build_query

# API requests in 24 hours: Developer and sandbox accounts; others have 100,000 and more.
_LEAST_A_DAY = 15_000


@name_failures(VENDOR)
class SalesforceCrm:
    """Implements `Crm`: leads, opportunities, tasks, events and files."""

    def __init__(self, client: SalesforceClient) -> None:
        self._client = client
        self._schema = SalesforceSchema(client)
        self._people = SalesforcePeople(client, self._schema)
        self._batches = SalesforceBatches(client, self._schema, self._people)
        self._changes = SalesforceChanges(client, self._schema, self._people)
        self._history = SalesforceHistory(client, self._schema)
        self._deals = SalesforceDeals(client, self._schema, self._history)

    async def list_fields(self, tenant_id: str, kind: ObjectKind) -> Sequence[CrmField]:
        """What describe names, but for fields that only hold parts of others."""
        described = await self._schema.describe(tenant_id, OBJECTS[kind], fresh=True)
        fields = (build_field(one) for one in described.values())
        return [one for one in fields if one is not None]

    async def prepare(self, tenant_id: str) -> None:
        """See that the fields for our id are there: creating them is an administrator's right.

        Raises:
            Rejected: one is missing; says how to create it.
        """
        for sobject in (LEAD, OPPORTUNITY):
            await self._schema.check_our_field(tenant_id, sobject)

    async def upsert_person(self, tenant_id: str, person: CrmPerson) -> CrmRef:
        """A lead, or the contact that it became."""
        return await self._people.upsert(tenant_id, person)

    async def upsert_people(
        self, tenant_id: str, people: Sequence[CrmPerson]
    ) -> Sequence[CrmRef | Exception]:
        """With sObject Collections, 200 at a time."""
        return await self._batches.upsert(tenant_id, people)

    async def upsert_deal(self, tenant_id: str, deal: CrmDeal) -> CrmRef:
        """An opportunity."""
        return await self._deals.upsert(tenant_id, deal)

    async def log_activity(self, tenant_id: str, activity: CrmActivity) -> CrmRef:
        """A task, an event for a meeting, a file for a transcript."""
        return await self._history.log(tenant_id, activity)

    async def find_person(
        self, tenant_id: str, *, external_id: str = "", email: str = "", record_id: str = ""
    ) -> CrmRecord | None:
        """A lead, or a contact by its id there."""
        return await self._people.find(
            tenant_id, external_id=external_id, email=email, record_id=record_id
        )

    async def list_changes(self, tenant_id: str, cursor: str) -> CrmChanges:
        """Of the leads that carry our id."""
        return await self._changes.list_since(tenant_id, cursor)

    async def erase_person(self, tenant_id: str, ref: CrmRef) -> str:
        """Into Salesforce's recycle bin, which it empties by itself after 15 days."""
        await self._people.erase(tenant_id, ref)
        return "Salesforce keeps it in its recycle bin for 15 days"

    def get_limits(self, tenant_id: str) -> CrmLimits:
        """Of 24 hours: those of the last answer, or those of the smallest account."""
        usage = self._client.find_usage(tenant_id)
        if usage is None:
            return CrmLimits(_LEAST_A_DAY, timedelta(days=1))
        left = max(0, usage.allowed - usage.used)
        return CrmLimits(usage.allowed, timedelta(days=1), left)

    async def check(self, tenant_id: str) -> str:
        """One line of what was found."""
        rows = await self._client.query(
            tenant_id, "check", build_query("Organization", ("Name", "IsSandbox"), "", limit=1)
        )
        await self.prepare(tenant_id)
        name = rows[0].get("Name") if rows else "?"
        kind = " (sandbox)" if rows and rows[0].get("IsSandbox") else ""
        usage = self._client.find_usage(tenant_id)
        spent = f", {usage.used} of {usage.allowed} daily API requests used" if usage else ""
        return f"{name}{kind}{spent}"


def build_crm(context: VendorContext) -> SalesforceCrm:
    """As the manifest names it."""
    return SalesforceCrm(SalesforceClient(context))


@name_failures(VENDOR)
async def check_connection(context: VendorContext, tenant_id: str) -> str:
    """As the manifest names it.

    Raises:
        ProviderError: the credentials are refused, or the field for our id is missing.
    """
    return await build_crm(context).check(tenant_id)
