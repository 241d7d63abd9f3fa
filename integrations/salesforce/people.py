"""Leads: one record for each of ours, whatever happens in between.

A lead is looked for by its id there, by our id, and by its address, in one query. What is found
is changed by its id; what is not is created by an upsert on our id, so that two who create the
same lead at the same time end in one. A lead that was converted is its contact from then on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from simple_salesforce.api import Salesforce
from simple_salesforce.format import format_external_id

from core.errors import Unavailable
from core.protocols.crm import CrmPerson, CrmRecord, CrmRef
from integrations.salesforce.client import SalesforceClient
from integrations.salesforce.records import (
    CONVERSION,
    RecordReader,
    Row,
    build_ref,
    build_values,
    choose_fields,
    is_contact,
    read_title,
)
from integrations.salesforce.schema import SalesforceSchema
from integrations.salesforce.session import VENDOR, SalesforceRejected
from integrations.salesforce.soql import (
    FILE_MARK,
    any_of,
    build_file_query,
    build_query,
    equals,
)

LEAD, CONTACT = "Lead", "Contact"
# As Salesforce's own imports and forms write it.
NO_COMPANY = "[not provided]"
# Assignment rules run again on every change unless told not to, and would move the owner.
KEEP_OWNER = {"Sforce-Auto-Assign": "FALSE"}
_SAVE_ANYWAY = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
# Fields that a contact shares with the lead it was, but that are the account's after conversion.
_NOT_ON_CONTACT = {"LastName", "FirstName", "Email", "Description", "LeadSource", "OwnerId"}


class SalesforcePeople:
    """Finds and writes leads, and what became of them."""

    def __init__(self, client: SalesforceClient, schema: SalesforceSchema) -> None:
        self._client, self._schema = client, schema
        self._key = client.settings.external_id_field

    async def build_reader(self, tenant_id: str, sobject: str = LEAD) -> RecordReader:
        """What reads this tenant's rows."""
        described = await self._schema.describe(tenant_id, sobject)
        address = await self._client.read_address(tenant_id)
        return RecordReader(address, self._key, described)

    async def upsert(self, tenant_id: str, person: CrmPerson) -> CrmRef:
        """Create the lead, or change it, or the contact that it became."""
        if person.known is not None and is_contact(person.known):
            return await self._change_contact(tenant_id, person, person.known.id)
        rows = await self.find_rows(tenant_id, [person])
        return await self.write(tenant_id, person, choose_row(self._key, person, rows))

    async def write(self, tenant_id: str, person: CrmPerson, row: Row | None) -> CrmRef:
        """Write a person whose record, if there is one, was just looked for."""
        if row is None:
            return await self._create(tenant_id, person)
        if row.get("IsConverted") and row.get("ConvertedContactId"):
            return await self._change_contact(tenant_id, person, str(row["ConvertedContactId"]))
        payload = await self.build_payload(tenant_id, person, row)
        record_id = str(row["Id"])

        def change(salesforce: Any) -> None:
            salesforce.Lead.update(record_id, payload, headers=dict(KEEP_OWNER))

        await self._client.call(tenant_id, "change lead", change)
        return build_ref(await self._client.read_address(tenant_id), record_id, LEAD)

    async def build_payload(
        self, tenant_id: str, person: CrmPerson, row: Row | None
    ) -> dict[str, Any]:
        """The lead's JSON. Our id is given to a record that has none; it never replaces one."""
        described = await self._schema.describe(tenant_id, LEAD)
        payload = {
            "LastName": person.last_name,
            **_build_company(person, row),
            **({"Email": person.email} if person.email else {}),
            **build_values(described, person.fields),
        }
        if row is not None and not row.get(self._key):
            payload[self._key] = person.external_id
        return payload

    async def find_rows(self, tenant_id: str, people: Sequence[CrmPerson]) -> list[Row]:
        """The leads that may be one of these people."""
        known = [one.known.id for one in people if one.known and not is_contact(one.known)]
        wanted = (
            (self._key, [one.external_id for one in people]),
            ("Email", [one.email for one in people if one.email]),
            ("Id", known),
        )
        where = " OR ".join(any_of(name, ids) for name, ids in wanted if ids)
        fields = ("Id", "Email", self._key, "CreatedDate", *CONVERSION)
        soql = build_query(LEAD, fields, where, order="CreatedDate")
        return list(await self._client.query(tenant_id, "find lead", soql))

    async def find(
        self, tenant_id: str, *, external_id: str, email: str, record_id: str
    ) -> CrmRecord | None:
        """The record as it is now; None when there is none (any more)."""
        sobject = CONTACT if is_contact(CrmRef(record_id, "")) else LEAD
        wanted = (("Id", record_id), (self._key, external_id), ("Email", email))
        clauses = [equals(name, value) for name, value in wanted if value]
        if not clauses:
            return None
        reader = await self.build_reader(tenant_id, sobject)
        needed = ["Id", "Email"]
        if sobject == LEAD:
            needed += ["Status", self._key, *CONVERSION]
        fields = choose_fields(reader.described, needed)
        order = "IsConverted, CreatedDate" if sobject == LEAD else "CreatedDate"
        soql = build_query(sobject, fields, " AND ".join(clauses), order=order, limit=1)
        rows = await self._client.query(tenant_id, f"find {sobject.lower()}", soql)
        return reader.read(rows[0]) if rows else None

    async def _create(self, tenant_id: str, person: CrmPerson) -> CrmRef:
        payload = await self.build_payload(tenant_id, person, None)
        place = format_external_id(self._key, person.external_id)

        def upsert(salesforce: Any, headers: Mapping[str, str]) -> Mapping[str, Any]:
            response = salesforce.Lead.upsert(
                place, payload, raw_response=True, headers=dict(headers)
            )
            return json.loads(response.text) if response.text else {}

        async def call(headers: Mapping[str, str]) -> Mapping[str, Any]:
            return await self._client.call(
                tenant_id, "create lead", lambda salesforce: upsert(salesforce, headers)
            )

        try:
            answer = await call({})
        except SalesforceRejected as error:
            if not may_save_anyway(error):
                raise
            # A rule that warns people and lets them save: the same for us.
            answer = await call(_SAVE_ANYWAY)
        return await self._read_created(tenant_id, person, answer)

    async def _read_created(
        self, tenant_id: str, person: CrmPerson, answer: Mapping[str, Any]
    ) -> CrmRef:
        if not answer.get("id"):
            # 204: an older version of the API, which names no id.
            rows = await self.find_rows(tenant_id, [person])
            row = choose_row(self._key, person, rows)
            if row is None:
                raise Unavailable(VENDOR, "create lead", "the new lead is not to be seen yet")
            answer = {"id": row["Id"], "created": True}
        address = await self._client.read_address(tenant_id)
        created = bool(answer.get("created"))
        return build_ref(address, str(answer["id"]), LEAD, created=created)

    async def _change_contact(self, tenant_id: str, person: CrmPerson, contact_id: str) -> CrmRef:
        """What is told of a converted lead goes to the contact's fields of the same name; its
        name and address are the sales team's by now."""
        described = await self._schema.describe(tenant_id, CONTACT)
        fields = {
            name: value
            for name, value in person.fields.items()
            if name not in _NOT_ON_CONTACT and described.get(name, {}).get("updateable")
        }
        payload = build_values(described, fields)
        if payload:

            def change(salesforce: Any) -> None:
                salesforce.Contact.update(contact_id, payload)

            await self._client.call(tenant_id, "change contact", change)
        return build_ref(await self._client.read_address(tenant_id), contact_id, CONTACT)

    async def erase(self, tenant_id: str, ref: CrmRef) -> None:
        """Delete the person, their tasks, events and the files that hang on them alone."""
        rows: list[Row] = []
        if not is_contact(ref):
            soql = build_query(LEAD, ("Id", *CONVERSION), equals("Id", ref.id))
            rows = await self._client.query(tenant_id, "erase person", soql)
        contacts = [str(row["ConvertedContactId"]) for row in rows if row.get("ConvertedContactId")]
        for person_id in (ref.id, *contacts):
            await self._erase_history(tenant_id, person_id)
            sobject = CONTACT if is_contact(CrmRef(person_id, "")) else LEAD
            await self._delete(tenant_id, sobject, person_id)

    async def _erase_history(self, tenant_id: str, person_id: str) -> None:
        files = await self._client.query(tenant_id, "erase person", build_file_query([person_id]))
        for one in files:
            # Brochures and contracts that staff attached are theirs, and may hang elsewhere too.
            if FILE_MARK in read_title(one):
                await self._delete(tenant_id, "ContentDocument", str(one["ContentDocumentId"]))
        for sobject in ("Task", "Event"):
            soql = build_query(sobject, ["Id"], equals("WhoId", person_id))
            for row in await self._client.query(tenant_id, "erase person", soql):
                await self._delete(tenant_id, sobject, str(row["Id"]))

    async def _delete(self, tenant_id: str, sobject: str, record_id: str) -> None:
        def delete(salesforce: Salesforce) -> None:
            getattr(salesforce, sobject).delete(record_id)

        try:
            await self._client.call(tenant_id, "erase person", delete)
        except SalesforceRejected as error:
            if not error.is_missing:
                raise


def _build_company(person: CrmPerson, row: Row | None) -> dict[str, str]:
    """Salesforce wants a company of every lead; nothing is put in the place of one it has."""
    if person.company:
        return {"Company": person.company}
    return {"Company": NO_COMPANY} if row is None else {}


def choose_row(key: str, person: CrmPerson, rows: Sequence[Row]) -> Row | None:
    """The record of a person among those found: by its id there, by our id, by the address; of
    several with the address an open lead before a converted one, and the oldest."""
    email = (person.email or "").lower()
    known = person.known.id if person.known else ""

    def rank(row: Row) -> tuple[int, bool]:
        if row["Id"] == known:
            return 0, False
        if row.get(key) == person.external_id:
            return 1, False
        return 2, bool(row.get("IsConverted"))

    fitting = [
        row
        for row in rows
        if row["Id"] == known
        or row.get(key) == person.external_id
        or (email and str(row.get("Email") or "").lower() == email)
    ]
    return min(fitting, key=rank, default=None)


def may_save_anyway(error: SalesforceRejected) -> bool:
    """Whether a duplicate rule only warns (`DuplicateResult.allowSave`)."""
    if "DUPLICATES_DETECTED" not in error.codes:
        return False
    results = [one.get("duplicateResult") or {} for one in error.details]
    return bool(results) and all(result.get("allowSave") for result in results)
