"""Deals. One that came from converting the lead is ours, instead of a second one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from core.protocols.crm import CrmDeal, CrmRef
from integrations.zoho.client import ZohoClient, read_id
from integrations.zoho.failures import ZohoRejected
from integrations.zoho.people import ZohoPeople
from integrations.zoho.schema import ZohoSchema
from integrations.zoho.values import CONTACTS, DEALS, build_ref, build_values

_LONGEST_NAME = 120
# ISO 4217: currencies whose smallest unit is not a hundredth.
_EXPONENTS = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}


class ZohoDeals:
    """Creates deals and moves them."""

    def __init__(self, client: ZohoClient, schema: ZohoSchema, people: ZohoPeople) -> None:
        self._client, self._schema, self._people = client, schema, people
        self._key = schema.key

    async def upsert(self, tenant_id: str, deal: CrmDeal) -> CrmRef:
        """Create it, or move it to its stage; beside the contact as soon as there is one."""
        key = await self._schema.require_key(tenant_id, DEALS)
        await self._schema.check_option(tenant_id, DEALS, "Stage", deal.stage)
        became = await self._people.find_conversion(tenant_id, deal.person)
        payload = await self._build_payload(tenant_id, deal, became.get(CONTACTS, ""))
        payload |= {key: deal.external_id} if key else {}
        address = await self._client.read_address(tenant_id)
        known = deal.known.id if deal.known else await self._adopt(tenant_id, deal, became)
        if known:
            try:
                await self._client.write_one(
                    tenant_id, "change deal", "PUT", f"/{DEALS}/{known}", payload
                )
                return build_ref(address, known, DEALS)
            except ZohoRejected as error:
                if not error.is_missing and error.status != 404:
                    raise
        closes = self._client.now() + timedelta(days=self._client.settings.deal_days)
        if deal.known is None:
            payload.setdefault("Closing_Date", closes.date().isoformat())
        item = await self._client.write_one(
            tenant_id,
            "upsert deal",
            "POST",
            f"/{DEALS}/upsert",
            payload,
            # Zoho's own check of deals is by their names.
            duplicate_check_fields=[key or "Deal_Name"],
        )
        return build_ref(address, read_id(item), DEALS, created=item.get("action") == "insert")

    async def _adopt(self, tenant_id: str, deal: CrmDeal, became: dict[str, str]) -> str:
        """The deal that the conversion made, while nobody's id stands in it."""
        made = became.get(DEALS, "")
        if not made:
            return ""
        answer = await self._client.get(
            tenant_id, "find deal", f"/{DEALS}/{made}", {"fields": f"id,{self._key}"}
        )
        row = next(iter(answer.list_rows()), {})
        return made if row and row.get(self._key) in (None, "", deal.external_id) else ""

    async def _build_payload(
        self, tenant_id: str, deal: CrmDeal, contact_id: str
    ) -> dict[str, Any]:
        described = await self._schema.describe(tenant_id, DEALS)
        contact_id = deal.person.id if deal.person.kind == CONTACTS else contact_id
        payload: dict[str, Any] = {
            "Deal_Name": shorten_name(deal.name),
            "Stage": deal.stage,
        }
        if deal.amount_minor is not None:
            payload["Amount"] = read_amount(deal.amount_minor, deal.currency)
        if deal.currency and "Currency" in described:
            # Only accounts with several currencies have it.
            payload["Currency"] = deal.currency
        if deal.close_date is not None:
            payload["Closing_Date"] = deal.close_date.date().isoformat()
        if contact_id:
            payload["Contact_Name"] = {"id": contact_id}
        return payload | build_values(described, deal.fields)


def shorten_name(name: str) -> str:
    """A deal's name as a label; whose it is stands whole at the person and the company."""
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def read_amount(minor: int, currency: str) -> float:
    """The amount in whole units, as the API has it (ISO 4217)."""
    exponent = _EXPONENTS.get(currency.upper(), 2)
    return float(minor) / float(10**exponent)
