"""Deals: one for each id of ours, in the stage that was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from core.errors import Rejected
from core.protocols.crm import CrmDeal, CrmField, CrmRef
from integrations.hubspot.client import VENDOR, HubSpotClient, read_id
from integrations.hubspot.values import OUR_ID, write_fields, write_value

# Currencies without a smaller unit, and with one of a thousandth (ISO 4217).
_NO_MINOR = frozenset("BIF CLP DJF GNF JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split())
_THOUSANDTHS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())


class Deals:
    """Writes deals."""

    def __init__(self, client: HubSpotClient) -> None:
        self._client = client

    async def upsert(self, tenant_id: str, deal: CrmDeal, known: Mapping[str, CrmField]) -> CrmRef:
        """Create it or move it, by our id: two calls at once are one deal.

        Raises:
            Rejected: there is no such stage; names those that there are.
        """
        settings = self._client.settings
        stages = await self.list_stages(tenant_id)
        properties = {
            **write_fields(deal.fields, known),
            "dealname": deal.name,
            "pipeline": settings.pipeline,
            "dealstage": choose_stage(stages, deal.stage),
        }
        if deal.amount_minor is not None:
            properties["amount"] = write_amount(deal.amount_minor, deal.currency)
        if deal.currency:
            properties["deal_currency_code"] = deal.currency
        if deal.close_date is not None:
            properties["closedate"] = write_value(deal.close_date, "datetime")
        answer = await self._client.call(
            tenant_id,
            "upsert a deal",
            lambda parts: parts.batches.upsert_with_http_info,
            "deals",
            {"inputs": [{"id": deal.external_id, "idProperty": OUR_ID, "properties": properties}]},
        )
        if not answer.get("results"):
            words = "; ".join(str(one.get("message")) for one in answer.get("errors") or ())
            raise Rejected(VENDOR, "upsert a deal", words)
        item = answer["results"][0]
        deal_id = read_id(item)
        await self._client.call(
            tenant_id,
            "associate a deal",
            lambda parts: parts.link_batches.create_default_with_http_info,
            "deals",
            "contacts",
            {"inputs": [{"from": {"id": deal_id}, "to": {"id": deal.person.id}}]},
        )
        url = str(item.get("url") or "")
        if settings.portal_id:
            url = f"{settings.app_url}/contacts/{settings.portal_id}/record/0-3/{deal_id}"
        return CrmRef(deal_id, "deal", url, bool(item.get("new")))

    async def list_stages(self, tenant_id: str) -> Sequence[Mapping[str, Any]]:
        """The stages of the configured pipeline, those in use."""
        answer = await self._client.call(
            tenant_id,
            "read the pipeline",
            lambda parts: parts.pipelines.get_by_id_with_http_info,
            "deals",
            self._client.settings.pipeline,
        )
        return [one for one in answer["stages"] if not one.get("archived")]


def choose_stage(stages: Sequence[Mapping[str, Any]], wanted: str) -> str:
    """The id of a stage that was named by its id or its label, in any case.

    Raises:
        Rejected: there is none; names those that there are.
    """
    for stage in stages:
        if wanted.lower() in (str(stage["id"]).lower(), str(stage["label"]).lower()):
            return str(stage["id"])
    known = ", ".join(f"{one['label']} ({one['id']})" for one in stages)
    raise Rejected(VENDOR, "upsert a deal", f"there is no stage {wanted}; there are: {known}")


def write_amount(amount_minor: int, currency: str) -> str:
    """An amount in the currency's main unit."""
    places = 0 if currency in _NO_MINOR else 3 if currency in _THOUSANDTHS else 2
    return str(Decimal(amount_minor).scaleb(-places))
