"""The objects of the stand-in's account, as Salesforce's reference describes them, and the checks
that Salesforce makes of what is written."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

EXTERNAL_ID = "Sales_Agent_Id__c"


@dataclass(frozen=True)
class FieldSpec:
    type: str
    length: int = 0
    required: bool = False
    writable: bool = True
    options: tuple[str, ...] = ()
    restricted: bool = False
    external: bool = False
    updateable: bool = True
    filterable: bool = True


class RefusedError(Exception):
    """A record that Salesforce would not save."""

    def __init__(self, code: str, message: str, *fields: str, **more: Any) -> None:
        super().__init__(message)
        self.code, self.message, self.fields, self.more = code, message, list(fields), more


def _text(length: int, **more: Any) -> FieldSpec:
    return FieldSpec("string", length, **more)


def _pick(*options: str, restricted: bool = False, required: bool = False) -> FieldSpec:
    return FieldSpec("picklist", 255, required=required, options=options, restricted=restricted)


_READ: Mapping[str, Any] = {"writable": False}
_SYSTEM = {
    "Id": FieldSpec("id", 18, writable=False),
    "IsDeleted": FieldSpec("boolean", writable=False),
    "CreatedDate": FieldSpec("datetime", writable=False),
    "LastModifiedDate": FieldSpec("datetime", writable=False),
    "SystemModstamp": FieldSpec("datetime", writable=False),
}
_OURS = {EXTERNAL_ID: _text(80, external=True)}
_OWNED = {"OwnerId": FieldSpec("reference", 18)}
_LONG = FieldSpec("textarea", 32000, filterable=False)
_WHO = {
    "LastName": _text(80, required=True),
    "FirstName": _text(40),
    "Email": FieldSpec("email", 80),
    "Phone": FieldSpec("phone", 40),
    "MobilePhone": FieldSpec("phone", 40),
    "Title": _text(128),
    "Description": _LONG,
    "LeadSource": _pick("Web", "Phone Inquiry", "Partner Referral", "Other"),
}
_CUSTOM = {
    "Chat_Page__c": _text(120),
    "Chat_Score__c": FieldSpec("double"),
    "Meeting_Booked__c": FieldSpec("boolean"),
    "First_Seen__c": FieldSpec("date"),
    "Last_Seen__c": FieldSpec("datetime"),
    "Buying_Stage__c": _pick("Exploring", "Comparing", "Ready", restricted=True),
    "Interests__c": FieldSpec(
        "multipicklist", 4099, options=("Hubs", "Sensors", "Service"), restricted=True
    ),
    "Chat_Summary__c": FieldSpec("textarea", 32768, filterable=False),
}
_ENTRY = {
    "Subject": FieldSpec("combobox", 255),
    "Description": _LONG,
    "WhoId": FieldSpec("reference", 18),
    "WhatId": FieldSpec("reference", 18),
}
STAGES = (
    "Prospecting",
    "Qualification",
    "Needs Analysis",
    "Proposal/Price Quote",
    "Closed Won",
    "Closed Lost",
)

SCHEMAS: dict[str, dict[str, FieldSpec]] = {
    "Lead": {
        **_SYSTEM,
        **_OWNED,
        **_WHO,
        **_OURS,
        **_CUSTOM,
        "Company": _text(255, required=True),
        "Website": FieldSpec("url", 255),
        "Industry": _pick("Agriculture", "Electronics", "Technology"),
        "Rating": _pick("Hot", "Warm", "Cold"),
        "AnnualRevenue": FieldSpec("currency"),
        "NumberOfEmployees": FieldSpec("int"),
        "Status": _pick("Open - Not Contacted", "Working - Contacted", "Closed - Converted"),
        "MasterRecordId": FieldSpec("reference", 18, **_READ),
        "IsConverted": FieldSpec("boolean", **_READ),
        "ConvertedContactId": FieldSpec("reference", 18, **_READ),
        "ConvertedAccountId": FieldSpec("reference", 18, **_READ),
        "ConvertedOpportunityId": FieldSpec("reference", 18, **_READ),
        "Address": FieldSpec("address", **_READ),
    },
    "Contact": {
        **_SYSTEM,
        **_OWNED,
        **_WHO,
        **_CUSTOM,
        "AccountId": FieldSpec("reference", 18),
    },
    "Account": {**_SYSTEM, **_OWNED, "Name": _text(255, required=True), "Website": _text(255)},
    "Opportunity": {
        **_SYSTEM,
        **_OWNED,
        **_OURS,
        "Name": _text(120, required=True),
        "StageName": _pick(*STAGES, required=True),
        "CloseDate": FieldSpec("date", required=True),
        "Amount": FieldSpec("currency"),
        "AccountId": FieldSpec("reference", 18),
        "LeadSource": _pick("Web", "Other"),
        "NextStep": _text(255),
        "Description": _LONG,
    },
    "OpportunityContactRole": {
        **_SYSTEM,
        "OpportunityId": FieldSpec("reference", 18, required=True),
        "ContactId": FieldSpec("reference", 18, required=True),
        "IsPrimary": FieldSpec("boolean"),
    },
    "Task": {
        **_SYSTEM,
        **_OWNED,
        **_ENTRY,
        "ActivityDate": FieldSpec("date"),
        "Status": _pick("Not Started", "In Progress", "Completed"),
        "Priority": _pick("High", "Normal", "Low"),
    },
    "Event": {
        **_SYSTEM,
        **_OWNED,
        **_ENTRY,
        "StartDateTime": FieldSpec("datetime", required=True),
        "EndDateTime": FieldSpec("datetime", required=True),
    },
    "ContentVersion": {
        **_SYSTEM,
        "Title": _text(255, required=True),
        "PathOnClient": _text(500, required=True, updateable=False),
        "VersionData": FieldSpec("base64", required=True, updateable=False, filterable=False),
        "FirstPublishLocationId": FieldSpec("reference", 18, updateable=False),
        "ContentDocumentId": FieldSpec("reference", 18, updateable=False),
        "Checksum": _text(50, **_READ),
        "IsLatest": FieldSpec("boolean", **_READ),
    },
    "ContentDocument": {**_SYSTEM, "Title": _text(255, required=True)},
    "ContentDocumentLink": {
        **_SYSTEM,
        "ContentDocumentId": FieldSpec("reference", 18, required=True, updateable=False),
        "LinkedEntityId": FieldSpec("reference", 18, required=True, updateable=False),
    },
    "User": {**_SYSTEM, "Name": _text(121), "Email": FieldSpec("email", 128)},
    "Organization": {**_SYSTEM, "Name": _text(80), "IsSandbox": FieldSpec("boolean")},
}
PREFIXES = {
    "Lead": "00Q",
    "Contact": "003",
    "Account": "001",
    "Opportunity": "006",
    "OpportunityContactRole": "00K",
    "Task": "00T",
    "Event": "00U",
    "ContentVersion": "068",
    "ContentDocument": "069",
    "ContentDocumentLink": "06A",
    "User": "005",
    "Organization": "00D",
}
RELATIONS = {"Owner": ("OwnerId", "User"), "ContentDocument": ("ContentDocumentId", None)}


def check_record(
    sobject: str, values: Mapping[str, Any], *, new: bool, without: Collection[str] = ()
) -> None:
    """Raises RefusedError with the code and words that Salesforce has for it."""
    fields = {name: one for name, one in SCHEMAS[sobject].items() if name not in without}
    for name, value in values.items():
        spec = fields.get(name)
        if spec is None:
            raise RefusedError(
                "INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject}"
            )
        if not spec.writable or not (new or spec.updateable):
            message = f"Unable to create/update fields: {name}."
            raise RefusedError("INVALID_FIELD_FOR_INSERT_UPDATE", message, name)
        if value is not None:
            _check_value(name, spec, value)
    missing = [
        name
        for name, spec in fields.items()
        if spec.required and not values.get(name) and (new or name in values)
    ]
    if missing:
        message = f"Required fields are missing: [{', '.join(missing)}]"
        raise RefusedError("REQUIRED_FIELD_MISSING", message, *missing)


def _check_value(name: str, spec: FieldSpec, value: Any) -> None:
    wanted: Any = {"boolean": bool, "int": int, "double": (int, float), "currency": (int, float)}
    kind = wanted.get(spec.type, str)
    if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
        message = f"Cannot deserialize instance of {spec.type} from {value!r}"
        raise RefusedError("JSON_PARSER_ERROR", message, name)
    if spec.length and isinstance(value, str) and len(value) > spec.length:
        message = f"{name}: data value too large: {value[:20]}... (max length={spec.length})"
        raise RefusedError("STRING_TOO_LONG", message, name)
    if spec.type == "email" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
        message = f"{name}: invalid email address: {value}"
        raise RefusedError("INVALID_EMAIL_ADDRESS", message, name)
    if spec.type == "reference" and not re.fullmatch(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?", value):
        raise RefusedError("MALFORMED_ID", f"{name}: id value of incorrect type: {value}", name)
    chosen = value.split(";") if spec.type == "multipicklist" else [value]
    if spec.restricted and any(one not in spec.options for one in chosen):
        message = f"{name}: bad value for restricted picklist field: {value}"
        raise RefusedError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, name)
    _check_form(name, spec, value)


def _check_form(name: str, spec: FieldSpec, value: Any) -> None:
    try:
        if spec.type == "date":
            date.fromisoformat(value)
        elif spec.type == "datetime":
            datetime.strptime(value.replace("Z", "+0000"), "%Y-%m-%dT%H:%M:%S.%f%z")
        elif spec.type == "base64":
            base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error):
        message = f"Cannot deserialize instance of {spec.type} from {str(value)[:40]!r}"
        raise RefusedError("JSON_PARSER_ERROR", message, name) from None


def describe(sobject: str, without: Collection[str] = ()) -> dict[str, Any]:
    """The answer of `/sobjects/<name>/describe`, as far as it is about fields."""
    return {
        "name": sobject,
        "label": sobject,
        "fields": [
            {
                "name": name,
                "label": name.removesuffix("__c").replace("_", " "),
                "type": spec.type,
                "length": spec.length,
                "nillable": not spec.required,
                "defaultedOnCreate": spec.type == "boolean" or name in ("OwnerId", "Status"),
                "createable": spec.writable,
                "updateable": spec.writable and spec.updateable,
                "externalId": spec.external,
                "unique": spec.external,
                "restrictedPicklist": spec.restricted,
                "filterable": spec.filterable,
                "picklistValues": [
                    {"value": one, "label": one, "active": True, "defaultValue": False}
                    for one in spec.options
                ],
            }
            for name, spec in SCHEMAS[sobject].items()
            if name not in without
        ],
    }
