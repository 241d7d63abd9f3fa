"""Opportunities. One that came from converting the lead is ours, instead of a second one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from simple_salesforce.format import format_external_id

from core.errors import Unavailable
from core.protocols.crm import CrmDeal, CrmRef
from integrations.salesforce.client import SalesforceClient
from integrations.salesforce.history import SalesforceHistory, Subject
from integrations.salesforce.people import CONTACT
from integrations.salesforce.records import CONTACT_PREFIX, Row, build_ref, build_values
from integrations.salesforce.schema import SalesforceSchema
from integrations.salesforce.session import VENDOR
from integrations.salesforce.soql import build_query, equals

OPPORTUNITY = "Opportunity"
_LONGEST_NAME = 120
# ISO 4217: currencies whose smallest unit is not a hundredth.
_EXPONENTS = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}


class SalesforceDeals:
    """Creates opportunities and moves them."""

    def __init__(
        self, client: SalesforceClient, schema: SalesforceSchema, history: SalesforceHistory
    ) -> None:
        self._client, self._schema, self._history = client, schema, history
        self._key = client.settings.external_id_field

    async def upsert(self, tenant_id: str, deal: CrmDeal) -> CrmRef:
        """Create it, or move it to its stage; beside the contact as soon as there is one."""
        await self._schema.check_option(
            tenant_id, OPPORTUNITY, "StageName", deal.stage, "upsert deal"
        )
        subject = await self._history.find_subject(tenant_id, deal.person)
        row = await self._find_row(tenant_id, deal, subject)
        payload = await self._build_payload(tenant_id, deal, subject, row)
        address = await self._client.read_address(tenant_id)
        if row is not None:
            record_id = str(row["Id"])

            def change(salesforce: Any) -> None:
                salesforce.Opportunity.update(record_id, payload)

            await self._client.call(tenant_id, "change deal", change)
            ref = build_ref(address, record_id, OPPORTUNITY)
        else:
            answer = await self._create(tenant_id, deal, payload)
            created = bool(answer.get("created"))
            ref = build_ref(address, str(answer["id"]), OPPORTUNITY, created=created)
        if subject.who_id.startswith(CONTACT_PREFIX):
            await self._link_contact(tenant_id, ref.id, subject.who_id)
        return ref

    async def _find_row(self, tenant_id: str, deal: CrmDeal, subject: Subject) -> Row | None:
        """By our id; else the one that the conversion made, while nobody's id stands in it."""
        clauses = [equals(self._key, deal.external_id)]
        known = deal.known.id if deal.known else ""
        clauses += [equals("Id", one) for one in (known, subject.what_id) if one]
        fields = ("Id", "AccountId", self._key)
        soql = build_query(OPPORTUNITY, fields, " OR ".join(clauses))
        rows = await self._client.query(tenant_id, "find deal", soql)
        ours = [row for row in rows if row["Id"] == known or row[self._key] == deal.external_id]
        free = [row for row in rows if not row[self._key]]
        return next(iter(ours or free), None)

    async def _build_payload(
        self, tenant_id: str, deal: CrmDeal, subject: Subject, row: Row | None
    ) -> dict[str, Any]:
        described = await self._schema.describe(tenant_id, OPPORTUNITY)
        payload: dict[str, Any] = {"Name": shorten_name(deal.name), "StageName": deal.stage}
        if deal.amount_minor is not None:
            payload["Amount"] = read_amount(deal.amount_minor, deal.currency)
        if deal.currency and "CurrencyIsoCode" in described:
            # Only accounts with several currencies have it.
            payload["CurrencyIsoCode"] = deal.currency
        if deal.close_date is not None:
            payload["CloseDate"] = deal.close_date.date().isoformat()
        if row is None:
            closes = self._client.now() + timedelta(days=self._client.settings.deal_days)
            payload.setdefault("CloseDate", closes.date().isoformat())
        elif not row[self._key]:
            payload[self._key] = deal.external_id
        if not (row or {}).get("AccountId"):
            account = await self._find_account(tenant_id, subject)
            payload |= {"AccountId": account} if account else {}
        return payload | build_values(described, deal.fields)

    async def _find_account(self, tenant_id: str, subject: Subject) -> str:
        if not subject.who_id.startswith(CONTACT_PREFIX):
            return ""
        soql = build_query(CONTACT, ["AccountId"], equals("Id", subject.who_id))
        rows = await self._client.query(tenant_id, "find account", soql)
        return str(rows[0].get("AccountId") or "") if rows else ""

    async def _create(
        self, tenant_id: str, deal: CrmDeal, payload: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        place = format_external_id(self._key, deal.external_id)

        def upsert(salesforce: Any) -> Mapping[str, Any]:
            response = salesforce.Opportunity.upsert(place, payload, raw_response=True)
            return json.loads(response.text) if response.text else {}

        answer = await self._client.call(tenant_id, "create deal", upsert)
        if answer.get("id"):
            return answer
        # 204: an older version of the API, which names no id.
        soql = build_query(OPPORTUNITY, ["Id"], equals(self._key, deal.external_id))
        rows = await self._client.query(tenant_id, "create deal", soql)
        if not rows:
            raise Unavailable(VENDOR, "create deal", "the new deal is not to be seen yet")
        return {"id": rows[0]["Id"], "created": True}

    async def _link_contact(self, tenant_id: str, deal_id: str, contact_id: str) -> None:
        where = f"{equals('OpportunityId', deal_id)} AND {equals('ContactId', contact_id)}"
        soql = build_query("OpportunityContactRole", ["Id"], where)
        if await self._client.query(tenant_id, "link deal", soql):
            return
        role = {"OpportunityId": deal_id, "ContactId": contact_id}

        def create(salesforce: Any) -> None:
            salesforce.OpportunityContactRole.create(role)

        await self._client.call(tenant_id, "link deal", create)


def shorten_name(name: str) -> str:
    """A deal's name as a label; whose it is stands whole at the person and the company."""
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def read_amount(minor: int, currency: str) -> float:
    """The amount in whole units, as the API has it (ISO 4217)."""
    exponent = _EXPONENTS.get(currency.upper(), 2)
    return float(minor) / float(10**exponent)
