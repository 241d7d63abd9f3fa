"""What the account's objects look like (describe), and the one field of ours that they need."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from core.errors import Rejected
from core.protocols.crm import FieldValue
from integrations.salesforce.client import SalesforceClient, explain_missing
from integrations.salesforce.records import Described
from integrations.salesforce.session import VENDOR, SalesforceRejected
from integrations.salesforce.soql import build_query

# New fields and options are seen after this; a refused value asks anew in any case.
_KEEP = timedelta(minutes=10)


class SalesforceSchema:
    """Descriptions, kept for ten minutes for each tenant."""

    def __init__(self, client: SalesforceClient) -> None:
        self._client = client
        self._kept: dict[tuple[str, str], tuple[Described, datetime]] = {}

    async def describe(self, tenant_id: str, sobject: str, *, fresh: bool = False) -> Described:
        """The fields of an object by name. `fresh`: asked now, whatever is kept."""
        kept = self._kept.get((tenant_id, sobject))
        now = self._client.now()
        if kept is not None and not fresh and now - kept[1] < _KEEP:
            return kept[0]

        def ask(salesforce: Any) -> Mapping[str, Any]:
            answer: Mapping[str, Any] = getattr(salesforce, sobject).describe()
            return answer

        try:
            answer = await self._client.call(tenant_id, f"describe {sobject}", ask)
        except SalesforceRejected as error:
            if not error.is_missing:
                raise
            # An object that this account has not, e.g. opportunities.
            answer = {}
        described = {str(one["name"]): one for one in answer.get("fields") or ()}
        self._kept[tenant_id, sobject] = (described, now)
        return described

    async def check_our_field(self, tenant_id: str, sobject: str) -> None:
        """See that the object has the field for our id, and that our user may use it.

        Raises:
            Rejected: it is missing or no external id; says how to create it.
        """
        name = self._client.settings.external_id_field
        # A query is refused where the field is missing, and where it is hidden from this user.
        soql = build_query(sobject, ["Id", name], "", limit=1)
        await self._client.query(tenant_id, "prepare", soql)
        field = (await self.describe(tenant_id, sobject, fresh=True)).get(name)
        if field is not None and not field.get("externalId"):
            words = f"the field {name} is no External ID on {sobject}"
            raise Rejected(VENDOR, "prepare", explain_missing(name, words))

    async def find_activity_field(self, tenant_id: str, sobject: str) -> str:
        """The field for our id on Task and Event, which an account may have; else empty."""
        name = self._client.settings.external_id_field
        field = (await self.describe(tenant_id, sobject)).get(name)
        return name if field is not None and field.get("externalId") else ""

    async def check_option(
        self, tenant_id: str, sobject: str, name: str, value: FieldValue, operation: str
    ) -> None:
        """See that a value is one of a picklist's: Salesforce takes any text for a stage.

        Raises:
            Rejected: it is not; names those that are.
        """
        for fresh in (False, True):
            described = await self.describe(tenant_id, sobject, fresh=fresh)
            field = described.get(name, {})
            options = [one["value"] for one in field.get("picklistValues") or () if one["active"]]
            if not options or value in options:
                return
        raise Rejected(
            VENDOR, operation, f"{sobject}.{name} has no option {value!r}; it has: {options}"
        )
