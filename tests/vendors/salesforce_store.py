"""What the stand-in's account holds, and what its staff does to it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.vendors.salesforce_schema import PREFIXES, SCHEMAS, RefusedError


class SalesforceStore:
    """Tables by object; every writing has a time of its own, to the millisecond."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in SCHEMAS}
        self._last = datetime.now(UTC)
        self._count = 0
        self.insert("Organization", {"Name": "Larkmere Instruments", "IsSandbox": True})
        agent = {"Name": "Sales Agent", "Email": "agent@larkmere.example"}
        self.agent_id = self.insert("User", agent)["Id"]

    def list_rows(self, sobject: str, *, with_deleted: bool = False) -> list[dict[str, Any]]:
        rows = self._tables[sobject].values()
        return [row for row in rows if with_deleted or not row["IsDeleted"]]

    def find(self, sobject: str, record_id: str) -> dict[str, Any] | None:
        row = self._tables[sobject].get(record_id)
        return None if row is None or row["IsDeleted"] else row

    def insert(self, sobject: str, values: Mapping[str, Any]) -> dict[str, Any]:
        self._count += 1
        record_id = f"{PREFIXES[sobject]}{self._count:012d}AAA"
        now = self._tick()
        row: dict[str, Any] = dict.fromkeys(SCHEMAS[sobject])
        row |= {name: False for name, spec in SCHEMAS[sobject].items() if spec.type == "boolean"}
        row |= {"Id": record_id, "CreatedDate": now, "LastModifiedDate": now}
        row |= {"SystemModstamp": now}
        if "OwnerId" in row:
            row["OwnerId"] = self.agent_id
        if sobject == "Lead":
            row["Status"] = "Open - Not Contacted"
        row |= values
        self._tables[sobject][record_id] = row
        if sobject == "ContentVersion":
            self._file(row)
        return row

    def change(self, sobject: str, record_id: str, values: Mapping[str, Any]) -> dict[str, Any]:
        row = self._tables[sobject][record_id]
        if sobject == "Lead" and row["IsConverted"]:
            message = "cannot reference converted lead"
            raise RefusedError("CANNOT_UPDATE_CONVERTED_LEAD", message)
        row |= values
        self._touch(row)
        return row

    def delete(self, sobject: str, record_id: str) -> None:
        row = self._tables[sobject][record_id]
        row["IsDeleted"] = True
        self._touch(row)
        if sobject == "ContentDocument":
            for table in ("ContentVersion", "ContentDocumentLink"):
                for one in self.list_rows(table):
                    if one["ContentDocumentId"] == record_id:
                        one["IsDeleted"] = True

    def check_references(self, sobject: str, values: Mapping[str, Any]) -> None:
        """Ids that are written must be there, and fit together."""
        for name, value in values.items():
            if SCHEMAS[sobject][name].type != "reference" or value is None:
                continue
            table = next((one for one, prefix in PREFIXES.items() if value[:3] == prefix), "")
            if not table or self.find(table, value) is None:
                message = f"invalid cross reference id: {value}"
                raise RefusedError("INVALID_CROSS_REFERENCE_KEY", message, name)
        if str(values.get("WhoId") or "").startswith("00Q") and values.get("WhatId"):
            message = "You can't specify a WhatId with a lead as WhoId"
            raise RefusedError("FIELD_INTEGRITY_EXCEPTION", message, "WhatId")

    def merge(self, loser_id: str, winner_id: str) -> None:
        """Somebody merges two leads."""
        loser = self._tables["Lead"][loser_id]
        loser["MasterRecordId"] = winner_id
        self.delete("Lead", loser_id)
        self._touch(self._tables["Lead"][winner_id])

    def convert(self, lead_id: str) -> Mapping[str, Any]:
        """Somebody converts a lead into an account, a contact and an opportunity; its history
        goes along."""
        lead = self._tables["Lead"][lead_id]
        account = self.insert("Account", {"Name": lead["Company"]})
        names = ("LastName", "FirstName", "Email", "Phone", "Title")
        told = {name: lead[name] for name in names}
        contact = self.insert("Contact", {**told, "AccountId": account["Id"]})
        deal = self.insert(
            "Opportunity",
            {
                "Name": f"{lead['Company']}-",
                "StageName": "Prospecting",
                "CloseDate": "2026-12-31",
                "AccountId": account["Id"],
            },
        )
        lead |= {
            "IsConverted": True,
            "Status": "Closed - Converted",
            "ConvertedContactId": contact["Id"],
            "ConvertedAccountId": account["Id"],
            "ConvertedOpportunityId": deal["Id"],
        }
        self._touch(lead)
        for table, name in (
            ("Task", "WhoId"),
            ("Event", "WhoId"),
            ("ContentDocumentLink", "LinkedEntityId"),
        ):
            for row in self.list_rows(table):
                if row[name] == lead_id:
                    row[name] = contact["Id"]
        return lead

    def _file(self, version: dict[str, Any]) -> None:
        data = base64.b64decode(version["VersionData"])
        version["Checksum"] = hashlib.md5(data, usedforsecurity=False).hexdigest()
        for one in self.list_rows("ContentVersion"):
            if one["ContentDocumentId"] == version["ContentDocumentId"]:
                one["IsLatest"] = False
        version["IsLatest"] = True
        if version["ContentDocumentId"]:
            return
        document = self.insert("ContentDocument", {"Title": version["Title"]})
        version["ContentDocumentId"] = document["Id"]
        place = version["FirstPublishLocationId"] or self.agent_id
        link = {"ContentDocumentId": document["Id"], "LinkedEntityId": place}
        self.insert("ContentDocumentLink", link)

    def _touch(self, row: dict[str, Any]) -> None:
        row["LastModifiedDate"] = row["SystemModstamp"] = self._tick()

    def _tick(self) -> str:
        self._last = max(self._last + timedelta(milliseconds=1), datetime.now(UTC))
        return self._last.isoformat(timespec="milliseconds").replace("+00:00", "+0000")
