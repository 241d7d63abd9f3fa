"""Companies beside the contacts: found by our key, by domain or by name, else made; associated.

HubSpot lets many companies have one domain, so that two callers who found none would make two.
Our own property with unique values (the domain, or the name) makes it one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import Unavailable
from core.protocols.crm import CrmPerson
from integrations.hubspot.client import VENDOR, HubSpotClient, read_id
from integrations.hubspot.values import read_ids

OUR_KEY = "sales_agent_key"
# Addresses there say nothing of a company.
_MAIL_PROVIDERS = frozenset(
    "gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com icloud.com me.com "
    "aol.com gmx.de gmx.net web.de t-online.de proton.me protonmail.com mail.com yandex.com "
    "orange.fr wanadoo.fr free.fr libero.it qq.com 163.com".split()
)


class Companies:
    """Finds, makes and associates companies."""

    def __init__(self, client: HubSpotClient) -> None:
        self._client = client

    async def associate(self, tenant_id: str, people: Sequence[tuple[str, CrmPerson]]) -> None:
        """Let each contact (its id, and the person) belong to the person's company.

        Raises:
            ProviderError: HubSpot's.
        """
        named = [(contact, person) for contact, person in people if person.company]
        if not named:
            return
        keys = {build_key(person): person for _, person in named}
        ids = await self._read(tenant_id, list(keys))
        missing = {key: person for key, person in keys.items() if key not in ids}
        if missing:
            ids |= await self._adopt(tenant_id, missing)
            rest = {key: person for key, person in missing.items() if key not in ids}
            ids |= await self._make(tenant_id, rest)
        pairs = {(contact, ids[build_key(person)]) for contact, person in named}
        await self._client.call(
            tenant_id,
            "associate companies",
            lambda parts: parts.link_batches.create_default_with_http_info,
            "contacts",
            "companies",
            {"inputs": [{"from": {"id": one}, "to": {"id": two}} for one, two in sorted(pairs)]},
        )

    async def _read(self, tenant_id: str, keys: Sequence[str]) -> dict[str, str]:
        answer = await self._client.call(
            tenant_id,
            "read companies",
            lambda parts: parts.batches.read_with_http_info,
            "companies",
            {
                "idProperty": OUR_KEY,
                "inputs": [{"id": key} for key in keys],
                "properties": [OUR_KEY],
                "propertiesWithHistory": [],
            },
        )
        return read_ids(answer, OUR_KEY)

    async def _adopt(self, tenant_id: str, wanted: Mapping[str, CrmPerson]) -> dict[str, str]:
        """Companies that staff made: theirs is taken, and marked with our key."""
        names = sorted({person.company.lower() for person in wanted.values()})
        domains = sorted({domain for domain in map(read_domain, wanted.values()) if domain})
        groups = [{"filters": [{"propertyName": "name", "operator": "IN", "values": names}]}]
        if domains:
            condition = {"propertyName": "domain", "operator": "IN", "values": domains}
            groups.append({"filters": [condition]})
        answer = await self._client.call(
            tenant_id,
            "search companies",
            lambda parts: parts.search.do_search_with_http_info,
            "companies",
            {
                "filterGroups": groups,
                "properties": ["name", "domain", OUR_KEY],
                "sorts": ["createdate"],
                "limit": 200,
                "after": "0",
            },
        )
        found: dict[str, str] = {}
        for key, person in wanted.items():
            match = choose_company(answer["results"], person)
            if match is not None and match not in found.values():
                found[key] = match
        if found:
            await self._client.call(
                tenant_id,
                "mark companies",
                lambda parts: parts.batches.update_with_http_info,
                "companies",
                {"inputs": [{"id": i, "properties": {OUR_KEY: key}} for key, i in found.items()]},
            )
        return found

    async def _make(self, tenant_id: str, wanted: Mapping[str, CrmPerson]) -> dict[str, str]:
        if not wanted:
            return {}
        inputs = []
        for key, person in wanted.items():
            properties = {"name": person.company, OUR_KEY: key}
            domain = read_domain(person)
            if domain:
                properties["domain"] = domain
            inputs.append({"id": key, "idProperty": OUR_KEY, "properties": properties})
        answer = await self._client.call(
            tenant_id,
            "upsert companies",
            lambda parts: parts.batches.upsert_with_http_info,
            "companies",
            {"inputs": inputs},
        )
        results = list(answer.get("results") or ())
        if len(inputs) == len(results) == 1:
            return {next(iter(wanted)): read_id(results[0])}
        made = read_ids(answer, OUR_KEY)
        if made.keys() != wanted.keys():
            raise Unavailable(VENDOR, "upsert companies", "some are not among the results")
        return made


def read_domain(person: CrmPerson) -> str:
    """The domain of a person's company, as their address tells it; else empty."""
    domain = (person.email or "").lower().rpartition("@")[2]
    return "" if domain in _MAIL_PROVIDERS else domain


def build_key(person: CrmPerson) -> str:
    """What two people of one company have in common."""
    return read_domain(person) or "name:" + " ".join(person.company.lower().split())


def choose_company(found: Sequence[Mapping[str, Any]], person: CrmPerson) -> str | None:
    """The id of a person's company among `found`: the domain says more than the name. One that
    has a key of ours already is another one."""
    free = [one for one in found if not one["properties"].get(OUR_KEY)]
    domain, name = read_domain(person), person.company.lower()
    for one in free:
        if domain and str(one["properties"].get("domain") or "").lower() == domain:
            return str(one["id"])
    for one in free:
        theirs = str(one["properties"].get("domain") or "").lower()
        fits = not domain or not theirs
        if fits and str(one["properties"].get("name") or "").lower() == name:
            return str(one["id"])
    return None
