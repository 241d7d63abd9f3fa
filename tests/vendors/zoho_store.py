"""What the stand-in's account holds, the checks that Zoho makes, and what its staff does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

KEY = "Sales_Agent_Id"


class RefusedError(Exception):
    """A record's result that is no success."""

    def __init__(self, code: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code, self.message, self.details = code, message, details

    def build(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "message": self.message,
            "details": self.details,
            "status": "error",
        }


@dataclass(frozen=True)
class FieldSpec:
    type: str
    length: int = 0
    required: bool = False
    read_only: bool = False
    options: tuple[str, ...] = ()
    unique: bool = False


def _text(length: int = 255, **more: Any) -> FieldSpec:
    return FieldSpec("text", length, **more)


_LOOKUP = FieldSpec("lookup", 120)
_SYSTEM = {
    "Created_Time": FieldSpec("datetime", read_only=True),
    "Modified_Time": FieldSpec("datetime", read_only=True),
    "Owner": FieldSpec("ownerlookup", 120),
}
_WHO = {
    "Last_Name": _text(80, required=True),
    "First_Name": _text(40),
    "Email": FieldSpec("email", 100),
    "Phone": FieldSpec("phone", 30),
    "Description": FieldSpec("textarea", 32000),
    "Chat_Page": _text(120),
    "Chat_Score": FieldSpec("integer", 9),
    "Meeting_Booked": FieldSpec("boolean"),
    "First_Seen": FieldSpec("date"),
    "Last_Seen": FieldSpec("datetime"),
    "Buying_Stage": FieldSpec("picklist", 120, options=("Exploring", "Comparing", "Ready")),
    "Interests": FieldSpec("multiselectpicklist", 250, options=("Hubs", "Sensors", "Service")),
}
STAGES = ("Qualification", "Needs Analysis", "Proposal/Price Quote", "Closed Won", "Closed Lost")


def build_modules() -> dict[str, dict[str, FieldSpec]]:
    """The modules of a new account: without the field for our id."""
    return {
        "Leads": {
            **_SYSTEM,
            **_WHO,
            "Company": _text(200, required=True),
            "Designation": _text(100),
            "Website": FieldSpec("website", 450),
            "Lead_Status": FieldSpec("picklist", 120, options=("-None-", "Contacted", "Lost Lead")),
            "Annual_Revenue": FieldSpec("currency", 16),
            "No_of_Employees": FieldSpec("integer", 9),
            "Converted_Contact": FieldSpec("lookup", read_only=True),
            "Converted_Account": FieldSpec("lookup", read_only=True),
            "Converted_Deal": FieldSpec("lookup", read_only=True),
            # More fields than one request may ask for.
            **{f"Custom_{n}": _text() for n in range(40)},
        },
        "Contacts": {**_SYSTEM, **_WHO, "Account_Name": _LOOKUP},
        "Accounts": {**_SYSTEM, "Account_Name": _text(200, required=True)},
        "Deals": {
            **_SYSTEM,
            "Deal_Name": _text(120, required=True),
            "Stage": FieldSpec("picklist", 120, required=True, options=STAGES),
            "Closing_Date": FieldSpec("date", required=True),
            "Amount": FieldSpec("currency", 16),
            "Contact_Name": _LOOKUP,
            "Account_Name": _LOOKUP,
            "Description": FieldSpec("textarea", 32000),
        },
        "Events": {
            **_SYSTEM,
            "Event_Title": _text(255, required=True),
            "Start_DateTime": FieldSpec("datetime", required=True),
            "End_DateTime": FieldSpec("datetime", required=True),
            "Description": FieldSpec("textarea", 32000),
            "Who_Id": _LOOKUP,
            "What_Id": _LOOKUP,
        },
        "Notes": {
            **_SYSTEM,
            "Note_Title": _text(120),
            "Note_Content": FieldSpec("textarea", 32000, required=True),
            "Parent_Id": FieldSpec("lookup", required=True),
        },
    }


@dataclass
class ZohoStore:
    """Records by module and id. Each request has a second of its own: Zoho's times have no more."""

    modules: dict[str, dict[str, FieldSpec]] = field(default_factory=build_modules)
    rows: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    deleted: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    count: int = 0

    def __post_init__(self) -> None:
        self.rows = {name: {} for name in self.modules}
        self.owner = {"id": self.next_id(), "name": "Agent", "email": "agent@larkmere.example"}

    def tick(self) -> None:
        self.now += timedelta(seconds=1)

    def next_id(self) -> str:
        self.count += 1
        return f"5725767{self.count:012d}"

    def list_rows(self, module: str) -> list[dict[str, Any]]:
        return list(self.rows[module].values())

    def check(self, module: str, values: Mapping[str, Any], own_id: str = "") -> None:
        """Raises RefusedError. `own_id`: of the record that is changed."""
        fields = self.modules[module]
        for name, value in values.items():
            spec = fields.get(name)
            if spec is None or value is None or name == "id" or name.startswith("$"):
                continue
            _check_value(name, spec, value)
            if spec.unique:
                for row in self.list_rows(module):
                    if row.get(name) == value and row["id"] != own_id:
                        twin = {"api_name": name, "id": row["id"]}
                        raise RefusedError("DUPLICATE_DATA", "duplicate data", **twin)
        for name, spec in fields.items():
            if spec.required and not values.get(name) and (not own_id or name in values):
                message = "required field not found"
                raise RefusedError("MANDATORY_NOT_FOUND", message, api_name=name)

    def insert(self, module: str, values: Mapping[str, Any]) -> dict[str, Any]:
        self.check(module, values)
        row: dict[str, Any] = dict.fromkeys(self.modules[module]) | dict(values)
        stamp = self.now.isoformat()
        record_id = self.next_id()
        row |= {"id": record_id, "Created_Time": stamp, "Modified_Time": stamp}
        row["Owner"] = values.get("Owner") or self.owner
        self.rows[module][record_id] = row
        return row

    def change(self, module: str, record_id: str, values: Mapping[str, Any]) -> dict[str, Any]:
        row = self.rows[module].get(record_id)
        if row is None:
            message = "the id given seems to be invalid"
            raise RefusedError("INVALID_DATA", message, api_name="id")
        if row.get("Converted_Contact"):
            raise RefusedError("CONVERTED_RECORD", "The record has been converted already")
        self.check(module, values, record_id)
        row |= {**values, "id": record_id, "Modified_Time": self.now.isoformat()}
        return row

    def delete(self, module: str, record_id: str) -> None:
        if self.rows[module].pop(record_id, None) is None:
            message = "the id given seems to be invalid"
            raise RefusedError("INVALID_DATA", message, api_name="id")
        if module == "Leads":
            self.deleted.append(
                {
                    "id": record_id,
                    "type": "recycle",
                    "display_name": "?",
                    "deleted_time": self.now.isoformat(),
                }
            )
        for note in self.list_rows("Notes"):
            if note["Parent_Id"]["id"] == record_id:
                del self.rows["Notes"][note["id"]]
        self.files = {name: one for name, one in self.files.items() if one["parent"] != record_id}

    def convert(self, lead_id: str) -> None:
        """Somebody converts a lead; its history goes along."""
        self.tick()
        lead = self.rows["Leads"][lead_id]
        account = self.insert("Accounts", {"Account_Name": lead["Company"]})
        names = ("Last_Name", "First_Name", "Email", "Phone")
        contact = self.insert("Contacts", {name: lead[name] for name in names})
        deal = self.insert(
            "Deals",
            {
                "Deal_Name": f"{lead['Company']}-",
                "Stage": "Qualification",
                "Closing_Date": "2026-12-31",
                "Contact_Name": {"id": contact["id"]},
            },
        )
        lead |= {
            "Converted_Contact": {"id": contact["id"], "name": lead["Last_Name"]},
            "Converted_Account": {"id": account["id"], "name": lead["Company"]},
            "Converted_Deal": {"id": deal["id"], "name": deal["Deal_Name"]},
            "Modified_Time": self.now.isoformat(),
        }
        for note in self.list_rows("Notes"):
            if note["Parent_Id"]["id"] == lead_id:
                note["Parent_Id"] = {"module": {"api_name": "Contacts"}, "id": contact["id"]}
        for one in self.files.values():
            one["parent"] = contact["id"] if one["parent"] == lead_id else one["parent"]


def _check_value(name: str, spec: FieldSpec, value: Any) -> None:
    wanted: Any = {
        "boolean": bool,
        "integer": int,
        "currency": (int, float),
        "multiselectpicklist": list,
        "lookup": dict,
        "ownerlookup": dict,
    }.get(spec.type, str)
    expected = {"api_name": name, "expected_data_type": spec.type}
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        raise RefusedError("INVALID_DATA", "invalid data", **expected)
    if spec.length and isinstance(value, str) and len(value) > spec.length:
        detail = {"api_name": name, "maximum_length": spec.length}
        raise RefusedError("INVALID_DATA", "invalid data", **detail)
    if spec.type == "email" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
        raise RefusedError("INVALID_DATA", "invalid data", **expected)
    chosen = value if isinstance(value, list) else [value]
    if spec.options and any(one not in spec.options for one in chosen):
        raise RefusedError("INVALID_DATA", "invalid data", **expected)
    try:
        if spec.type == "date":
            date.fromisoformat(value)
        elif spec.type == "datetime":
            datetime.strptime(value, "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        raise RefusedError("INVALID_DATA", "invalid data", **expected) from None


def describe(fields: Mapping[str, FieldSpec]) -> list[dict[str, Any]]:
    """The answer of `settings/fields`."""
    return [
        {
            "api_name": name,
            "field_label": name.replace("_", " "),
            "data_type": spec.type,
            "length": spec.length,
            "system_mandatory": spec.required,
            "read_only": spec.read_only,
            "field_read_only": spec.read_only,
            "custom_field": spec.unique,
            "unique": {"casesensitive": True} if spec.unique else {},
            "operation_type": {"api_create": not spec.read_only, "api_update": True},
            "pick_list_values": [
                {"actual_value": one, "display_value": one} for one in spec.options
            ],
        }
        for name, spec in fields.items()
    ]
