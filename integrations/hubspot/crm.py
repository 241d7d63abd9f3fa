"""HubSpot as a `Crm`: a lead is a contact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from core.errors import TransientError
from core.outbound import Pages, name_failures
from core.protocols.crm import (
    CrmActivity,
    CrmChanges,
    CrmDeal,
    CrmField,
    CrmLimits,
    CrmOwner,
    CrmPerson,
    CrmRecord,
    CrmRef,
    ObjectKind,
)
from core.protocols.vendor import VendorContext
from integrations.hubspot.changes import Changes, Cursor
from integrations.hubspot.client import VENDOR, Clash, HubSpotClient, Missing, read_next
from integrations.hubspot.companies import OUR_KEY, Companies
from integrations.hubspot.deals import Deals
from integrations.hubspot.history import History
from integrations.hubspot.people import BATCH, People, Result, only_one
from integrations.hubspot.values import OUR_ID, describe_property, read_fields

_OBJECTS: dict[ObjectKind, str] = {"person": "contacts", "company": "companies", "deal": "deals"}
_GROUP = "sales_agent"
# Properties of ours: label, type, how it is shown, and whether a value may stand only once.
_OURS: dict[str, tuple[str, str, str]] = {
    "sales_agent_score": ("Score", "number", "number"),
    "sales_agent_tier": ("Tier", "string", "text"),
    "sales_agent_status": ("Status in the sales agent", "string", "text"),
    "sales_agent_first_page": ("First page", "string", "text"),
    "sales_agent_last_page": ("Last page", "string", "text"),
    "sales_agent_utm_source": ("UTM source", "string", "text"),
    "sales_agent_utm_campaign": ("UTM campaign", "string", "text"),
    "sales_agent_summary": ("Summary of the conversation", "string", "textarea"),
}
_ALWAYS = ("email", "lastname", "company", "hubspot_owner_id", "hs_lead_status", OUR_ID)
_REMEMBER = timedelta(minutes=5)


@name_failures(VENDOR)
class HubSpotCrm:
    """Keeps for some minutes what seldom changes: the fields and the owners of an account."""

    def __init__(self, client: HubSpotClient) -> None:
        self._client = client
        self._people = People(client)
        self._companies = Companies(client)
        self._deals = Deals(client)
        self._history = History(client)
        self._changes = Changes(client)
        self._fields: dict[tuple[str, str], tuple[datetime, dict[str, CrmField]]] = {}
        self._owners: dict[str, tuple[datetime, dict[str, CrmOwner]]] = {}

    def get_limits(self, tenant_id: str) -> CrmLimits:
        """What HubSpot allows, as its last answer said."""
        return self._client.get_limits(tenant_id)

    async def list_fields(self, tenant_id: str, kind: ObjectKind) -> Sequence[CrmField]:
        """The properties of contacts, companies or deals."""
        answer = await self._client.call(
            tenant_id,
            "list properties",
            lambda parts: parts.properties.get_all_with_http_info,
            _OBJECTS[kind],
        )
        found = {str(one["name"]): describe_property(one) for one in answer["results"]}
        self._fields[tenant_id, kind] = (self._client.clock.now(), found)
        return list(found.values())

    async def prepare(self, tenant_id: str) -> None:
        """Create the properties of ours that are missing: our ids, and those that the mapping
        names."""
        mapping = self._client.settings.field_mapping
        for kind, own in (("person", OUR_ID), ("deal", OUR_ID), ("company", OUR_KEY)):
            if kind == "company" and not self._client.settings.companies:
                continue
            known = {one.name for one in await self.list_fields(tenant_id, kind)}  # type: ignore[arg-type]
            wanted = [own, *(name for name in mapping.get(kind, {}) if name in _OURS)]
            missing = [name for name in wanted if name not in known]
            if missing:
                await self._create(tenant_id, _OBJECTS[kind], missing)  # type: ignore[index]
                self._fields.pop((tenant_id, kind), None)

    async def upsert_person(self, tenant_id: str, person: CrmPerson) -> CrmRef:
        """A contact, and its company."""
        return only_one(await self.upsert_people(tenant_id, [person]))

    async def upsert_people(self, tenant_id: str, people: Sequence[CrmPerson]) -> list[Result]:
        """In batches of 100; a batch of which nothing can be said gives its error to each."""
        known = await self._get_fields(tenant_id, "person")
        done: list[Result] = []
        for start in range(0, len(people), BATCH):
            batch = people[start : start + BATCH]
            try:
                results = await self._people.upsert(tenant_id, batch, known)
                if self._client.settings.companies:
                    pairs = [
                        (result.id, person)
                        for result, person in zip(results, batch, strict=True)
                        if isinstance(result, CrmRef)
                    ]
                    await self._companies.associate(tenant_id, pairs)
            except TransientError as error:
                results = [error] * len(batch)
            done += results
        return done

    async def upsert_deal(self, tenant_id: str, deal: CrmDeal) -> CrmRef:
        """A deal in the configured pipeline, associated with the contact."""
        return await self._deals.upsert(tenant_id, deal, await self._get_fields(tenant_id, "deal"))

    async def log_activity(self, tenant_id: str, activity: CrmActivity) -> CrmRef:
        """A note, several notes, or a meeting."""
        return await self._history.log(tenant_id, activity)

    async def find_person(
        self, tenant_id: str, *, external_id: str = "", email: str = "", record_id: str = ""
    ) -> CrmRecord | None:
        """The contact, read by its id and not by search, which is some seconds behind."""
        key = record_id or external_id or email
        question: dict[str, Any] = {
            "inputs": [{"id": key}],
            "properties": self._list_properties(),
            "propertiesWithHistory": [],
        }
        if not record_id:
            question["idProperty"] = OUR_ID if external_id else "email"
        try:
            answer = await self._client.call(
                tenant_id,
                "read a contact",
                lambda parts: parts.batches.read_with_http_info,
                "contacts",
                question,
            )
        except Missing:
            return None
        if not answer.get("results"):
            return None
        return await self._describe(tenant_id, answer["results"][0])

    async def list_changes(self, tenant_id: str, cursor: str) -> CrmChanges:
        """Changed, merged and deleted contacts."""
        if not cursor:
            return await self._changes.begin(tenant_id)
        place = Cursor.read(cursor)
        items, gone = await self._changes.list_items(tenant_id, place, self._list_properties())
        records = [await self._describe(tenant_id, one) for one in items]
        return CrmChanges((*records, *gone), place.write())

    async def erase_person(self, tenant_id: str, ref: CrmRef) -> str:
        """Delete the contact for good (GDPR delete), and its notes, meetings and deals."""
        for kind in ("notes", "meetings", "deals"):
            await self._history.erase(tenant_id, ref.id, kind)
        try:
            await self._client.call(
                tenant_id,
                "erase a contact",
                lambda parts: parts.contacts.purge_with_http_info,
                {"objectId": ref.id},
            )
        except Missing:
            return ""
        return ""

    async def _describe(self, tenant_id: str, item: Mapping[str, Any]) -> CrmRecord:
        properties = item["properties"]
        names = [name for name in self._list_properties() if name not in _ALWAYS]
        known = await self._get_fields(tenant_id, "person")
        owner_id = properties.get("hubspot_owner_id")
        return CrmRecord(
            ref=self._people.build_ref(item),
            external_id=properties.get(OUR_ID) or None,
            email=properties.get("email") or None,
            owner=await self._find_owner(tenant_id, owner_id) if owner_id else None,
            status=properties.get("hs_lead_status") or "",
            fields=read_fields(properties, names, known),
            modified_at=item.get("updated_at"),
        )

    def _list_properties(self) -> list[str]:
        mapped = self._client.settings.field_mapping.get("person", {})
        return list(dict.fromkeys([*_ALWAYS, *mapped]))

    async def _get_fields(self, tenant_id: str, kind: ObjectKind) -> dict[str, CrmField]:
        kept = self._fields.get((tenant_id, kind))
        if kept is None or self._client.clock.now() - kept[0] > _REMEMBER:
            await self.list_fields(tenant_id, kind)
        return self._fields[tenant_id, kind][1]

    async def _find_owner(self, tenant_id: str, owner_id: str) -> CrmOwner:
        kept = self._owners.get(tenant_id)
        is_old = kept is None or self._client.clock.now() - kept[0] > _REMEMBER
        if kept is None or is_old or owner_id not in kept[1]:
            kept = (self._client.clock.now(), await self._list_owners(tenant_id))
            self._owners[tenant_id] = kept
        return kept[1].get(owner_id, CrmOwner(owner_id))

    async def _list_owners(self, tenant_id: str) -> dict[str, CrmOwner]:
        found: dict[str, CrmOwner] = {}
        pages = Pages(VENDOR, "list owners")
        after: dict[str, Any] = {}
        while True:
            answer = await self._client.call(
                tenant_id,
                "list owners",
                lambda parts: parts.owners.get_page_with_http_info,
                limit=500,
                **after,
            )
            for one in answer["results"]:
                name = f"{one.get('first_name') or ''} {one.get('last_name') or ''}".strip()
                found[str(one["id"])] = CrmOwner(str(one["id"]), str(one.get("email") or ""), name)
            following = pages.find_next(read_next(answer))
            if not following:
                return found
            after = {"after": following}

    async def _create(self, tenant_id: str, kind: str, names: Sequence[str]) -> None:
        await self._create_once(
            tenant_id,
            "create a group of properties",
            "groups",
            kind,
            {"name": _GROUP, "label": "Sales agent"},
        )
        for name in names:
            label, value_type, shown_as = _OURS.get(name, ("Sales agent id", "string", "text"))
            description = {
                "name": name,
                "label": label,
                "type": value_type,
                "fieldType": shown_as,
                "groupName": _GROUP,
                "description": "Filled by the sales agent.",
            }
            if name in (OUR_ID, OUR_KEY):
                description["hasUniqueValue"] = True  # type: ignore[assignment]
            await self._create_once(tenant_id, "create a property", "properties", kind, description)

    async def _create_once(
        self, tenant_id: str, operation: str, part: str, kind: str, content: Mapping[str, Any]
    ) -> None:
        try:
            await self._client.call(
                tenant_id,
                operation,
                lambda parts: getattr(parts, part).create_with_http_info,
                kind,
                content,
            )
        except Clash:
            return  # It is there: another process was quicker.


def build_crm(context: VendorContext) -> HubSpotCrm:
    """The manifest's door."""
    return HubSpotCrm(HubSpotClient(context))


@name_failures(VENDOR)
async def check_connection(context: VendorContext, tenant_id: str) -> str:
    """Whether the token may do what we need: read contacts and deals, and the pipeline is there."""
    crm = build_crm(context)
    people = await crm.list_fields(tenant_id, "person")
    await crm.list_fields(tenant_id, "deal")
    stages = await Deals(HubSpotClient(context)).list_stages(tenant_id)
    names = ", ".join(str(one["label"]) for one in stages)
    return f"{len(people)} contact properties; stages of the pipeline: {names}"
