"""Many leads in few requests: sObject Collections, up to 200 records each, each by itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import ProviderError
from core.outbound import split_batches
from core.protocols.crm import CrmPerson, CrmRef
from integrations.salesforce.client import SalesforceClient
from integrations.salesforce.people import KEEP_OWNER, LEAD, SalesforcePeople, choose_row
from integrations.salesforce.records import Row, build_ref, is_contact
from integrations.salesforce.schema import SalesforceSchema
from integrations.salesforce.session import build_item_error

# Of the collections; the query that looks for the people before travels in an address, which
# takes fewer.
MOST = 200
_MOST_LOOKED_FOR = 60

Outcome = CrmRef | Exception


class SalesforceBatches:
    """Writes many people at once."""

    def __init__(
        self, client: SalesforceClient, schema: SalesforceSchema, people: SalesforcePeople
    ) -> None:
        self._client, self._schema, self._people = client, schema, people
        self._key = client.settings.external_id_field

    async def upsert(self, tenant_id: str, people: Sequence[CrmPerson]) -> list[Outcome]:
        """One answer for each, in order. The same person twice is written once, as told last."""
        latest = {person.external_id: person for person in people}
        done: dict[str, Outcome] = {}
        for part in split_batches(list(latest.values()), MOST):
            done |= await self._upsert_part(tenant_id, part)
        return [done[person.external_id] for person in people]

    async def _upsert_part(self, tenant_id: str, people: Sequence[CrmPerson]) -> dict[str, Outcome]:
        rows: list[Row] = []
        for part in split_batches(people, _MOST_LOOKED_FOR):
            rows += await self._people.find_rows(tenant_id, part)
        found = {one.external_id: choose_row(self._key, one, rows) for one in people}
        new = [one for one in people if found[one.external_id] is None and not _is_contact(one)]
        open_rows = [
            (one, row)
            for one in people
            if (row := found[one.external_id]) is not None
            and not row.get("IsConverted")
            and not _is_contact(one)
        ]
        done = await self._create(tenant_id, new)
        done |= await self._change(tenant_id, open_rows)
        for one in people:
            if one.external_id not in done:
                # Contacts by now: few, and each with fields of its own.
                done[one.external_id] = await self._upsert_one(tenant_id, one)
        return done

    async def _create(self, tenant_id: str, people: Sequence[CrmPerson]) -> dict[str, Outcome]:
        records = []
        for one in people:
            payload = await self._people.build_payload(tenant_id, one, None)
            key = {self._key: one.external_id}
            records.append({"attributes": {"type": LEAD}, **key, **payload})
        path = f"composite/sobjects/{LEAD}/{self._key}"
        answers = await self._send(tenant_id, "create leads", path, records, {})
        return await self._read(tenant_id, people, answers)

    async def _change(
        self, tenant_id: str, pairs: Sequence[tuple[CrmPerson, Row]]
    ) -> dict[str, Outcome]:
        records, people, seen = [], [], set()
        for one, row in pairs:
            if row["Id"] in seen:
                # Two of ours that are one record there: one after the other, not in one request.
                continue
            seen.add(row["Id"])
            payload = await self._people.build_payload(tenant_id, one, row)
            records.append({"attributes": {"type": LEAD}, "Id": row["Id"], **payload})
            people.append(one)
        path = "composite/sobjects"
        answers = await self._send(tenant_id, "change leads", path, records, KEEP_OWNER)
        return await self._read(tenant_id, people, answers)

    async def _send(
        self,
        tenant_id: str,
        operation: str,
        path: str,
        records: Sequence[Mapping[str, Any]],
        headers: Mapping[str, str],
    ) -> Sequence[Mapping[str, Any]]:
        if not records:
            return []
        body = json.dumps({"allOrNone": False, "records": records})

        def send(salesforce: Any) -> Sequence[Mapping[str, Any]]:
            whole = {**salesforce.headers, **headers}
            answer: Sequence[Mapping[str, Any]] = salesforce.restful(
                path, method="PATCH", data=body, headers=whole
            )
            return answer

        return await self._client.call(tenant_id, operation, send)

    async def _read(
        self,
        tenant_id: str,
        people: Sequence[CrmPerson],
        answers: Sequence[Mapping[str, Any]],
    ) -> dict[str, Outcome]:
        address = await self._client.read_address(tenant_id) if people else ""
        done: dict[str, Outcome] = {}
        for one, answer in zip(people, answers, strict=True):
            if answer.get("success"):
                created = bool(answer.get("created"))
                ref = build_ref(address, str(answer["id"]), LEAD, created=created)
                done[one.external_id] = ref
                continue
            errors = answer.get("errors") or []
            if any(each.get("statusCode") == "DUPLICATES_DETECTED" for each in errors):
                # Alone, the answer says whether the rule lets people save.
                done[one.external_id] = await self._upsert_one(tenant_id, one)
                continue
            done[one.external_id] = build_item_error("upsert leads", errors)
        return done

    async def _upsert_one(self, tenant_id: str, person: CrmPerson) -> Outcome:
        try:
            return await self._people.upsert(tenant_id, person)
        except ProviderError as error:
            return error


def _is_contact(person: CrmPerson) -> bool:
    return person.known is not None and is_contact(person.known)
