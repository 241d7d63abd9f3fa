"""Notes, meetings and files in a person's history.

A note carries our id in its last line, by which it is found again: notes have no fields of an
account's own. A meeting has the field for our id, unique, so that Zoho itself refuses a second
one and names the first. A transcript is a file, whole, with our id in its name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from core.protocols.crm import CrmActivity, CrmRef
from integrations.zoho.client import ZohoClient, check_item, read_id
from integrations.zoho.failures import ZohoRejected, build_failure, read_items
from integrations.zoho.people import ZohoPeople
from integrations.zoho.schema import ZohoSchema
from integrations.zoho.values import CONTACTS, DEALS, EVENTS, LEADS, build_ref, build_time

NOTES, ATTACHMENTS = "Notes", "Attachments"
# https://www.zoho.com/crm/developer/docs/api/v8/create-notes.html
_LONGEST_NOTE = 32_000
_LONGEST_PART = 31_000
_LONGEST_TITLE = 120
_LONGEST_EVENT_TITLE = 255
_NO_ROOM = {"STORAGE_SPACE_EXCEEDED", "FILE_SIZE_MORE_THAN_ALLOWED_SIZE", "NOT_SUPPORTED"}
_PAGES = 10
_MEETING = timedelta(minutes=30)


class ZohoHistory:
    """Writes entries, each once."""

    def __init__(self, client: ZohoClient, schema: ZohoSchema, people: ZohoPeople) -> None:
        self._client, self._schema, self._people = client, schema, people

    async def log(self, tenant_id: str, activity: CrmActivity) -> CrmRef:
        """Write the entry, or change it."""
        became = await self._people.find_conversion(tenant_id, activity.person)
        contact = became.get(CONTACTS)
        place = CrmRef(contact, CONTACTS) if contact else CrmRef(activity.person.id, LEADS)
        if activity.kind == "transcript":
            return await self._keep_whole(tenant_id, activity, place)
        if len(build_note(activity)) > _LONGEST_NOTE:
            await self._keep_whole(tenant_id, activity, place)
        if activity.kind == "meeting":
            return await self._meet(tenant_id, activity, place, became.get(DEALS, ""))
        return await self._note(tenant_id, activity, place)

    async def _keep_whole(self, tenant_id: str, activity: CrmActivity, place: CrmRef) -> CrmRef:
        """As a file; as several notes where Zoho takes none, e.g. because its space is full."""
        try:
            return await self._attach(tenant_id, activity, place)
        except ZohoRejected as error:
            if not error.is_elsewhere and error.code not in _NO_ROOM:
                raise
        parts = cut(activity.body)
        refs = []
        for number, text in enumerate(parts, 1):
            part = replace(
                activity,
                external_id=f"{activity.external_id}/{number}",
                subject=f"{activity.subject} ({number} of {len(parts)})",
                body=text,
                known=None,
            )
            refs.append(await self._note(tenant_id, part, place))
        return refs[0]

    async def _note(self, tenant_id: str, activity: CrmActivity, place: CrmRef) -> CrmRef:
        known = activity.known.id if activity.known else ""
        mark = build_mark(activity.external_id)
        known = known or await self._find_related(tenant_id, place, NOTES, "Note_Content", mark)
        note = {
            "Note_Title": activity.subject[:_LONGEST_TITLE],
            "Note_Content": shorten(build_note(activity), mark),
        }
        address = await self._client.read_address(tenant_id)
        if known and await self._change(tenant_id, f"/{NOTES}/{known}", note):
            return build_ref(address, known, NOTES)
        parent = {"Parent_Id": {"module": {"api_name": place.kind}, "id": place.id}}
        item = await self._client.write_one(
            tenant_id, "log activity", "POST", f"/{NOTES}", {**note, **parent}
        )
        return build_ref(address, read_id(item), NOTES, created=True)

    async def _meet(
        self, tenant_id: str, activity: CrmActivity, place: CrmRef, deal_id: str
    ) -> CrmRef:
        name = await self._schema.require_key(tenant_id, EVENTS)
        event = build_event(activity, place, deal_id)
        address = await self._client.read_address(tenant_id)
        known = activity.known.id if activity.known else ""
        if known and await self._change(tenant_id, f"/{EVENTS}/{known}", event):
            return build_ref(address, known, EVENTS)
        key = {name: activity.external_id} if name else {}
        try:
            item = await self._client.write_one(
                tenant_id, "log activity", "POST", f"/{EVENTS}", {**event, **key}
            )
        except ZohoRejected as error:
            found = find_duplicate(error)
            if not found or not await self._change(tenant_id, f"/{EVENTS}/{found}", event):
                raise
            return build_ref(address, found, EVENTS)
        return build_ref(address, read_id(item), EVENTS, created=True)

    async def _attach(self, tenant_id: str, activity: CrmActivity, place: CrmRef) -> CrmRef:
        """The whole text as a file. A changed one takes the old one's place: Zoho has no versions
        of a file, and a file's size tells whether it changed."""
        data = activity.body.encode()
        name = f"{activity.kind}-{activity.external_id}.txt"
        address = await self._client.read_address(tenant_id)
        old = ""
        for row in await self._list_related(tenant_id, place, ATTACHMENTS, "id,File_Name,Size"):
            if row.get("File_Name") == name:
                old = str(row["id"])
                if str(row.get("Size")) == str(len(data)):
                    return build_ref(address, old, ATTACHMENTS)
        answer = await self._client.call(
            tenant_id,
            "attach transcript",
            "POST",
            f"/{place.kind}/{place.id}/{ATTACHMENTS}",
            files={"file": (name, data, "text/plain; charset=utf-8")},
        )
        if answer.status == 404:
            raise build_failure("attach transcript", 404, json.dumps(answer.data))
        items = read_items("attach transcript", answer.data)
        new = read_id(check_item("attach transcript", items[0] if items else {}))
        if old:
            path = f"/{place.kind}/{place.id}/{ATTACHMENTS}/{old}"
            await self._client.call(tenant_id, "attach transcript", "DELETE", path)
        return build_ref(address, new, ATTACHMENTS, created=not old)

    async def _find_related(
        self, tenant_id: str, place: CrmRef, kind: str, name: str, mark: str
    ) -> str:
        rows = await self._list_related(tenant_id, place, kind, f"id,{name}")
        return next((str(row["id"]) for row in rows if mark in str(row.get(name))), "")

    async def _list_related(
        self, tenant_id: str, place: CrmRef, kind: str, fields: str
    ) -> list[Mapping[str, Any]]:
        rows: list[Mapping[str, Any]] = []
        for number in range(1, _PAGES + 1):
            params = {"fields": fields, "page": str(number), "per_page": "200"}
            path = f"/{place.kind}/{place.id}/{kind}"
            try:
                answer = await self._client.get(tenant_id, f"list {kind}", path, params)
            except ZohoRejected as error:
                if not error.is_elsewhere:
                    raise
                break
            rows += answer.list_rows()
            if not answer.has_more:
                break
        return rows

    async def _change(self, tenant_id: str, path: str, record: Mapping[str, Any]) -> bool:
        """Whether it was there to be changed."""
        try:
            await self._client.write_one(tenant_id, "log activity", "PUT", path, record)
        except ZohoRejected as error:
            if error.is_missing or error.status == 404:
                return False
            raise
        return True


def build_mark(external_id: str) -> str:
    """The last line of a note, by which it is found again."""
    return f"[sales-agent {external_id}]"


def build_note(activity: CrmActivity) -> str:
    """A note's text; a subject that is too long for the title stands above it."""
    above = f"{activity.subject}\n\n" if len(activity.subject) > _LONGEST_TITLE else ""
    return f"{above}{activity.body}\n\n{build_mark(activity.external_id)}"


def shorten(text: str, mark: str) -> str:
    """What fits into a note; the whole is attached beside it."""
    if len(text) <= _LONGEST_NOTE:
        return text
    rest = f"\n… (the whole text is in the attached file)\n\n{mark}"
    return text[: _LONGEST_NOTE - len(rest)] + rest


def cut(text: str) -> list[str]:
    """A text in parts that fit into notes, at the ends of lines where there are any."""
    parts, rest = [], text
    while len(rest) > _LONGEST_PART:
        end = rest.rfind("\n", 1, _LONGEST_PART) + 1 or _LONGEST_PART
        parts.append(rest[:end])
        rest = rest[end:]
    return [*parts, rest]


def build_event(activity: CrmActivity, place: CrmRef, deal_id: str) -> dict[str, Any]:
    """A meeting: with a lead by `What_Id`, with a contact by `Who_Id` beside its deal."""
    ends = activity.ends_at or activity.starts_at + _MEETING
    above = f"{activity.subject}\n\n" if len(activity.subject) > _LONGEST_EVENT_TITLE else ""
    event: dict[str, Any] = {
        "Event_Title": activity.subject[:_LONGEST_EVENT_TITLE],
        "Description": shorten(f"{above}{activity.body}", build_mark(activity.external_id)),
        "Start_DateTime": build_time(activity.starts_at),
        "End_DateTime": build_time(ends),
    }
    if place.kind == LEADS:
        return {**event, "What_Id": {"id": place.id}, "$se_module": LEADS}
    event["Who_Id"] = {"id": place.id}
    return {**event, "What_Id": {"id": deal_id}, "$se_module": DEALS} if deal_id else event


def find_duplicate(error: ZohoRejected) -> str:
    """The id of the record that a unique value already has, in `DUPLICATE_DATA`."""
    if error.code != "DUPLICATE_DATA":
        return ""
    twin = error.details.get("duplicate_record") or {}
    return str(twin.get("id") or error.details.get("id") or "")
