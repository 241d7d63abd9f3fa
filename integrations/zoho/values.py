"""Between Zoho's records and ours: field descriptions, values, references."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from core.moments import parse_moment
from core.protocols.crm import (
    CrmField,
    CrmOwner,
    CrmRecord,
    CrmRef,
    FieldType,
    FieldValue,
    ObjectKind,
)

MODULES: Mapping[ObjectKind, str] = {"person": "Leads", "company": "Accounts", "deal": "Deals"}
LEADS, CONTACTS, DEALS, EVENTS = "Leads", "Contacts", "Deals", "Events"
# What a field's `data_type` is to us; those that are missing hold other records or files.
_TYPES: Mapping[str, FieldType] = {
    "text": "text",
    "email": "text",
    "phone": "text",
    "website": "text",
    "autonumber": "text",
    "textarea": "long_text",
    "integer": "number",
    "bigint": "number",
    "double": "number",
    "currency": "number",
    "percent": "number",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
    "picklist": "picklist",
    "multiselectpicklist": "multi_picklist",
}
_NONE = "-None-"
_CONVERTED = ((CONTACTS, "contact"), (DEALS, "deal"), ("Accounts", "account"))

Described = Mapping[str, Mapping[str, Any]]
Row = Mapping[str, Any]


def build_field(described: Mapping[str, Any]) -> CrmField | None:
    """A field of `settings/fields`; None for those that hold no value of their own."""
    kind = _TYPES.get(str(described.get("data_type")))
    if kind is None:
        return None
    may = described.get("operation_type") or {}
    writable = not described.get("read_only") and not described.get("field_read_only")
    writable = writable and bool(may.get("api_create", True) or may.get("api_update", True))
    return CrmField(
        name=str(described["api_name"]),
        label=str(described.get("field_label") or described["api_name"]),
        type=kind,
        required=bool(described.get("system_mandatory")),
        read_only=not writable,
        max_length=int(described["length"])
        if kind in ("text", "long_text") and described.get("length")
        else None,
        options=list_options(described),
    )


def list_options(described: Mapping[str, Any]) -> tuple[str, ...]:
    """The values of a picklist, without the one that means none."""
    values = described.get("pick_list_values") or ()
    names = [str(one.get("actual_value") or one.get("display_value")) for one in values]
    return tuple(name for name in names if name != _NONE)


def build_values(described: Described, fields: Mapping[str, FieldValue]) -> dict[str, Any]:
    """Our values as Zoho's JSON has them."""
    return {name: _build_value(described.get(name, {}), value) for name, value in fields.items()}


def _build_value(field: Mapping[str, Any], value: FieldValue) -> Any:
    if isinstance(value, datetime):
        day = field.get("data_type") == "date"
        return value.astimezone(UTC).date().isoformat() if day else build_time(value)
    return list(value) if isinstance(value, tuple) else value


def build_time(moment: datetime) -> str:
    """To the second and with its zone: Zoho refuses fractions."""
    return moment.astimezone(UTC).replace(microsecond=0).isoformat()


def read_values(described: Described, row: Row) -> dict[str, FieldValue]:
    """A record's own fields, as values of ours."""
    found: dict[str, FieldValue] = {}
    for name, value in row.items():
        kind = _TYPES.get(str(described.get(name, {}).get("data_type")))
        if kind is None:
            continue
        if value is None or value == "":
            found[name] = None
        elif kind in ("date", "datetime"):
            found[name] = parse_moment(str(value))
        elif kind == "multi_picklist":
            found[name] = tuple(map(str, value))
        elif kind == "number" and isinstance(value, float) and value.is_integer():
            # 42 comes back as 42.0, and is no change.
            found[name] = int(value)
        else:
            found[name] = value
    return found


def read_record(described: Described, row: Row, module: str, key: str, address: str) -> CrmRecord:
    """A row as the protocol has it."""
    modified = row.get("Modified_Time")
    owner = row.get("Owner") or {}
    return CrmRecord(
        ref=build_ref(address, str(row["id"]), module),
        external_id=row.get(key) or None,
        email=row.get("Email") or None,
        owner=CrmOwner(
            str(owner.get("id", "")), str(owner.get("email") or ""), str(owner.get("name") or "")
        )
        if owner
        else None,
        status=str(row.get("Lead_Status") or ""),
        fields=read_values(described, row),
        converted_to=tuple(
            build_ref(address, record_id, kind) for kind, record_id in read_conversion(row).items()
        ),
        modified_at=parse_moment(str(modified)) if modified else None,
    )


def read_conversion(row: Row) -> dict[str, str]:
    """What a lead became, ids by module; empty while it is one.

    Zoho tells it in `$converted_detail`, and in look-up fields of the lead.
    """
    detail = row.get("$converted_detail") or {}
    found: dict[str, str] = {}
    for module, name in _CONVERTED:
        value = detail.get(name) or row.get(f"Converted_{name.title()}")
        record_id = value.get("id") if isinstance(value, Mapping) else value
        if record_id:
            found[module] = str(record_id)
    return found


def build_ref(address: str, record_id: str, module: str, *, created: bool = False) -> CrmRef:
    """A record with its link for people: the page of the same data centre as the API."""
    host = address.replace("www.zohoapis.", "crm.zoho.").replace("sandbox.zohoapis.", "crm.zoho.")
    page = f"{host}/crm/EntityInfo.do?module={module}&id={record_id}"
    return CrmRef(record_id, module, page, created=created)


def escape(value: str) -> str:
    """A value within the criteria of a search: brackets, commas and backslashes are signs there."""
    return "".join(f"\\{sign}" if sign in "\\(),:" else sign for sign in value)
