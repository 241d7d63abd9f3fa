"""Leads: one record for each of ours, whatever happens in between.

Zoho's own upsert looks for the record by our id, then by the address, and creates it where there
is none, all in one step. It does not look among converted leads; so those are searched first, and
what they became is changed instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import ProviderError, Unavailable
from core.outbound import split_batches
from core.protocols.crm import CrmPerson, CrmRecord, CrmRef
from integrations.zoho.client import ZohoClient, check_item, read_id
from integrations.zoho.failures import VENDOR, ZohoRejected
from integrations.zoho.schema import ZohoSchema
from integrations.zoho.values import (
    CONTACTS,
    EVENTS,
    LEADS,
    Row,
    build_ref,
    build_values,
    escape,
    read_conversion,
    read_record,
)

# Records of one upsert, and values of one search.
MOST = 100
_MOST_SEARCHED = 50
# Of a converted lead the name and address are the sales team's by now.
_NOT_ON_CONTACT = {"Last_Name", "First_Name", "Email", "Company", "Description", "Owner"}
NO_COMPANY = "[not provided]"
_CONVERTED = {"CONVERTED_RECORD", "ID_ALREADY_CONVERTED"}

Outcome = CrmRef | Exception


class ZohoPeople:
    """Finds and writes leads, and what became of them."""

    def __init__(self, client: ZohoClient, schema: ZohoSchema) -> None:
        self._client, self._schema = client, schema
        self._key = schema.key

    async def upsert(self, tenant_id: str, person: CrmPerson) -> CrmRef:
        """Create the lead, or change it, or the contact that it became."""
        found = await self.upsert_many(tenant_id, [person])
        if isinstance(found[0], Exception):
            raise found[0]
        return found[0]

    async def upsert_many(self, tenant_id: str, people: Sequence[CrmPerson]) -> list[Outcome]:
        """One answer for each, in order. The same person twice is written once, as told last."""
        latest = list({person.external_id: person for person in people}.values())
        became = await self._find_contacts(tenant_id, [one for one in latest if not one.known])
        became |= {
            one.external_id: one.known.id
            for one in latest
            if one.known is not None and one.known.kind == CONTACTS
        }
        known = [one for one in latest if one.known and one.external_id not in became]
        done: dict[str, Outcome] = {}
        for part in split_batches(known, MOST):
            done |= await self._change_part(tenant_id, part, became)
        for one in latest:
            if one.external_id in became:
                contact_id = became[one.external_id]
                done[one.external_id] = await self._change_contact(tenant_id, one, contact_id)
        new = [one for one in latest if one.external_id not in done]
        # Zoho looks for duplicates by fields that every record of a request has.
        for group in ([one for one in new if one.email], [one for one in new if not one.email]):
            for part in split_batches(group, MOST):
                done |= await self._upsert_part(tenant_id, part)
        return [done[person.external_id] for person in people]

    async def find(
        self, tenant_id: str, *, external_id: str, email: str, record_id: str
    ) -> CrmRecord | None:
        """The record as it is now; None when there is none (any more)."""
        if record_id:
            return await self._find_by_id(tenant_id, record_id)
        if external_id:
            if not await self._schema.require_key(tenant_id, LEADS):
                return None
            wanted = {"criteria": f"({self._key}:equals:{escape(external_id)})"}
        elif email:
            wanted = {"email": email}
        else:
            return None
        rows = await self._search(tenant_id, wanted, "both")
        if email:
            rows = [row for row in rows if str(row.get("Email")).lower() == email.lower()]
        # An open lead before a converted one.
        rows.sort(key=lambda row: bool(read_conversion(row)))
        return await self._read(tenant_id, rows[0], LEADS) if rows else None

    async def find_conversion(self, tenant_id: str, person: CrmRef) -> dict[str, str]:
        """What a lead became, ids by module; empty while it is one."""
        if person.kind == CONTACTS:
            return {CONTACTS: person.id}
        return read_conversion(await self._get(tenant_id, LEADS, person.id) or {})

    async def erase(self, tenant_id: str, ref: CrmRef) -> None:
        """Delete the person; notes and files go along, meetings are deleted by themselves."""
        targets = [ref if ref.kind == CONTACTS else CrmRef(ref.id, LEADS)]
        if ref.kind != CONTACTS:
            row = await self._get(tenant_id, LEADS, ref.id)
            contact = read_conversion(row or {}).get(CONTACTS)
            targets += [CrmRef(contact, CONTACTS)] if contact else []
        for target in targets:
            who = "What_Id" if target.kind == LEADS else "Who_Id"
            answer = await self._client.get(
                tenant_id,
                "erase person",
                f"/{EVENTS}/search",
                {"criteria": f"({who}:equals:{escape(target.id)})"},
            )
            for row in answer.list_rows():
                await self._delete(tenant_id, EVENTS, str(row["id"]))
            await self._delete(tenant_id, target.kind, target.id)

    async def _upsert_part(self, tenant_id: str, people: Sequence[CrmPerson]) -> dict[str, Outcome]:
        if not people:
            return {}
        has_key = await self._schema.has_key(tenant_id, LEADS)
        checks = [self._key] if has_key else []
        checks += ["Email"] if people[0].email else []
        if not checks:
            error = self._schema.build_missing(LEADS, "and the person has no address either")
            return {one.external_id: error for one in people}
        done: dict[str, Outcome] = {}
        # A new lead wants a company; one that is there keeps its own.
        for company in ({}, {"Company": NO_COMPANY}):
            waiting = [one for one in people if lacks_company(one, done.get(one.external_id))]
            records = []
            for one in waiting:
                key = {self._key: one.external_id} if has_key else {}
                records.append({**await self._build_payload(tenant_id, one), **company, **key})
            if records:
                body = {"data": records, "duplicate_check_fields": checks}
                path = f"/{LEADS}/upsert"
                done |= await self._write(tenant_id, "upsert lead", "POST", path, body, waiting)
        return done

    async def _change_part(
        self, tenant_id: str, people: Sequence[CrmPerson], became: dict[str, str]
    ) -> dict[str, Outcome]:
        """Change records by their ids there. Left out of the answer: those that are gone, to be
        upserted; and those that were converted, which are put into `became`."""
        records = [
            {"id": one.known.id, **await self._build_payload(tenant_id, one)}
            for one in people
            if one.known
        ]
        body = {"data": records}
        done = await self._write(tenant_id, "change lead", "PUT", f"/{LEADS}", body, people)
        for one in people:
            error = done[one.external_id]
            if not isinstance(error, ZohoRejected) or one.known is None:
                continue
            if error.code in _CONVERTED:
                row = await self._get(tenant_id, LEADS, one.known.id)
                contact = read_conversion(row or {}).get(CONTACTS)
                if contact:
                    became[one.external_id] = contact
                    del done[one.external_id]
            elif error.is_missing:
                del done[one.external_id]
        return done

    async def _write(
        self,
        tenant_id: str,
        operation: str,
        method: str,
        path: str,
        body: Mapping[str, Any],
        people: Sequence[CrmPerson],
    ) -> dict[str, Outcome]:
        address = await self._client.read_address(tenant_id)
        try:
            items = await self._client.write(tenant_id, operation, method, path, body)
        except ProviderError as error:
            # A request of one record is refused as a whole.
            return {one.external_id: error for one in people}
        done: dict[str, Outcome] = {}
        for number, one in enumerate(people):
            item = items[number] if number < len(items) else {}
            try:
                record_id = read_id(check_item(operation, item))
            except ProviderError as error:
                done[one.external_id] = self._judge(error)
                continue
            created = item.get("action") == "insert"
            done[one.external_id] = build_ref(address, record_id, LEADS, created=created)
        return done

    def _judge(self, error: ProviderError) -> ProviderError:
        """Two of us at the same time: the next attempt finds the other's record."""
        if not isinstance(error, ZohoRejected):
            return error
        if error.code == "DUPLICATE_DATA" and error.details.get("api_name") == self._key:
            return Unavailable(VENDOR, error.operation, error.excerpt)
        return error

    async def _change_contact(self, tenant_id: str, person: CrmPerson, contact_id: str) -> Outcome:
        """What is told of a converted lead goes to the contact's fields of the same name."""
        try:
            address = await self._client.read_address(tenant_id)
            described = await self._schema.describe(tenant_id, CONTACTS)
            fields = {
                name: value
                for name, value in person.fields.items()
                if name in described and name not in _NOT_ON_CONTACT
            }
            if fields:
                await self._client.write_one(
                    tenant_id,
                    "change contact",
                    "PUT",
                    f"/{CONTACTS}/{contact_id}",
                    build_values(described, fields),
                )
        except ProviderError as error:
            return error
        return build_ref(address, contact_id, CONTACTS)

    async def _build_payload(self, tenant_id: str, person: CrmPerson) -> dict[str, Any]:
        described = await self._schema.describe(tenant_id, LEADS)
        return {
            "Last_Name": person.last_name,
            **({"Company": person.company} if person.company else {}),
            **({"Email": person.email} if person.email else {}),
            **build_values(described, person.fields),
        }

    async def _find_contacts(self, tenant_id: str, people: Sequence[CrmPerson]) -> dict[str, str]:
        """The contacts that leads of ours became, by our ids."""
        if not await self._schema.has_key(tenant_id, LEADS):
            return {}
        described = await self._schema.describe(tenant_id, LEADS)
        native = [name for name in described if name.startswith("Converted_")]
        # A list tells of a conversion only where it is asked to.
        fields = {"fields": ",".join([self._key, *native])} if native else {}
        found: dict[str, str] = {}
        for part in split_batches(people, _MOST_SEARCHED):
            values = ",".join(escape(one.external_id) for one in part)
            wanted = {"criteria": f"({self._key}:in:{values})", "per_page": "200", **fields}
            for row in await self._search(tenant_id, wanted, "true"):
                contact = read_conversion(row).get(CONTACTS)
                if contact:
                    found[str(row.get(self._key))] = contact
        return found

    async def _search(self, tenant_id: str, wanted: Mapping[str, str], converted: str) -> list[Row]:
        params = {**wanted, "converted": converted}
        answer = await self._client.get(tenant_id, "find lead", f"/{LEADS}/search", params)
        return answer.list_rows()

    async def _find_by_id(self, tenant_id: str, record_id: str) -> CrmRecord | None:
        """Zoho's ids do not tell of what module they are."""
        for module in (LEADS, CONTACTS):
            row = await self._get(tenant_id, module, record_id)
            if row is not None:
                return await self._read(tenant_id, row, module)
        return None

    async def _get(self, tenant_id: str, module: str, record_id: str) -> Row | None:
        params = {"converted": "both"} if module == LEADS else {}
        try:
            answer = await self._client.get(
                tenant_id, f"find {module}", f"/{module}/{record_id}", params
            )
        except ZohoRejected as error:
            if error.is_missing:
                return None
            raise
        return next(iter(answer.list_rows()), None)

    async def _read(self, tenant_id: str, row: Row, module: str) -> CrmRecord:
        described = await self._schema.describe(tenant_id, module)
        address = await self._client.read_address(tenant_id)
        return read_record(described, row, module, self._key, address)

    async def _delete(self, tenant_id: str, module: str, record_id: str) -> None:
        try:
            answer = await self._client.call(
                tenant_id, "erase person", "DELETE", f"/{module}/{record_id}"
            )
        except ZohoRejected as error:
            if not error.is_missing:
                raise
            return
        for item in answer.list_rows():
            try:
                check_item("erase person", item)
            except ZohoRejected as error:
                if not error.is_missing:
                    raise


def lacks_company(person: CrmPerson, outcome: Outcome | None) -> bool:
    """Whether a person is still to be written: not tried yet, or refused for want of a company."""
    return outcome is None or (
        isinstance(outcome, ZohoRejected)
        and outcome.code == "MANDATORY_NOT_FOUND"
        and outcome.details.get("api_name") == "Company"
        and not person.company
    )
