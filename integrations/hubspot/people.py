"""Contacts: found by our id, then by e-mail; created once, whoever asks at the same time.

Our id is a property with unique values and so is `email`: an upsert by either of them is atomic
at HubSpot, so that two callers end in one contact. A batch is

1. read      which of them have a contact with our id
2. upsert    by record id those that have, by e-mail the rest, by our id who told no e-mail
3. company   found or made, and associated

HubSpot refuses a whole batch for one bad value; it is then halved until the bad one is alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from core.errors import PermanentError, ProviderError, Rejected, Unavailable
from core.protocols.crm import CrmField, CrmPerson, CrmRef
from integrations.hubspot.client import VENDOR, Clash, Denied, HubSpotClient, Missing, read_id
from integrations.hubspot.values import OUR_ID, read_ids, write_fields

BATCH = 100
_Way = Literal["id", "email", "ours"]
Result = CrmRef | Exception


class People:
    """Writes contacts."""

    def __init__(self, client: HubSpotClient) -> None:
        self._client = client

    async def upsert(
        self, tenant_id: str, people: Sequence[CrmPerson], known: Mapping[str, CrmField]
    ) -> list[Result]:
        """Contacts of at most `BATCH` people, one answer each, in order.

        Raises:
            TransientError: nothing can be said of any of them: try the whole again.
            AuthenticationFailed: the credentials are refused.
        """
        # One person twice in a batch is refused by HubSpot: the last word counts for both.
        latest = {person.external_id: person for person in people}
        ids = {one.external_id: one.known.id for one in latest.values() if one.known}
        ids |= await self._find_ids(tenant_id, [one for one in latest if one not in ids])
        by_email: dict[str, str] = {}
        done: dict[str, Result] = {}
        for way in ("id", "email", "ours"):
            group = [
                person
                for person in latest.values()
                if choose_way(person, ids) == way and person.external_id not in done
            ]
            if way == "email":
                by_email = {
                    str(person.email).lower(): person.external_id for person in reversed(group)
                }
            unique = [
                person
                for person in group
                if way != "email" or by_email[str(person.email).lower()] == person.external_id
            ]
            done |= await self._write(tenant_id, unique, way, ids, known)
            for person in group:
                # Two of ours with one address are one contact there.
                twin = by_email.get(str(person.email).lower(), person.external_id)
                done.setdefault(person.external_id, done[twin])
        return [done[person.external_id] for person in people]

    async def _find_ids(self, tenant_id: str, external_ids: Sequence[str]) -> dict[str, str]:
        if not external_ids:
            return {}
        answer = await self._client.call(
            tenant_id,
            "read contacts",
            lambda parts: parts.batches.read_with_http_info,
            "contacts",
            {
                "idProperty": OUR_ID,
                "inputs": [{"id": one} for one in external_ids],
                "properties": [OUR_ID],
                "propertiesWithHistory": [],
            },
        )
        return read_ids(answer, OUR_ID)

    async def _write(
        self,
        tenant_id: str,
        people: Sequence[CrmPerson],
        way: _Way,
        ids: Mapping[str, str],
        known: Mapping[str, CrmField],
    ) -> dict[str, Result]:
        if not people:
            return {}
        try:
            return await self._write_batch(tenant_id, people, way, ids, known)
        except PermanentError as error:
            if not isinstance(error, Rejected) or isinstance(error, Denied):
                raise
            if len(people) == 1:
                return await self._write_otherwise(tenant_id, people[0], way, ids, known, error)
        half = len(people) // 2
        done = await self._write(tenant_id, people[:half], way, ids, known)
        return done | await self._write(tenant_id, people[half:], way, ids, known)

    async def _write_otherwise(
        self,
        tenant_id: str,
        person: CrmPerson,
        way: _Way,
        ids: Mapping[str, str],
        known: Mapping[str, CrmField],
        error: Rejected,
    ) -> dict[str, Result]:
        """The one person that HubSpot refuses: the record is gone, or the address is another's."""
        if isinstance(error, Missing) and way == "id":
            again: _Way = "email" if person.email else "ours"
            return await self._write(tenant_id, [person], again, ids, known)
        if isinstance(error, Clash):
            # Made by somebody else in between: the next attempt finds it.
            words = error.excerpt
            if way != "id":
                return {person.external_id: Unavailable(VENDOR, "upsert a contact", words)}
        return {person.external_id: error}

    async def _write_batch(
        self,
        tenant_id: str,
        people: Sequence[CrmPerson],
        way: _Way,
        ids: Mapping[str, str],
        known: Mapping[str, CrmField],
    ) -> dict[str, Result]:
        inputs = [build_input(person, way, ids, known) for person in people]
        answer = await self._client.call(
            tenant_id,
            "upsert contacts",
            lambda parts: (
                parts.batches.update_with_http_info
                if way == "id"
                else parts.batches.upsert_with_http_info
            ),
            "contacts",
            {"inputs": inputs},
        )
        done: dict[str, Result] = {}
        results = list(answer.get("results") or ())
        if len(people) == len(results) == 1 and not answer.get("errors"):
            # Whatever HubSpot made of the address, e.g. took away spaces: it is this one.
            made = self.build_ref(results[0], created=bool(results[0].get("new")))
            return {people[0].external_id: made}
        keys = {key_of(person, way, ids): person.external_id for person in people}
        for item in results:
            external_id = keys.get(key_of_result(item, way))
            if external_id is not None:
                done[external_id] = self.build_ref(item, created=bool(item.get("new")))
        missing = [person for person in people if person.external_id not in done]
        if not missing:
            return done
        # 207: some were refused, and the answer does not say reliably which words are whose.
        words = "; ".join(str(one.get("message")) for one in answer.get("errors") or ())
        if len(people) == 1:
            gone = "not found" in words.lower() or "OBJECT_NOT_FOUND" in str(answer.get("errors"))
            kind = Missing if gone else Rejected
            raise kind(VENDOR, "upsert contacts", words or "not among the results")
        for person in missing:
            done |= await self._write(tenant_id, [person], way, ids, known)
        return done

    def build_ref(self, item: Mapping[str, Any], *, created: bool = False) -> CrmRef:
        """A contact's reference, with a link for people."""
        settings = self._client.settings
        url = str(item.get("url") or "")
        if settings.portal_id:
            url = f"{settings.app_url}/contacts/{settings.portal_id}/record/0-1/{item['id']}"
        return CrmRef(read_id(item), "contact", url, created)


def choose_way(person: CrmPerson, ids: Mapping[str, str]) -> _Way:
    """By what a person's contact is found."""
    if person.external_id in ids:
        return "id"
    return "email" if person.email else "ours"


def key_of(person: CrmPerson, way: _Way, ids: Mapping[str, str]) -> str:
    """What a person is called in a batch."""
    if way == "id":
        return ids[person.external_id]
    return str(person.email).lower() if way == "email" else person.external_id


def key_of_result(item: Mapping[str, Any], way: _Way) -> str:
    """The same of an answer: its order is not promised."""
    if way == "id":
        return str(item["id"])
    name = "email" if way == "email" else OUR_ID
    return str(item["properties"].get(name) or "").lower()


def build_input(
    person: CrmPerson, way: _Way, ids: Mapping[str, str], known: Mapping[str, CrmField]
) -> dict[str, Any]:
    """One person of a batch."""
    properties = {
        **write_fields(person.fields, known),
        "lastname": person.last_name,
        "company": person.company,
        OUR_ID: person.external_id,
    }
    if person.email:
        properties["email"] = person.email
    entry: dict[str, Any] = {"id": key_of(person, way, ids), "properties": properties}
    if way != "id":
        entry["idProperty"] = "email" if way == "email" else OUR_ID
    return entry


def only_one(results: Sequence[Result]) -> CrmRef:
    """The answer about one person.

    Raises:
        ProviderError: it is an error.
    """
    (result,) = results
    if isinstance(result, CrmRef):
        return result
    if isinstance(result, ProviderError):
        raise result
    raise Unavailable(VENDOR, "upsert a contact", type(result).__name__)
