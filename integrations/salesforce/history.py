"""Tasks, events and files in a person's history.

Our id stands in the account's own field on Activity where it has one, else in the last line of
the description, by which an entry is found again. A lead that was converted hands its history on:
what comes later goes to the contact, beside the opportunity.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from simple_salesforce.format import format_external_id

from core.protocols.crm import CrmActivity, CrmRef
from integrations.salesforce.client import SalesforceClient
from integrations.salesforce.people import LEAD
from integrations.salesforce.records import (
    CONVERSION,
    Row,
    build_ref,
    build_time,
    build_title,
    is_contact,
    read_title,
)
from integrations.salesforce.schema import SalesforceSchema
from integrations.salesforce.session import SalesforceRejected
from integrations.salesforce.soql import any_of, build_file_query, build_query, equals

# Task.Description and Event.Description, and Subject.
_LONGEST_BODY = 32_000
_LONGEST_SUBJECT = 255
_MEETING = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose history it is. `all_ids`: also those that the person had before a conversion."""

    who_id: str
    what_id: str
    all_ids: tuple[str, ...]


class SalesforceHistory:
    """Writes entries, each once."""

    def __init__(self, client: SalesforceClient, schema: SalesforceSchema) -> None:
        self._client, self._schema = client, schema

    async def find_subject(self, tenant_id: str, person: CrmRef) -> Subject:
        """The lead, or the contact and opportunity that it became."""
        if is_contact(person):
            return Subject(person.id, "", (person.id,))
        soql = build_query(LEAD, ("Id", *CONVERSION), equals("Id", person.id))
        rows = await self._client.query(tenant_id, "find lead", soql)
        contact = rows[0].get("ConvertedContactId") if rows else None
        if not contact:
            return Subject(person.id, "", (person.id,))
        what = rows[0].get("ConvertedOpportunityId") or ""
        return Subject(str(contact), str(what), (str(contact), person.id))

    async def log(self, tenant_id: str, activity: CrmActivity) -> CrmRef:
        """Write the entry, or change it."""
        subject = await self.find_subject(tenant_id, activity.person)
        if activity.kind == "transcript":
            return await self._attach(tenant_id, activity, subject)
        if len(activity.body) > _LONGEST_BODY - 500:
            await self._attach(tenant_id, activity, subject)
        return await self._write(tenant_id, activity, subject)

    async def _write(self, tenant_id: str, activity: CrmActivity, subject: Subject) -> CrmRef:
        sobject = "Event" if activity.kind == "meeting" else "Task"
        payload = build_entry(activity, subject)
        key = await self._schema.find_activity_field(tenant_id, sobject)
        address = await self._client.read_address(tenant_id)
        record_id = activity.known.id if activity.known else ""
        if key and not record_id:
            answer = await self._upsert_by_key(tenant_id, sobject, key, activity, payload)
            return build_ref(address, str(answer["id"]), sobject, created=bool(answer["created"]))
        record_id = record_id or await self._find_entry(tenant_id, sobject, activity, subject)
        if record_id:
            try:
                await self._change(tenant_id, sobject, record_id, payload)
                return build_ref(address, record_id, sobject)
            except SalesforceRejected as error:
                if not error.is_missing:
                    raise
        created = await self._create(tenant_id, sobject, {**payload, **_key(key, activity)})
        return build_ref(address, created, sobject, created=True)

    async def _upsert_by_key(
        self,
        tenant_id: str,
        sobject: str,
        key: str,
        activity: CrmActivity,
        payload: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        place = format_external_id(key, activity.external_id)

        def upsert(salesforce: Any) -> Mapping[str, Any]:
            thing = getattr(salesforce, sobject)
            answer: Mapping[str, Any] = thing.upsert(place, payload, raw_response=True).json()
            return answer

        return await self._client.call(tenant_id, "log activity", upsert)

    async def _find_entry(
        self, tenant_id: str, sobject: str, activity: CrmActivity, subject: Subject
    ) -> str:
        """The entry that carries our id; a description can be read but not searched."""
        where, order = any_of("WhoId", subject.all_ids), "CreatedDate DESC"
        soql = build_query(sobject, ("Id", "Description"), where, order=order, limit=200)
        mark = build_mark(activity.external_id)
        for row in await self._client.query(tenant_id, "log activity", soql):
            if mark in str(row.get("Description") or ""):
                return str(row["Id"])
        return ""

    async def _change(
        self, tenant_id: str, sobject: str, record_id: str, payload: Mapping[str, Any]
    ) -> None:
        def change(salesforce: Any) -> None:
            getattr(salesforce, sobject).update(record_id, payload)

        await self._client.call(tenant_id, "log activity", change)

    async def _create(self, tenant_id: str, sobject: str, payload: Mapping[str, Any]) -> str:
        def create(salesforce: Any) -> str:
            return str(getattr(salesforce, sobject).create(payload)["id"])

        return await self._client.call(tenant_id, "log activity", create)

    async def _attach(self, tenant_id: str, activity: CrmActivity, subject: Subject) -> CrmRef:
        """The whole text as a file (`ContentVersion`); a changed one is its next version."""
        data = activity.body.encode()
        address = await self._client.read_address(tenant_id)
        title = build_title(activity.subject, activity.external_id)
        query = build_file_query(subject.all_ids)
        links: list[Row] = list(await self._client.query(tenant_id, "attach transcript", query))
        mark = build_title("", activity.external_id)
        found = next((one for one in links if read_title(one).endswith(mark)), None)
        document_id = str(found["ContentDocumentId"]) if found else ""
        if document_id and await self._holds(tenant_id, document_id, data):
            return build_ref(address, document_id, "ContentDocument")
        place = (
            {"ContentDocumentId": document_id}
            if document_id
            else {"FirstPublishLocationId": subject.who_id}
        )
        version = {
            "Title": title,
            "PathOnClient": f"{activity.kind}-{activity.external_id}.txt",
            "VersionData": base64.b64encode(data).decode(),
            **place,
        }
        version_id = await self._create(tenant_id, "ContentVersion", version)
        if not document_id:
            where = equals("Id", version_id)
            soql = build_query("ContentVersion", ["ContentDocumentId"], where)
            rows = await self._client.query(tenant_id, "attach transcript", soql)
            document_id = str(rows[0]["ContentDocumentId"])
        return build_ref(address, document_id, "ContentDocument", created=found is None)

    async def _holds(self, tenant_id: str, document_id: str, data: bytes) -> bool:
        where = f"{equals('ContentDocumentId', document_id)} AND IsLatest = true"
        soql = build_query("ContentVersion", ("Id", "Checksum"), where)
        rows = await self._client.query(tenant_id, "attach transcript", soql)
        # Salesforce's own checksum of a file is MD5.
        digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
        return any(row.get("Checksum") == digest for row in rows)


def build_mark(external_id: str) -> str:
    """The last line of a description, by which the entry is found again."""
    return f"[sales-agent {external_id}]"


def build_entry(activity: CrmActivity, subject: Subject) -> dict[str, Any]:
    """A task, or an event for a meeting."""
    mark = build_mark(activity.external_id)
    body = activity.body
    if len(activity.subject) > _LONGEST_SUBJECT:
        body = f"{activity.subject}\n\n{body}"
    if len(body) + len(mark) + 2 > _LONGEST_BODY:
        rest = "… (the whole text is in the attached file)"
        body = body[: _LONGEST_BODY - len(mark) - len(rest) - 10] + "\n" + rest
    entry: dict[str, Any] = {
        "Subject": activity.subject[:_LONGEST_SUBJECT],
        "Description": f"{body}\n\n{mark}",
        "WhoId": subject.who_id,
        **({"WhatId": subject.what_id} if subject.what_id else {}),
    }
    if activity.kind == "meeting":
        ends = activity.ends_at or activity.starts_at + _MEETING
        return entry | {
            "StartDateTime": build_time(activity.starts_at),
            "EndDateTime": build_time(ends),
        }
    return entry | {
        "ActivityDate": activity.starts_at.date().isoformat(),
        "Status": "Completed",
        "Priority": "Normal",
    }


def _key(field: str, activity: CrmActivity) -> dict[str, str]:
    return {field: activity.external_id} if field else {}
